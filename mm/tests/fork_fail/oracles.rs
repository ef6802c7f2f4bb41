// SPDX-License-Identifier: GPL-2.0

//! Checks after a fork: whether it has changed anything, or left anything behind.

use super::{
    child::Child,
    parent::Parent,
    shim::*, //
};
use kernel::{
    bindings,
    c_str,
    kunit::fault::Run,
    prelude::*,
    str::CStr, //
};

/// Room for readings; the C side has fewer in each of its tables.
const MAX_READINGS: usize = 40;

const UNREAD: Reading = Reading {
    name: core::ptr::null(),
    value: 0,
};

/// The readings of one table: of the kernel, of a VMA, of the slab caches, or of settings.
pub(crate) struct Readings {
    all: [Reading; MAX_READINGS],
    nr: usize,
}

impl Readings {
    /// `read` fills the array, and returns how many it has filled.
    fn new(read: impl FnOnce(*mut Reading, u32) -> u32) -> Self {
        let mut all = [UNREAD; MAX_READINGS];
        let nr = read(all.as_mut_ptr(), MAX_READINGS as u32) as usize;

        Self { all, nr }
    }

    pub(crate) fn of_global(parent: &Parent) -> Self {
        // SAFETY: The parent's mm is valid, and the array has as much room as is said.
        Self::new(|all, max| unsafe { fork_fail_read(parent.mm(), all, max) })
    }

    /// These are named by their slab caches.
    pub(crate) fn of_slabs() -> Self {
        // SAFETY: The array has as much room as is said.
        Self::new(|all, max| unsafe { fork_fail_read_slabs(all, max) })
    }

    pub(crate) fn of_settings() -> Self {
        // SAFETY: The array has as much room as is said.
        Self::new(|all, max| unsafe { fork_fail_read_settings(all, max) })
    }

    pub(crate) fn of_vma(parent: &Parent, addr: usize) -> Self {
        // SAFETY: The parent's mm is valid, and the array has as much room as is said.
        Self::new(|all, max| unsafe { fork_fail_read_vma(parent.mm(), addr, all, max) })
    }

    /// Returns the first reading that differs: its name, and the values before and after.
    pub(crate) fn difference(&self, after: &Self) -> Option<(&'static CStr, isize, isize)> {
        if self.nr != after.nr {
            return Some((
                c_str!("number of readings"),
                self.nr as isize,
                after.nr as isize,
            ));
        }
        let pairs = self.all.iter().zip(&after.all).take(self.nr);

        pairs
            .filter(|(before, after)| before.value != after.value)
            .map(|(before, after)| {
                // SAFETY: A reading's name is a static string.
                let name = unsafe { CStr::from_char_ptr(before.name) };

                (name, before.value, after.value)
            })
            .next()
    }
}

/// A reading that differs. `place` is the address of its VMA, or 0 for one of the kernel.
pub(crate) struct Difference {
    name: &'static CStr,
    place: usize,
    before: isize,
    after: isize,
}

/// The state before a fork.
pub(crate) struct Before {
    global: Readings,
    slabs: Option<Readings>,
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
    pub(crate) fn slab_difference(&self) -> Option<(&'static CStr, isize, isize)> {
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

/// Changes what each reading reads, one after the other, and changes it back. Returns how many
/// there are. If a change does not show in its reading, returns the name of that and of the one
/// that shows it instead.
pub(crate) fn disturb_each(
    parent: &Parent,
) -> Result<usize, (&'static CStr, Option<&'static CStr>)> {
    let addr = parent.vmas()[0].addr;
    let mut nth = 0;

    loop {
        // Read before each change: a thread that it starts leaves its stack mapped.
        let Ok(before) = Before::new(parent) else {
            return Err((c_str!("memory for the readings"), None));
        };
        // SAFETY: The parent's mm is valid, and its first VMA is a private mapping of a file.
        let name = unsafe { fork_fail_disturb(parent.mm(), addr, nth, false) };
        if name.is_null() {
            return Ok(nth as usize);
        }
        // SAFETY: A reading's name is a static string.
        let name = unsafe { CStr::from_char_ptr(name) };
        let shown = before.difference(parent).map(|difference| difference.name);

        // SAFETY: As above; this undoes it.
        unsafe { fork_fail_disturb(parent.mm(), addr, nth, true) };
        if shown.map(CStr::to_str) != Some(name.to_str()) {
            return Err((name, shown));
        }
        nth += 1;
    }
}

/// The same for the slab caches: allocates an object of each.
pub(crate) fn disturb_slabs(before: &Before) -> Result<usize, &'static CStr> {
    let mut taken = 0;
    let Some(slabs) = &before.slabs else {
        return Ok(0);
    };

    for reading in &slabs.all[..slabs.nr] {
        // SAFETY: A reading's name is a static string.
        let name = unsafe { CStr::from_char_ptr(reading.name) };

        // SAFETY: As above.
        if !unsafe { fork_fail_disturb_slab(reading.name, false) } {
            continue;
        }
        let shown = before.slab_difference();

        // SAFETY: As above; this frees the object.
        unsafe { fork_fail_disturb_slab(reading.name, true) };
        match shown {
            Some((shown, was, is)) if shown.to_str() == name.to_str() && is > was => taken += 1,
            _ => return Err(name),
        }
    }
    Ok(taken)
}

/// Waits until objects are freed that are freed after a grace period.
fn grace_period() {
    // SAFETY: FFI call without safety requirements.
    unsafe { bindings::rcu_barrier() };
}

/// Waits until everything is freed that is freed late, by RCU or by another task.
pub(crate) fn settle() {
    // SAFETY: FFI call without safety requirements.
    unsafe { fork_fail_settle() };
}

/// Fails the run if anybody could find a VMA in the mm of a failed fork: by iterating over its
/// tree, by looking an address up, or by an rmap walk.
pub(crate) fn check_empty(run: &mut Run<'_>, child: &Child, parent: &Parent) -> Result {
    // SAFETY: The child's mm is valid by its invariants.
    let entries = unsafe { fork_fail_entries(child.mm()) };

    run.check(
        entries == 0,
        fmt!("the child's tree has {entries} entries when its lock is dropped"),
    )?;
    for placed in parent.some_vmas() {
        for addr in placed.bounds() {
            // SAFETY: The child's mm is valid by its invariants.
            let found = unsafe { fork_fail_finds(child.mm(), addr) };

            run.check(
                !found,
                fmt!("a lookup at {addr:#x} finds something in the child's tree"),
            )?;
        }
        // SAFETY: Both are valid by their invariants.
        let linked = unsafe { fork_fail_linked(child.mm(), parent.mm(), placed.addr) };

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
