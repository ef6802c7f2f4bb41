// SPDX-License-Identifier: GPL-2.0

//! `make report`: the page of a base, `build/BASE/report.html`, from what its tests came to when
//! they were run last. Tests of another state of the series are named as not run.

use super::{
    render, Breakages, Control, Coverage, Harness, Matrix, Mutants, NotRun, Page, Patches, Row,
    Run, SuiteSweeps, Suites, Sweeps, TestSweeps, Vma,
};
use crate::builder::Builder;
use crate::clock;
use crate::console::read_lossy;
use crate::error::Result;
use crate::git::Git;
use crate::harness::{totals, vma};
use crate::judge;
use crate::outcome::{self, Outcome};
use crate::settings::Arch;
use crate::stamp::write_whole;
use crate::tree::branches::{Branch, Branches};

pub(crate) fn run(b: &Builder) -> Result<()> {
    let settings = &b.settings;
    let repository = b.ensure(Branches)?;
    let path = settings.base_build().join("report.html");
    let shown = settings.shown(&path);

    b.quick(&format!("page of results, {shown}"), || {
        let version = repository.source.version()?;
        let tree = repository.tree(Branch::Fixed)?;
        let git = Git::tree(&settings.dirs.top);
        let commit = git.find("HEAD")?.unwrap_or_else(|| "no commit".into());
        let mut filler = Filler {
            b,
            version: version.clone(),
            tree,
            page: Page {
                base: settings.base.clone(),
                version,
                made: clock::now_said(),
                commit: commit.chars().take(12).collect(),
                ..Page::default()
            },
        };
        filler.fill();
        write_whole(&path, render(&filler.page)?.as_bytes())?;
        b.console.say(format!("  {shown}"));
        Ok(())
    })
}

struct Filler<'a> {
    b: &'a Builder,
    version: String,
    tree: String,
    page: Page,
}

impl Filler<'_> {
    /// A result of the series as it is now; otherwise it is noted as not run.
    fn result(&mut self, name: &str, what: &str, command: &str) -> Option<(Outcome, Run)> {
        let outcome = outcome::last(self.b, name);
        let why = match &outcome {
            Some(outcome) if outcome.tree == self.tree => None,
            Some(_) => Some("the series was another one then"),
            None => Some("never"),
        };

        if let Some(why) = why {
            self.page.not_run.push(NotRun {
                what: what.to_string(),
                command: format!("{command} BASE={}", self.b.settings.base),
                why: why.to_string(),
            });
            return None;
        }
        let outcome = outcome?;
        let run = Run {
            label: format!("{} {what}", self.version),
            good: outcome.good(),
            date: outcome.when_said(),
            seconds: outcome.seconds,
        };
        Some((outcome, run))
    }

    fn fill(&mut self) {
        for arch in Arch::OF_SUITES {
            let name = arch.name();
            let command = format!("make kunit ARCH={name}");
            if let Some((outcome, run)) = self.result(&format!("kunit-{name}"), name, &command) {
                self.page.suites.push(suites(arch, &outcome, run));
            }
            let (what, command) = (
                format!("{name}, unfixed"),
                format!("make control ARCH={name}"),
            );
            if let Some((outcome, run)) = self.result(&format!("control-{name}"), &what, &command) {
                let mut lines = outcome.text.lines().map(str::trim);
                let first = lines.next().unwrap_or_default();
                let place = first.trim_start_matches("failed in ").trim_end_matches(':');
                self.page.controls.push(Control {
                    run,
                    place: place.to_string(),
                    shown: lines.take(6).map(str::to_string).collect(),
                });
            }
        }
        if let Some((outcome, run)) = self.result(
            "fork-harness",
            "tools/testing/vma/fork",
            "make fork-harness",
        ) {
            self.page.harness = harness(&outcome, run);
        }
        if let Some((outcome, run)) = self.result("vma", "tools/testing/vma", "make vma") {
            self.page.vma = vma::judge(&outcome.text.replace(": ", "\n"), "vma")
                .ok()
                .map(|totals| Vma {
                    run,
                    passed: totals.passed,
                    failed: totals.failed,
                });
        }
        if let Some((outcome, run)) = self.result("coverage", "coverage on um", "make coverage") {
            let parts: Vec<Coverage> = serde_json::from_value(outcome.details).unwrap_or_default();
            self.page
                .coverages
                .extend(parts.into_iter().map(|part| Coverage {
                    run: Run {
                        label: format!("{}, {}", run.label, part.part),
                        ..run.clone()
                    },
                    ..part
                }));
        }
        if let Some((outcome, run)) = self.result("breakages", "breakages", "make breakages") {
            let known: Option<Breakages> = serde_json::from_value(outcome.details).ok();
            self.page.breakages = known.map(|known| Breakages { run, ..known });
        }
        if let Some((outcome, run)) = self.result("mutants", "mutants", "make mutants") {
            let known: Option<Mutants> = serde_json::from_value(outcome.details).ok();
            self.page.mutants = known.map(|known| Mutants { run, ..known });
        }
        for (name, command) in [("bisect", "make bisect"), ("lint", "make lint")] {
            if let Some((outcome, run)) = self.result(name, name, command) {
                self.page.patches.push(Patches {
                    run,
                    passed: outcome.passed,
                    failed: outcome.failed,
                });
            }
        }
    }
}

fn suites(arch: Arch, outcome: &Outcome, run: Run) -> Suites {
    let log = outcome.files.iter().find(|file| file.ends_with("test.log"));
    let log = log.map_or_else(String::new, |file| read_lossy(file));
    let sweeps = judge::sweeps::Sweeps::of(&log);
    let errors = outcome.text.lines();

    Suites {
        run,
        arch: arch.name().to_string(),
        passed: outcome.passed,
        failed: outcome.failed,
        skipped: outcome.skipped,
        points: outcome.points,
        wrong: errors
            .filter_map(|line| line.strip_prefix("error: "))
            .map(str::to_string)
            .collect(),
        matrix: matrix(&sweeps),
        sweeps: per_test(&sweeps),
    }
}

fn matrix(sweeps: &judge::sweeps::Sweeps<'_>) -> Option<Matrix> {
    let known = judge::matrix::Matrix::of(sweeps);
    let cell = |cell: &judge::matrix::Cell| match cell {
        judge::matrix::Cell::Points(points) => super::Cell::Points(*points),
        judge::matrix::Cell::Empty(why) => super::Cell::None(why.clone()),
        judge::matrix::Cell::Unexplained => super::Cell::Unexplained,
    };
    let rows: Vec<Row> = known
        .rows
        .iter()
        .zip(&known.cells)
        .map(|(kind, cells)| Row {
            kind: kind.clone(),
            cells: cells.iter().map(cell).collect(),
        })
        .collect();

    (!rows.is_empty()).then_some(Matrix {
        modes: known.columns,
        rows,
    })
}

fn per_test(sweeps: &judge::sweeps::Sweeps<'_>) -> Sweeps {
    let all = sweeps.by_mode();
    let modes: Vec<String> = all.modes().map(str::to_string).collect();
    let mut list = Sweeps {
        suites: Vec::new(),
        modes,
    };

    for (name, points) in sweeps.per_test() {
        let (suite, test) = name.split_once('.').unwrap_or((&name, ""));
        let test = TestSweeps {
            test: test.to_string(),
            points: list.modes.iter().map(|mode| points.get(mode)).collect(),
        };
        match list.suites.last_mut() {
            Some(last) if last.suite == suite => last.tests.push(test),
            _ => list.suites.push(SuiteSweeps {
                suite: suite.to_string(),
                tests: vec![test],
            }),
        }
    }
    list
}

fn harness(outcome: &Outcome, run: Run) -> Option<Harness> {
    let totals = totals::judge(&outcome.text, "fork-harness").ok()?;
    let shown = outcome.text.lines().skip(1);

    Some(Harness {
        run,
        passed: totals.passed,
        failed: totals.failed,
        layouts: totals.layouts,
        failures: totals.failures,
        schedules: totals.schedules,
        shown: shown
            .take_while(|line| line.starts_with("    "))
            .map(|line| line.trim_start_matches("    ").to_string())
            .collect(),
        bench: Vec::new(),
    })
}
