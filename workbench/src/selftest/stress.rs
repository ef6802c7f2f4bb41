// SPDX-License-Identifier: GPL-2.0

//! `make stress`: programs that others have written, on the base and on the series: those of
//! stress-ng, and the kernel's own selftests/mm. Nothing may be reported. How much stress-ng's do on
//! each is shown side by side; the others have to come to the same on both.

use super::initramfs;
use super::kernel::Kernel;
use super::machine::{Machine, Ran};
use super::{mm_tests, no_control, programs, ran_of, unless};
use crate::builder::Builder;
use crate::console::Log;
use crate::error::Result;
use crate::judge::mm_tests::{self as judge_mm, MmTests};
use crate::judge::stress::{compare, Stress};
use crate::outcome::{self, Outcome, Tested};
use crate::run::kunit_py::Kunit;
use crate::sources::base::Base;
use crate::toolchain::{Sysroot, Tools};
use crate::tree::branches::{Branch, Branches};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

const STRESS_NG: &str = "stress-ng";
/// Which of its stressors, and for how long.
const JOB: &str = "selftest/stress.job";
/// Under emulation, with all detectors.
const LIMIT: u64 = 1200;

fn job(b: &Builder) -> PathBuf {
    b.settings.dirs.workbench.join(JOB)
}

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part<'a> {
    StressNg,
    /// All of selftests/mm, or one of them.
    MmTests(Option<&'a str>),
}

impl<'a> Part<'a> {
    /// As `ONLY=` has it: one of the two, or a program of the second.
    fn chosen(only: Option<&'a str>) -> Vec<Part<'a>> {
        match only {
            None => vec![Part::StressNg, Part::MmTests(None)],
            Some(STRESS_NG) => vec![Part::StressNg],
            Some("selftests") => vec![Part::MmTests(None)],
            Some(program) => vec![Part::MmTests(Some(program))],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Part::StressNg => STRESS_NG,
            Part::MmTests(_) => "selftests/mm",
        }
    }

    /// The program that the machine is booted for.
    fn program(self) -> &'static str {
        match self {
            Part::StressNg => STRESS_NG,
            Part::MmTests(_) => mm_tests::RUNNER.name,
        }
    }

    /// Of its logs.
    fn log(self) -> &'static str {
        match self {
            Part::StressNg => "stress",
            Part::MmTests(_) => "stress-selftests",
        }
    }

    fn boot(self, b: &Builder, kernel: &Kunit, log: &Log) -> Result<Ran> {
        let Part::MmTests(only) = self else {
            let tools = b.ensure(Sysroot(Tools::Stress))?;
            let files = [(job(b), "/stress.job")];
            let initramfs =
                initramfs::pack_with_debians(b, kernel, &tools, STRESS_NG, &files, log)?;
            let machine = Machine::new(b, kernel, &initramfs, log)?.within(b, LIMIT);

            return machine.boot(&[format!("run={STRESS_NG},--job,/stress.job")], log, |_| ());
        };

        mm_tests::run(b, kernel, only, log)
    }

    /// Runs it on the kernel of a branch.
    fn on(self, b: &Builder, branch: Branch) -> Result<Ran> {
        let kernel = b.ensure(Kernel::of(branch))?;
        let arch = b.settings.arch;
        let title = format!("{} on {arch}, {}", self.name(), branch.name());
        let name = format!("{}-{arch}-{}", self.log(), branch.name());

        b.long(&title, &name, |log| self.boot(b, &kernel, log))
    }

    /// What the two came to, with the line that is their verdict.
    fn judge(self, base: &Ran, series: &Ran) -> Outcome {
        let ran = |ran| ran_of(self.program(), ran);

        match self {
            Part::StressNg => {
                let (text, passed, failed) =
                    compare(&Stress::read(ran(base)), &Stress::read(ran(series)));

                Outcome {
                    text: format!("{text}{passed} stressors, {failed} errors\n"),
                    passed,
                    failed,
                    ..Outcome::default()
                }
            }
            Part::MmTests(_) => {
                let read = |each| MmTests::read(ran(each));
                let all = judge_mm::compare(&read(base), &read(series));
                let text = format!(
                    "{}{} programs: {} passed, {} failed on both, {} skipped, {} errors\n",
                    all.text, all.programs, all.passed, all.failed, all.skipped, all.errors
                );

                Outcome {
                    text,
                    passed: all.passed,
                    failed: all.errors,
                    skipped: all.skipped,
                    ..Outcome::default()
                }
            }
        }
    }
}

/// `make stress`.
pub(crate) fn run(b: &Builder) -> Result<Outcome> {
    unless(no_control(b))?;
    let settings = &b.settings;
    let parts = Part::chosen(settings.only.as_deref());
    if parts.contains(&Part::StressNg) {
        b.ensure(Sysroot(Tools::Stress))?;
    }
    let repository = b.ensure(Branches)?;
    let fixed = Kernel::of(Branch::Fixed);
    let arch = settings.arch;
    let names: Vec<&str> = parts.iter().map(|part| part.name()).collect();
    let title = format!("{} on {arch}, base and series", names.join(", "));

    if b.planning() {
        b.ensure(Kernel::of(Branch::Unfixed))?;
        b.ensure(fixed)?;
    }
    outcome::test(
        b,
        &title,
        &format!("stress-{arch}"),
        || {
            let inputs = fixed
                .inputs(b, &repository)?
                .add("base", repository.tree(Branch::Unfixed)?.as_bytes())
                .add("parts", format!("{parts:?}").as_bytes())
                .add_file(&job(b))
                .add_file(&mm_tests::file(settings));
            Ok(Tested {
                inputs: programs::inputs_of(settings, &[mm_tests::RUNNER], inputs),
                tree: repository.tree(Branch::Fixed)?,
            })
        },
        || {
            let begun = Instant::now();
            let on = |branch| -> Result<Vec<Ran>> {
                parts.iter().map(|part| part.on(b, branch)).collect()
            };
            let base = on(Branch::Unfixed)?;
            let series = on(Branch::Fixed)?;
            let mut all = Outcome::default();

            for (part, (base, series)) in parts.iter().zip(base.iter().zip(&series)) {
                let outcome = part.judge(base, series);
                all.passed += outcome.passed;
                all.failed += outcome.failed;
                all.skipped += outcome.skipped;
                all.text += &outcome.text;
            }
            let _ = writeln!(
                all.text,
                "{} {arch}, {}: {} errors, {} s",
                b.ensure(Base)?.version()?,
                names.join(", "),
                all.failed,
                begun.elapsed().as_secs()
            );
            Ok(all)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_can_be_chosen() {
        assert_eq!(Part::chosen(None).len(), 2);
        assert_eq!(Part::chosen(Some("stress-ng")), [Part::StressNg]);
        assert_eq!(Part::chosen(Some("selftests")), [Part::MmTests(None)]);
        assert_eq!(Part::chosen(Some("cow")), [Part::MmTests(Some("cow"))]);
    }
}
