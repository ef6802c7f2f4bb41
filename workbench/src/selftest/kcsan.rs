// SPDX-License-Identifier: GPL-2.0

//! `make kcsan`: the soak, on kernels that report data races. Base and series have the same seed. A
//! race in which a fork takes part must not be new. `make kcsan-control` puts one into fork, which has
//! to be noticed.

use super::kernel::{self, Detectors, Kernel};
use super::machine::Ran;
use super::soak_control::Control;
use super::{no_control, soak, unless};
use crate::builder::Builder;
use crate::error::Result;
use crate::judge::kcsan::{compare, noticed, Races};
use crate::outcome::{self, Outcome, Tested};
use crate::sources::base::Base;
use crate::tree::branches::{Branch, Branches};
use std::path::PathBuf;
use std::time::Instant;

/// If the user does not say for how long. KCSAN watches one access of a thousand.
const MINUTES: u64 = 3;
/// Races that may be new, with the reasons.
const EXPLAINED: &str = "selftest/kcsan.explained";
/// The race that has to be noticed.
const RACE: &str = "selftest/kcsan-control.patch";

fn file(b: &Builder, name: &str) -> PathBuf {
    b.settings.dirs.workbench.join(name)
}

fn with_kcsan(branch: Branch) -> Kernel {
    Kernel {
        branch,
        detectors: Detectors::Kcsan,
    }
}

/// A soak on the kernel of a branch.
fn on(b: &Builder, branch: Branch, wanted: &soak::Wanted) -> Result<Ran> {
    let kernel = b.ensure(with_kcsan(branch))?;
    let arch = b.settings.arch;
    let title = format!("a soak with KCSAN on {arch}, {}", branch.name());
    let name = format!("kcsan-{arch}-{}", branch.name());

    b.long(&title, &name, |log| soak::soak(b, &kernel, wanted, log))
}

/// `make kcsan`.
pub(crate) fn run(b: &Builder) -> Result<Outcome> {
    unless(no_control(b))?;
    let settings = &b.settings;
    let wanted = soak::Wanted::read(settings, MINUTES)?;
    let repository = b.ensure(Branches)?;
    let arch = settings.arch;
    let title = format!("data races on {arch}, base and series");

    if b.planning() {
        b.ensure(with_kcsan(Branch::Unfixed))?;
        b.ensure(with_kcsan(Branch::Fixed))?;
    }
    outcome::test(
        b,
        &title,
        &format!("kcsan-{arch}"),
        || {
            let inputs = with_kcsan(Branch::Fixed)
                .inputs(b, &repository)?
                .add("base", repository.tree(Branch::Unfixed)?.as_bytes())
                .add_file(&file(b, EXPLAINED));
            Ok(Tested {
                inputs: soak::inputs(b, inputs, &wanted),
                tree: repository.tree(Branch::Fixed)?,
            })
        },
        || {
            let begun = Instant::now();
            let base = on(b, Branch::Unfixed, &wanted)?;
            let series = on(b, Branch::Fixed, &wanted)?;
            let explained = crate::console::read_lossy(&file(b, EXPLAINED));
            let label = format!("{} {arch}, KCSAN", b.ensure(Base)?.version()?);

            Ok(compare(
                &Races::read(soak::ran(&base)),
                &Races::read(soak::ran(&series)),
                &explained,
                &label,
                begun.elapsed().as_secs(),
            ))
        },
    )
}

/// `make kcsan-control`.
pub(crate) fn control(b: &Builder) -> Result<Outcome> {
    unless(no_control(b))?;
    let control = Control {
        command: "kcsan-control",
        title: "a data race in fork",
        kernel: "kcsan",
        detectors: Detectors::Kcsan,
        patches: &[&kernel::kcsan_patch(&b.settings), &file(b, RACE)],
        minutes: MINUTES,
    };

    control.run(b, |ran| noticed(&Races::read(soak::ran(ran)), RACE))
}
