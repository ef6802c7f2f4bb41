// SPDX-License-Identifier: GPL-2.0

//! Ways for a fork to fail that are not for want of memory: by position, not by time.

use super::{
    parent::{
        Parent,
        Placed, //
    },
    scenarios::{
        Memory,
        Treatment,
        Vma, //
    },
    shim::*,
    user, //
};
use core::ptr::NonNull;
use kernel::{
    c_str,
    error::to_result,
    kunit::fault::killed,
    page::PAGE_SIZE,
    prelude::*,
    str::CStr, //
};

/// What makes the fork fail.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// `security_vm_enough_memory_mm()` refuses the Nth VMA that is accounted.
    Commit,
    /// The forker is killed while it waits for the parent's mmap lock.
    Lock,
    /// The memory cgroup has reached its limit when the Nth pinned page is copied.
    Charge,
    /// The copy of the Nth pinned huge page finds the pool empty.
    Pool,
    /// A device does not give back a page of the Nth VMA.
    Busy,
    /// The module of the binary format is going away, when all has been copied.
    Format,
}

pub(crate) const WAYS: &[Way] = &[
    Way::Commit,
    Way::Lock,
    Way::Charge,
    Way::Pool,
    Way::Busy,
    Way::Format,
];

impl Way {
    pub(crate) fn name(self) -> &'static CStr {
        match self {
            Self::Commit => c_str!("commit"),
            Self::Lock => c_str!("lock"),
            Self::Charge => c_str!("charge"),
            Self::Pool => c_str!("pool"),
            Self::Busy => c_str!("busy"),
            Self::Format => c_str!("format"),
        }
    }

    /// What `dup_mmap()` returns; `dup_mm()` has but one error.
    pub(crate) fn error(self) -> Error {
        match self {
            Self::Lock => EINTR,
            Self::Pool => ENOSPC,
            Self::Commit | Self::Charge | Self::Busy | Self::Format => ENOMEM,
        }
    }

    /// Returns whether this VMA is a position where the fork can fail.
    fn applies_to(self, vma: Vma) -> bool {
        match self {
            Self::Commit => vma.is_accounted() && !vma.is_left_out(),
            Self::Charge => vma.memory == Memory::Anon && vma.treatment == Treatment::Pinned,
            Self::Pool => vma.memory == Memory::HugePrivate && vma.treatment == Treatment::Pinned,
            Self::Busy => {
                vma.memory == Memory::Anon && vma.written && vma.treatment == Treatment::None
            }
            Self::Lock | Self::Format => false,
        }
    }

    /// Returns why a fork of this address space can't fail so.
    pub(crate) fn missing(self, vmas: &[Vma]) -> Option<&'static CStr> {
        let nowhere = !vmas.iter().any(|vma| self.applies_to(*vma));

        match self {
            Self::Commit if nowhere => Some(c_str!("nothing is accounted")),
            Self::Charge if !cfg!(CONFIG_MEMCG) => Some(c_str!("no CONFIG_MEMCG")),
            Self::Charge if nowhere => Some(c_str!("no page is copied")),
            Self::Pool if !cfg!(CONFIG_HUGETLB_PAGE) => Some(c_str!("no CONFIG_HUGETLB_PAGE")),
            Self::Pool if nowhere => Some(c_str!("no huge page is copied")),
            Self::Busy if !cfg!(CONFIG_DEVICE_PRIVATE) => Some(c_str!("no CONFIG_DEVICE_PRIVATE")),
            Self::Busy if nowhere => Some(c_str!("no page for a device to have to itself")),
            Self::Format if !cfg!(CONFIG_MODULES) => Some(c_str!("no CONFIG_MODULES")),
            _ => None,
        }
    }

    /// Sees to it that the next fork of the parent fails at the position `nth`, from 1, if there
    /// is one.
    pub(crate) fn arrange(self, parent: &Parent, nth: usize) -> Result<Arranged<'_>> {
        let positions = || {
            parent
                .vmas()
                .iter()
                .filter(|placed| self.applies_to(placed.vma))
        };
        let mut arranged = Arranged {
            way: self,
            parent,
            busy: None,
            killed: false,
        };

        match self {
            Self::Commit => {
                let allowed: usize = positions().take(nth - 1).map(|placed| placed.len()).sum();

                // SAFETY: The parent's mm is valid.
                to_result(unsafe { fork_fail_commit_only(parent.mm(), allowed / PAGE_SIZE) })?;
            }
            Self::Lock if nth == 1 => {
                // SAFETY: The parent's mm is valid, and outlives the other task's hold.
                to_result(unsafe { fork_fail_lock_hold(parent.mm()) })?;
                arranged.killed = true;
            }
            // SAFETY: This kthread has the parent's mm.
            Self::Charge => to_result(unsafe { fork_fail_charge_only(nth - 1) })?,
            // SAFETY: FFI call without safety requirements.
            Self::Pool => unsafe { fork_fail_huge_take(nth - 1) },
            Self::Busy => {
                if let Some(placed) = positions().nth(nth - 1) {
                    arranged.make_busy(placed)?;
                }
            }
            // SAFETY: The parent's mm is valid.
            Self::Format => unsafe { fork_fail_binfmt_leaves(parent.mm(), nth == 1) },
            Self::Lock => {}
        }
        Ok(arranged)
    }
}

/// What was arranged for one fork, and is undone when it is dropped.
pub(crate) struct Arranged<'a> {
    way: Way,
    parent: &'a Parent,
    busy: Option<(NonNull<Folio>, usize)>,
    /// Whether the other task holds the lock, and the forker is to be killed.
    killed: bool,
}

impl Arranged<'_> {
    fn make_busy(&mut self, placed: &Placed) -> Result {
        // SAFETY: The parent's mm is valid.
        let folio = unsafe { fork_fail_exclusive(self.parent.mm(), placed.addr) };

        self.busy = Some((NonNull::new(folio).ok_or(EBUSY)?, placed.addr));
        Ok(())
    }

    /// Calls `fork`, as a killed task if that is part of it.
    pub(crate) fn fork<T>(&self, fork: impl FnOnce() -> T) -> T {
        if self.killed {
            killed(fork)
        } else {
            fork()
        }
    }
}

impl Drop for Arranged<'_> {
    fn drop(&mut self) {
        match self.way {
            // SAFETY: Arranged before.
            Way::Commit => unsafe { fork_fail_commit_again() },
            // SAFETY: Arranged before.
            Way::Lock if self.killed => unsafe { fork_fail_lock_release() },
            // SAFETY: Arranged before.
            Way::Charge => unsafe { fork_fail_charge_again() },
            // SAFETY: FFI call without safety requirements.
            Way::Pool => unsafe { fork_fail_huge_give_back() },
            // SAFETY: The parent's mm is valid.
            Way::Format => unsafe { fork_fail_binfmt_leaves(self.parent.mm(), false) },
            _ => {}
        }
        if let Some((folio, addr)) = self.busy {
            // SAFETY: It was made exclusive, and has not been given up since.
            unsafe { fork_fail_exclusive_end(folio.as_ptr()) };
            // Gets it back.
            let _ = user::read(addr);
        }
    }
}
