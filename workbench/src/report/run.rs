// SPDX-License-Identifier: GPL-2.0

//! `make report`: the page of a base, `build/BASE/report.html`, from what its tests came to when
//! they were run last. Tests of another state of the series are named as not run.

use super::{
    others, render, Breakages, Control, Coverage, Harness, Matrix, Mutants, NotRun, Page, Row, Run,
    SuiteSweeps, Suites, Sweeps, TestSweeps, Totals, Vma,
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
use serde::Deserialize;

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

    /// A line for what has no section, or no details that can be read. Its verdict counts all the
    /// same.
    fn totals(&mut self, outcome: &Outcome, run: Run) {
        self.page.totals.push(Totals {
            run,
            passed: outcome.passed,
            failed: outcome.failed,
        });
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
            match harness(&outcome, run.clone()) {
                None => self.totals(&outcome, run),
                known => self.page.harness = known,
            }
        }
        if let Some((outcome, run)) = self.result("vma", "tools/testing/vma", "make vma") {
            match vma::judge(&outcome.text.replace(": ", "\n"), "vma") {
                Err(_) => self.totals(&outcome, run),
                Ok(totals) => {
                    self.page.vma = Some(Vma {
                        run,
                        passed: totals.passed,
                        failed: totals.failed,
                    });
                }
            }
        }
        if let Some((outcome, run)) = self.result("coverage", "coverage on um", "make coverage") {
            let parts: Vec<Coverage> = details(&outcome).unwrap_or_default();
            if parts.is_empty() {
                self.totals(&outcome, run.clone());
            }
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
            match details::<Breakages>(&outcome) {
                None => self.totals(&outcome, run),
                Some(known) => self.page.breakages = Some(Breakages { run, ..known }),
            }
        }
        if let Some((outcome, run)) = self.result("mutants", "mutants", "make mutants") {
            match details::<Mutants>(&outcome) {
                None => self.totals(&outcome, run),
                Some(known) => self.page.mutants = Some(Mutants { run, ..known }),
            }
        }
        for other in others::of(self.b) {
            if let Some((outcome, run)) = self.result(&other.name, &other.what, &other.command) {
                self.totals(&outcome, run);
            }
        }
    }
}

/// What a test has left for its section.
fn details<'a, T: Deserialize<'a>>(outcome: &'a Outcome) -> Option<T> {
    T::deserialize(&outcome.details).ok()
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

#[cfg(test)]
mod tests {
    use super::super::others::tests::project;
    use super::*;

    fn page(results: &[(&str, &Outcome)]) -> Page {
        let dir = tempfile::tempdir().expect("a folder");
        let b = project("6.18", dir.path());
        for (name, outcome) in results {
            let file = b.settings.base_build().join(format!("results/{name}.json"));
            let text = serde_json::to_string(outcome).expect("text");
            write_whole(&file, text.as_bytes()).expect("a file");
        }
        let mut filler = Filler {
            b: &b,
            version: "6.18.15".into(),
            tree: "tree".into(),
            page: Page::default(),
        };
        filler.fill();
        filler.page
    }

    fn outcome(passed: u64, failed: u64) -> Outcome {
        Outcome {
            passed,
            failed,
            tree: "tree".into(),
            ..Outcome::default()
        }
    }

    #[test]
    fn what_failed_is_bad_whatever_is_known_of_it() {
        let (good, bad) = (outcome(7, 0), outcome(6, 1));

        for name in [
            "vma",
            "fork-harness",
            "coverage",
            "breakages",
            "mutants",
            "lint",
            "sweeps-um",
            "soak-x86_64",
            "kcsan-x86_64",
            "htmldocs",
            "mail",
        ] {
            let page = page(&[("kunit-um", &good), (name, &bad)]);

            assert_eq!(page.verdict(), "bad", "{name}");
            assert_eq!((page.totals[0].passed, page.totals[0].failed), (6, 1));
        }
        let older = Outcome {
            tree: "other".into(),
            ..bad
        };
        let page = page(&[("kunit-um", &good), ("breakages", &older)]);
        assert_eq!(page.verdict(), "good");
        assert!(page.not_run.iter().any(|one| one.what == "breakages"));
    }

    #[test]
    fn breakages_have_a_table() {
        let row = super::super::Breakage {
            what: "no flush".into(),
            seconds: 3,
            outcome: super::super::Outcome::Wrong,
            detail: "SURVIVED".into(),
        };
        let details = Breakages {
            rows: vec![row],
            ..Breakages::default()
        };
        let kept = Outcome {
            details: serde_json::to_value(details).expect("a value"),
            ..outcome(0, 1)
        };
        let page = page(&[("breakages", &kept)]);

        assert!(page.totals.is_empty() && page.verdict() == "bad");
        assert_eq!(page.breakages.map(|all| all.rows.len()), Some(1));
    }
}
