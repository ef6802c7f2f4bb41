// SPDX-License-Identifier: GPL-2.0

//! What `tools/testing/vma/fork` reads of a kernel: it takes the functions out of a tree, of which
//! it gets the parts it needs.

use crate::console::Log;
use crate::error::{Context, Result};
use crate::process::Cmd;
use crate::settings::Settings;
use crate::toolchain::Toolbox;
use crate::tree::branches::Repository;
use std::path::Path;

/// The parts of the kernel that the harness reads.
pub(crate) const FORK: [&str; 13] = [
    "Makefile",
    "mm",
    "lib",
    "include",
    "kernel/fork.c",
    "fs/userfaultfd.c",
    "arch/x86/include",
    "tools/arch",
    "tools/include",
    "tools/lib",
    "tools/scripts",
    "tools/testing",
    "scripts",
];

/// Unpacks parts of a commit or branch to a folder.
pub(crate) fn unpack(
    repository: &Repository,
    commit: &str,
    paths: &[&str],
    to: &Path,
    log: &Log,
) -> Result<()> {
    let git = repository.git();
    // Not each base has all of them.
    let there = git.lines(["ls-tree", "--name-only", commit, "--"].iter().chain(paths))?;
    let archive = git
        .cmd(["archive", commit, "--"])
        .args(&there)
        .start_piped(log.file());
    let mut archive = archive?;
    std::fs::create_dir_all(to).or_say(|| format!("cannot make {}", to.display()))?;
    if let Some(pipe) = archive.child.stdout.take() {
        tar::Archive::new(pipe)
            .unpack(to)
            .or_say(|| format!("cannot unpack to {}", to.display()))?;
    }
    match archive.wait(None)?.success() {
        true => Ok(()),
        false => Err(crate::error::Error::failed("exit of git archive")),
    }
}

/// `make` in the harness of a tree.
pub(crate) fn make(settings: &Settings, toolbox: &Toolbox, tree: &Path) -> Cmd {
    toolbox
        .make(settings, &tree.join("tools/testing/vma/fork"))
        .args(["-s", "CC=clang"])
}
