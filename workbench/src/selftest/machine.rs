// SPDX-License-Identifier: GPL-2.0

//! Boots a kernel with an initramfs, for a limited time, and keeps what is on its console.

use super::emulator::{self, Emulator};
use super::programs::{Form, Program};
use crate::builder::Builder;
use crate::console::Log;
use crate::error::Result;
use crate::process::Cmd;
use crate::run::kunit_py::Kunit;
use crate::run::kvm;
use crate::settings::Arch;
use crate::toolchain::{self, Toolbox};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How much longer than the limit it may take to stop a machine.
const GRACE: Duration = Duration::from_secs(10);

/// MiB of a machine for times on x86_64: for the memory that is forked, and page tables for it twice.
const MEMORY_FOR_TIMES: &str = "6144";
/// How long an instruction takes where they are counted: 2^3 ns. Times are told in us, which are
/// 125 instructions then. With longer ones the timer's tick would be more of a fork.
const SHIFT: &str = "shift=3,sleep=off";

/// What a time is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Clock {
    Time,
    /// QEMU's clock follows the instructions that it has emulated, however long they took.
    Instructions,
}

impl Clock {
    /// For the head of a table.
    pub(super) fn words(self) -> &'static str {
        match self {
            Clock::Time => "",
            Clock::Instructions => ", us of 125 instructions",
        }
    }
}

/// What a machine has left.
#[derive(Debug, Default)]
pub(super) struct Ran {
    pub(super) console: String,
    /// It was stopped at the time limit.
    pub(super) late: bool,
}

/// Where QEMU is, how it is told what to be, and whether it may use KVM.
#[derive(Debug)]
struct Qemu {
    toolbox: Toolbox,
    emulator: Emulator,
    kvm: bool,
}

/// A machine that is ready to boot.
#[derive(Debug)]
pub(super) struct Machine {
    kernel: Kunit,
    initramfs: PathBuf,
    qemu: Option<Qemu>,
    /// It is there to measure times.
    times: bool,
    limit: Duration,
}

impl Machine {
    pub(super) fn new(b: &Builder, kernel: &Kunit, initramfs: &Path, log: &Log) -> Result<Machine> {
        let toolbox = toolchain::of_machine(b, kernel.arch)?;
        let qemu = match (toolbox, emulator::of(kernel.arch)) {
            (Some(toolbox), Some(emulator)) => Some(Qemu {
                kvm: kvm::works(&toolbox, kernel, log)?,
                toolbox,
                emulator,
            }),
            _ => None,
        };
        let seconds = match kernel.arch {
            Arch::Um => 300,
            _ => 1800,
        };

        Ok(Machine {
            kernel: kernel.clone(),
            initramfs: initramfs.to_owned(),
            qemu,
            times: false,
            limit: Duration::from_secs(b.settings.timeout.unwrap_or(seconds)),
        })
    }

    /// The same to measure times, with another limit, unless the user has set one. It has one CPU,
    /// as UML has, and where it is emulated, a clock that other work of the host does not disturb.
    pub(super) fn for_times(self, b: &Builder, seconds: u64) -> Machine {
        Machine {
            times: true,
            ..self.within(b, seconds)
        }
    }

    /// The same with another limit, unless the user has set one.
    pub(super) fn within(mut self, b: &Builder, seconds: u64) -> Machine {
        if b.settings.timeout.is_none() {
            self.limit = Duration::from_secs(seconds);
        }
        self
    }

    /// What its times are.
    pub(super) fn clock(&self) -> Clock {
        match (&self.qemu, self.times) {
            (Some(Qemu { kvm: false, .. }), true) => Clock::Instructions,
            _ => Clock::Time,
        }
    }

    /// How long it may run.
    pub(super) fn seconds(&self) -> u64 {
        self.limit.as_secs()
    }

    /// What boots it with these words for the kernel, until the time limit.
    fn cmd(&self, words: &[String]) -> Cmd {
        let limited = |toolbox: &Toolbox, image: &OsStr| {
            toolbox
                // After a panic UML aborts, which does nothing to the first process of a name space.
                .cmd("timeout")
                .arg("--kill-after=5")
                .arg(self.limit.as_secs().to_string())
                .arg(image)
        };

        match &self.qemu {
            None => self.boot_um(
                limited(&self.kernel.toolbox, self.kernel.image().as_ref()),
                words,
            ),
            Some(qemu) => self
                .boot_qemu(
                    limited(&qemu.toolbox, qemu.emulator.program.as_ref()),
                    qemu,
                    words,
                )
                .args(["-serial", "stdio", "-monitor", "none"]),
        }
    }

    /// What boots it with a prompt on the user's terminal, for as long as he likes.
    pub(super) fn on_terminal(&self) -> Cmd {
        match &self.qemu {
            None => {
                let image = self.kernel.image();
                self.boot_um(self.kernel.toolbox.cmd(&image.to_string_lossy()), &[])
            }
            // Keys such as ^C go to the machine, ^A x ends it.
            Some(qemu) => self
                .boot_qemu(qemu.toolbox.cmd(qemu.emulator.program), qemu, &[])
                .args(["-serial", "mon:stdio"]),
        }
    }

    fn boot_um(&self, cmd: Cmd, words: &[String]) -> Cmd {
        cmd.arg(format!("initrd={}", self.initramfs.display()))
            .args(["mem=512M", "con=null", "con0=fd:0,fd:1", "console=tty0"])
            .args(["rdinit=/init", "panic=-1"])
            .args(words)
    }

    fn boot_qemu(&self, cmd: Cmd, qemu: &Qemu, words: &[String]) -> Cmd {
        let emulator = &qemu.emulator;
        let (memory, cpus) = match self.times {
            false => (emulator.memory, emulator.cpus),
            true => (MEMORY_FOR_TIMES, "1"),
        };
        let mut cmd = cmd
            .args(emulator.board)
            .args(["-nodefaults", "-nographic", "-no-reboot"])
            .args(["-m", memory, "-smp", cpus])
            .arg("-kernel")
            .arg(self.kernel.image())
            .arg("-initrd")
            .arg(&self.initramfs)
            .arg("-append")
            .arg(format!(
                "console={} rdinit=/init panic=-1 end=restart {} {}",
                emulator.console,
                emulator.options,
                words.join(" ")
            ));
        if self.clock() == Clock::Instructions {
            cmd = cmd.args(["-icount", SHIFT]);
        }
        match qemu.kvm {
            true => cmd.args(["-accel", "kvm"]).env("ENTER_KVM", "1"),
            false => cmd,
        }
    }

    /// How else it can be ended.
    pub(super) fn other_end(&self) -> &'static str {
        match self.qemu {
            None => "",
            Some(_) => ", and so does ^A x",
        }
    }

    /// Boots it for a program.
    pub(super) fn run(&self, program: &Program, form: Form, log: &Log) -> Result<Ran> {
        log.status(program.name);
        self.boot(&program.words(self.kernel.arch, form), log, |_| ())
    }

    /// Boots it with these words for the kernel, and has `look` see its console every second.
    pub(super) fn boot(
        &self,
        words: &[String],
        log: &Log,
        mut look: impl FnMut(&str),
    ) -> Result<Ran> {
        let before = log.text().len();
        let begun = Instant::now();

        log.run_watched(&self.cmd(words), Some(self.limit + GRACE), |log| {
            look(log.text().get(before..).unwrap_or_default());
        })?;
        Ok(Ran {
            console: log.text()[before..].to_string(),
            late: begun.elapsed() >= self.limit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::tests::toy;
    use crate::tree::suites::Suites;

    #[test]
    fn times_have_one_cpu_and_count_instructions_without_kvm() {
        let dir = tempfile::tempdir().expect("a folder");
        let b = toy(dir.path(), |args| args.dry_run = Some("1".into()));
        let toolbox = toolchain::of_machine(&b, Arch::X86_64);
        let toolbox = toolbox.expect("a plan").expect("a toolbox");
        let program = &super::super::programs::PROGRAMS[1];
        let of = |with_kvm: Option<bool>, times| {
            let machine = Machine {
                kernel: Kunit {
                    tree: "tree".into(),
                    suites: Suites::Fork,
                    objects: "objects".into(),
                    arch: Arch::X86_64,
                    toolbox: toolbox.clone(),
                    config: "config".into(),
                    compiler: Vec::new(),
                },
                initramfs: "initramfs".into(),
                qemu: with_kvm.map(|kvm| Qemu {
                    toolbox: toolbox.clone(),
                    emulator: emulator::of(Arch::X86_64).expect("a machine"),
                    kvm,
                }),
                times: false,
                limit: Duration::from_secs(1),
            };
            let machine = match times {
                true => machine.for_times(&b, 2),
                false => machine,
            };
            (
                machine.cmd(&program.words(Arch::X86_64, Form::Long)).said(),
                machine.clock(),
            )
        };

        let (cmd, clock) = of(Some(false), true);
        assert!(cmd.contains(" 2 qemu"), "{cmd}");
        assert!(cmd.contains("-smp 1 ") && cmd.contains("-icount shift=3,sleep=off"));
        assert_eq!(clock, Clock::Instructions);
        let (cmd, clock) = of(Some(true), true);
        assert!(
            cmd.contains("-smp 1 ") && cmd.contains("-accel kvm"),
            "{cmd}"
        );
        assert!(!cmd.contains("-icount"), "{cmd}");
        assert_eq!(clock, Clock::Time);
        let (cmd, clock) = of(Some(false), false);
        assert!(cmd.contains("-smp 2 ") && !cmd.contains("-icount"), "{cmd}");
        assert_eq!(clock, Clock::Time);
        assert_eq!(of(None, true).1, Clock::Time);
    }
}
