// SPDX-License-Identifier: GPL-2.0

//! What a test came to, as a file: `build/BASE/results/NAME.json`. What passed is not run again
//! for the same inputs; the cover letters and the report take their numbers from there.

use crate::builder::Builder;
use crate::clock;
use crate::console::Log;
use crate::error::{Context, Result};
use crate::stamp::{write_whole, Inputs};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Instant;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
    /// Failure points, of what sweeps.
    pub(crate) points: u64,
    /// For the user: what there is to say, the line with the verdict last.
    pub(crate) text: String,
    /// For a cover letter: what was run and what it came to.
    pub(crate) letter: String,
    /// Wall clock seconds.
    pub(crate) seconds: u64,
    /// Hash of all that it depends on.
    pub(crate) inputs: String,
    /// The git tree of the series that was tested.
    pub(crate) tree: String,
    /// Seconds since 1970.
    pub(crate) when: u64,
    /// Files beside this one that belong to it, for who wants the details.
    pub(crate) files: Vec<PathBuf>,
    /// More of it, for the report.
    #[serde(default)]
    pub(crate) details: serde_json::Value,
    /// It was not run now, as it had passed for the same inputs.
    #[serde(skip)]
    pub(crate) reused: bool,
}

impl Outcome {
    /// A test that is one: it passed or failed.
    pub(crate) fn one(good: bool, text: impl Into<String>) -> Outcome {
        Outcome {
            passed: u64::from(good),
            failed: u64::from(!good),
            text: text.into(),
            ..Outcome::default()
        }
    }

    /// When it was run.
    pub(crate) fn when_said(&self) -> String {
        clock::said(self.when)
    }

    pub(crate) fn good(&self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

/// What a test depends on.
pub(crate) struct Tested {
    pub(crate) inputs: Inputs,
    /// The git tree of the series.
    pub(crate) tree: String,
}

fn file(b: &Builder, name: &str) -> PathBuf {
    b.settings
        .base_build()
        .join("results")
        .join(format!("{name}.json"))
}

/// What a test came to when it was run last, if it was.
pub(crate) fn last(b: &Builder, name: &str) -> Option<Outcome> {
    let text = std::fs::read_to_string(file(b, name)).ok()?;

    serde_json::from_str(&text).ok()
}

/// Runs a test unless it has passed for the same inputs. In a plan it is only named.
pub(crate) fn test(
    b: &Builder,
    title: &str,
    name: &str,
    tested: impl FnOnce() -> Result<Tested>,
    job: impl FnOnce() -> Result<Outcome>,
) -> Result<Outcome> {
    if b.planning() {
        b.quick(title, || Ok(()))?;
        return Ok(Outcome::one(true, ""));
    }
    let tested = tested()?;
    let inputs = tested
        .inputs
        .add("toolchain", b.tools().as_bytes())
        .add("program", program()?.as_bytes())
        .hash();

    if let Some(outcome) = last(b, name) {
        if outcome.inputs == inputs && outcome.good() && !b.settings.force {
            return Ok(Outcome {
                reused: true,
                ..outcome
            });
        }
    }
    let begun = Instant::now();
    let mut outcome = job()?;
    outcome.seconds = begun.elapsed().as_secs();
    outcome.inputs = inputs;
    outcome.tree = tested.tree;
    outcome.when = clock::now();
    let text = serde_json::to_string_pretty(&outcome).or_say(|| "cannot keep a result")?;
    write_whole(&file(b, name), text.as_bytes())?;
    Ok(outcome)
}

/// The same for a test that is one program run with its output in a log.
pub(crate) fn long_test(
    b: &Builder,
    title: &str,
    name: &str,
    tested: impl FnOnce() -> Result<Tested>,
    job: impl FnOnce(&Log) -> Result<Outcome>,
) -> Result<Outcome> {
    test(b, title, name, tested, || b.long(title, name, job))
}

/// This program as an input: a test that was judged by another one is not taken for fresh.
pub(crate) fn program() -> Result<String> {
    use std::cell::OnceCell;
    thread_local!(static HASH: OnceCell<String> = const { OnceCell::new() });

    HASH.with(|hash| {
        if let Some(known) = hash.get() {
            return Ok(known.clone());
        }
        let path = std::env::current_exe().or_say(|| "cannot find this program")?;
        let found = crate::stamp::sha256_of(&path)?;
        Ok(hash.get_or_init(|| found).clone())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::tests::toy;
    use crate::error::Error;

    fn run(b: &Builder, input: &str, passes: bool) -> Outcome {
        let tested = || {
            Ok(Tested {
                inputs: Inputs::default().add("what", input.as_bytes()),
                tree: "t".into(),
            })
        };
        test(b, "a test", "a", tested, || {
            Ok(Outcome::one(passes, "said"))
        })
        .expect("an outcome")
    }

    #[test]
    fn what_passed_is_not_run_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let b = toy(dir.path(), |_| ());

        assert!(!run(&b, "one", false).reused);
        assert!(!run(&b, "one", true).reused);
        assert!(run(&b, "one", true).reused);
        assert!(!run(&b, "two", true).reused);
        let forced = toy(dir.path(), |args| args.force = Some("1".into()));
        assert!(!run(&forced, "two", true).reused);
    }

    #[test]
    fn a_test_that_cannot_run_leaves_no_result() {
        let dir = tempfile::tempdir().expect("a folder");
        let b = toy(dir.path(), |_| ());
        let tested = || {
            Ok(Tested {
                inputs: Inputs::default(),
                tree: String::new(),
            })
        };

        let result = test(&b, "a test", "a", tested, || Err(Error::usage("no")));
        assert!(result.is_err() && last(&b, "a").is_none());
    }
}
