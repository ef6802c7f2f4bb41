// SPDX-License-Identifier: GPL-2.0

//! Builds and runs one broken kernel after the other.

use super::apply;
use super::file::{self, Breakage};
use super::verdict::{row, Counts, Found};
use crate::build::kbuild::Work;
use crate::builder::Builder;
use crate::console::{read_lossy, Log};
use crate::error::{Context, Error, Kind, Result};
use crate::fields::Fields;
use crate::harness::parts::{make, unpack, FORK};
use crate::judge::breakages::caught_by_harness;
use crate::outcome::{self, Outcome, Tested};
use crate::report;
use crate::run::kernel;
use crate::run::kunit_py::Kunit;
use crate::run::until_caught::{limit_of_broken, until_caught, SUITES};
use crate::settings::Arch;
use crate::stamp::Inputs;
use crate::table::{Column, Table};
use crate::toolchain::{Sysroot, Toolbox, Tools};
use crate::tree::branches::{Branch, Branches, Repository};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Seconds that they may take without a breakage, if the user says nothing.
const LIMIT: u64 = 300;

/// What is run, and with what.
struct Bench<'a> {
    b: &'a Builder,
    repository: Repository,
    toolbox: Toolbox,
    work: Work,
    kunit: Kunit,
    /// The harness of the whole series, unpacked when it is needed.
    harness: tempfile::TempDir,
}

pub(crate) fn run(b: &Builder) -> Result<Outcome> {
    let settings = &b.settings;

    if settings.arch != Arch::Um {
        return Err(Error::usage(format!(
            "ARCH={}: the fix is broken on UML only",
            settings.arch
        )));
    }
    let breakages = file::chosen(settings)?;
    let toolbox = b.ensure(Sysroot(Tools::Build))?;
    let repository = b.ensure(Branches)?;
    let outcome = outcome::test(
        b,
        &format!("{} breakages of the fix", breakages.len()),
        name(b),
        || {
            let tree = repository.tree(Branch::Fixed)?;
            let inputs = kernel::inputs(b, &tree)?.add("what", b"breakages");
            Ok(Tested {
                inputs: breakages
                    .iter()
                    .fold(inputs, |inputs, breakage| inputs.add_file(&breakage.file)),
                tree,
            })
        },
        || {
            let trees = apply::trees(b, &repository, &breakages)?;
            Bench::new(b, &repository, &toolbox)?.run(&breakages, &trees)
        },
    )?;

    if outcome.reused {
        for file in &outcome.files {
            b.console.say(read_lossy(file));
        }
    }
    Ok(outcome)
}

/// The name of the result: that of some does not replace that of all.
fn name(b: &Builder) -> &'static str {
    match b.settings.only {
        None => "breakages",
        Some(_) => "breakages-some",
    }
}

impl<'a> Bench<'a> {
    fn new(b: &'a Builder, repository: &Repository, toolbox: &Toolbox) -> Result<Bench<'a>> {
        // One for this and for make coverage: there is little to build for the other then.
        let work = Work::new(&b.settings, "changed", repository, toolbox);

        Ok(Bench {
            b,
            repository: repository.clone(),
            toolbox: toolbox.clone(),
            kunit: work.kunit(Arch::Um),
            work,
            harness: b.temporary_dir()?,
        })
    }

    fn run(&self, breakages: &[Breakage], trees: &[String]) -> Result<Outcome> {
        let settings = &self.b.settings;
        let begun = Instant::now();
        let version = self.repository.source.version()?;
        let columns = vec![Column::Left(62), Column::Right(6)];
        let mut table = Table::new(&self.b.console, columns);
        let mut counts = Counts::default();
        let mut details = report::Breakages::default();

        table.line(&format!(
            "linux {version} um: the suites {SUITES}, first without any breakage"
        ));
        table.row(&["breakage", "time", "caught by"]);
        let limit = self.without_breakage(&mut table)?;
        for (breakage, tree) in breakages.iter().zip(trees) {
            let (found, seconds) = self.try_once(breakage, tree, limit)?;
            let said = counts.judge(breakage, &found);
            table.row(&[&breakage.what, &format!("{seconds} s"), &said]);
            details.rows.push(row(breakage, &found, seconds));
        }
        let file = settings.base_build().join(format!("{}.txt", name(self.b)));
        table.keep(&file)?;
        let all = breakages.len() as u64;
        Ok(Outcome {
            passed: all - counts.bad,
            failed: counts.bad,
            details: serde_json::to_value(details).or_say(|| "cannot keep results")?,
            text: format!(
                "linux {version} um: {all} breakages, {} caught, {} survived, {} not as they \
                 should, {} s\n",
                counts.caught,
                counts.survived,
                counts.bad,
                begun.elapsed().as_secs()
            ),
            files: vec![file],
            ..Outcome::default()
        })
    }

    /// What fails without any breakage says nothing about breakages. Returns how long a broken
    /// kernel may run: it may be slower, but not by that much.
    fn without_breakage(&self, table: &mut Table<'_>) -> Result<u64> {
        let settings = &self.b.settings;
        let begun = Instant::now();
        let fixed = self.repository.tree(Branch::Fixed)?;
        let says_nothing = |what: &str, found: &Found, log: &str| {
            Error::failed(format!(
                "{what} without any breakage, so {} nothing: {}; log: {}",
                match what.starts_with("the suites") {
                    true => "they say",
                    false => "it says",
                },
                found.said(),
                settings.shown(&self.log("none", log))
            ))
        };

        let (found, took) =
            self.build_and_run("none", &fixed, settings.timeout.unwrap_or(LIMIT))?;
        if found != Found::Survived {
            return Err(says_nothing("the suites fail", &found, "-run"));
        }
        let found = self.ask_harness("none", &fixed)?;
        if found != Found::Survived {
            return Err(says_nothing("the fork harness fails", &found, "-harness"));
        }
        let seconds = format!("{} s", begun.elapsed().as_secs());
        table.row(&["(none)", &seconds, "nothing, as it should be"]);
        Ok(limit_of_broken(took))
    }

    /// What came of a breakage, now or when it was tried before.
    fn try_once(&self, breakage: &Breakage, tree: &str, limit: u64) -> Result<(Found, u64)> {
        let fields = Fields::new(self.b, "breakages");
        let inputs: Inputs = kernel::inputs(self.b, tree)?;

        if let Some(text) = fields.kept(&breakage.name, &inputs)? {
            if let Some(kept) = read_kept(&text) {
                return Ok(kept);
            }
        }
        let begun = Instant::now();
        let (mut found, _) = self.build_and_run(&breakage.name, tree, limit)?;
        if found == Found::Survived {
            found = self.ask_harness(&breakage.name, tree)?;
        }
        let seconds = begun.elapsed().as_secs();
        if let Some(text) = to_keep(&found, seconds) {
            fields.keep(&breakage.name, &inputs, &text)?;
        }
        Ok((found, seconds))
    }

    fn log(&self, name: &str, part: &str) -> PathBuf {
        let logs = self.b.settings.logs();
        logs.join(format!("breakage-{name}{part}.log"))
    }

    /// Runs a job with a log; whatever it fails with but a signal is `None`.
    fn attempt<T>(
        &self,
        title: &str,
        log: &Path,
        job: impl FnOnce(&Log) -> Result<T>,
    ) -> Result<Option<T>> {
        match self.b.console.quiet_long(title, log, job) {
            Ok(value) => Ok(Some(value)),
            Err(error) if matches!(error.kind(), Kind::Interrupted(_)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// What the suites find, and how long they took.
    fn build_and_run(&self, name: &str, tree: &str, limit: u64) -> Result<(Found, u64)> {
        let log = self.log(name, "");
        let built = self.attempt(&format!("{name}, build"), &log, |log| {
            self.work.check_out(tree, log)?;
            kernel::configure(self.b, &self.kunit, &self.repository, tree, log)?;
            kernel::compile(self.b, &self.kunit, log, &[])
        })?;

        if built.is_none() {
            let shown = self.b.settings.shown(&log);
            let why = format!("does not build: see {shown}");
            return Ok((Found::Broken(why), 0));
        }
        let log = self.log(name, "-run");
        let begun = Instant::now();
        let caught = self
            .b
            .console
            .quiet_long(&format!("{name}, suites"), &log, |log| {
                until_caught(&self.kunit, limit, None, log)
            })?;
        let shown = self.b.settings.shown(&log);
        let found = Found::new(caught, &format!("does not run: see {shown}"));
        Ok((found, begun.elapsed().as_secs()))
    }

    /// The same by the userspace harness.
    fn ask_harness(&self, name: &str, tree: &str) -> Result<Found> {
        let log = self.log(name, "-harness");
        let title = format!("{name}, fork harness");
        let (fixed, broken) = (
            self.harness.path().join("fixed"),
            self.harness.path().join("broken"),
        );

        self.attempt(&title, &log, |log| {
            if !fixed.is_dir() {
                unpack(&self.repository, "fixed", &FORK, &fixed, log)?;
            }
            // There is none at first.
            let _ = std::fs::remove_dir_all(&broken);
            unpack(&self.repository, tree, &FORK, &broken, log)?;
            let cmd = make(&self.b.settings, &self.toolbox, &fixed)
                .arg("run")
                .arg(format!("KERNEL={}", broken.display()))
                .arg(format!(
                    "OUT={}",
                    self.harness.path().join("objects").display()
                ));
            log.run(&cmd)
        })?;
        let shown = self.b.settings.shown(&log);
        Ok(Found::new(
            caught_by_harness(&read_lossy(&log)),
            &format!("the fork harness does not build: see {shown}"),
        ))
    }
}

/// What is kept of a breakage; what went wrong is tried again.
fn to_keep(found: &Found, seconds: u64) -> Option<String> {
    match found {
        Found::By { place, what } => Some(format!("{seconds}\n{place}\n{what}")),
        Found::Survived => Some(format!("{seconds}\n\n")),
        Found::Broken(_) => None,
    }
}

fn read_kept(text: &str) -> Option<(Found, u64)> {
    let mut lines = text.lines();
    let seconds = lines.next()?.parse().ok()?;

    Some(match (lines.next(), lines.next()) {
        (Some(place), Some(what)) if !place.is_empty() => (
            Found::By {
                place: place.to_string(),
                what: what.to_string(),
            },
            seconds,
        ),
        (None, None) => (Found::Survived, seconds),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        let by = Found::By {
            place: "fork_fail.tree".into(),
            what: "1 mode=once N=2: too many".into(),
        };

        for found in [by, Found::Survived] {
            let text = to_keep(&found, 41).expect("kept");
            assert_eq!(read_kept(text.trim_end()), Some((found, 41)));
        }
        assert_eq!(to_keep(&Found::Broken("no".into()), 1), None);
        assert_eq!(read_kept(""), None);
        assert_eq!(read_kept("41\nplace"), None);
    }
}
