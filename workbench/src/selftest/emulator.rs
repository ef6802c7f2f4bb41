// SPDX-License-Identifier: GPL-2.0

//! How QEMU is told to be each of the machines.

use crate::settings::Arch;

/// A machine of QEMU's.
#[derive(Debug)]
pub(super) struct Emulator {
    pub(super) program: &'static str,
    /// Which board and processor.
    pub(super) board: &'static [&'static str],
    /// MiB of memory.
    pub(super) memory: &'static str,
    pub(super) cpus: &'static str,
    /// The serial port, as the kernel names it.
    pub(super) console: &'static str,
    /// For the kernel's command line.
    pub(super) options: &'static str,
}

/// That of a machine; none for UML.
pub(super) fn of(arch: Arch) -> Option<Emulator> {
    Some(match arch {
        Arch::Um => return None,
        Arch::X86_64 => Emulator {
            program: "qemu-system-x86_64",
            board: &[],
            memory: "1024",
            cpus: "2",
            console: "ttyS0",
            // A task that oopses is gone otherwise, with the locks that it has.
            options: "oops=panic",
        },
        Arch::Arm64 => Emulator {
            program: "qemu-system-aarch64",
            // "max" would spend its time on the authentication of pointers.
            board: &["-machine", "virt", "-cpu", "cortex-a72"],
            memory: "1024",
            cpus: "2",
            console: "ttyAMA0",
            options: "",
        },
        Arch::Ppc32 => Emulator {
            program: "qemu-system-ppc",
            // One with a hash table, which is flushed VMA by VMA. A 603 has none.
            board: &["-machine", "g3beige", "-cpu", "750"],
            memory: "512",
            cpus: "1",
            console: "ttyS0",
            // A task that oopses is gone otherwise, with its memory, and the rest goes on.
            options: "oops=panic",
        },
    })
}
