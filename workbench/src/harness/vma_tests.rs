// SPDX-License-Identifier: GPL-2.0

//! `make vma`: the base's own tests of mm/vma.c in userspace, on the patched tree, with ASan and
//! UBSan. What a base lacks for them to build is in `workbench/vma/BASE.patch`.

use super::parts::unpack;
use super::vma;
use crate::builder::Builder;
use crate::console::Log;
use crate::error::Result;
use crate::git::Git;
use crate::outcome::{self, Outcome, Tested};
use crate::sources::base::Base;
use crate::stamp::Inputs;
use crate::toolchain::{Sysroot, Toolbox, Tools};
use crate::tree::branches::{Branch, Branches, Repository};

/// The parts of the kernel that these tests read.
const PARTS: [&str; 9] = [
    "mm",
    "lib",
    "include",
    "arch/x86/include",
    "scripts",
    "tools/arch",
    "tools/build",
    "tools/include",
    "tools/lib",
];
const MORE: [&str; 4] = [
    "tools/scripts",
    "tools/testing/radix-tree",
    "tools/testing/shared",
    "tools/testing/vma",
];

/// Builds and runs them for a commit, in a folder of their own: they build inside their tree.
pub(crate) fn harness(
    b: &Builder,
    toolbox: &Toolbox,
    repository: &Repository,
    commit: &str,
    log: &Log,
) -> Result<vma::Totals> {
    let dir = b.temporary_dir()?;
    let parts: Vec<&str> = PARTS.iter().chain(&MORE).copied().collect();
    let mended = b
        .settings
        .dirs
        .workbench
        .join(format!("vma/{}.patch", b.settings.base));
    let tests = dir.path().join("tools/testing/vma");

    unpack(repository, commit, &parts, dir.path(), log)?;
    if mended.is_file() {
        let git = Git::tree(dir.path());
        let above = b.settings.base_build();
        let cmd = git
            .cmd(["apply"])
            .arg(&mended)
            // Otherwise git looks for the files at the top of the project.
            .env("GIT_CEILING_DIRECTORIES", &above);
        log.run_checked(&cmd)?;
    }
    log.run_checked(&toolbox.make(&b.settings, &tests).arg("CC=clang"))?;
    log.run_checked(&toolbox.cmd("./vma").dir(&tests))?;
    vma::judge(&log.text(), &b.settings.shown(&log.path))
}

pub(crate) fn run(b: &Builder) -> Result<Outcome> {
    let toolbox = b.ensure(Sysroot(Tools::Build))?;
    let repository = b.ensure(Branches)?;

    outcome::test(
        b,
        "tools/testing/vma",
        "vma",
        || {
            let tree = repository.tree(Branch::Fixed)?;
            let mended = b
                .settings
                .dirs
                .workbench
                .join(format!("vma/{}.patch", b.settings.base));
            Ok(Tested {
                inputs: Inputs::default()
                    .add("what", b"vma")
                    .add("tree", tree.as_bytes())
                    .add_file(&mended),
                tree,
            })
        },
        || {
            let totals = b.long("tools/testing/vma", "vma", |log| {
                harness(b, &toolbox, &repository, "fixed", log)
            })?;
            let version = b.ensure(Base)?.version()?;

            Ok(Outcome {
                passed: totals.passed,
                failed: totals.failed,
                text: format!("{version} tools/testing/vma: {totals}\n"),
                letter: totals.record(),
                ..Outcome::default()
            })
        },
    )
}
