// SPDX-License-Identifier: GPL-2.0

//! Which code a command is.

use crate::builder::Builder;
use crate::cli::{self, Target};
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::settings::{base, Arch};
use crate::{
    bisect, breakages, check, cost, coverage, harness, htmldocs, lint, mail, mutants, report, run,
    selftest, style, tree,
};

/// Runs a command. Tests come to an outcome, others are done.
pub(crate) fn run(b: &Builder, target: Target) -> Result<()> {
    let known = Arch::known_to(target);

    if !known.contains(&b.settings.arch) {
        let names: Vec<&str> = known.iter().map(|arch| arch.name()).collect();
        return Err(Error::usage(format!(
            "ARCH={} is nothing for this command: it knows {}",
            b.settings.arch,
            names.join(" ")
        )));
    }
    match target {
        Target::Kunit => tested(b, run::verdict::run(b)?),
        Target::Control => tested(b, run::control::run(b)?),
        Target::Sweeps => tested(b, run::verdict::sweeps(b)?),
        Target::Selftest => tested(b, selftest::selftest(b)?),
        Target::SelftestControl => tested(b, selftest::control(b)?),
        Target::Shell => selftest::shell::run(b),
        Target::Soak => tested(b, selftest::soak::run(b)?),
        Target::SoakControl => tested(b, selftest::soak_control::run(b)?),
        Target::Stress => tested(b, selftest::stress::run(b)?),
        Target::Kcsan => tested(b, selftest::kcsan::run(b)?),
        Target::KcsanControl => tested(b, selftest::kcsan::control(b)?),
        Target::Hold => selftest::hold::run(b),
        Target::ForkHarness => tested(b, harness::fork::run(b)?),
        Target::Vma => tested(b, harness::vma_tests::run(b)?),
        Target::Coverage => tested(b, coverage::run::run(b)?),
        Target::Check => tested(b, check::run(b, false)?),
        Target::CheckAll => tested(b, check::run(b, true)?),
        Target::Test => {
            let style = style::run(b)?;
            b.console.say(&style.text);
            tested(b, style::unit_tests(b)?)?;
            failed_if(b, &style)
        }
        Target::Breakages => tested(b, breakages::run(b)?),
        Target::Mutants => tested(b, mutants::run(b)?),
        Target::Bisect => match b.settings.base_named {
            true => tested(b, bisect::run(b)?),
            false => each_base(b, bisect::run),
        },
        Target::Lint => tested(b, lint::lint(b)?),
        Target::Cost => tested(b, cost::run(b)?),
        Target::BenchHarness => harness::fork_bench::run(b),
        Target::Trim => harness::trim::run(b),
        Target::Golden => run::golden::run(b),
        Target::Report => report::run::run(b),
        Target::Tree => tree::make_tree::run(b),
        Target::Rebase => tree::rebase::run(b),
        Target::Refresh => tree::refresh::run(b),
        Target::Htmldocs => htmldocs::run(b),
        Target::Series => mail::series::run(b),
        Target::Send => mail::send::run(b),
        Target::Setup | Target::Update => tree::setup::run(b),
        Target::Clean => tree::clean::run(b),
        Target::Help => {
            b.console.say(cli::help());
            Ok(())
        }
    }
}

/// Says what a test came to; its failure is the command's.
fn tested(b: &Builder, outcome: Outcome) -> Result<()> {
    if b.planning() {
        return Ok(());
    }
    b.console.say(&outcome.text);
    if outcome.reused {
        b.console.say(format!(
            "(as of {}, for the same inputs; FORCE=1 runs it again)",
            outcome.when_said()
        ));
    }
    failed_if(b, &outcome)
}

fn failed_if(b: &Builder, outcome: &Outcome) -> Result<()> {
    match outcome.good() || b.planning() {
        true => Ok(()),
        // All has been said.
        false => Err(Error::failed("")),
    }
}

/// A test of all bases, one after the other.
fn each_base(b: &Builder, test: fn(&Builder) -> Result<Outcome>) -> Result<()> {
    let mut result = Ok(());

    for base in b.settings.dirs.bases() {
        if let Some(why) = base::only_by_kdir(&b.settings.dirs, &base)? {
            b.skip(&base, &why);
            continue;
        }
        let inner = Builder::new(b.settings.for_base(&base), b.console.clone());
        let outcome = test(&inner)?;
        if b.planning() {
            b.quick(inner.plan().trim_end(), || Ok(()))?;
        }
        let this = tested(&inner, outcome);
        if result.is_ok() {
            result = this;
        }
    }
    result
}
