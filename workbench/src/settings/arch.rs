// SPDX-License-Identifier: GPL-2.0

//! The machines that kernels are built for and run on.

use crate::cli::Target;
use std::fmt;
use std::path::Path;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Arch {
    /// User Mode Linux: a kernel that runs as a process.
    Um,
    /// All others are under QEMU.
    X86_64,
    Arm64,
    /// A PowerMac with the hash MMU, whose TLB flushes walk the VMAs.
    Ppc32,
}

impl Arch {
    pub(crate) const ALL: [Arch; 4] = [Arch::Um, Arch::X86_64, Arch::Arm64, Arch::Ppc32];
    /// Those that the suites run on. The others have programs of their own only.
    pub(crate) const OF_SUITES: [Arch; 3] = [Arch::Um, Arch::X86_64, Arch::Arm64];

    /// Those that a command knows, which is to say, what `ARCH=` may be.
    pub(crate) fn known_to(target: Target) -> &'static [Arch] {
        match target {
            Target::Selftest | Target::SelftestControl | Target::Shell => &Arch::ALL,
            Target::Sweeps => &[Arch::Um],
            // Elsewhere any fork that fails brings the base down.
            Target::Stress | Target::Kcsan | Target::KcsanControl => &[Arch::X86_64],
            Target::Kunit | Target::Control | Target::Golden | Target::Report => &Arch::OF_SUITES,
            _ => &[Arch::Um, Arch::X86_64],
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Arch::Um => "um",
            Arch::X86_64 => "x86_64",
            Arch::Arm64 => "arm64",
            Arch::Ppc32 => "ppc32",
        }
    }

    /// As the kernel's Makefile names it.
    pub(crate) fn in_kernel(self) -> &'static str {
        match self {
            Arch::Ppc32 => "powerpc",
            other => other.name(),
        }
    }

    /// What is built to be run.
    pub(crate) fn target(self) -> &'static str {
        match self {
            Arch::Um => "linux",
            Arch::X86_64 => "bzImage",
            Arch::Arm64 => "Image.gz",
            Arch::Ppc32 => "vmlinux",
        }
    }

    /// Where that is, below a kernel's objects.
    pub(crate) fn image(self) -> &'static Path {
        Path::new(match self {
            Arch::Um => "linux",
            Arch::X86_64 => "arch/x86/boot/bzImage",
            Arch::Arm64 => "arch/arm64/boot/Image.gz",
            Arch::Ppc32 => "vmlinux",
        })
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
