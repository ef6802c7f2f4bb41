// SPDX-License-Identifier: GPL-2.0

//! Where compilers and tools come from: sysroots of Debian 13 in the cache, or this machine.
//! `workbench/boot` makes sysroots and enters them; it has to work before this program exists.

use crate::builder::{Builder, Step};
use crate::error::Result;
use crate::process::Cmd;
use crate::settings::{Arch, Settings, Toolchain};
use std::path::{Path, PathBuf};

/// A list of packages, `workbench/packages.NAME`, and what is made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Tools {
    /// Compilers; it is there before this program is.
    Build,
    /// QEMU of a machine, and what compiles programs for it.
    X86_64,
    Arm64,
    Ppc32,
    /// For mails and documentation.
    Mail,
    /// What `make shell` has a prompt of.
    Shell,
    /// Programs that others have written, for `make stress`.
    Stress,
}

impl Tools {
    fn name(self) -> &'static str {
        match self {
            Tools::Build => "build",
            Tools::X86_64 => "x86_64",
            Tools::Arm64 => "arm64",
            Tools::Ppc32 => "ppc32",
            Tools::Mail => "mail",
            Tools::Shell => "shell",
            Tools::Stress => "stress",
        }
    }
}

/// Makes sure that the tools of a machine are there. UML needs none.
pub(crate) fn of_machine(b: &Builder, arch: Arch) -> Result<Option<Toolbox>> {
    let tools = match arch {
        Arch::Um => return Ok(None),
        Arch::X86_64 => Tools::X86_64,
        Arch::Arm64 => Tools::Arm64,
        Arch::Ppc32 => Tools::Ppc32,
    };

    b.ensure(Sysroot(tools)).map(Some)
}

/// Makes sure that the tools are there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sysroot(pub(crate) Tools);

impl Step for Sysroot {
    type Output = Toolbox;

    fn run(&self, b: &Builder) -> Result<Toolbox> {
        let Sysroot(tools) = *self;
        let toolbox = Toolbox {
            tools,
            toolchain: b.settings.toolchain,
            boot: b.settings.dirs.workbench.join("boot"),
            build: b.settings.dirs.top.clone(),
            environment: Vec::new(),
        };

        // On this machine's own toolchain only what boot/run.sh has decided to install.
        let own = b.settings.toolchain == Toolchain::Host && !b.settings.host_packages;
        if tools == Tools::Build || own {
            return Ok(toolbox);
        }
        let title = format!("sysroot \"{}\"", tools.name());
        let script = toolbox.boot.join("sysroot.sh");
        if b.planning() {
            b.quick(&title, || Ok(()))?;
            return Ok(toolbox);
        }
        let path = Cmd::new(&script).args(["--path", tools.name()]);
        let there = path.output()?;
        if !there.status.success() || b.settings.host_packages {
            b.work(&title, &format!("sysroot-{}", tools.name()), |log| {
                log.run_checked(&Cmd::new(&script).arg(tools.name()))
            })?;
        }
        b.uses(Path::new(&path.output()?.text()))?;
        Ok(toolbox)
    }
}

/// Runs programs where the tools are.
#[derive(Clone, Debug)]
pub(crate) struct Toolbox {
    tools: Tools,
    toolchain: Toolchain,
    boot: PathBuf,
    build: PathBuf,
    environment: Vec<(String, String)>,
}

impl Toolbox {
    /// A program of the tools. The project and the cache have the paths there that they have
    /// outside; of the environment only what is set by [`Toolbox::env`] arrives.
    pub(crate) fn cmd(&self, program: &str) -> Cmd {
        let toolchain = match self.toolchain {
            Toolchain::Sysroot => "sysroot",
            Toolchain::Host => "host",
        };
        let mut cmd = Cmd::new(self.boot.join("enter.sh"))
            .env("TOOLCHAIN", toolchain)
            .env("SYSROOT", self.tools.name())
            .dir(&self.build);

        for (name, value) in &self.environment {
            cmd = cmd.arg(format!("{name}={value}"));
        }
        cmd.arg(program)
    }

    /// The same tools with a variable for all programs.
    pub(crate) fn env(&self, name: &str, value: &str) -> Toolbox {
        let mut toolbox = self.clone();

        toolbox.environment.push((name.into(), value.into()));
        toolbox
    }

    /// `make` in a folder, with all processors that the user grants.
    pub(crate) fn make(&self, settings: &Settings, dir: &Path) -> Cmd {
        self.cmd("make")
            .arg(format!("-j{}", settings.jobs))
            .arg("-C")
            .arg(dir)
    }
}
