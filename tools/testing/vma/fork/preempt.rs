// SPDX-License-Identifier: GPL-2.0

//! Other tasks meet a fork that fails, and all of them can be preempted at each operation on a
//! lock, a reference count, the tree or RCU. Grace periods end when nobody reads.

use crate::{
    bindings::{
        fork_failure::FORK_FAIL_ONCE,
        fork_site::{
            FORK_SITES,
            FORK_SITE_ANON_VMA, //
        },
        fork_walker::*, //
    },
    explore::{
        interleavings,
        normal_form,
        Explorer,
        Reduce,
        Step, //
    },
    layout::{
        Layout,
        Place,
        KINDS, //
    },
    seed::{
        digits_of,
        plan_text, //
    },
    sweep::Subject,
    testing::Test,
    totals::{
        add_interleavings,
        PREEMPTED,
        PRUNED, //
    },
    world::{
        Outcome,
        Plan, //
    },
    wrong::Wrong, //
};
use std::{
    collections::BTreeSet,
    ffi::CStr,
    fmt::Write, //
};

/// Tasks that do as those in the kernel.
const RIGHT: [u32; 5] = [
    FORK_WALK_ITERATE,
    FORK_WALK_RMAP,
    FORK_WALK_VMA_LOCK,
    FORK_WALK_PARENT,
    FORK_WALK_ANON,
];
/// The kinds that are second of two.
const WITH_TWO: [&str; 4] = ["written", "driver", "file", "pinned"];

/// What the steps of a run were.
pub(crate) fn steps_text(steps: &[Step]) -> String {
    const TASKS: [&str; 4] = [
        "the fork",
        "    the first walker",
        "        the second walker",
        "RCU",
    ];
    const KINDS: [&str; 15] = [
        "ends",
        "begins",
        "reads",
        "changes",
        "locks for read",
        "locks for write",
        "tries to lock for read",
        "drops the read lock of",
        "drops the write lock of",
        "downgrades",
        "locks for read",
        "waits for readers of",
        "ends a grace period of",
        "waits for",
        "?",
    ];
    let mut text = String::new();

    for step in steps {
        let name = if step.op.name.is_null() {
            "".into()
        } else {
            // SAFETY: The C side's names are static strings.
            unsafe { CStr::from_ptr(step.op.name) }.to_string_lossy()
        };
        let owner = ["", " of the parent", " of the child"][usize::from(step.op.owner)];
        let does = KINDS[(step.op.kind as usize).min(KINDS.len() - 1)];

        let _ = writeln!(text, "{} {does} {name}{owner}", TASKS[step.task]);
    }
    text
}

/// What exploring one fork has found.
#[derive(Default)]
struct Found {
    /// What was complained of.
    complaints: BTreeSet<String>,
    /// Schedules that differ.
    forms: BTreeSet<Vec<(usize, Vec<usize>)>>,
    first: Option<(Wrong, String)>,
    run: u64,
}

/// Runs all schedules of a fork and its tasks that differ.
fn explore(subject: &mut Subject, plan: &Plan, mut explorer: Explorer, forms: bool) -> Found {
    let mut found = Found::default();

    loop {
        let (outcome, checked): (Outcome, _) =
            subject.try_tasks(plan, &mut |ops| explorer.choose(ops));

        if !explorer.is_redundant() {
            found.run += 1;
            if found.run == 1 && outcome.walked && !forms {
                add_interleavings(interleavings(explorer.steps()));
            }
            if forms {
                found.forms.insert(normal_form(explorer.steps()));
            }
        }
        if let Err(wrong) = checked {
            found.complaints.insert(wrong.what.clone());
            if found.first.is_none() {
                let steps = explorer.steps();
                let digits = digits_of(steps.iter().map(|step| step.task));
                let wrong = Wrong {
                    schedule: digits,
                    ..wrong
                };

                found.first = Some((wrong, steps_text(steps)));
            }
            if !forms {
                break;
            }
        }
        if !explorer.next() {
            break;
        }
    }
    // Those that only test the search are not counted.
    if !forms {
        PREEMPTED.add(found.run);
        PRUNED.add(explorer.pruned);
    }
    found
}

/// Runs them for each failure, and none.
fn explore_all(layout: &Layout, tasks: &[[u32; 2]]) -> Result<(), String> {
    let Some(subject) = Subject::new(layout) else {
        return Ok(());
    };
    let mut subject = subject.map_err(|wrong| wrong.to_string())?;
    let mut plans = vec![Plan::default()];

    plans.extend(subject.plans());
    for failure in plans {
        for tasks in tasks {
            let plan = Plan {
                tasks: *tasks,
                ..failure
            };

            let explorer = Explorer::new(Reduce::Yes, 0);

            if let Some((wrong, steps)) = explore(&mut subject, &plan, explorer, false).first {
                return Err(format!(
                    "{} {}/{}\n{steps}{wrong}",
                    wrong.layout,
                    plan_text(&wrong.plan),
                    wrong.schedule
                ));
            }
        }
    }
    subject.end().map_err(|wrong| wrong.to_string())
}

fn one(kind: usize) -> Layout {
    Layout(vec![(kind, Place::Hole)])
}

fn check(layouts: &[Layout], tasks: &[[u32; 2]]) {
    let _test = Test::start();
    let before = PREEMPTED.get();

    for layout in layouts {
        if let Err(wrong) = explore_all(layout, tasks) {
            panic!("{wrong}");
        }
    }
    assert_ne!(PREEMPTED.get(), before, "nothing was run");
}

#[test]
fn one_task_and_one_vma() {
    let layouts: Vec<_> = (0..KINDS.len()).map(one).collect();

    check(&layouts, &RIGHT.map(|walker| [walker, FORK_WALK_NOT]));
}

/// So that the processors have something to share, one of them first.
fn check_pairs(first: &str) {
    let pair = |second| format!("{first},{second}").parse().unwrap();

    check(
        &WITH_TWO.map(pair),
        &RIGHT.map(|walker| [walker, FORK_WALK_NOT]),
    );
}

#[test]
fn one_task_and_written_and() {
    check_pairs("written");
}

#[test]
fn one_task_and_driver_and() {
    check_pairs("driver");
}

#[test]
fn two_tasks_and_one_vma() {
    let layouts: Vec<_> = (0..KINDS.len()).map(one).collect();
    let pairs = [
        [FORK_WALK_ITERATE, FORK_WALK_ITERATE],
        [FORK_WALK_ITERATE, FORK_WALK_PARENT],
        [FORK_WALK_PUT, FORK_WALK_RMAP],
        [FORK_WALK_PUT, FORK_WALK_ANON],
        [FORK_WALK_PUT, FORK_WALK_VMA_LOCK],
    ];

    check(&layouts, &pairs);
}

/// The last allocation: when that fails, most has been done before.
const LAST: u32 = FORK_SITES;

/// What the schedules of a fork show that fails at the first allocation of a site, with or without
/// the reduction. The fork runs alone but for its last steps.
fn complaints(name: &str, plan: &Plan, site: u32, reduce: Reduce, last_steps: usize) -> Found {
    let layout: Layout = name.parse().unwrap();
    let mut subject = Subject::new(&layout).unwrap().unwrap();
    let points = subject.points();
    let first = points.iter().position(|of| u32::from(*of) == site);
    let plan = Plan {
        failure: FORK_FAIL_ONCE,
        nth: first.map_or(points.len(), |at| at + 1) as u32,
        ..*plan
    };
    let mut alone = Explorer::new(Reduce::Yes, 0);
    let fork = Plan {
        tasks: [FORK_WALK_NOT; 2],
        ..plan
    };
    let (_, checked) = subject.try_tasks(&fork, &mut |ops| alone.choose(ops));

    assert!(checked.is_ok());
    let alone = alone.steps().len().saturating_sub(last_steps);

    explore(&mut subject, &plan, Explorer::new(reduce, alone), true)
}

/// All that a walker shows when it meets such a fork.
fn found_by(name: &str, plan: &Plan) -> BTreeSet<String> {
    complaints(name, plan, LAST, Reduce::Yes, usize::MAX).complaints
}

fn with(walker: u32) -> Plan {
    Plan {
        tasks: [walker, FORK_WALK_NOT],
        ..Plan::default()
    }
}

#[test]
fn missing_read_lock_is_found() {
    let _test = Test::start();
    let find = |plan: &Plan| found_by("pinned", plan);

    assert!(find(&with(FORK_WALK_ANON)).is_empty());
    let bare = find(&with(FORK_WALK_ANON_BARE));

    assert!(
        bare.iter()
            .any(|what| what.contains("without rcu_read_lock()")),
        "{bare:?}"
    );
}

#[test]
fn pointer_kept_for_longer_than_a_grace_period_is_found() {
    let _test = Test::start();
    let find = |plan: &Plan| found_by("pinned", plan);
    let keep = with(FORK_WALK_ANON_KEEP);
    let kept = find(&keep);

    assert!(
        kept.iter().any(|what| what.contains("and a grace period")),
        "{kept:?}"
    );
    // Only because grace periods end meanwhile.
    assert!(find(&Plan {
        no_grace: true,
        ..keep
    })
    .is_empty());
}

#[test]
fn wrong_order_of_locks_is_found() {
    let _test = Test::start();
    let found = found_by("written", &with(FORK_WALK_INVERTED));

    assert!(
        found.iter().any(|what| what.contains("deadlock: ")),
        "{found:?}"
    );
}

#[test]
fn writer_that_waits_for_ever_is_found() {
    let _test = Test::start();
    let found = found_by("written", &with(FORK_WALK_FORGET));

    assert!(
        found
            .iter()
            .any(|what| what.contains("locked for read, for ever")),
        "{found:?}"
    );
}

#[test]
fn reduction_loses_nothing() {
    let _test = Test::start();
    let one = |walker| [walker, FORK_WALK_NOT];
    let cases = [
        ("untouched", one(FORK_WALK_PARENT), LAST, 30),
        ("untouched", one(FORK_WALK_VMA_LOCK), LAST, 8),
        ("untouched", [FORK_WALK_PARENT, FORK_WALK_PARENT], LAST, 6),
        ("pinned", one(FORK_WALK_ANON), LAST, 10),
        ("pinned", one(FORK_WALK_ANON_BARE), LAST, 16),
        ("pinned", one(FORK_WALK_ANON_KEEP), LAST, 10),
        ("written", one(FORK_WALK_FORGET), LAST, 30),
        ("written", one(FORK_WALK_INVERTED), FORK_SITE_ANON_VMA, 9),
        ("file", one(FORK_WALK_RMAP), LAST, 8),
        ("driver", one(FORK_WALK_PUT), LAST, 5),
    ];

    let mut found = 0;

    for (name, tasks, site, last_steps) in cases {
        let plan = Plan {
            tasks,
            ..Plan::default()
        };
        let full = complaints(name, &plan, site, Reduce::No, last_steps);
        let reduced = complaints(name, &plan, site, Reduce::Yes, last_steps);

        assert_eq!(reduced.complaints, full.complaints, "{name}, {tasks:?}");
        assert_eq!(reduced.forms, full.forms, "{name}, {tasks:?}");
        assert!(reduced.run <= full.run);
        found += full.complaints.len();
        println!(
            "{name}, {tasks:?}: {} of {} schedules, {} complaints",
            reduced.run,
            full.run,
            full.complaints.len()
        );
    }
    assert_ne!(found, 0, "no schedule has shown anything");
}
