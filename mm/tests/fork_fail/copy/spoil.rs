// SPDX-License-Identifier: GPL-2.0

//! Self-test of the comparison: makes each field wrong, and each byte that is compared, and checks
//! that this is noticed.

use super::{
    super::shim::*,
    fields::{
        Compared,
        Wrong, //
    }, //
};

/// Returns what a word becomes that is to be wrong.
type Spoil = fn(usize) -> usize;

/// Fields, and what becomes of them: of the first word, if there are several.
///
/// Left out is what cannot be wrong for a moment without harm: lists, locks, page tables, and what
/// other structures are found by.
const SPOILED: &[(&str, Spoil)] = &[
    ("mm_count", |is| is + 1),
    ("mm_users", |is| is + 1),
    ("map_count", |is| is + 1),
    ("hiwater_rss", |is| is + 1),
    ("hiwater_vm", |is| is + 1),
    ("total_vm", |is| is + 1),
    ("data_vm", |is| is + 1),
    ("exec_vm", |is| is + 1),
    ("stack_vm", |is| is + 1),
    ("locked_vm", |is| is + 1),
    ("pinned_vm", |is| is + 1),
    ("def_flags", |is| is ^ VM_LOCKED),
    ("flags", |is| is ^ (1 << MMF_MULTIPROCESS)),
    ("tlb_flush_pending", |is| is + 1),
    // SAFETY: The current task is valid.
    ("vm_mm", |_| unsafe { (*fork_fail_current()).mm } as usize),
    ("vm_page_prot", |is| is ^ 1),
    ("vm_flags", |is| is ^ VM_LOCKED),
    ("vm_private_data", |is| is + 1),
    ("anon_vma", |_| 0),
    ("vm_userfaultfd_ctx", |_| 1),
];

/// What was made wrong, if it was a field, and what showed instead.
pub(crate) type Unnoticed = (Option<&'static str>, Option<Wrong>);

/// Makes the fields of a structure wrong, one after the other. Returns how many.
pub(super) fn spoil_fields<C: Compared>(
    copy: &C,
    wrong: impl Fn() -> Option<Wrong>,
) -> Result<usize, Unnoticed> {
    let mut nr = 0;

    for (name, spoil) in SPOILED {
        let Some(field) = C::fields().find(|field| field.name == *name) else {
            continue;
        };
        let at = copy.byte_at(field.bytes.start);
        let is_long = field.bytes.len() >= size_of::<usize>();
        // SAFETY: The field is within the structure, which is the child's, and nobody else uses it.
        let read = || unsafe {
            match is_long {
                true => at.cast::<usize>().read_volatile(),
                false => at.cast::<u32>().read_volatile() as usize,
            }
        };
        // SAFETY: As above.
        let write = |word: usize| unsafe {
            match is_long {
                true => at.cast::<usize>().write_volatile(word),
                false => at.cast::<u32>().write_volatile(word as u32),
            }
        };
        let was = read();

        write(spoil(was));
        let shown = wrong();
        write(was);
        match shown {
            Some(Wrong::Field(shown, ..)) if shown == *name => nr += 1,
            _ => return Err((Some(name), shown)),
        }
    }
    Ok(nr)
}

/// Makes each byte wrong that is in no field. Returns how many.
pub(super) fn spoil_bytes<C: Compared>(
    copy: &C,
    wrong: impl Fn() -> Option<Wrong>,
) -> Result<usize, Unnoticed> {
    let mut nr = 0;

    for byte in C::compared() {
        // SAFETY: `byte` is within the structure, which is the child's, and nobody else uses it.
        let flip = || unsafe {
            let at = copy.byte_at(byte);

            at.write_volatile(!at.read_volatile());
        };

        flip();
        let shown = wrong();
        flip();
        match shown {
            Some(Wrong::Byte(shown, ..)) if shown == byte => nr += 1,
            _ => return Err((None, shown)),
        }
    }
    Ok(nr)
}
