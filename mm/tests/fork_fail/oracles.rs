// SPDX-License-Identifier: GPL-2.0

//! What a fork must not change, and what it must not leave behind.

use super::{
    parent::{
        Child,
        Parent, //
    },
    shim::*,
};
use kernel::{
    kunit::fault::Run,
    prelude::*,
    str::CStr, //
};

/// More than the C side has.
const MAX_READINGS: usize = 32;

const UNREAD: Reading = Reading {
    name: core::ptr::null(),
    value: 0,
};

type Readings = ([Reading; MAX_READINGS], usize);

fn read_global(parent: &Parent) -> Readings {
    let mut out = [UNREAD; MAX_READINGS];
    // SAFETY: The parent's mm is valid, and `out` has as much room as is said.
    let nr = unsafe { fork_fail_read(parent.mm(), out.as_mut_ptr(), MAX_READINGS as u32) };

    (out, nr as usize)
}

fn read_vma(parent: &Parent, addr: usize) -> Readings {
    let mut out = [UNREAD; MAX_READINGS];
    // SAFETY: The parent's mm is valid, and `out` has as much room as is said.
    let nr =
        unsafe { fork_fail_read_vma(parent.mm(), addr, out.as_mut_ptr(), MAX_READINGS as u32) };

    (out, nr as usize)
}

/// Fails the run with the first reading that differs.
fn compare(run: &mut Run<'_>, place: usize, before: &Readings, after: &Readings) -> Result {
    run.check(
        before.1 == after.1,
        fmt!("the parent's VMA at {place:#x} is not found"),
    )?;
    for (old, new) in before.0[..before.1].iter().zip(&after.0) {
        // SAFETY: A reading's name is a static string.
        let name = unsafe { CStr::from_char_ptr(old.name) };

        run.check(
            old.value == new.value,
            fmt!(
                "{name} was {} and is {} (at {place:#x})",
                old.value,
                new.value
            ),
        )?;
    }
    Ok(())
}

/// The state before a fork.
pub(crate) struct Before {
    global: Readings,
    vmas: KVVec<Readings>,
}

impl Before {
    pub(crate) fn new(parent: &Parent) -> Result<Self> {
        let mut vmas = KVVec::with_capacity(parent.vmas().len(), GFP_KERNEL)?;

        for placed in parent.vmas() {
            vmas.push(read_vma(parent, placed.addr), GFP_KERNEL)?;
        }
        Ok(Self {
            global: read_global(parent),
            vmas,
        })
    }

    /// Fails the run unless all is as before. No child may be left.
    pub(crate) fn check_unchanged(&self, run: &mut Run<'_>, parent: &Parent) -> Result {
        for (placed, before) in parent.vmas().iter().zip(&self.vmas) {
            compare(run, placed.addr, before, &read_vma(parent, placed.addr))?;
        }
        if let Some(addr) = parent.wrong_word() {
            run.check(false, fmt!("the parent's memory at {addr:#x} has changed"))?;
        }
        compare(run, 0, &self.global, &read_global(parent))
    }
}

/// Fails the run unless the tree of a failed fork is empty, by every means that others have.
pub(crate) fn check_empty(run: &mut Run<'_>, child: &Child, parent: &Parent) -> Result {
    // SAFETY: The child's mm is valid by its invariants.
    let entries = unsafe { fork_fail_entries(child.mm()) };

    run.check(
        entries == 0,
        fmt!("the child's tree has {entries} entries when its lock is dropped"),
    )?;
    for addr in parent.vmas().iter().flat_map(|placed| placed.bounds()) {
        // SAFETY: The child's mm is valid by its invariants.
        let found = unsafe { fork_fail_finds(child.mm(), addr) };

        run.check(
            !found,
            fmt!("a lookup at {addr:#x} finds something in the child's tree"),
        )?;
    }
    Ok(())
}
