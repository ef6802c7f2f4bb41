// SPDX-License-Identifier: GPL-2.0

//! `make hold`: for how long a fork that fails holds the mmap_lock of its parent for write, and when
//! a reader gets it, against one that succeeds, in the same run. With the series, and with the lock
//! not downgraded where the series does that.

mod times;

use super::initramfs;
use super::kernel::{Changed, Detectors};
use super::machine::{Clock, Machine};
use super::programs::{Form, Program};
use crate::builder::Builder;
use crate::console::Log;
use crate::error::{Context, Error, Result};
use crate::run::kunit_py::Kunit;
use crate::settings::Arch;
use crate::table::{Column, Table};
use crate::toolchain::{self, Sysroot, Tools};
use crate::tree::branches::{Branch, Branches, Repository};
use crate::tree::with_patch::tree_with;
use std::path::PathBuf;
use times::{Held, TITLES};

/// What is run on a machine.
fn program(arch: Arch) -> Program {
    Program {
        name: "fork_hold",
        sources: &["selftest/fork_hold.c"],
        in_tree: false,
        // Pairs of forks, and MiB of the VMA that has most. Emulated instructions do not vary as
        // times do.
        arguments: match arch {
            Arch::Um => &["21", "256"],
            _ => &["11", "4096"],
        },
        // The program tells mms by their addresses. To print what the commit limit refuses would
        // take longer than the fork.
        options: "no_hash_pointers loglevel=4",
        ..Program::NONE
    }
}

/// Seconds: most of the time goes by writing to all pages before each fork.
const LIMIT: u64 = 3600;
/// The breakage that does without the downgrade, after its number.
const NOT_DOWNGRADED: &str = "-parent-not-downgraded.patch";

/// What is measured.
#[derive(Debug, PartialEq)]
enum Variant {
    Series,
    /// The series without the downgrade: the breakage that takes it away.
    NotDowngraded(PathBuf),
}

impl Variant {
    fn name(&self) -> &'static str {
        match self {
            Variant::Series => "series",
            Variant::NotDowngraded(_) => "not-downgraded",
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Variant::Series => "mmap_lock of forks, with the series",
            Variant::NotDowngraded(_) => "mmap_lock of forks, not downgraded",
        }
    }

    fn tree(&self, b: &Builder, repository: &Repository) -> Result<String> {
        match self {
            Variant::Series => repository.tree(Branch::Fixed),
            Variant::NotDowngraded(patch) => tree_with(b, repository, &[patch], None),
        }
    }
}

/// Those of this base.
fn variants(b: &Builder) -> Result<Vec<Variant>> {
    let settings = &b.settings;
    let all = settings.dirs.workbench.join("breakages");
    let dir = all.join(&settings.base);
    let entries =
        std::fs::read_dir(&dir).or_say(|| format!("cannot read {}", settings.shown(&dir)))?;
    let not_downgraded = entries
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.to_string_lossy().ends_with(NOT_DOWNGRADED));
    let mut variants = vec![Variant::Series];

    // Unfixed kernels are left out: the first fork that fails would panic.
    variants.extend(not_downgraded.map(Variant::NotDowngraded));
    Ok(variants)
}

/// Forks, and what their times are.
fn measure(b: &Builder, kernel: &Kunit, log: &Log) -> Result<(Vec<Held>, Clock)> {
    let programs = [program(kernel.arch)];
    let [program] = &programs;
    let initramfs = initramfs::pack(b, kernel, &programs, log)?;
    let machine = Machine::new(b, kernel, &initramfs, log)?.for_times(b, LIMIT);
    let ran = machine.run(program, Form::Long, log)?;

    if ran.late {
        return Err(Error::failed(format!(
            "{} did not end within {} s; TIMEOUT= gives it more",
            program.name,
            machine.seconds()
        )));
    }
    match ran.console.contains(&format!("{}: exit 0", program.name)) {
        true => Ok((Held::parse(&ran.console), machine.clock())),
        false => Err(Error::failed(format!("{} failed", program.name))),
    }
}

/// `make hold`.
pub(crate) fn run(b: &Builder) -> Result<()> {
    let settings = &b.settings;
    let variants = variants(b)?;
    let toolbox = b.ensure(Sysroot(Tools::Build))?;
    toolchain::of_machine(b, settings.arch)?;
    let repository = b.ensure(Branches)?;

    if b.planning() {
        return variants
            .iter()
            .try_for_each(|variant| b.quick(variant.title(), || Ok(())));
    }
    let mut columns = vec![Column::Left(15)];
    columns.extend([Column::Right(5), Column::Right(7), Column::Right(5)]);
    columns.extend([Column::Right(8), Column::Right(16), Column::Right(22)]);
    let mut table = Table::new(&b.console, columns);

    for (nth, variant) in variants.iter().enumerate() {
        let tree = variant.tree(b, &repository)?;
        let log = format!("hold-{}-{}", settings.arch, variant.name());
        let (held, clock) = b.long(variant.title(), &log, |log| {
            let config = format!("selftest/hold-{}.config", settings.arch);
            let changed = Changed {
                name: "hold",
                config: settings.dirs.workbench.join(config),
                detectors: Detectors::OfMachine,
                tree: &tree,
            };
            let kernel = changed.build(b, &toolbox, &repository, log)?;
            measure(b, &kernel, log)
        })?;
        if nth == 0 {
            table.line(&format!(
                "linux {} {}{}: ratios to a fork that succeeds, the median (and quartiles)",
                repository.source.version()?,
                settings.arch,
                clock.words()
            ));
            table.row(&TITLES);
        }
        for each in held {
            table.row(&each.row(variant.name()));
        }
    }
    let name = format!("hold-{}.txt", settings.arch);
    table.keep(&settings.base_build().join(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::tests::toy;

    #[test]
    fn what_is_measured_depends_on_the_base() {
        let dir = tempfile::tempdir().expect("a folder");
        let of = || variants(&toy(dir.path(), |_| ()));
        let breakages = dir.path().join("workbench/breakages/6.18");

        let error = of().expect_err("no breakages");
        assert!(error
            .message()
            .starts_with("cannot read workbench/breakages/6.18"));
        std::fs::create_dir_all(&breakages).expect("a folder");
        assert_eq!(of().expect("variants"), [Variant::Series]);
        let patch = breakages.join("42-parent-not-downgraded.patch");
        std::fs::write(&patch, "").expect("a file");
        assert_eq!(
            of().expect("variants"),
            [Variant::Series, Variant::NotDowngraded(patch)]
        );
    }
}
