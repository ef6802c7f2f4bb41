// SPDX-License-Identifier: GPL-2.0

//! A page to look at and to test with. The numbers are made up, of the size of real ones.

use super::*;

const MODES: [&str; 10] = [
    "once", "forever", "pair", "signal", "commit", "lock", "charge", "pool", "busy", "format",
];

const NO_HUGE: &str = "no CONFIG_HUGETLB_PAGE";
const NO_PAIR: &str = "no second point: the first failure ends the fork";
const NO_COMMIT: &str = "nothing in it is accounted";
const NO_MEMCG: &str = "no CONFIG_MEMCG";

/// A kind, and its points for each mode; 0 where there are none.
const KINDS: [(&str, [u64; 10]); 13] = [
    ("no VMA", [3, 3, 0, 3, 0, 2, 0, 0, 0, 1]),
    ("anonymous, untouched", [12, 12, 6, 12, 2, 2, 0, 0, 0, 1]),
    ("anonymous", [19, 19, 12, 19, 2, 2, 0, 0, 0, 1]),
    ("anonymous, pinned", [21, 21, 14, 21, 2, 2, 0, 0, 0, 1]),
    (
        "anonymous, swapped often",
        [19, 21, 14, 19, 2, 2, 0, 0, 0, 1],
    ),
    (
        "anonymous, forks watched",
        [23, 23, 12, 23, 2, 2, 0, 0, 0, 1],
    ),
    (
        "anonymous, 5th generation",
        [27, 27, 80, 27, 2, 2, 0, 0, 0, 1],
    ),
    (
        "huge as seen fit, partly",
        [346, 346, 1218, 346, 2, 2, 0, 0, 0, 1],
    ),
    ("huge, private, pinned", [0; 10]),
    ("shared, writes watched", [11, 11, 0, 11, 0, 2, 0, 0, 0, 1]),
    ("shared file", [7, 7, 0, 7, 0, 2, 0, 0, 0, 1]),
    ("driver's memory", [13, 13, 0, 13, 0, 2, 0, 0, 0, 1]),
    ("beside an LDT", [20, 20, 13, 20, 2, 2, 0, 0, 0, 1]),
];

fn cell(kind: &str, mode: &str, points: u64) -> Cell {
    match (points, mode) {
        (0, _) if kind.starts_with("huge, ") => Cell::None(NO_HUGE.into()),
        (0, "pair") => Cell::None(NO_PAIR.into()),
        (0, "commit") => Cell::None(NO_COMMIT.into()),
        (0, "charge") => Cell::None(NO_MEMCG.into()),
        (0, "pool") => Cell::None("no huge page".into()),
        (0, _) => Cell::None("no CONFIG_DEVICE_PRIVATE".into()),
        (points, _) => Cell::Points(points),
    }
}

fn matrix() -> Matrix {
    let rows = KINDS.iter().map(|(kind, points)| Row {
        kind: kind.to_string(),
        cells: MODES
            .iter()
            .zip(points)
            .map(|(mode, points)| cell(kind, mode, *points))
            .collect(),
    });
    Matrix {
        modes: MODES.map(String::from).to_vec(),
        rows: rows.collect(),
    }
}

fn run(label: &str, date: &str, seconds: u64) -> Run {
    Run {
        label: label.into(),
        good: true,
        date: date.into(),
        seconds,
    }
}

fn sweeps() -> Sweeps {
    let test = |test: &str, points: [u64; 4]| TestSweeps {
        test: test.into(),
        points: points.map(|points| (points > 0).then_some(points)).to_vec(),
    };
    let suite = |suite: &str, tests: Vec<TestSweeps>| SuiteSweeps {
        suite: suite.into(),
        tests,
    };
    Sweeps {
        modes: ["once", "forever", "pair", "signal"]
            .map(String::from)
            .to_vec(),
        suites: vec![
            suite(
                "fork_fail",
                vec![
                    test("kinds", [612, 633, 1376, 612]),
                    test("tree_of_dontcopy", [1288, 1288, 0, 1288]),
                    test(
                        "kinds_again_while_another_thread_faults",
                        [5120, 5120, 0, 0],
                    ),
                ],
            ),
            suite(
                "fault_sweep_vectors",
                vec![
                    test("extend_with", [1, 1, 0, 0]),
                    test("vmalloc", [8, 9, 0, 0]),
                ],
            ),
        ],
    }
}

fn reached(reached: usize, all: usize) -> Reached {
    Reached { reached, all }
}

fn coverages() -> Vec<Coverage> {
    let function = |name: &str, lines, branches, in_macros| Function {
        name: name.into(),
        lines,
        branches,
        in_macros,
    };
    let unreached = |place: &str, why: &str| Unreached {
        place: place.into(),
        why: why.into(),
    };
    vec![
        Coverage {
            run: run("6.18.15 um, coverage", "2025-11-24 18:20", 803),
            part: "In the whole run".into(),
            lines: reached(246, 249),
            branches: reached(121, 126),
            functions: vec![
                function("dup_mm", reached(33, 33), reached(9, 10), reached(3, 7)),
                function(
                    "dup_mmap",
                    reached(128, 131),
                    reached(66, 68),
                    reached(11, 11),
                ),
                function(
                    "tear_down_vmas",
                    reached(19, 19),
                    reached(4, 4),
                    reached(1, 2),
                ),
                function(
                    "free_pgtables",
                    reached(38, 38),
                    reached(20, 22),
                    reached(1, 2),
                ),
                function("exit_mmap", reached(28, 28), reached(6, 6), reached(0, 0)),
            ],
            explained: vec![
                unreached(
                    "mm/mmap.c:1744: dup_mmap(): never true: retval => goto fail_nomem_policy;",
                    "UML has no NUMA, so there is no policy to copy.",
                ),
                unreached(
                    "mm/mmap.c:1760: dup_mmap(): never run: hugetlb_dup_vma_private(tmp);",
                    "UML has no huge pages.",
                ),
            ],
            wrong: Vec::new(),
        },
        Coverage {
            run: run(
                "6.18.15 um, coverage of the recovery",
                "2025-11-24 18:20",
                803,
            ),
            part: "While a failed fork is undone".into(),
            lines: reached(19, 19),
            branches: reached(4, 4),
            functions: vec![function(
                "tear_down_vmas",
                reached(19, 19),
                reached(4, 4),
                reached(1, 2),
            )],
            ..Coverage::default()
        },
    ]
}

fn breakages() -> Breakages {
    let row = |what: &str, seconds, outcome, detail: &str| Breakage {
        what: what.into(),
        seconds,
        outcome,
        detail: detail.into(),
    };
    Breakages {
        run: run("6.18.15 um, breakages", "2025-11-23 02:11", 5471),
        rows: vec![
            row(
                "The limit of the clean-up is a page too high",
                96,
                Outcome::Caught,
                "fork_fail.kinds: 1 mode=once N=2: the child's tree has 1 entries when its lock \
                 is dropped, after vm_area_dup+0x27/0xd0 failed",
            ),
            row(
                "The tree is destroyed after its lock is dropped",
                233,
                Outcome::Caught,
                "fork harness, interleave::walkers_of_one: for_each_vma() finds a stray VMA",
            ),
            row(
                "The clean-up does not flush the TLB",
                301,
                Outcome::Survived,
                "nobody has run in this address space yet",
            ),
        ],
    }
}

/// All of it, and all is well.
pub(super) fn page() -> Page {
    let lines = |text: &str| text.lines().map(String::from).collect::<Vec<_>>();
    Page {
        base: "6.18".into(),
        version: "6.18.15".into(),
        made: "2025-11-24 23:51".into(),
        commit: "d0397ec".into(),
        suites: vec![
            Suites {
                run: run("6.18.15 um", "2025-11-24 23:40", 428),
                arch: "um".into(),
                passed: 119,
                skipped: 2,
                points: 34730,
                matrix: Some(matrix()),
                sweeps: sweeps(),
                ..Suites::default()
            },
            Suites {
                run: run("6.18.15 x86_64", "2025-11-24 22:02", 4321),
                arch: "x86_64".into(),
                passed: 121,
                points: 28904,
                ..Suites::default()
            },
        ],
        controls: vec![Control {
            run: run("6.18.15 um, unfixed", "2025-11-24 23:45", 32),
            place: "fork_fail.tree_of_dontcopy".into(),
            shown: lines(
                "Kernel panic - not syncing: Kernel mode fault at addr 0x406, ip 0x60060350\n\
                 RIP: 0033:flush_tlb_mm+0xc0/0x100\n\
                 [<6006034b>] ? flush_tlb_mm+0xbb/0x100\n\
                 [<601443f5>] exit_mmap+0x295/0x400\n\
                 [<60072399>] dup_mm+0x99/0x100",
            ),
        }],
        harness: Some(Harness {
            run: run("6.18.15, tools/testing/vma/fork", "2025-11-24 21:13", 229),
            passed: 15,
            layouts: 22884,
            failures: 1_012_015,
            schedules: 90403,
            shown: lines(
                "written once:7 iterate:4:7:0\n     \
                 1  lock mmap_lock of the parent\n                \
                 the walker looks around\n\
                 for_each_vma() finds the zero marker\n\
                 replay: make replay SEED='written once:7 iterate:4:7:0'",
            ),
            bench: vec![
                bench(1, "none", 20417, 20417, "1.000"),
                bench(10000, "last", 160_916_250, 121_650_110, "0.756"),
            ],
            ..Harness::default()
        }),
        vma: Some(Vma {
            run: run("6.18.15, tools/testing/vma", "2025-11-24 21:08", 23),
            passed: 11,
            failed: 0,
        }),
        coverages: coverages(),
        breakages: Some(breakages()),
        mutants: Some(Mutants {
            run: run("6.18.15, mutants", "2025-11-24 22:30", 300),
            score: "18 of 20 mutants killed, 0 survived, 2 explained".into(),
            layers: vec!["quick: 16 of 20 killed; 0.6 s each".into()],
            survivors: Vec::new(),
        }),
        totals: vec![Totals {
            run: run("6.18.15, lint", "2025-11-24 21:30", 200),
            passed: 132,
            failed: 0,
        }],
        not_run: vec![
            NotRun {
                what: "control on x86_64".into(),
                command: "make control ARCH=x86_64".into(),
                why: "never".into(),
            },
            NotRun {
                what: "bisect".into(),
                command: "make bisect BASE=6.18".into(),
                why: "the series changed since".into(),
            },
        ],
    }
}

fn bench(vmas: u64, fails_at: &str, before: u64, after: u64, ratio: &str) -> Bench {
    Bench {
        vmas,
        fails_at: fails_at.into(),
        before,
        after,
        ratio: ratio.into(),
    }
}

/// One with a failure of each sort.
pub(super) fn bad_page() -> Page {
    let mut page = page();
    let suites = &mut page.suites[0];
    suites.run.good = false;
    (suites.passed, suites.failed) = (118, 1);
    suites.wrong = vec![
        "fork_fail.kinds: FAIL".into(),
        "anonymous, pool: not swept, and no reason given".into(),
    ];
    if let Some(matrix) = &mut suites.matrix {
        matrix.rows[2].cells[7] = Cell::Unexplained;
    }
    page.controls[0].run.good = false;
    page.controls[0].place = "the kernel ran into the time limit".into();
    page.controls[0].shown.clear();
    page.coverages[0].run.good = false;
    page.coverages[0].wrong = vec![
        "mm/mmap.c:1800: dup_mmap(): never run: goto out;: unreached, and \
         workbench/coverage/6.18.unreached does not say why"
            .into(),
    ];
    if let Some(breakages) = &mut page.breakages {
        breakages.run.good = false;
        breakages.rows[0].outcome = Outcome::Wrong;
        breakages.rows[0].detail = "survived".into();
    }
    if let Some(mutants) = &mut page.mutants {
        mutants.run.good = false;
        mutants.survivors = vec!["mmap.dup_mmap.delete.0123abcd: mm/mmap.c:1800".into()];
    }
    page
}
