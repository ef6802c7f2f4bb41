// SPDX-License-Identifier: GPL-2.0

//! The kernel that programs run on: small, with what they look at and what makes fork fail,
//! `workbench/selftest/ARCH.config` on top of a configuration with nothing in it.

use crate::builder::{Builder, Step};
use crate::console::Log;
use crate::error::{Error, Result};
use crate::run::kernel::{self, Wanted};
use crate::run::kunit_py::Kunit;
use crate::settings::Settings;
use crate::stamp::Inputs;
use crate::tree::branches::Branch;
use std::path::PathBuf;

/// Makes sure that the kernel of a branch is built.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kernel {
    pub(super) branch: Branch,
}

impl Step for Kernel {
    type Output = Kunit;

    fn run(&self, b: &Builder) -> Result<Kunit> {
        let settings = &b.settings;
        let wanted = Wanted {
            branch: self.branch,
            name: format!("selftest-{}", settings.arch),
            title: format!("programs on {}", settings.arch),
            config: config(settings),
        };

        wanted.make(b, |kernel, repository, log| {
            let options = kernel::options(b, kernel, repository, self.branch.name())?;
            kernel::configure_with(b, kernel, &options, || configure(settings, kernel, log))?;
            log.run_checked(&kernel.build_cmd(settings, &[]))
        })
    }

    /// The other branch has the same objects.
    fn lasts(&self) -> bool {
        false
    }
}

fn config(settings: &Settings) -> PathBuf {
    let name = format!("selftest/{}.config", settings.arch);

    settings.dirs.workbench.join(name)
}

/// What the kernel depends on.
pub(super) fn inputs(b: &Builder, tree: &str) -> Result<Inputs> {
    kernel::inputs_with(b, &config(&b.settings), tree)
}

/// Makes the configuration, and sees that all came about that is wanted.
pub(super) fn configure(settings: &Settings, kernel: &Kunit, log: &Log) -> Result<()> {
    let made = kernel.objects.join(".config");
    let toolbox = kernel
        .toolbox
        .env("KCONFIG_ALLCONFIG", &kernel.config.to_string_lossy());
    let cmd = toolbox
        .make(settings, &kernel.tree)
        .arg(format!("O={}", kernel.objects.display()))
        .arg(format!("ARCH={}", kernel.arch.in_kernel()))
        .args(["LLVM=1", "allnoconfig"]);
    log.run_checked(&cmd)?;
    let wanted = crate::console::read_lossy(&kernel.config);
    let missing = missing(&wanted, &crate::console::read_lossy(&made));
    if !missing.is_empty() {
        return Err(Error::usage(format!(
            "{}: {} cannot be had in this kernel: correct the file",
            settings.shown(&kernel.config),
            missing.join(", ")
        )));
    }
    Ok(())
}

/// The options that are wanted and did not come about.
fn missing<'a>(wanted: &'a str, made: &str) -> Vec<&'a str> {
    wanted
        .lines()
        .filter(|line| line.starts_with("CONFIG_"))
        .filter(|line| !made.lines().any(|have| have == *line))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_are_not_there_are_named() {
        let wanted = "# words\nCONFIG_A=y\nCONFIG_B=y\n# CONFIG_C is not set\nCONFIG_D=\"x\"\n";

        assert_eq!(
            missing(
                wanted,
                "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_D=\"x\"\n"
            ),
            ["CONFIG_B=y"]
        );
    }
}
