// SPDX-License-Identifier: GPL-2.0

//! `make soak`: processes whose forks fail by many causes at once, for minutes, on x86_64 with
//! racers beside. In the end nothing may be in use that was not after the warm-up.
//! `make soak-control` puts a leak in, which has to be noticed.

use super::initramfs;
use super::kernel::{self, Changed, Detectors, Kernel};
use super::machine::{Machine, Ran};
use super::programs::{self, Program};
use super::{missing, passed, ran_of, unless};
use crate::builder::Builder;
use crate::console::Log;
use crate::error::{Error, Result};
use crate::harness::seed;
use crate::judge::soak::Soak;
use crate::judge::{self, selftest::judge};
use crate::outcome::{self, Outcome, Tested};
use crate::run::{self, kunit_py::Kunit};
use crate::settings::{Arch, Settings};
use crate::sources::base::Base;
use crate::stamp::Inputs;
use crate::toolchain::{self, Sysroot, Tools};
use crate::tree::branches::{Branch, Branches};
use crate::tree::with_patch::tree_with;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

/// If the user does not say for how long.
const MINUTES: u64 = 1;
/// Beyond the minutes: to boot, to warm up, to come to rest.
const MORE: u64 = 900;
/// The leak that is put in, if `ONLY=` names no other breakage.
const LEAK: &str = "vmas-not-freed";

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

/// The breakage that is the leak.
fn leak(b: &Builder) -> Result<PathBuf> {
    let settings = &b.settings;
    let name = settings.only.as_deref().unwrap_or(LEAK);
    let dir = settings.dirs.workbench.join("breakages");
    let dir = dir.join(&settings.base);
    let end = format!("-{name}.patch");

    std::fs::read_dir(&dir)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.to_string_lossy().ends_with(&end))
        .ok_or_else(|| {
            Error::usage(format!(
                "there is no {}/*{end}: ONLY= names a breakage that leaks",
                settings.shown(&dir)
            ))
        })
}

/// `make soak-control`.
pub(crate) fn control(b: &Builder) -> Result<Outcome> {
    unless(missing(b))?;
    let settings = &b.settings;
    let leak = leak(b)?;
    let wanted = Wanted::read(settings, MINUTES)?.without_racers();
    let toolbox = b.ensure(Sysroot(Tools::Build))?;
    // QEMU.
    toolchain::of_machine(b, settings.arch)?;
    let repository = b.ensure(Branches)?;
    let tree = tree_with(b, &repository, &[&leak], None)?;
    let title = format!("a soak on {}, with a leak", settings.arch);
    let name = format!("soak-control-{}", settings.arch);

    outcome::test(
        b,
        &title,
        &name,
        || {
            let kernel = run::kernel::inputs_with(b, &kernel::config(settings), &tree)?;
            Ok(Tested {
                inputs: inputs(b, kernel, &wanted),
                tree: repository.tree(Branch::Fixed)?,
            })
        },
        || {
            let ran = b.long(&title, &name, |log| {
                let changed = Changed {
                    name: "soak",
                    config: kernel::config(settings),
                    detectors: Detectors::OfMachine,
                    tree: &tree,
                };
                let kernel = changed.build(b, &toolbox, &repository, log)?;
                soak(b, &kernel, &wanted, log)
            })?;

            Ok(noticed(&Soak::read(&ran.console), &settings.shown(&leak)))
        },
    )
}

/// A leak has to show in a counter.
fn noticed(soak: &Soak, leak: &str) -> Outcome {
    let leaked = soak.leaked();
    let mut text = String::new();

    for line in &leaked {
        let _ = writeln!(text, "    {line}");
    }
    let _ = match leaked.is_empty() {
        true => writeln!(text, "error: {leak}: the soak has not noticed it"),
        false => writeln!(text, "{leak}: noticed"),
    };
    Outcome::one(!leaked.is_empty(), text)
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

    #[test]
    fn a_leak_has_to_be_noticed() {
        let of = |console: &str| noticed(&Soak::read(console), "x.patch");

        assert!(of("# counter filp before 1 after 99 room 3 LEAKED\n").good());
        assert!(!of("# counter filp before 1 after 2 room 3\n").good());
    }

    #[test]
    fn a_leak_is_a_breakage() {
        let dir = tempfile::tempdir().expect("a folder");
        let b = toy(dir.path(), |_| ());
        let breakages = dir.path().join("workbench/breakages/6.18");

        let error = leak(&b).expect_err("none");
        assert!(error
            .message()
            .starts_with("there is no workbench/breakages/6.18/*-vmas-not"));
        std::fs::create_dir_all(&breakages).expect("a folder");
        let patch = breakages.join("08-vmas-not-freed.patch");
        std::fs::write(&patch, "").expect("a file");
        assert_eq!(leak(&b).expect("one"), patch);
    }
}
