// SPDX-License-Identifier: GPL-2.0

//! What a process does to its own address space: by functions of the kernel where they can be
//! called, else by the system call.

use super::{
    call::Call,
    shim::*,
    undo::Undo,
    user::UserSpace, //
};
use core::ptr::{
    null_mut,
    NonNull, //
};
use kernel::{
    c_str,
    error::to_result,
    prelude::*, //
};

/// A file that is open.
///
/// # Invariants
///
/// This object owns a reference to the file.
pub(crate) struct OpenFile(NonNull<File>);

impl OpenFile {
    /// Takes over a reference, if it is one and not an error, or null, which is the error `null`.
    ///
    /// # Safety
    ///
    /// The caller owns the reference, and is not to use it any more.
    pub(crate) unsafe fn new(file: *mut File, null: Error) -> Result<Self> {
        // INVARIANT: By the safety requirements.
        Ok(Self(checked_ptr(file, null)?))
    }

    /// Makes a file in memory.
    pub(crate) fn in_memory(len: usize) -> Result<Self> {
        let name = c_str!("fork_fail").as_char_ptr();

        // SAFETY: The name is a string, and the reference is handed over.
        unsafe {
            Self::new(
                shmem_kernel_file_setup(name, len as loff_t, Default::default()),
                ENOMEM,
            )
        }
    }

    /// Opens a device that can be mapped, with pages that are counted or without.
    pub(crate) fn of_driver(mixed: bool) -> Result<Self> {
        // SAFETY: The reference is handed over.
        unsafe { Self::new(fork_fail_driver(mixed), ENOMEM) }
    }

    pub(crate) fn as_ptr(&self) -> *mut File {
        self.0.as_ptr()
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        // SAFETY: The reference is ours by the type's invariants. A kthread's is dropped late.
        unsafe {
            fput(self.as_ptr());
            flush_delayed_fput();
        }
    }
}

/// A page that is pinned for DMA. A fork copies it instead of sharing it.
pub(crate) struct Pin(Object<Page>);

impl Drop for Pin {
    fn drop(&mut self) {
        // SAFETY: `UserSpace::pin()` has pinned it.
        unsafe { unpin_user_page(self.0.as_ptr()) };
    }
}

const READ_WRITE: usize = (PROT_READ | PROT_WRITE) as usize;

// SAFETY of all calls here: this kthread has an mm, by the invariants of `UserSpace`, and its pages
// are for the test to use.
impl UserSpace {
    /// Maps a file, or anonymous memory if there is none, readable and writable. `flags` are
    /// `MAP_*`.
    pub(crate) fn map(
        &self,
        file: Option<&OpenFile>,
        addr: usize,
        len: usize,
        flags: u32,
    ) -> Result {
        let anonymous = if file.is_none() { MAP_ANONYMOUS } else { 0 };
        let all = (flags | anonymous | MAP_FIXED_NOREPLACE) as usize;
        let file = file.map_or(null_mut(), OpenFile::as_ptr);

        // SAFETY: See above; the file is null or referenced.
        let mapped = unsafe {
            match flags & MAP_HUGETLB {
                0 => vm_mmap(file, addr, len, READ_WRITE, all, 0),
                _ => ksys_mmap_pgoff(addr, len, READ_WRITE, all, usize::MAX, 0),
            }
        };
        checked(mapped as isize)?;
        Ok(())
    }

    /// Maps memory that is not in the kernel's direct map.
    pub(crate) fn map_secret(&self, addr: usize, len: usize) -> Result {
        let flags = (MAP_FIXED_NOREPLACE | MAP_SHARED) as usize;
        // SAFETY: See above.
        let fd = unsafe { Call::MemfdSecret.with([O_CLOEXEC as usize]) }? as usize;
        // SAFETY: See above.
        let mapped = unsafe {
            Call::Ftruncate.with([fd, len]).and_then(|_| {
                checked(ksys_mmap_pgoff(addr, len, READ_WRITE, flags, fd, 0) as isize)
            })
        };

        // SAFETY: It was opened above, and nobody else knows it.
        unsafe { close_fd(fd as u32) };
        mapped.map(|_| ())
    }

    /// `advice` is `MADV_*`.
    pub(crate) fn advise(&self, addr: usize, len: usize, advice: u32) -> Result {
        // SAFETY: See above.
        to_result(unsafe { do_madvise(self.mm(), addr, len, advice as i32) })
    }

    /// Takes the permission to write.
    pub(crate) fn make_read_only(&self, addr: usize, len: usize) -> Result {
        // SAFETY: See above.
        unsafe { Call::Mprotect.with([addr, len, PROT_READ as usize]) }?;
        Ok(())
    }

    /// Sets a memory policy, which a fork has to copy.
    pub(crate) fn set_policy(&self, addr: usize, len: usize) -> Result {
        // SAFETY: See above.
        unsafe { Call::Mbind.with([addr, len, MPOL_LOCAL as usize]) }?;
        Ok(())
    }

    /// Names anonymous memory.
    pub(crate) fn name(&self, addr: usize, len: usize) -> Result {
        const NAME: [usize; 2] = [PR_SET_VMA as usize, PR_SET_VMA_ANON_NAME as usize];

        self.with_argument(b"fork_fail\0", |name| {
            // SAFETY: See above.
            unsafe { Call::Prctl.with([NAME[0], NAME[1], addr, len, name]) }?;
            Ok(())
        })
    }

    /// Gives the mm a local descriptor table. A fork copies it last, in arch_dup_mmap().
    #[cfg(CONFIG_MODIFY_LDT_SYSCALL)]
    pub(crate) fn make_ldt(&self) -> Result {
        const WRITE: usize = 0x11;
        let mut desc = user_desc {
            limit: 0xfffff,
            ..Default::default()
        };

        desc.set_seg_32bit(1);
        desc.set_limit_in_pages(1);
        desc.set_useable(1);
        self.with_argument(&desc, |arg| {
            // SAFETY: See above.
            unsafe { Call::ModifyLdt.with([WRITE, arg, size_of::<user_desc>()]) }?;
            Ok(())
        })
    }

    #[cfg(not(CONFIG_MODIFY_LDT_SYSCALL))]
    pub(crate) fn make_ldt(&self) -> Result {
        Err(ENODEV)
    }

    /// Pins a page for DMA.
    pub(crate) fn pin(&self, addr: usize) -> Result<Undo<Pin>> {
        let mut page = null_mut();

        // SAFETY: See above; there is room for one page.
        if unsafe { pin_user_pages_fast(addr, 1, FOLL_WRITE | FOLL_LONGTERM, &mut page) } != 1 {
            return Err(EFAULT);
        }
        Undo::new(Pin(Object(NonNull::new(page).ok_or(EFAULT)?)))
    }
}
