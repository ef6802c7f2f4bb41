// SPDX-License-Identifier: GPL-2.0

//! The kernel that programs run on: small, with what they look at and what makes fork fail,
//! `workbench/selftest/ARCH.config` on top of a configuration with nothing in it.

use crate::build::kbuild::kconfig;
use crate::builder::{Builder, Step};
use crate::console::Log;
use crate::error::{Context, Error, Result};
use crate::run::kernel::{compiler, with_ccache};
use crate::run::kernel_cache::KernelCache;
use crate::run::kunit_py::Kunit;
use crate::settings::{Arch, Settings};
use crate::sources::base::Base;
use crate::stamp::{Inputs, Stamp};
use crate::toolchain::{Sysroot, Tools};
use crate::tree::branches::{Branch, Branches};
use crate::tree::run_tree::RunTree;
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
        let toolbox = b.ensure(Sysroot(Tools::Build))?;
        if settings.arch == Arch::X86_64 {
            // QEMU, for who runs the kernel.
            b.ensure(Sysroot(Tools::X86_64))?;
        }
        let repository = b.ensure(Branches)?;
        let tree = b.ensure(RunTree {
            branch: self.branch,
        })?;
        let name = format!("selftest-{}", settings.arch);
        let objects = settings.base_build().join(&name);
        let kernel = Kunit {
            tree,
            arch: settings.arch,
            config: config(settings),
            toolbox: with_ccache(settings, &toolbox),
            compiler: compiler(),
            objects: objects.clone(),
        };
        let version = match b.planning() {
            true => settings.base.clone(),
            false => b.ensure(Base)?.version()?,
        };
        let title = format!(
            "linux {version} for programs on {}, {}",
            settings.arch,
            self.branch.name()
        );
        let inputs = || inputs(b, &repository.tree(self.branch)?);

        b.stamped(
            &title,
            &format!("kernel-{name}"),
            || Ok(Stamp::new(objects.join("built")).inputs(&inputs()?)),
            |log| {
                let cache = KernelCache::new(settings, &inputs()?);
                if !settings.force && cache.restore(&kernel, log)? {
                    return Ok(());
                }
                let files = repository
                    .git()
                    .read(["ls-tree", "-r", self.branch.name()])?;
                configure(settings, &kernel, &kconfig(&files), log)?;
                log.run_checked(&kernel.build_cmd(settings, &[]))?;
                cache.keep(&kernel)
            },
        )?;
        Ok(kernel)
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
    let content = std::fs::read(config(&b.settings)).or_say(|| "cannot read a configuration")?;

    Ok(Inputs::default()
        .add("what", b"selftest")
        .add("tree", tree.as_bytes())
        .add("config", &content)
        .add("arch", b.settings.arch.name().as_bytes())
        .add("toolchain", b.settings.toolchain_identity.as_bytes()))
}

/// Makes the configuration, unless it was made from the same options.
fn configure(settings: &Settings, kernel: &Kunit, options: &str, log: &Log) -> Result<()> {
    let inputs = Inputs::default()
        .add_file(&kernel.config)
        .add("kconfig", options.as_bytes())
        .add("toolchain", settings.toolchain_identity.as_bytes());
    let stamp = Stamp::new(kernel.objects.join("configured")).inputs(&inputs);
    let made = kernel.objects.join(".config");

    if stamp.is_fresh() && made.is_file() {
        return Ok(());
    }
    stamp.remove()?;
    std::fs::create_dir_all(&kernel.objects)
        .or_say(|| format!("cannot make {}", settings.shown(&kernel.objects)))?;
    let toolbox = kernel
        .toolbox
        .env("KCONFIG_ALLCONFIG", &kernel.config.to_string_lossy());
    let cmd = toolbox
        .make(settings, &kernel.tree)
        .arg(format!("O={}", kernel.objects.display()))
        .arg(format!("ARCH={}", kernel.arch))
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
    stamp.write()
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
