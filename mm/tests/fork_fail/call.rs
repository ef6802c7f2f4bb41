// SPDX-License-Identifier: GPL-2.0

//! System calls of a kthread that has an mm, where the kernel has no function that can be called
//! instead.

use super::shim::*;
use kernel::prelude::*;

/// Whether the kernel can make system calls on this architecture.
pub(crate) const AVAILABLE: bool = cfg!(any(CONFIG_UML, CONFIG_X86_64, CONFIG_ARM64));

/// A system call that a test makes.
#[derive(Clone, Copy)]
pub(crate) enum Call {
    Ftruncate,
    Mbind,
    MemfdSecret,
    Mknodat,
    #[cfg(CONFIG_MODIFY_LDT_SYSCALL)]
    ModifyLdt,
    Mprotect,
    Prctl,
    Swapoff,
    Swapon,
    Unlinkat,
    Userfaultfd,
}

impl Call {
    #[cfg(any(CONFIG_UML, CONFIG_X86_64, CONFIG_ARM64))]
    fn number(self) -> u32 {
        match self {
            Self::Ftruncate => __NR_ftruncate,
            Self::Mbind => __NR_mbind,
            Self::MemfdSecret => __NR_memfd_secret,
            Self::Mknodat => __NR_mknodat,
            #[cfg(CONFIG_MODIFY_LDT_SYSCALL)]
            Self::ModifyLdt => __NR_modify_ldt,
            Self::Mprotect => __NR_mprotect,
            Self::Prctl => __NR_prctl,
            Self::Swapoff => __NR_swapoff,
            Self::Swapon => __NR_swapon,
            Self::Unlinkat => __NR_unlinkat,
            Self::Userfaultfd => __NR_userfaultfd,
        }
    }

    /// None is made there.
    #[cfg(not(any(CONFIG_UML, CONFIG_X86_64, CONFIG_ARM64)))]
    fn number(self) -> u32 {
        0
    }

    /// Makes the call, with up to six arguments; the rest are 0.
    ///
    /// # Safety
    ///
    /// This kthread has an mm, and its pages are for the call to use.
    pub(crate) unsafe fn with<const N: usize>(self, args: [usize; N]) -> Result<isize> {
        let mut all = [0; 6];

        all[..N].copy_from_slice(&args);
        // SAFETY: By the safety requirements.
        checked(unsafe { fork_fail_call(self.number(), all.as_ptr()) })
    }
}
