// SPDX-License-Identifier: GPL-2.0

//! `make trim`: nodes and time that it takes to trim the maple tree of a failed fork rather than to
//! destroy it. See `patches/ALTERNATIVES.md`.

use super::parts::unpack;
use crate::builder::Builder;
use crate::error::{Context, Result};
use crate::toolchain::{Sysroot, Tools};
use crate::tree::branches::Branches;

const PARTS: [&str; 8] = [
    "lib",
    "include",
    "arch/x86/include",
    "tools/arch",
    "tools/include",
    "tools/lib",
    "tools/scripts",
    "tools/testing",
];
const DIVIDER: &str = "--- without sanitizers";

pub(crate) fn run(b: &Builder) -> Result<()> {
    let toolbox = b.ensure(Sysroot(Tools::Build))?;
    let repository = b.ensure(Branches)?;
    let title = "the maple tree, in userspace";

    if b.planning() {
        return b.quick(title, || Ok(()));
    }
    let dir = b.temporary_dir()?;
    let tests = dir.path().join("tools/testing/radix-tree");
    let make = toolbox
        .make(&b.settings, &tests)
        .args(["-s", "-f", "trim.mk", "CC=clang"]);
    let trim = |arguments: &[&str]| {
        toolbox
            .cmd("timeout")
            .args(["-s", "KILL", "300"])
            .arg(tests.join("trim"))
            .args(arguments)
    };
    let said = b.long(title, "trim", |log| {
        unpack(&repository, "fixed", &PARTS, dir.path(), log)?;
        for name in ["trim.c", "trim.mk"] {
            std::fs::copy(
                b.settings.dirs.workbench.join("trim").join(name),
                tests.join(name),
            )
            .or_say(|| format!("cannot copy workbench/trim/{name}"))?;
        }
        // First with sanitizers, for what is wrong; then without, for how long it takes.
        log.run_checked(&make)?;
        log.run_checked(&trim(&["quick"]))?;
        for entry in std::fs::read_dir(&tests)
            .or_say(|| "cannot read a folder")?
            .flatten()
        {
            let path = entry.path();
            if path.extension().is_some_and(|end| end == "o") || path.ends_with("trim") {
                std::fs::remove_file(&path).or_say(|| "cannot remove an object")?;
            }
        }
        log.run_checked(&make.clone().arg("SANITIZE=-fno-sanitize=all"))?;
        log.say(DIVIDER);
        log.run_checked(&trim(&[]))?;
        Ok(log.text())
    })?;

    let (_, result) = said.split_once(DIVIDER).unwrap_or_default();
    b.console.say(result.trim_start());
    Ok(())
}
