// SPDX-License-Identifier: GPL-2.0

//! `make selftest`: fork(2) by real processes. Each program runs on a kernel with the series, in a
//! machine of its own, and has to pass. `make selftest-control` runs the same ones without the fix:
//! the kernel has to fall over under each of them, by the defect.

mod emulator;
pub(crate) mod hold;
mod initramfs;
pub(crate) mod kcsan;
mod kcsan_config;
mod kernel;
mod machine;
mod mm_tests;
mod programs;
pub(crate) mod shell;
pub(crate) mod soak;
pub(crate) mod soak_control;
pub(crate) mod stress;

use crate::builder::Builder;
use crate::console::Log;
use crate::error::{Error, Result};
use crate::judge::selftest::{judge, judge_control, Ran, Tally};
use crate::outcome::{self, Outcome, Tested};
use crate::run;
use crate::sources::base::Base;
use crate::tree::branches::{Branch, Branches};
use crate::tree::series::Series;
use kernel::Kernel;
use machine::Machine;
use programs::{Form, Program};
use std::fmt::Write as _;
use std::time::Instant;

/// A program, and what its machine has left.
type Each = (&'static Program, machine::Ran);

/// Boots a machine for each program.
fn run_all(b: &Builder, branch: Branch, form: Form, log: &Log) -> Result<Vec<Each>> {
    let kernel = b.ensure(Kernel::of(branch))?;
    let initramfs = initramfs::pack(b, &kernel, &programs::PROGRAMS, log)?;
    let machine = Machine::new(b, &kernel, &initramfs, log)?;
    let run = |program: &'static Program| Ok((program, machine.run(program, form, log)?));

    programs::chosen(&b.settings, form)?
        .into_iter()
        .map(run)
        .collect()
}

fn ran((program, ran): &Each) -> Ran<'_> {
    ran_of(program.name, ran)
}

fn ran_of<'a>(program: &'a str, ran: &'a machine::Ran) -> Ran<'a> {
    Ran {
        program,
        console: &ran.console,
        late: ran.late,
    }
}

/// The test of a branch: `judge` says what the runs came to.
fn test(
    b: &Builder,
    branch: Branch,
    form: Form,
    name: &str,
    judge: impl FnOnce(&[Each], &str, u64) -> Outcome,
) -> Result<Outcome> {
    let settings = &b.settings;
    let repository = b.ensure(Branches)?;
    let chosen = programs::chosen(settings, form)?;
    let short = match form {
        Form::Quick => ", short form",
        Form::Long | Form::Control => "",
    };
    let title = format!("programs on {}, {}{short}", settings.arch, branch.name());
    let name = format!("{name}-{}", settings.arch);
    let kernel = Kernel::of(branch);
    b.ensure(kernel)?;

    outcome::test(
        b,
        &title,
        &name,
        || {
            let inputs = programs::inputs(settings, kernel.inputs(b, &repository)?);
            let limit = settings.timeout.unwrap_or_default();
            let runs: Vec<String> = chosen
                .iter()
                .flat_map(|program| program.words(settings.arch, form))
                .collect();
            Ok(Tested {
                inputs: inputs
                    .add("limit", &limit.to_le_bytes())
                    .add("runs", runs.join("\n").as_bytes()),
                tree: repository.tree(Branch::Fixed)?,
            })
        },
        || {
            let begun = Instant::now();
            let all = b.long(&title, &name, |log| run_all(b, branch, form, log))?;
            let version = b.ensure(Base)?.version()?;
            let label = match branch {
                Branch::Fixed => format!("{version} {}", settings.arch),
                Branch::Unfixed => format!("{version} {}, unfixed", settings.arch),
            };

            Ok(judge(&all, &label, begun.elapsed().as_secs()))
        },
    )
}

/// Why a base has no selftest.
pub(crate) fn missing(b: &Builder) -> Option<String> {
    (!programs::are_in(&Series::new(&b.settings).new_files()))
        .then(|| format!("the series for linux {} has no selftest", b.settings.base))
}

/// Why it has none without the fix.
pub(crate) fn no_control(b: &Builder) -> Option<String> {
    let arch = b.settings.arch;

    missing(b).or_else(|| run::control::missing(b)).or_else(|| {
        (!programs::have_control(arch))
            .then(|| format!("without the fix it takes a race to bring the kernel down on {arch}"))
    })
}

fn unless(missing: Option<String>) -> Result<()> {
    missing.map_or(Ok(()), |why| Err(Error::usage(why)))
}

/// `make selftest`.
pub(crate) fn selftest(b: &Builder) -> Result<Outcome> {
    unless(missing(b))?;
    let form = Form::of(&b.settings);
    let name = match form {
        Form::Quick => "selftest-quick",
        Form::Long | Form::Control => "selftest",
    };
    test(b, Branch::Fixed, form, name, |all, label, seconds| {
        let tallies: Vec<(&str, Tally)> = all
            .iter()
            .map(|each| (each.0.name, judge(ran(each))))
            .collect();

        passed(&tallies, label, seconds)
    })
}

/// `make selftest-control`.
pub(crate) fn control(b: &Builder) -> Result<Outcome> {
    unless(no_control(b))?;
    test(
        b,
        Branch::Unfixed,
        Form::Control,
        "selftest-control",
        |all, label, seconds| {
            let judged: Vec<(&str, _)> = all
                .iter()
                .map(|each| (each.0.name, judge_control(ran(each), each.0.race)))
                .collect();

            failed(&judged, label, seconds)
        },
    )
}

/// The outcome with the fix.
fn passed(tallies: &[(&str, Tally)], label: &str, seconds: u64) -> Outcome {
    let mut outcome = Outcome::default();
    let mut forks = 0;

    for (name, tally) in tallies {
        outcome.passed += tally.passed;
        outcome.skipped += tally.skipped;
        // What goes wrong beside the results is a failure, too.
        outcome.failed += match tally.wrong.is_empty() {
            true => 0,
            false => tally.failed.max(1),
        };
        forks += tally.forks_failed();
        let _ = writeln!(
            outcome.text,
            "{name}: forks failed: {}",
            tally.forks_failed()
        );
        for (number, what) in &tally.forks {
            let _ = writeln!(outcome.text, "    {number:6} by {what}");
        }
        for line in &tally.wrong {
            let _ = writeln!(outcome.text, "    error: {line}");
        }
    }
    let _ = writeln!(
        outcome.text,
        "{label}: {} passed, {} failed, {} skipped, {forks} forks failed, {seconds} s",
        outcome.passed, outcome.failed, outcome.skipped
    );
    outcome
}

/// The outcome without it.
fn failed(
    judged: &[(&str, std::result::Result<Vec<String>, String>)],
    label: &str,
    seconds: u64,
) -> Outcome {
    let mut outcome = Outcome::default();

    for (name, result) in judged {
        match result {
            Ok(lines) => {
                outcome.passed += 1;
                let _ = writeln!(outcome.text, "{name} brings it down:");
                for line in lines {
                    let _ = writeln!(outcome.text, "    {line}");
                }
            }
            Err(why) => {
                outcome.failed += 1;
                let _ = writeln!(outcome.text, "{name} shows nothing:\n    error: {why}");
            }
        }
    }
    let _ = match outcome.failed {
        0 => writeln!(outcome.text, "{label}: fails as it must, {seconds} s"),
        _ => writeln!(outcome.text, "{label}: the control is broken, {seconds} s"),
    };
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_fails_the_test() {
        let good = Tally {
            passed: 2,
            forks: vec![(7, "fork".into())],
            ..Tally::default()
        };
        let bad = Tally {
            wrong: vec!["BUG: x".into()],
            ..good.clone()
        };
        let outcome = passed(&[("a", good.clone())], "6.18.15 um", 3);
        assert!(outcome.good());
        assert_eq!(
            outcome.text,
            "a: forks failed: 7\n         7 by fork\n\
             6.18.15 um: 2 passed, 0 failed, 0 skipped, 7 forks failed, 3 s\n"
        );
        let outcome = passed(&[("a", good), ("b", bad)], "6.18.15 um", 3);
        assert!(!outcome.good() && outcome.text.contains("    error: BUG: x\n"));
    }

    #[test]
    fn each_program_has_to_fail_without_the_fix() {
        let down = || Ok(vec!["panic".to_string(), "exit_mmap".to_string()]);
        let outcome = failed(&[("a", down())], "x", 1);
        assert!(outcome.good());
        assert_eq!(
            outcome.text,
            "a brings it down:\n    panic\n    exit_mmap\nx: fails as it must, 1 s\n"
        );
        let outcome = failed(&[("a", down()), ("b", Err("it survived".into()))], "x", 1);
        assert!(!outcome.good() && outcome.text.contains("broken"));
    }
}
