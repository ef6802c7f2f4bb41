// SPDX-License-Identifier: GPL-2.0

//! Checks after a fork: whether it has changed anything, or left anything behind.

use super::{
    child::Child,
    mm::{
        entries,
        finds,
        linked, //
    },
    parent::Parent,
    readings::Readings,
    shim::*,
    uffd, //
};
use kernel::{
    kunit::fault::Run,
    prelude::*, //
};

/// A reading that differs. `place` is the address of its VMA, or 0 for one of the kernel.
pub(crate) struct Difference {
    pub(super) name: &'static str,
    place: usize,
    before: isize,
    after: isize,
}

/// The state before a fork.
pub(crate) struct Before {
    global: Readings,
    pub(super) slabs: Option<Readings>,
    vmas: KVVec<(usize, Readings)>,
}

impl Before {
    pub(crate) fn new(parent: &Parent) -> Result<Self> {
        let mut vmas = KVVec::with_capacity(parent.some_vmas().count(), GFP_KERNEL)?;

        settle();
        for placed in parent.some_vmas() {
            vmas.push(
                (placed.addr, Readings::of_vma(parent, placed.addr)),
                GFP_KERNEL,
            )?;
        }
        Ok(Self {
            global: Readings::of_global(parent),
            slabs: None,
            vmas,
        })
    }

    /// Also counts slab objects, for [`Self::slab_difference`]. That takes long.
    pub(crate) fn with_slabs(self) -> Self {
        Self {
            slabs: Some(Readings::of_slabs()),
            ..self
        }
    }

    /// Returns the first thing that differs.
    pub(crate) fn difference(&self, parent: &Parent) -> Option<Difference> {
        let compare = |place, before: &Readings, after: Readings| {
            let (name, before, after) = before.difference(&after)?;

            Some(Difference {
                name,
                place,
                before,
                after,
            })
        };
        let mut vmas = self.vmas.iter();

        vmas.find_map(|(addr, before)| compare(*addr, before, Readings::of_vma(parent, *addr)))
            .or_else(|| compare(0, &self.global, Readings::of_global(parent)))
    }

    /// Fails the run unless all is as before. No child may be left.
    pub(crate) fn check_unchanged(&self, run: &mut Run<'_>, parent: &Parent) -> Result {
        check_words(run, parent)?;
        self.check_readings(run, parent)
    }

    /// The same without reading the parent's memory.
    pub(crate) fn check_readings(&self, run: &mut Run<'_>, parent: &Parent) -> Result {
        if parent.is_watched() {
            settle();
        }
        let mut found = self.difference(parent);

        // Objects that are freed late make a difference until they are freed. Waiting takes long:
        // do so only if there is one. A grace period is mostly enough.
        for wait in [grace_period, settle, settle] {
            if found.is_none() {
                break;
            }
            wait();
            found = self.difference(parent);
        }
        match found {
            None => Ok(()),
            Some(Difference {
                name,
                place,
                before,
                after,
            }) => run.check(
                false,
                fmt!("{name} was {before} and is {after} (at {place:#x})"),
            ),
        }
    }

    /// Returns the first slab cache whose number of objects differs: its name, and the numbers
    /// before and after. For the end of a sweep.
    pub(crate) fn slab_difference(&self) -> Option<(&'static str, isize, isize)> {
        settle();
        self.slabs.as_ref()?.difference(&Readings::of_slabs())
    }
}

/// Fails the run unless the parent's memory still contains what was written to it.
pub(crate) fn check_words(run: &mut Run<'_>, parent: &Parent) -> Result {
    match parent.wrong_word() {
        None => Ok(()),
        Some(addr) => run.check(false, fmt!("the parent's memory at {addr:#x} has changed")),
    }
}

/// Waits until objects are freed that are freed after a grace period.
fn grace_period() {
    // SAFETY: FFI call without safety requirements.
    unsafe { rcu_barrier() };
}

/// Waits until everything is freed that is freed late, by RCU or by another task, and until
/// everything is allocated that is allocated ahead.
pub(crate) fn settle() {
    uffd::settle();
    // Work on another CPU may be releasing files; flush_delayed_fput() of 6.12 does not wait for
    // that. Work also adds percpu memory ahead, which may take page tables of the kernel, and those
    // are counted. The per-CPU batches hold references to pages.
    // SAFETY: FFI calls without safety requirements.
    unsafe {
        flush_delayed_fput();
        fork_fail_flush_work();
        lru_add_drain_all();
        rcu_barrier();
        kvfree_rcu_barrier();
    }
}

/// Fails the run if anybody could find a VMA in the mm of a failed fork: by iterating over its
/// tree, by looking an address up, or by an rmap walk.
pub(crate) fn check_empty(run: &mut Run<'_>, child: &Child, parent: &Parent) -> Result {
    // SAFETY: The child's mm is valid by its invariants.
    let entries = unsafe { entries(child.mm()) };

    run.check(
        entries == 0,
        fmt!("the child's tree has {entries} entries when its lock is dropped"),
    )?;
    for placed in parent.some_vmas() {
        for addr in placed.bounds() {
            // SAFETY: The child's mm is valid by its invariants.
            let found = unsafe { finds(child.mm(), addr) };

            run.check(
                !found,
                fmt!("a lookup at {addr:#x} finds something in the child's tree"),
            )?;
        }
        // SAFETY: Both are valid by their invariants.
        let linked = unsafe { linked(child.mm(), parent.mm(), placed.addr) };

        run.check(
            linked == 0,
            fmt!(
                "an rmap walk from {:#x} finds {linked} VMAs of the child",
                placed.addr
            ),
        )?;
    }
    Ok(())
}
