// SPDX-License-Identifier: GPL-2.0

//! Ways to make a fork fail without a failing allocation.
//!
//! [`Way::arrange`] chooses the position, such as the VMA, at which the next fork fails.

use super::{
    limits::{
        killed,
        CommitLimit,
        Exclusive,
        HeldLock,
        HugePage,
        LeavingFormat, //
    },
    memcg::Charged,
    parent::Parent,
    scenarios::{
        no_settings,
        Memory,
        Treatment,
        Vma, //
    },
    undo::Undo, //
};
use core::mem::replace;
use kernel::{
    c_str,
    page::PAGE_SIZE,
    prelude::*,
    str::CStr, //
};

/// What makes the fork fail.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// `security_vm_enough_memory_mm()` refuses the Nth VMA that is accounted.
    Commit,
    /// The forking task is killed while it waits for the parent's mmap lock.
    Lock,
    /// The memory cgroup has reached its limit when the Nth pinned page is copied.
    Charge,
    /// The copy of the Nth pinned huge page finds the pool empty.
    Pool,
    /// A device does not give back a page of the Nth VMA.
    Busy,
    /// The module of the binary format is being unloaded. The fork fails after it has copied
    /// everything.
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

    /// What `dup_mmap()` returns. `dup_mm()` returns `ENOMEM` instead.
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
            Self::Commit => no_settings(),
            Self::Charge if !cfg!(CONFIG_MEMCG) => Some(c_str!("no CONFIG_MEMCG")),
            Self::Charge if nowhere => Some(c_str!("no page is copied")),
            Self::Charge => no_settings(),
            Self::Pool if !cfg!(CONFIG_HUGETLB_PAGE) => Some(c_str!("no CONFIG_HUGETLB_PAGE")),
            Self::Pool if nowhere => Some(c_str!("no huge page is copied")),
            Self::Pool => no_settings(),
            Self::Busy if !cfg!(CONFIG_DEVICE_PRIVATE) => Some(c_str!("no CONFIG_DEVICE_PRIVATE")),
            Self::Busy if nowhere => Some(c_str!("no page for a device to have to itself")),
            Self::Format if !cfg!(CONFIG_MODULES) => Some(c_str!("no CONFIG_MODULES")),
            _ => None,
        }
    }

    /// Makes the next fork of the parent fail at position `nth`, counted from 1. If there is no
    /// such position, the fork succeeds.
    pub(crate) fn arrange(self, parent: &Parent, nth: usize) -> Result<Arranged<'_>> {
        let mm = parent.mm();
        let mut positions = parent
            .vmas()
            .iter()
            .filter(|placed| self.applies_to(placed.vma));

        // SAFETY: The parent's mm is valid, and is there as long as what is arranged.
        let what = unsafe {
            match self {
                Self::Commit => {
                    let allowed: usize = positions.take(nth - 1).map(|placed| placed.len()).sum();

                    What::Commit(CommitLimit::leaving(mm, allowed / PAGE_SIZE)?)
                }
                Self::Lock if nth == 1 => What::Lock(HeldLock::of(mm)?),
                Self::Charge => What::Charge(Charged::only(parent.user(), nth - 1)?),
                Self::Pool => What::Pool(HugePage::take_all_but(nth - 1)?),
                Self::Busy => match positions.nth(nth - 1) {
                    Some(placed) => What::Busy(Exclusive::of(mm, placed.addr)?, placed.addr),
                    None => What::Nothing,
                },
                Self::Format if nth == 1 => What::Format(LeavingFormat::of(mm)),
                Self::Lock | Self::Format => What::Nothing,
            }
        };
        Ok(Arranged { what, parent })
    }
}

/// What is changed for one fork, until it is dropped.
#[allow(dead_code)]
enum What {
    Nothing,
    Commit(Undo<CommitLimit>),
    Lock(Undo<HeldLock>),
    Charge(Charged),
    Pool(Undo<KVec<HugePage>>),
    /// A page, and its address.
    Busy(Undo<Exclusive>, usize),
    Format(LeavingFormat),
}

/// What [`Way::arrange`] has changed for one fork. Dropping it changes that back.
pub(crate) struct Arranged<'a> {
    what: What,
    parent: &'a Parent,
}

impl Arranged<'_> {
    /// Calls `fork`, with a fatal signal pending if the way needs one.
    pub(crate) fn fork<T>(&self, fork: impl FnOnce() -> T) -> T {
        match self.what {
            What::Lock(_) => killed(fork),
            _ => fork(),
        }
    }
}

impl Drop for Arranged<'_> {
    fn drop(&mut self) {
        if let What::Busy(exclusive, addr) = replace(&mut self.what, What::Nothing) {
            drop(exclusive);
            // The fault gets the page back from the device.
            let _ = self.parent.user().read(addr);
        }
    }
}
