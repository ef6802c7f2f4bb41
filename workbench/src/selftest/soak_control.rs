// SPDX-License-Identifier: GPL-2.0

//! A soak on a kernel with something put in that has to be noticed. `make soak-control` puts a leak
//! in.

use super::kernel::{Changed, Detectors};
use super::machine::Ran;
use super::soak::{self, Wanted};
use super::{missing, unless};
use crate::builder::Builder;
use crate::error::{Error, Result};
use crate::judge::soak::Soak;
use crate::outcome::{self, Outcome, Tested};
use crate::run;
use crate::toolchain::{self, Sysroot, Tools};
use crate::tree::branches::{Branch, Branches};
use crate::tree::with_patch::tree_with;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The leak that is put in, if `ONLY=` names no other breakage.
const LEAK: &str = "vmas-not-freed";

/// What is put in, and where.
pub(super) struct Control<'a> {
    /// That of the command, and of its result.
    pub(super) command: &'a str,
    pub(super) title: &'a str,
    /// The folder of the kernel, below that of the base.
    pub(super) kernel: &'a str,
    pub(super) detectors: Detectors,
    /// On top of the series.
    pub(super) patches: &'a [&'a Path],
    /// If the user does not say for how long.
    pub(super) minutes: u64,
}

impl Control<'_> {
    /// Builds and soaks the kernel, without racers: the more forks there are, the sooner it shows.
    /// `judge` says whether it has been noticed.
    pub(super) fn run(&self, b: &Builder, judge: impl FnOnce(&Ran) -> Outcome) -> Result<Outcome> {
        let arch = b.settings.arch;
        let wanted = Wanted::read(&b.settings, self.minutes)?.without_racers();
        let toolbox = b.ensure(Sysroot(Tools::Build))?;
        // QEMU.
        toolchain::of_machine(b, arch)?;
        let repository = b.ensure(Branches)?;
        let tree = tree_with(b, &repository, self.patches, None)?;
        let name = format!("{}-{arch}", self.command);
        let title = format!("{} on {arch}", self.title);

        outcome::test(
            b,
            &title,
            &name,
            || {
                let kernel = run::kernel::inputs_with(b, &self.detectors.config(b)?, &tree)?;
                Ok(Tested {
                    inputs: soak::inputs(b, kernel, &wanted),
                    tree: repository.tree(Branch::Fixed)?,
                })
            },
            || {
                let changed = Changed {
                    name: self.kernel,
                    config: self.detectors.config(b)?,
                    detectors: self.detectors,
                    tree: &tree,
                };
                let ran = b.long(&title, &name, |log| {
                    let kernel = changed.build(b, &toolbox, &repository, log)?;
                    soak::soak(b, &kernel, &wanted, log)
                })?;

                Ok(judge(&ran))
            },
        )
    }
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
pub(crate) fn run(b: &Builder) -> Result<Outcome> {
    unless(missing(b))?;
    let leak = leak(b)?;
    let control = Control {
        command: "soak-control",
        title: "a soak with a leak",
        kernel: "soak",
        detectors: Detectors::OfMachine,
        patches: &[&leak],
        minutes: soak::MINUTES,
    };

    control.run(b, |ran| {
        noticed(&Soak::read(&ran.console), &b.settings.shown(&leak))
    })
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
