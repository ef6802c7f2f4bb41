// SPDX-License-Identifier: GPL-2.0

//! `make soak`: processes whose forks fail by many causes at once, for minutes, on x86_64 with
//! racers beside. In the end nothing may be in use that was not after the warm-up.

use super::initramfs;
use super::kernel::Kernel;
use super::machine::{Machine, Ran};
use super::programs::{self, Program};
use super::{missing, passed, ran_of, unless};
use crate::builder::Builder;
use crate::console::Log;
use crate::error::Result;
use crate::harness::seed;
use crate::judge::soak::Soak;
use crate::judge::{self, selftest::judge};
use crate::outcome::{self, Outcome, Tested};
use crate::run::kunit_py::Kunit;
use crate::settings::{Arch, Settings};
use crate::sources::base::Base;
use crate::stamp::Inputs;
use crate::tree::branches::{Branch, Branches};
use std::fmt::Write as _;
use std::time::Instant;

/// If the user does not say for how long.
pub(super) const MINUTES: u64 = 1;
/// Beyond the minutes: to boot, to warm up, to come to rest.
const MORE: u64 = 900;

/// What is run.
#[derive(Debug, PartialEq)]
pub(super) struct Wanted {
    minutes: u64,
    seed: u64,
    /// Which racers.
    beside: String,
    /// Processes that fork at a time.
    forkers: u32,
    /// Options of the kernel. What has gone wrong once ends it.
    options: &'static str,
}

impl Wanted {
    /// As `MINUTES=`, or else `minutes`, `SEED=` and `ONLY=` have it. There are racers where there is
    /// more than one CPU.
    pub(super) fn read(settings: &Settings, minutes: u64) -> Result<Wanted> {
        let seed = seed::read(settings.sample.seed.as_deref())?.unwrap_or(1);
        let (beside, forkers, options) = match settings.arch {
            // Two nodes, so that memory can be migrated; no word of each swapon and OOM kill.
            Arch::X86_64 => ("all", 2, "oops=panic numa=fake=2 loglevel=6"),
            _ => ("none", 1, "oops=panic"),
        };

        Ok(Wanted {
            minutes: settings.sample.minutes.unwrap_or(minutes),
            seed,
            beside: settings.only.as_deref().unwrap_or(beside).to_string(),
            forkers,
            options,
        })
    }

    /// Only the forks.
    pub(super) fn without_racers(self) -> Wanted {
        Wanted {
            beside: "none".into(),
            ..self
        }
    }

    /// For the kernel's command line.
    fn words(&self) -> Vec<String> {
        let Wanted {
            minutes,
            seed,
            beside,
            forkers,
            options,
        } = self;

        vec![
            (*options).to_string(),
            format!("run={},{minutes},{seed},{beside},{forkers}", PROGRAM.name),
        ]
    }
}

const PROGRAM: Program = Program {
    name: "fork_soak",
    sources: &[
        "selftest/setup.c",
        "selftest/soak/fork_soak.c",
        "selftest/soak/causes.c",
        "selftest/soak/chance.c",
        "selftest/soak/common.c",
        "selftest/soak/counters.c",
        "selftest/soak/racer_kills.c",
        "selftest/soak/racer_monitor.c",
        "selftest/soak/racer_swap.c",
        "selftest/soak/racer_uprobes.c",
        "selftest/soak/racers.c",
        "selftest/soak/space.c",
    ],
    in_tree: false,
    ..Program::NONE
};

/// What a soak on a kernel depends on, with what that depends on.
pub(super) fn inputs(b: &Builder, kernel: Inputs, wanted: &Wanted) -> Inputs {
    programs::inputs_of(&b.settings, &[PROGRAM], kernel)
        .add("run", wanted.words().join(" ").as_bytes())
}

/// What is judged of one.
pub(super) fn ran(ran: &Ran) -> judge::selftest::Ran<'_> {
    ran_of(PROGRAM.name, ran)
}

/// Boots a kernel, and says what each minute brings.
pub(super) fn soak(b: &Builder, kernel: &Kunit, wanted: &Wanted, log: &Log) -> Result<Ran> {
    let initramfs = initramfs::pack(b, kernel, &[PROGRAM], log)?;
    let machine = Machine::new(b, kernel, &initramfs, log)?;
    let machine = machine.within(b, wanted.minutes * 60 + MORE);
    let mut said = 0;

    machine.boot(&wanted.words(), log, |console| {
        let soak = Soak::read(console);
        for minute in soak.minutes.iter().skip(said) {
            b.console.say(format!("  {minute}"));
        }
        said = soak.minutes.len();
    })
}

/// `make soak`.
pub(crate) fn run(b: &Builder) -> Result<Outcome> {
    unless(missing(b))?;
    let settings = &b.settings;
    let wanted = Wanted::read(settings, MINUTES)?;
    let repository = b.ensure(Branches)?;
    let step = Kernel::of(Branch::Fixed);
    let kernel = b.ensure(step)?;
    let title = format!("a soak on {}", settings.arch);
    let name = format!("soak-{}", settings.arch);

    outcome::test(
        b,
        &title,
        &name,
        || {
            Ok(Tested {
                inputs: inputs(b, step.inputs(b, &repository)?, &wanted),
                tree: repository.tree(Branch::Fixed)?,
            })
        },
        || {
            let begun = Instant::now();
            let ran = b.long(&title, &name, |log| soak(b, &kernel, &wanted, log))?;
            let label = format!("{} {}", b.ensure(Base)?.version()?, settings.arch);
            let tally = judge(self::ran(&ran));
            let mut outcome = passed(&[(PROGRAM.name, tally)], &label, begun.elapsed().as_secs());

            outcome.text = format!("{}{}", details(&Soak::read(&ran.console)), outcome.text);
            Ok(outcome)
        },
    )
}

/// What was seen, beside the verdict.
fn details(soak: &Soak) -> String {
    let mut text = String::new();

    for line in soak.beside.iter().chain(&soak.counters) {
        let _ = writeln!(text, "    {line}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::tests::toy;

    #[test]
    fn what_is_run_is_chosen() {
        let dir = tempfile::tempdir().expect("a folder");
        let words = |arch: &str, only: &str, seed: &str| {
            let b = toy(dir.path(), |args| {
                args.arch = Some(arch.into());
                args.only = Some(only.into());
                args.seed = Some(seed.into());
                args.minutes = Some("5".into());
            });
            Wanted::read(&b.settings, MINUTES).map(|wanted| wanted.words()[1].clone())
        };

        assert_eq!(
            words("um", "", "").ok(),
            Some("run=fork_soak,5,1,none,1".into())
        );
        assert_eq!(
            words("x86_64", "ksm", "7").ok(),
            Some("run=fork_soak,5,7,ksm,2".into())
        );
        let error = words("um", "", "x").expect_err("no number");
        assert!(error.message().starts_with("SEED=x is neither a number"));
    }
}
