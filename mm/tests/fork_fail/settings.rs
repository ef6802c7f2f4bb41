// SPDX-License-Identifier: GPL-2.0

//! Settings of the whole machine that an administrator makes through sysfs: the size of the pool of
//! huge pages, and KSM. Tests have no other interface to them.

use super::{
    map::OpenFile,
    shim::*,
    undo::{
        must,
        wait_for,
        Undo, //
    }, //
};
use core::{
    ptr::NonNull,
    sync::atomic::{
        AtomicBool,
        Ordering, //
    }, //
};
use kernel::{
    c_str,
    prelude::*,
    str::{
        CStr,
        CString, //
    }, //
};

/// A file system that is mounted where no other task can see it.
pub(crate) struct Mount(Object<vfsmount>);

impl Mount {
    pub(crate) fn new(fs: &CStr) -> Result<Self> {
        // SAFETY: The name is a string.
        let kind = NonNull::new(unsafe { get_fs_type(fs.as_char_ptr()) }).ok_or(ENODEV)?;
        // SAFETY: The type has a reference to its module, which the mount has then.
        let mount = unsafe {
            let mount = kern_mount(kind.as_ptr());

            module_put((*kind.as_ptr()).owner);
            mount
        };

        Ok(Self(Object(checked_ptr(mount, ENODEV)?)))
    }

    pub(crate) fn as_ptr(&self) -> *mut vfsmount {
        self.0.as_ptr()
    }

    fn open(&self, path: &CStr, flags: u32) -> Result<OpenFile> {
        let path = path.as_char_ptr();

        // SAFETY: The mount is valid, the path is a string, and the reference is handed over.
        unsafe {
            OpenFile::new(
                file_open_root_mnt(self.as_ptr(), path, flags as i32, 0),
                ENOENT,
            )
        }
    }

    pub(crate) fn write(&self, path: &CStr, text: &CStr) -> Result {
        let file = self.open(path, O_WRONLY)?;
        let mut pos = 0;

        // SAFETY: The file is open, and the text has this length.
        checked(unsafe {
            let text = text.as_char_ptr();

            kernel_write(file.as_ptr(), text.cast(), strlen(text), &mut pos)
        })?;
        Ok(())
    }

    /// Reads a file that is not longer than `to`.
    pub(crate) fn read<'a>(&self, path: &CStr, to: &'a mut [u8]) -> Result<&'a [u8]> {
        let file = self.open(path, O_RDONLY)?;
        let mut pos = 0;

        // SAFETY: The file is open, and there is as much room.
        let nr = checked(unsafe {
            kernel_read(file.as_ptr(), to.as_mut_ptr().cast(), to.len(), &mut pos)
        })?;
        Ok(&to[..nr as usize])
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // SAFETY: It was mounted by `new()`.
        unsafe { kern_unmount(self.as_ptr()) };
    }
}

fn write_number(path: &CStr, number: usize) -> Result {
    let text = CString::try_from_fmt(fmt!("{number}"))?;

    Mount::new(c_str!("sysfs"))?.write(path, &text)
}

fn read_number(path: &CStr) -> Result<usize> {
    let mut room = [0; 24];
    let text = Mount::new(c_str!("sysfs"))?.read(path, &mut room)?;
    let text = core::str::from_utf8(text).map_err(|_| EINVAL)?;

    text.trim().parse().map_err(|_| EINVAL)
}

/// Returns how many huge pages of the default size are free, and how many are reserved.
pub(crate) fn huge_pages() -> (usize, usize) {
    #[cfg(CONFIG_HUGETLB_PAGE)]
    // SAFETY: The pool is always there.
    return unsafe {
        let pool = fork_fail_default_hstate();

        (
            read_once!((*pool).free_huge_pages),
            read_once!((*pool).resv_huge_pages),
        )
    };
    #[cfg(not(CONFIG_HUGETLB_PAGE))]
    (0, 0)
}

/// Returns how many pages are in the pool, as the administrator wants it.
pub(crate) fn huge_pool_size() -> usize {
    #[cfg(CONFIG_HUGETLB_PAGE)]
    // SAFETY: The pool is always there.
    return unsafe { read_once!((*fork_fail_default_hstate()).max_huge_pages) };
    #[cfg(not(CONFIG_HUGETLB_PAGE))]
    0
}

/// The pool of huge pages, as long as it has to be larger than it was.
pub(crate) struct Pool {
    before: usize,
}

impl Pool {
    /// Enlarges the pool until so many pages are free and not reserved. The pages that were in it
    /// before stay in it.
    #[cfg(CONFIG_HUGETLB_PAGE)]
    pub(crate) fn with(pages: usize) -> Result<Undo<Self>> {
        let before = huge_pool_size();
        let (free, reserved) = huge_pages();
        // SAFETY: The pool is always there.
        let all = unsafe { read_once!((*fork_fail_default_hstate()).nr_huge_pages) };

        Self::set(before.max(all - free + reserved + pages))?;
        Undo::new(Self { before })
    }

    #[cfg(CONFIG_HUGETLB_PAGE)]
    fn set(pages: usize) -> Result {
        // SAFETY: The pool is always there.
        let size = unsafe { huge_page_size(fork_fail_default_hstate()) } / 1024;
        let path =
            CString::try_from_fmt(fmt!("kernel/mm/hugepages/hugepages-{size}kB/nr_hugepages"))?;

        write_number(&path, pages)
    }

    #[cfg(not(CONFIG_HUGETLB_PAGE))]
    pub(crate) fn with(_: usize) -> Result<Undo<Self>> {
        Err(ENODEV)
    }

    #[cfg(not(CONFIG_HUGETLB_PAGE))]
    fn set(_: usize) -> Result {
        Err(ENODEV)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        must("the pool of huge pages", Self::set(self.before));
    }
}

const KSM_RUN: &CStr = c_str!("kernel/mm/ksm/run");
const KSM_SLEEP: &CStr = c_str!("kernel/mm/ksm/sleep_millisecs");

/// Returns one of KSM's settings, or -1.
fn ksm_setting(path: &CStr) -> isize {
    match cfg!(CONFIG_KSM) {
        true => read_number(path).map_or(-1, |number| number as isize),
        false => 0,
    }
}

/// Returns what KSM was told to do.
pub(crate) fn ksm_run() -> isize {
    ksm_setting(KSM_RUN)
}

/// Returns for how long KSM sleeps between its turns.
pub(crate) fn ksm_sleep() -> isize {
    ksm_setting(KSM_SLEEP)
}

/// How many pages of an mm KSM has merged.
///
/// # Safety
///
/// The mm is valid.
pub(crate) unsafe fn merged_pages(_mm: *const Mm) -> usize {
    #[cfg(CONFIG_KSM)]
    // SAFETY: By the safety requirements.
    return unsafe { read_once!(fields!(_mm).ksm_merging_pages) };
    #[cfg(not(CONFIG_KSM))]
    0
}

/// KSM's settings, before a test has changed them.
struct Ksm {
    run: usize,
    sleep: usize,
}

/// Whether a test has changed them.
static KSM_CHANGED: AtomicBool = AtomicBool::new(false);

impl Ksm {
    /// Sees to it that they are put back when the test ends.
    fn put_back_at_end() -> Result {
        if KSM_CHANGED.load(Ordering::Relaxed) {
            return Ok(());
        }
        let before = Self {
            run: read_number(KSM_RUN)?,
            sleep: read_number(KSM_SLEEP)?,
        };

        KSM_CHANGED.store(true, Ordering::Relaxed);
        Undo::new(before)?.at_end();
        Ok(())
    }
}

impl Drop for Ksm {
    fn drop(&mut self) {
        must("KSM's sleep", write_number(KSM_SLEEP, self.sleep));
        must("KSM's run", write_number(KSM_RUN, self.run));
        KSM_CHANGED.store(false, Ordering::Relaxed);
    }
}

/// Runs KSM until it has merged so many pages of an mm. It stays stopped until the test ends, even
/// if it ran before: it would change what the test compares.
///
/// # Safety
///
/// The mm is valid.
pub(crate) unsafe fn merge(mm: *const Mm, pages: usize) -> Result {
    const TRIES: u32 = 3000;
    const TRY_MS: u32 = 20;

    Ksm::put_back_at_end()?;
    write_number(KSM_SLEEP, 1)?;
    write_number(KSM_RUN, 1)?;
    // SAFETY: The mm is valid by the safety requirements.
    let merged = wait_for(TRIES, TRY_MS, || unsafe { merged_pages(mm) } >= pages);

    write_number(KSM_RUN, 0)?;
    merged
}
