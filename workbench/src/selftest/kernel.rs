// SPDX-License-Identifier: GPL-2.0

//! The kernel that programs run on: small, with what they look at and what makes fork fail,
//! `workbench/selftest/ARCH.config` on top of a configuration with nothing in it.

use super::kcsan_config;
use crate::build::kbuild::Work;
use crate::builder::{Builder, Step};
use crate::console::Log;
use crate::error::{Error, Result};
use crate::run::kernel::{self, Wanted};
use crate::run::kunit_py::Kunit;
use crate::settings::{Arch, Settings};
use crate::stamp::Inputs;
use crate::toolchain::Toolbox;
use crate::tree::branches::{Branch, Repository};
use crate::tree::suites::Suites;
use std::path::PathBuf;

/// What lets the tests be left out that stop those who race with a fork, with its name.
const NO_STOPGAP: &str = "no-stopgap";

/// What looks on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Detectors {
    /// Those of the machine's configuration.
    OfMachine,
    /// KCSAN, which reports data races.
    Kcsan,
}

impl Detectors {
    /// The options of the kernel, as a file, which is made if it has to be.
    pub(super) fn config(self, b: &Builder) -> Result<PathBuf> {
        let of_machine = config(&b.settings);

        match self {
            Detectors::OfMachine => Ok(of_machine),
            Detectors::Kcsan if b.planning() => Ok(kcsan_config::made(&b.settings)),
            Detectors::Kcsan => kcsan_config::make(&b.settings, &of_machine),
        }
    }

    /// For make.
    fn options(self) -> Vec<String> {
        match self {
            Detectors::OfMachine => Vec::new(),
            Detectors::Kcsan => vec![kcsan_config::option()],
        }
    }
}

/// Makes sure that the kernel of a branch is built.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kernel {
    pub(super) branch: Branch,
    pub(super) detectors: Detectors,
}

/// The options of the kernel for a machine.
pub(super) fn config(settings: &Settings) -> PathBuf {
    let name = format!("selftest/{}.config", settings.arch);

    settings.dirs.workbench.join(name)
}

/// That patch, for the machine on which there are programs that race.
fn no_stopgap(settings: &Settings) -> Option<PathBuf> {
    let patch = format!("selftest/{NO_STOPGAP}.patch");

    (settings.arch == Arch::X86_64).then(|| settings.dirs.workbench.join(patch))
}

/// What lets KCSAN see who writes.
pub(super) fn kcsan_patch(settings: &Settings) -> PathBuf {
    settings.dirs.workbench.join("selftest/kcsan.patch")
}

impl Kernel {
    /// With the detectors of the machine's configuration.
    pub(super) fn of(branch: Branch) -> Kernel {
        Kernel {
            branch,
            detectors: Detectors::OfMachine,
        }
    }

    fn wanted(&self, b: &Builder) -> Result<Wanted> {
        let settings = &b.settings;
        let arch = settings.arch;
        let wanted = Wanted {
            branch: self.branch,
            // Programs do without them.
            suites: Suites::Fork,
            name: format!("selftest-{arch}"),
            title: format!("programs on {arch}"),
            config: self.detectors.config(b)?,
            patch: no_stopgap(settings).map(|patch| (patch, NO_STOPGAP)),
        };

        Ok(match self.detectors {
            Detectors::OfMachine => wanted,
            Detectors::Kcsan => Wanted {
                name: format!("kcsan-{arch}"),
                title: format!("data races on {arch}"),
                patch: Some((kcsan_patch(settings), "kcsan")),
                ..wanted
            },
        })
    }

    /// What it depends on.
    pub(super) fn inputs(&self, b: &Builder, repository: &Repository) -> Result<Inputs> {
        self.wanted(b)?.inputs(b, repository)
    }
}

impl Step for Kernel {
    type Output = Kunit;

    fn run(&self, b: &Builder) -> Result<Kunit> {
        let settings = &b.settings;

        self.wanted(b)?.make(b, |kernel, repository, log| {
            let options = kernel::options(b, kernel, repository, self.branch.name())?;
            kernel::configure_with(b, kernel, &options, || configure(settings, kernel, log))?;
            log.run_checked(&kernel.build_cmd(settings, &self.detectors.options()))
        })
    }

    /// The other branch has the same objects.
    fn lasts(&self) -> bool {
        false
    }
}

/// A kernel with something changed, built in a folder of its own.
pub(super) struct Changed<'a> {
    /// The folder below that of the base.
    pub(super) name: &'a str,
    pub(super) config: PathBuf,
    pub(super) detectors: Detectors,
    /// As git names it.
    pub(super) tree: &'a str,
}

impl Changed<'_> {
    pub(super) fn build(
        &self,
        b: &Builder,
        toolbox: &Toolbox,
        repository: &Repository,
        log: &Log,
    ) -> Result<Kunit> {
        let settings = &b.settings;
        let work = Work::new(settings, self.name, repository, toolbox);
        let kernel = Kunit {
            config: self.config.clone(),
            ..work.kunit(settings.arch)
        };

        work.check_out(self.tree, log)?;
        let options = kernel::options(b, &kernel, repository, self.tree)?;
        kernel::configure_with(b, &kernel, &options, || configure(settings, &kernel, log))?;
        log.run_checked(&kernel.build_cmd(settings, &self.detectors.options()))?;
        Ok(kernel)
    }
}

/// Makes the configuration, and sees that all came about that is wanted.
fn configure(settings: &Settings, kernel: &Kunit, log: &Log) -> Result<()> {
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
