// SPDX-License-Identifier: GPL-2.0

//! Boots a kernel with an initramfs, for a limited time, and keeps what is on its console.

use super::programs::Program;
use crate::builder::Builder;
use crate::console::Log;
use crate::error::Result;
use crate::process::Cmd;
use crate::run::kunit_py::Kunit;
use crate::run::kvm;
use crate::settings::Arch;
use crate::toolchain::{Sysroot, Toolbox, Tools};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How much longer than the limit it may take to stop a machine.
const GRACE: Duration = Duration::from_secs(10);

/// What a machine has left.
#[derive(Debug, Default)]
pub(super) struct Ran {
    pub(super) console: String,
    /// It was stopped at the time limit.
    pub(super) late: bool,
}

/// A machine that is ready to boot.
#[derive(Debug)]
pub(super) struct Machine {
    kernel: Kunit,
    initramfs: PathBuf,
    /// QEMU, and whether it may use KVM.
    qemu: Option<(Toolbox, bool)>,
    limit: Duration,
}

impl Machine {
    pub(super) fn new(b: &Builder, kernel: &Kunit, initramfs: &Path, log: &Log) -> Result<Machine> {
        let qemu = match kernel.arch {
            Arch::Um => None,
            Arch::X86_64 => {
                let toolbox = b.ensure(Sysroot(Tools::X86_64))?;
                let works = kvm::works(&toolbox, kernel, log)?;
                Some((toolbox, works))
            }
        };
        let seconds = match kernel.arch {
            Arch::Um => 300,
            Arch::X86_64 => 1800,
        };

        Ok(Machine {
            kernel: kernel.clone(),
            initramfs: initramfs.to_owned(),
            qemu,
            limit: Duration::from_secs(b.settings.timeout.unwrap_or(seconds)),
        })
    }

    /// The same with another limit, unless the user has set one.
    pub(super) fn limited(mut self, b: &Builder, seconds: u64) -> Machine {
        if b.settings.timeout.is_none() {
            self.limit = Duration::from_secs(seconds);
        }
        self
    }

    /// How long it may run.
    pub(super) fn seconds(&self) -> u64 {
        self.limit.as_secs()
    }

    fn cmd(&self, program: &Program) -> Cmd {
        let image = self.kernel.image();
        let words = program.words();

        match &self.qemu {
            None => self
                .kernel
                .toolbox
                // After a panic it aborts, which does nothing to the first process of a name space.
                .cmd("timeout")
                .arg("--kill-after=5")
                .arg(self.limit.as_secs().to_string())
                .arg(image)
                .arg(format!("initrd={}", self.initramfs.display()))
                .args(["mem=512M", "con=null", "con0=fd:0,fd:1", "console=tty0"])
                .args(["rdinit=/init", "panic=-1"])
                .args(words),
            Some((toolbox, with_kvm)) => {
                let cmd = toolbox
                    .cmd("timeout")
                    .arg("--kill-after=5")
                    .arg(self.limit.as_secs().to_string())
                    .arg("qemu-system-x86_64")
                    .args(["-nodefaults", "-nographic", "-no-reboot"])
                    .args(["-m", "1024", "-smp", "2"])
                    .args(["-serial", "stdio", "-kernel"])
                    .arg(image)
                    .arg("-initrd")
                    .arg(&self.initramfs)
                    .arg("-append")
                    .arg(format!(
                        "console=ttyS0 rdinit=/init panic=-1 end=restart {}",
                        words.join(" ")
                    ));
                match with_kvm {
                    true => cmd.args(["-accel", "kvm"]).env("ENTER_KVM", "1"),
                    false => cmd,
                }
            }
        }
    }

    /// Boots it for a program.
    pub(super) fn run(&self, program: &Program, log: &Log) -> Result<Ran> {
        let before = log.text().len();
        let begun = Instant::now();

        log.status(program.name);
        log.run_watched(&self.cmd(program), Some(self.limit + GRACE), |_| ())?;
        Ok(Ran {
            console: log.text()[before..].to_string(),
            late: begun.elapsed() >= self.limit,
        })
    }
}
