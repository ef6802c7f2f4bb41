// SPDX-License-Identifier: GPL-2.0

//! What a fork that succeeded has made of the address space: each field of the child's mm and of
//! its VMAs.
//!
//! `shim/copy.c` lists the fields that need not be as in the parent, and what they have to be. All
//! other bytes are compared. So a field that is new in the kernel is noticed, unless it is copied.

use super::{
    child::Child,
    parent::{
        Parent,
        Placed, //
    },
    shim::*, //
};
use kernel::{
    kunit::fault::Run,
    prelude::*,
    str::CStr, //
};

/// Room for fields; the C side has fewer in each of its tables.
const MAX_FIELDS: usize = 64;

const UNREAD: Field = Field {
    name: core::ptr::null(),
    offset: 0,
    size: 0,
    is_value: 0,
    wanted: 0,
};

/// The fields of one structure that need not be as in the parent.
struct Fields {
    all: [Field; MAX_FIELDS],
    nr: usize,
}

impl Fields {
    /// `read` fills the array, and returns how many it has filled.
    fn new(read: impl FnOnce(*mut Field, u32) -> u32) -> Self {
        let mut all = [UNREAD; MAX_FIELDS];
        let nr = read(all.as_mut_ptr(), MAX_FIELDS as u32) as usize;

        Self { all, nr }
    }

    fn iter(&self) -> impl Iterator<Item = &Field> {
        self.all.iter().take(self.nr)
    }

    /// Returns whether a field has this byte, so that it is not compared.
    fn have(&self, byte: usize) -> bool {
        self.iter().any(|field| {
            let offset = field.offset as usize;

            (offset..offset + field.size as usize).contains(&byte)
        })
    }
}

/// What is wrong with a copy.
#[derive(Debug)]
pub(crate) enum Wrong {
    /// A field, what it is, and what it has to be.
    Field(&'static CStr, isize, isize),
    /// A byte that is in none of the fields, and differs from the parent's.
    Byte(usize, u8, u8),
    /// The child has no VMA there, or one that was not to be copied.
    Missing,
}

/// Two structures, the child's and the parent's.
struct Pair<T> {
    child: *mut T,
    parent: *mut T,
}

impl<T> Pair<T> {
    /// Returns a byte of each.
    ///
    /// # Safety
    ///
    /// Both are valid, and `byte` is within them.
    unsafe fn bytes(&self, byte: usize) -> (u8, u8) {
        // SAFETY: By the safety requirements. Padding may be read so: it is not assumed to have any
        // value.
        unsafe {
            (
                self.child.cast::<u8>().add(byte).read_volatile(),
                self.parent.cast::<u8>().add(byte).read_volatile(),
            )
        }
    }

    /// Returns the first byte that differs and is in no field, if all bytes are to be compared, or
    /// the first field that is not as it has to be.
    ///
    /// # Safety
    ///
    /// Both are valid.
    unsafe fn wrong(&self, fields: &Fields, all_bytes: bool) -> Option<Wrong> {
        let compared = if all_bytes { size_of::<T>() } else { 0 };
        let differs = (0..compared).find_map(|byte| {
            // SAFETY: `byte` is within them.
            let (is, wanted) = unsafe { self.bytes(byte) };

            (is != wanted && !fields.have(byte)).then_some(Wrong::Byte(byte, is, wanted))
        });

        differs.or_else(|| {
            let field = fields.iter().find(|field| field.is_value != field.wanted)?;
            // SAFETY: A field's name is a static string.
            let name = unsafe { CStr::from_char_ptr(field.name) };

            Some(Wrong::Field(name, field.is_value, field.wanted))
        })
    }
}

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
    fn mms(&self) -> Pair<Mm> {
        Pair {
            child: self.child.mm(),
            parent: self.parent.mm(),
        }
    }

    fn vmas(&self, placed: &Placed) -> Pair<VmArea> {
        // SAFETY: Both mms are valid by their invariants.
        let at = |mm| unsafe { fork_fail_vma(mm, placed.addr) };

        Pair {
            child: at(self.child.mm()),
            parent: at(self.parent.mm()),
        }
    }

    fn mm_fields(&self) -> Fields {
        let Pair { child, parent } = self.mms();
        let whole = if self.whole { FORK_FAIL_WHOLE } else { 0 };
        let without = if self.did_without {
            FORK_FAIL_DID_WITHOUT
        } else {
            0
        };

        // SAFETY: Both mms are valid, and the array has as much room as is said.
        Fields::new(|all, max| unsafe {
            fork_fail_mm_fields(child, parent, whole | without, all, max)
        })
    }

    /// # Safety
    ///
    /// Both VMAs are valid.
    unsafe fn vma_fields(&self, vmas: &Pair<VmArea>) -> Fields {
        // SAFETY: By the safety requirements; the array has as much room as is said.
        Fields::new(|all, max| unsafe {
            fork_fail_vma_fields(vmas.child, self.child.mm(), vmas.parent, all, max)
        })
    }

    fn wrong_in_mm(&self) -> Option<Wrong> {
        // SAFETY: Both mms are valid by their invariants.
        unsafe { self.mms().wrong(&self.mm_fields(), self.whole) }
    }

    fn wrong_in_vma(&self, placed: &Placed) -> Option<Wrong> {
        let vmas = self.vmas(placed);

        if placed.vma.is_left_out() || vmas.child.is_null() || vmas.parent.is_null() {
            return (placed.vma.is_left_out() != vmas.child.is_null()).then_some(Wrong::Missing);
        }
        // SAFETY: Both were found in their mms, which nobody changes.
        unsafe { vmas.wrong(&self.vma_fields(&vmas), true) }
    }

    /// Returns the first thing that is wrong, and the address of its VMA, or 0 for the mm.
    pub(crate) fn wrong(&self) -> Option<(usize, Wrong)> {
        self.wrong_in_mm().map(|wrong| (0, wrong)).or_else(|| {
            self.parent
                .some_vmas()
                .find_map(|placed| Some((placed.addr, self.wrong_in_vma(placed)?)))
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
/// there are of both. If one does not show, returns its name, or none, and what shows instead.
pub(crate) fn spoil_each(
    copy: &Copied<'_>,
) -> Result<(usize, usize), (Option<&'static CStr>, Option<Wrong>)> {
    let placed = copy.parent.vmas()[0];
    let vmas = copy.vmas(&placed);
    let wrong = || copy.wrong().map(|(_, wrong)| wrong);
    let mut nth = 0;

    if let Some(wrong) = wrong() {
        return Err((None, Some(wrong)));
    }
    loop {
        // SAFETY: The child's mm is valid, and so is its first VMA: nothing was wrong.
        let name = unsafe { fork_fail_spoil(copy.child.mm(), vmas.child, nth, false) };
        if name.is_null() {
            break;
        }
        // SAFETY: A field's name is a static string.
        let name = unsafe { CStr::from_char_ptr(name) };
        let shown = wrong();

        // SAFETY: As above; this undoes it.
        unsafe { fork_fail_spoil(copy.child.mm(), vmas.child, nth, true) };
        match shown {
            Some(Wrong::Field(shown, ..)) if shown.to_str() == name.to_str() => nth += 1,
            _ => return Err((Some(name), shown)),
        }
    }
    // SAFETY: Both were found in their mms, so they are valid.
    let of_vma = unsafe { copy.vma_fields(&vmas) };
    let bytes = spoil_bytes(&copy.mms(), &copy.mm_fields(), || copy.wrong_in_mm())?
        + spoil_bytes(&vmas, &of_vma, || copy.wrong_in_vma(&placed))?;

    Ok((nth as usize, bytes))
}

fn spoil_bytes<T>(
    pair: &Pair<T>,
    fields: &Fields,
    wrong: impl Fn() -> Option<Wrong>,
) -> Result<usize, (Option<&'static CStr>, Option<Wrong>)> {
    let mut compared = 0;

    for byte in (0..size_of::<T>()).filter(|byte| !fields.have(*byte)) {
        // SAFETY: `byte` is within the structure, which is the child's, and nobody else uses it.
        let flip = || unsafe {
            let at = pair.child.cast::<u8>().add(byte);

            at.write_volatile(!at.read_volatile());
        };

        flip();
        let shown = wrong();
        flip();
        match shown {
            Some(Wrong::Byte(shown, ..)) if shown == byte => compared += 1,
            _ => return Err((None, shown)),
        }
    }
    Ok(compared)
}
