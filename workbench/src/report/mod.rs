// SPDX-License-Identifier: GPL-2.0

//! What came of the last runs of a base, as one HTML page that needs nothing else: to be read on a
//! phone, printed, or attached to a mail.
//!
//! Fill a [`Page`] and [`render`] it. All texts are escaped.

mod format;
mod matrix;
mod others;
pub(crate) mod run;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub(crate) use matrix::{Cell, Matrix, Row};

use crate::error::{Error, Result};
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::{Deserialize, Serialize};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

/// All there is to tell. What is `None` or empty has no section.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Page {
    /// `6.18`
    pub(crate) base: String,
    /// `6.18.15`
    pub(crate) version: String,
    /// When the page was made, for people.
    pub(crate) made: String,
    /// The commit of the project.
    pub(crate) commit: String,
    /// The suites with the fix, for each architecture.
    pub(crate) suites: Vec<Suites>,
    /// The suites without it.
    pub(crate) controls: Vec<Control>,
    pub(crate) harness: Option<Harness>,
    pub(crate) vma: Option<Vma>,
    pub(crate) coverages: Vec<Coverage>,
    pub(crate) breakages: Option<Breakages>,
    pub(crate) mutants: Option<Mutants>,
    /// All others: `make bisect`, `make selftest` and so on.
    pub(crate) totals: Vec<Totals>,
    /// Names of checks that there was no run of, or only of another state of the series.
    pub(crate) not_run: Vec<NotRun>,
}

/// What was run, and what came of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Run {
    /// `6.18.15 um`
    pub(crate) label: String,
    pub(crate) good: bool,
    /// When it ended, for people.
    pub(crate) date: String,
    pub(crate) seconds: u64,
}

/// A run of the suites on the kernel with the fix.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Suites {
    pub(crate) run: Run,
    /// A word for links inside of the page: `um`.
    pub(crate) arch: String,
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
    pub(crate) points: u64,
    /// What is not as it should be.
    pub(crate) wrong: Vec<String>,
    pub(crate) matrix: Option<Matrix>,
    pub(crate) sweeps: Sweeps,
}

/// How many points each test has swept.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Sweeps {
    pub(crate) modes: Vec<String>,
    pub(crate) suites: Vec<SuiteSweeps>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct SuiteSweeps {
    pub(crate) suite: String,
    pub(crate) tests: Vec<TestSweeps>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct TestSweeps {
    pub(crate) test: String,
    /// For each mode; nothing for one that the test does not use.
    pub(crate) points: Vec<Option<u64>>,
}

/// A run of the suites on the kernel without the fix. It is good if that failed as it must.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Control {
    pub(crate) run: Run,
    /// Where it failed.
    pub(crate) place: String,
    /// Lines of the log that show it.
    pub(crate) shown: Vec<String>,
}

/// `tools/testing/vma/fork`.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Harness {
    pub(crate) run: Run,
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) layouts: u64,
    pub(crate) failures: u64,
    pub(crate) schedules: u64,
    /// The shortest schedule that shows the defect without the fix.
    pub(crate) shown: Vec<String>,
    /// Instructions before and after the fix.
    pub(crate) bench: Vec<Bench>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Bench {
    pub(crate) vmas: u64,
    pub(crate) fails_at: String,
    pub(crate) before: u64,
    pub(crate) after: u64,
    /// As it is shown: `0.998`.
    pub(crate) ratio: String,
}

/// The kernel's own `tools/testing/vma`.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Vma {
    pub(crate) run: Run,
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

/// Generated breakages.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Mutants {
    #[serde(default)]
    pub(crate) run: Run,
    /// How many were killed.
    pub(crate) score: String,
    /// The same for each layer.
    pub(crate) layers: Vec<String>,
    /// Those that nothing has killed, and that nothing explains.
    pub(crate) survivors: Vec<String>,
}

/// What only the totals are shown of.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Totals {
    pub(crate) run: Run,
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

/// What was reached, in a run or a part of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Coverage {
    pub(crate) run: Run,
    /// `all`, or `while a failed fork is undone`
    pub(crate) part: String,
    pub(crate) lines: Reached,
    pub(crate) branches: Reached,
    pub(crate) functions: Vec<Function>,
    /// What is unreached and why.
    pub(crate) explained: Vec<Unreached>,
    pub(crate) wrong: Vec<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) lines: Reached,
    pub(crate) branches: Reached,
    pub(crate) in_macros: Reached,
}

/// How many, of how many.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Reached {
    pub(crate) reached: usize,
    pub(crate) all: usize,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Unreached {
    pub(crate) place: String,
    pub(crate) why: String,
}

/// The fix, broken on purpose.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Breakages {
    pub(crate) run: Run,
    pub(crate) rows: Vec<Breakage>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Breakage {
    pub(crate) what: String,
    pub(crate) seconds: u64,
    pub(crate) outcome: Outcome,
    /// Who caught it, by what; or why nobody can; or what else happened.
    pub(crate) detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    Caught,
    /// As it must: no test can notice.
    Survived,
    /// Survived and should not have, or the other way round, or did not build.
    Wrong,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct NotRun {
    pub(crate) what: String,
    /// The command that runs it.
    pub(crate) command: String,
    /// `never`, or that what ran was another state of the series.
    pub(crate) why: String,
}

impl Page {
    fn runs(&self) -> impl Iterator<Item = &Run> {
        let suites = self.suites.iter().map(|one| &one.run);
        let controls = self.controls.iter().map(|one| &one.run);
        let coverages = self.coverages.iter().map(|one| &one.run);
        suites
            .chain(controls)
            .chain(self.harness.iter().map(|one| &one.run))
            .chain(self.vma.iter().map(|one| &one.run))
            .chain(coverages)
            .chain(self.breakages.iter().map(|one| &one.run))
            .chain(self.mutants.iter().map(|one| &one.run))
            .chain(self.totals.iter().map(|one| &one.run))
    }

    /// The verdict on all: `good`, `bad`, or `none` if the suites were not run, for then the rest
    /// says little.
    fn verdict(&self) -> &'static str {
        if self.runs().any(|run| !run.good) {
            "bad"
        } else if self.suites.is_empty() {
            "none"
        } else {
            "good"
        }
    }
}

/// A page, and what is found by looking at all of it.
#[derive(Serialize)]
struct View<'a> {
    #[serde(flatten)]
    page: &'a Page,
    verdict: &'static str,
    /// The points of all runs of the suites.
    points: u64,
    runs: usize,
    bad: Vec<&'a str>,
    caught: usize,
    survived: usize,
    wrong: usize,
}

impl<'a> View<'a> {
    fn of(page: &'a Page) -> View<'a> {
        let broken = page.breakages.iter().flat_map(|all| &all.rows);
        let count = |outcome| broken.clone().filter(|row| row.outcome == outcome).count();
        View {
            page,
            verdict: page.verdict(),
            points: page.suites.iter().map(|one| one.points).sum(),
            runs: page.runs().count(),
            bad: page
                .runs()
                .filter(|run| !run.good)
                .map(|run| run.label.as_str())
                .collect(),
            caught: count(Outcome::Caught),
            survived: count(Outcome::Survived),
            wrong: count(Outcome::Wrong),
        }
    }
}

/// The page, complete.
pub(crate) fn render(page: &Page) -> Result<String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.add_filter("grouped", format::grouped);
    environment.add_filter("duration", format::duration);
    environment.add_filter("heading", format::heading);
    environment.add_global("style", Value::from_safe_string(STYLE.to_string()));
    environment
        .add_template("page.html", PAGE)
        .and_then(|()| environment.get_template("page.html"))
        .and_then(|template| template.render(View::of(page)))
        // A mistake of the template: there is none that the tests do not find.
        .map_err(|error| Error::failed(format!("the report cannot be made: {error:#}")))
}
