// SPDX-License-Identifier: GPL-2.0

//! `make stress`: programs that others have written, those of stress-ng, on the base and on the series.
//! Nothing may be reported. How much they do on each is shown side by side.

use super::initramfs;
use super::kernel::Kernel;
use super::machine::{Machine, Ran};
use super::{no_control, ran_of, unless};
use crate::builder::Builder;
use crate::error::Result;
use crate::judge::stress::{compare, Stress};
use crate::outcome::{self, Outcome, Tested};
use crate::sources::base::Base;
use crate::toolchain::{Sysroot, Toolbox, Tools};
use crate::tree::branches::{Branch, Branches};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

const PROGRAM: &str = "stress-ng";
/// Which of its stressors, and for how long.
const JOB: &str = "selftest/stress.job";
/// Under emulation, with all detectors.
const LIMIT: u64 = 1200;

fn job(b: &Builder) -> PathBuf {
    b.settings.dirs.workbench.join(JOB)
}

/// Runs it on the kernel of a branch.
fn one(b: &Builder, tools: &Toolbox, branch: Branch) -> Result<Ran> {
    let kernel = b.ensure(Kernel { branch })?;
    let title = format!("{PROGRAM} on {}, {}", b.settings.arch, branch.name());
    let name = format!("stress-{}-{}", b.settings.arch, branch.name());

    b.long(&title, &name, |log| {
        let files = [(job(b), "/stress.job")];
        let initramfs = initramfs::pack_with_debians(b, &kernel, tools, PROGRAM, &files, log)?;
        let machine = Machine::new(b, &kernel, &initramfs, log)?.within(b, LIMIT);

        machine.boot(&[format!("run={PROGRAM},--job,/stress.job")], log, |_| ())
    })
}

/// `make stress`.
pub(crate) fn run(b: &Builder) -> Result<Outcome> {
    unless(no_control(b))?;
    let tools = b.ensure(Sysroot(Tools::Stress))?;
    let repository = b.ensure(Branches)?;
    let fixed = Kernel {
        branch: Branch::Fixed,
    };
    let arch = b.settings.arch;
    let title = format!("{PROGRAM} on {arch}, base and series");

    if b.planning() {
        b.ensure(Kernel {
            branch: Branch::Unfixed,
        })?;
        b.ensure(fixed)?;
    }
    outcome::test(
        b,
        &title,
        &format!("stress-{arch}"),
        || {
            Ok(Tested {
                inputs: fixed
                    .inputs(b, &repository)?
                    .add("base", repository.tree(Branch::Unfixed)?.as_bytes())
                    .add_file(&job(b)),
                tree: repository.tree(Branch::Fixed)?,
            })
        },
        || {
            let begun = Instant::now();
            let base = one(b, &tools, Branch::Unfixed)?;
            let series = one(b, &tools, Branch::Fixed)?;
            let stress = |ran| Stress::read(ran_of(PROGRAM, ran));
            let (mut text, stressors, wrong) = compare(&stress(&base), &stress(&series));
            let version = b.ensure(Base)?.version()?;

            let _ = writeln!(
                text,
                "{version} {arch}: {stressors} stressors, {wrong} errors, {} s",
                begun.elapsed().as_secs()
            );
            Ok(Outcome {
                passed: stressors,
                failed: wrong,
                text,
                ..Outcome::default()
            })
        },
    )
}
