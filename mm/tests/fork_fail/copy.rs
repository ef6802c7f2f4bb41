// SPDX-License-Identifier: GPL-2.0

//! What a fork that succeeded has made of the address space: each field of the child's mm and of
//! its VMAs.
//!
//! Tables list the fields that need not be as in the parent, and what they have to be. All other
//! bytes are compared. So a field that is new in the kernel is noticed, unless it is copied.

mod base;
mod fields;
mod mm;
mod spoil;
mod vma;

use super::{
    child::{
        Child,
        NOT_MAPPED, //
    },
    mm::{
        ReadLock,
        Sums, //
    },
    parent::{
        Parent,
        Placed, //
    },
    scenarios::{
        Memory,
        Treatment, //
    },
    shim::*, //
};
use fields::{
    Compared,
    Wrong, //
};
use kernel::{
    ffi::c_long,
    kunit::fault::Run,
    prelude::*, //
};
use mm::MmCopy;
use spoil::{
    spoil_bytes,
    spoil_fields,
    Unnoticed, //
};
use vma::VmaCopy;

/// What a fork that succeeded has made, and of what.
pub(crate) struct Copied<'a> {
    pub(crate) child: &'a Child,
    pub(crate) parent: &'a Parent,
    /// Whether `dup_mm()` has made it, which copies the rest of the mm, and not `dup_mmap()` alone.
    pub(crate) whole: bool,
    /// Whether an allocation has failed on the way, so that something optional may be missing.
    pub(crate) did_without: bool,
}

impl Copied<'_> {
    fn mms(&self) -> MmCopy {
        // INVARIANT: Both are valid by their invariants.
        MmCopy {
            child: self.child.mm(),
            parent: self.parent.mm(),
            // SAFETY: As above.
            sums: unsafe { Sums::of(self.child.mm()) },
            whole: self.whole,
            did_without: self.did_without,
        }
    }

    /// Returns the two VMAs, or whether the child has one, if not both have.
    fn vmas(&self, placed: &Placed) -> Result<VmaCopy, bool> {
        // SAFETY: Both mms are valid by their invariants.
        let at = |mm| unsafe { ReadLock::of(mm) }.vma(placed.addr);

        match (at(self.child.mm()), at(self.parent.mm())) {
            // INVARIANT: Both were found in their mms, which nobody changes.
            (Some(child), Some(parent)) => Ok(VmaCopy {
                child: child.as_ptr(),
                parent: parent.as_ptr(),
                mm: self.child.mm(),
            }),
            (child, _) => Err(child.is_some()),
        }
    }

    fn wrong_in_mm(&self) -> Option<Wrong> {
        let mms = self.mms();
        let wrong_byte = if self.whole { mms.wrong_byte() } else { None };

        wrong_byte.or_else(|| mms.wrong_field())
    }

    fn wrong_in_vma(&self, placed: &Placed) -> Option<Wrong> {
        match self.vmas(placed) {
            Ok(vmas) if !placed.vma.is_left_out() => {
                vmas.wrong_byte().or_else(|| vmas.wrong_field())
            }
            Err(false) if placed.vma.is_left_out() => None,
            _ => Some(Wrong::Missing),
        }
    }

    /// Returns the first thing that is wrong, and the address of its VMA, or 0 for the mm.
    fn wrong(&self) -> Option<(usize, Wrong)> {
        self.wrong_in_mm().map(|wrong| (0, wrong)).or_else(|| {
            self.parent
                .some_vmas()
                .find_map(|placed| Some((placed.addr, self.wrong_in_vma(placed)?)))
        })
    }

    /// Returns what a word of the copy should be, and what to call it.
    fn expected(placed: Placed, word: usize) -> (c_long, &'static str) {
        match (placed.vma.treatment, placed.vma.memory) {
            (Treatment::DontFork, _) => (NOT_MAPPED, "a page not to be copied"),
            (Treatment::WipeOnFork, _) => (0, "a page to be wiped"),
            // access_remote_vm() cannot read it, as if nothing were mapped.
            (_, Memory::Secret) => (NOT_MAPPED, "a secret page"),
            _ if placed.vma.written => (placed.pattern(word), "a page that was written"),
            _ => (0, "a page that was not written"),
        }
    }

    /// Returns what is wrong with the child's memory, and where.
    pub(crate) fn wrong_memory(&self) -> Option<(usize, &'static str)> {
        let copied = self
            .parent
            .vmas()
            .iter()
            .filter(|placed| !placed.vma.is_left_out());

        // SAFETY: The mm is valid by its invariants, and nobody else changes it.
        let map_count = unsafe { fields!(self.child.mm()).map_count };

        if map_count as usize != copied.count() {
            return Some((0, "the number of VMAs"));
        }
        // Reading faults pages in. In shared memory the parent would have them, too.
        let readable = |placed: &&Placed| placed.vma.written || !placed.vma.memory.is_shared();

        self.parent
            .vmas()
            .iter()
            .filter(readable)
            .find_map(|placed| {
                placed.words().find_map(|word| {
                    let (content, what) = Self::expected(*placed, word);

                    (self.child.peek(word) != content).then_some((word, what))
                })
            })
    }

    /// Fails the run if anything is wrong.
    pub(crate) fn check(&self, run: &mut Run<'_>) -> Result {
        let Some((addr, wrong)) = self.wrong() else {
            return Ok(());
        };
        let of = if addr == 0 { "mm" } else { "VMA" };

        match wrong {
            Wrong::Field(name, is, wanted) => run.check(
                false,
                fmt!("{name} of the child's {of} is {is:#x}, not {wanted:#x} (at {addr:#x})"),
            ),
            Wrong::Byte(byte, is, wanted) => run.check(
                false,
                fmt!(
                    "byte {byte:#x} of the child's {of} is {is:#x}, and {wanted:#x} in its parent \
                     (at {addr:#x}); no field there is known to differ"
                ),
            ),
            Wrong::Missing => run.check(
                false,
                fmt!("the child lacks a VMA, or has one that was not to be copied (at {addr:#x})"),
            ),
        }
    }
}

/// Makes each field wrong, one after the other, and each byte that is compared. Returns how many
/// there are of both.
pub(crate) fn spoil_each(copy: &Copied<'_>) -> Result<(usize, usize), Unnoticed> {
    let placed = copy.parent.vmas()[0];
    let wrong = || copy.wrong().map(|(_, wrong)| wrong);

    if let Some(wrong) = wrong() {
        return Err((None, Some(wrong)));
    }
    let (mms, Ok(vmas)) = (copy.mms(), copy.vmas(&placed)) else {
        return Err((None, Some(Wrong::Missing)));
    };
    let fields = spoil_fields(&mms, wrong)? + spoil_fields(&vmas, wrong)?;
    let bytes = spoil_bytes(&mms, || copy.wrong_in_mm())?
        + spoil_bytes(&vmas, || copy.wrong_in_vma(&placed))?;

    Ok((fields, bytes))
}
