// SPDX-License-Identifier: GPL-2.0

//! Marks of an mm that is forked.

use super::{
    mm::def_flags,
    shim::*, //
};

/// Gives an mm, which is to be forked, values that tell whether a fork has copied them, or set them
/// anew. Nothing relies on them in an mm without a process.
///
/// # Safety
///
/// The mm is valid, and the file is referenced.
pub(crate) unsafe fn mark(mm: *mut Mm, exe_file: *mut File) -> i32 {
    // SAFETY: By the safety requirements; nobody else uses these fields.
    unsafe {
        let fields = &mut fields!(mm);

        for (value, field) in [
            &mut fields.start_code,
            &mut fields.end_code,
            &mut fields.start_data,
            &mut fields.end_data,
            &mut fields.start_brk,
            &mut fields.brk,
            &mut fields.start_stack,
            &mut fields.arg_start,
            &mut fields.arg_end,
            &mut fields.env_start,
            &mut fields.env_end,
        ]
        .into_iter()
        .enumerate()
        {
            *field = value + 1;
        }
        for (i, value) in fields.saved_auxv.iter_mut().enumerate() {
            *value = 100 + i;
        }
        fields.binfmt = core::ptr::addr_of_mut!(fork_fail_binfmt);
        fields.hiwater_rss = 1 << 20;
        fields.hiwater_vm = 1 << 21;
        fields.locked_vm += 12;
        fields.pinned_vm.counter = 13;
        // Not VM_LOCKED: what is mapped later is not to be there at once.
        *def_flags(mm) = VM_LOCKONFAULT | VM_INIT_DEF_MASK;
        mm_flags_set(MMF_DUMP_MAPPED_SHARED as i32, mm);
        mm_flags_set(MMF_MULTIPROCESS as i32, mm);
        set_mm_exe_file(mm, exe_file)
    }
}
