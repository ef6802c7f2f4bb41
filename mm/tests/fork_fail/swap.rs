// SPDX-License-Identifier: GPL-2.0

//! Swapping to the RAM disk /dev/ram0. The disk must be blank and unused before, and is blank
//! afterwards.

use super::{
    call::Call,
    mm::pages,
    shim::*,
    undo::{
        must,
        wait_for,
        Undo, //
    },
    user, //
};
use core::ptr::{
    null,
    NonNull, //
};
use kernel::{
    error::to_result,
    page::PAGE_SIZE,
    prelude::*, //
};

/// A node of the test's own: /dev may not be there yet.
static NODE: [u8; 16] = *b"/fork_fail_swap\0";
/// Newer architectures only have the system calls that take a folder.
const HERE: usize = AT_FDCWD as usize;
const DISK: u32 = RAMDISK_MAJOR << 20;
const PAGES: usize = 256;

/// Returns whether the file system has the node.
pub(crate) fn has_node() -> bool {
    // SAFETY: The path is a string.
    unsafe { fork_fail_path_exists(NODE.as_ptr().cast()) }
}

/// The RAM disk, open, and a page to read or write.
///
/// # Invariants
///
/// This object owns a reference to the file.
struct Disk {
    file: NonNull<File>,
    page: KVec<u8>,
}

impl Disk {
    /// Opens it.
    ///
    /// # Errors
    ///
    /// `EBUSY` if anybody else has the disk for himself, or has mounted it.
    fn open() -> Result<Self> {
        let page = KVec::from_elem(0, PAGE_SIZE, GFP_KERNEL)?;
        let mode = (BLK_OPEN_READ | BLK_OPEN_WRITE) as blk_mode_t;
        let holder = NODE.as_ptr().cast_mut().cast();
        // SAFETY: The holder is an address that nobody else uses so.
        #[cfg(CONFIG_BLOCK)]
        let file = unsafe { bdev_file_open_by_dev(DISK, mode, holder, null()) };
        #[cfg(not(CONFIG_BLOCK))]
        let file = core::ptr::null_mut();

        // INVARIANT: It was opened above.
        Ok(Self {
            file: checked_ptr(file, ENODEV)?,
            page,
        })
    }

    fn read(&mut self, page: usize) -> Result {
        let mut pos = (page * PAGE_SIZE) as loff_t;
        let to = self.page.as_mut_ptr().cast();

        // SAFETY: The file is open, and there is room for a page.
        match unsafe { kernel_read(self.file.as_ptr(), to, PAGE_SIZE, &mut pos) } as usize {
            PAGE_SIZE => Ok(()),
            _ => Err(EIO),
        }
    }

    fn write(&self, page: usize) -> Result {
        let mut pos = (page * PAGE_SIZE) as loff_t;
        let from = self.page.as_ptr().cast();

        // SAFETY: The file is open, and it is a page.
        match unsafe { kernel_write(self.file.as_ptr(), from, PAGE_SIZE, &mut pos) } as usize {
            PAGE_SIZE => Ok(()),
            _ => Err(EIO),
        }
    }

    fn sync(&self) -> Result {
        // SAFETY: The file is open.
        to_result(unsafe { vfs_fsync(self.file.as_ptr(), 0) })
    }

    /// # Errors
    ///
    /// `EBUSY` if there is anything on the disk.
    fn check_blank(&mut self) -> Result {
        for page in 0..PAGES {
            self.read(page)?;
            if self.page.iter().any(|byte| *byte != 0) {
                return Err(EBUSY);
            }
        }
        Ok(())
    }

    fn erase(&mut self) -> Result {
        self.page.fill(0);
        (0..PAGES).try_for_each(|page| self.write(page))?;
        self.sync()
    }

    /// Does what mkswap does, unless the disk is in use.
    fn make_swap(&mut self) -> Result {
        self.check_blank()?;
        let header = self.page.as_mut_ptr().cast::<swap_header>();

        // SAFETY: The page has room for a header, and is zero, as it was read last.
        unsafe {
            let header = &mut *header;

            header.info.version = 1;
            header.info.last_page = PAGES as u32 - 1;
            header.magic.magic = *b"SWAPSPACE2";
        }
        self.write(0)?;
        self.sync()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // SAFETY: The reference is ours by the type's invariants.
        #[cfg(CONFIG_BLOCK)]
        unsafe {
            bdev_fput(self.file.as_ptr());
            flush_delayed_fput();
        }
    }
}

/// Returns the error, which is not positive, if the disk is not blank, or 0.
pub(crate) fn disk_error() -> i32 {
    if missing() {
        return 0;
    }
    match Disk::open().and_then(|mut disk| disk.check_blank()) {
        Ok(()) => 0,
        Err(err) => err.to_errno(),
    }
}

/// Writes something to the disk, as a user of it would do, or blanks it.
pub(crate) fn mark_disk(marked: bool) -> Result {
    let mut disk = Disk::open()?;

    if !marked {
        return disk.erase();
    }
    disk.page.fill(0xa5);
    disk.write(PAGES - 1)?;
    disk.sync()
}

/// Blanks the disk. The file that swapoff() has closed may be released late.
fn blank_disk() -> Result {
    let mut blanked = Err(EBUSY);

    wait_for(100, 20, || {
        blanked = Disk::open().and_then(|mut disk| disk.erase());
        blanked != Err(EBUSY)
    })?;
    blanked
}

/// Makes a system call on the node, with arguments that its path is one of.
fn call<const N: usize>(call: Call, args: impl FnOnce(usize) -> [usize; N]) -> Result {
    user::anywhere(&NODE, |path| {
        // SAFETY: This kthread has an mm meanwhile, with the path in it.
        unsafe { call.with(args(path)) }
    })?;
    Ok(())
}

/// Returns whether this kernel cannot swap there.
fn missing() -> bool {
    !cfg!(all(CONFIG_SWAP, CONFIG_BLK_DEV_RAM)) || !super::call::AVAILABLE
}

/// The swap area, as long as it is needed.
pub(crate) struct Swap;

impl Swap {
    /// Provides the swap area: the RAM disk, which must be blank.
    ///
    /// # Errors
    ///
    /// `EBUSY` if it is not, or if it is used otherwise.
    pub(crate) fn on() -> Result<Undo<Self>> {
        // SAFETY: FFI call without safety requirements.
        let disk = unsafe { new_encode_dev(DISK) };

        call(Call::Mknodat, |node| {
            [HERE, node, S_IFBLK as usize | 0o600, disk as usize]
        })?;
        let node = Node;

        Disk::open()
            .and_then(|mut disk| disk.make_swap())
            .inspect_err(|err| {
                if *err == EBUSY {
                    pr_warn!("/dev/ram0 is in use or not blank, nothing is swapped to it\n");
                }
            })?;
        if let Err(err) = call(Call::Swapon, |node| [node, 0]) {
            must("the RAM disk", blank_disk());
            return Err(err);
        }
        core::mem::forget(node);
        Undo::new(Self)
    }
}

impl Drop for Swap {
    fn drop(&mut self) {
        must("swapoff", call(Call::Swapoff, |node| [node]));
        drop(Node);
        must("the RAM disk", blank_disk());
    }
}

/// The node, which is removed when this is dropped.
struct Node;

impl Drop for Node {
    fn drop(&mut self) {
        must(
            "the node of the swap area",
            call(Call::Unlinkat, |node| [HERE, node, 0]),
        );
    }
}

/// Swaps the pages there out, and waits until they are.
///
/// # Safety
///
/// The mm is valid.
pub(crate) unsafe fn swap_out(mm: *mut Mm, addr: usize, len: usize) -> Result {
    // SAFETY: The mm is valid by the safety requirements.
    let swapped = || unsafe { pages(mm, MM_SWAPENTS) };
    let wanted = swapped() + len / PAGE_SIZE;
    let mut advised = Ok(());

    wait_for(100, 20, || {
        // SAFETY: The mm is valid by the safety requirements.
        advised = to_result(unsafe {
            lru_add_drain_all();
            do_madvise(mm, addr, len, MADV_PAGEOUT as i32)
        });
        advised.is_err() || swapped() == wanted
    })?;
    advised
}
