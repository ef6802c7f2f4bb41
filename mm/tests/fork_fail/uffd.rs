// SPDX-License-Identifier: GPL-2.0

//! userfaultfd. With `UFFD_FEATURE_EVENT_FORK` a fork waits until its event has been read, so there
//! is a thread that reads the events.

use super::{
    abort::Thread,
    call::Call,
    map::OpenFile,
    shim::*,
    undo::Undo,
    user::UserSpace, //
};
use core::sync::atomic::{
    AtomicUsize,
    Ordering, //
};
use kernel::{
    c_str,
    ffi::c_void,
    prelude::*, //
};

/// What a userfaultfd watches.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watched {
    /// Missing pages.
    Pages,
    /// Missing pages; and a fork is an event.
    Forks,
    /// Missing pages, and writes.
    Writes,
}

/// How many are open.
static OPEN: AtomicUsize = AtomicUsize::new(0);
/// How many events of forks were read.
static FORKS_READ: AtomicUsize = AtomicUsize::new(0);
/// How many threads are reading an event, or have not handled what they have read.
static READING: AtomicUsize = AtomicUsize::new(0);

/// Returns how many userfaultfds are open.
pub(crate) fn count() -> usize {
    OPEN.load(Ordering::Relaxed)
}

/// Returns how many events of forks there were so far.
pub(crate) fn forks() -> usize {
    FORKS_READ.load(Ordering::Relaxed)
}

/// Waits until all events have been handled that were read.
pub(crate) fn settle() {
    while READING.load(Ordering::Acquire) > 0 {
        sleep();
    }
}

fn sleep() {
    // SAFETY: FFI call without safety requirements.
    unsafe { usleep_range_state(50, 200, TASK_UNINTERRUPTIBLE) };
}

/// A userfaultfd that is watching.
///
/// The reader is stopped before the file is closed.
pub(crate) struct Watch {
    reader: Option<Thread>,
    file: OpenFile,
}

// SAFETY: Any task may use the file, and stop the reader.
unsafe impl Send for Watch {}

impl Watch {
    /// Registers memory with a new userfaultfd.
    pub(crate) fn new(
        user: &UserSpace,
        addr: usize,
        len: usize,
        what: Watched,
    ) -> Result<Undo<Self>> {
        let file = Self::open()?;

        OPEN.fetch_add(1, Ordering::Relaxed);
        let mut watch = Self { reader: None, file };

        watch.register(user, addr, len, what)?;
        if what == Watched::Forks {
            let file = watch.file.as_ptr().cast();
            let name = c_str!("fork_fail_uffd");

            // SAFETY: The file is open until the thread has been stopped.
            watch.reader = Some(unsafe { Thread::run(name, read_events, file) }?);
        }
        Undo::new(watch)
    }

    fn open() -> Result<OpenFile> {
        // SAFETY: This kthread has an mm, as whoever has a user space.
        let fd = unsafe { Call::Userfaultfd.with([(O_CLOEXEC | O_NONBLOCK) as usize]) }? as u32;

        // SAFETY: It was opened above, and nobody else knows it. The reference is handed over.
        unsafe {
            let file = OpenFile::new(fget(fd), EBADF);

            close_fd(fd);
            file
        }
    }

    fn register(&self, user: &UserSpace, addr: usize, len: usize, what: Watched) -> Result {
        let range = uffdio_range {
            start: addr as u64,
            len: len as u64,
        };
        let mut register = uffdio_register {
            range,
            mode: UFFDIO_REGISTER_MODE_MISSING as u64,
            ..Default::default()
        };
        let mut api = uffdio_api {
            api: UFFD_API as u64,
            ..Default::default()
        };

        if what == Watched::Forks {
            api.features = UFFD_FEATURE_EVENT_FORK.into();
        }
        if what == Watched::Writes {
            register.mode |= UFFDIO_REGISTER_MODE_WP as u64;
        }
        self.ask(user, UFFDIO_API, &api)?;
        self.ask(user, UFFDIO_REGISTER, &register)?;
        if what == Watched::Writes {
            let protect = uffdio_writeprotect {
                range,
                mode: UFFDIO_WRITEPROTECT_MODE_WP as u64,
            };

            self.ask(user, UFFDIO_WRITEPROTECT, &protect)?;
        }
        Ok(())
    }

    fn ask<T>(&self, user: &UserSpace, command: usize, arg: &T) -> Result {
        user.with_argument(arg, |arg| self.ioctl(command, arg))
    }

    fn ioctl(&self, command: usize, arg: usize) -> Result {
        let file = self.file.as_ptr();

        // SAFETY: The file is open, and a userfaultfd has this operation.
        unsafe {
            let ioctl = (*(*file).f_op).unlocked_ioctl.ok_or(EINVAL)?;

            checked(ioctl(file, command as u32, arg))?;
        }
        Ok(())
    }

    /// Returns whether it still waits for a fork to end (`mmap_changing`).
    pub(crate) fn is_changing(&self) -> bool {
        // That is looked at first. Then it fails, as its argument is no address.
        self.ioctl(UFFDIO_WRITEPROTECT, usize::MAX) == Err(EAGAIN)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Ordering::Relaxed);
    }
}

/// # Safety
///
/// `file` is a userfaultfd that is open until this has returned.
unsafe extern "C" fn read_events(file: *mut c_void) -> i32 {
    // SAFETY: FFI call; this is a kthread.
    while !unsafe { kthread_should_stop() } {
        READING.fetch_add(1, Ordering::Relaxed);
        // SAFETY: The file is open until this thread has been stopped.
        let was_there = unsafe { read_event(file.cast()) };

        READING.fetch_sub(1, Ordering::Release);
        if !was_there {
            sleep();
        }
    }
    0
}

/// Returns whether there was an event.
///
/// # Safety
///
/// The file is a userfaultfd that is open.
unsafe fn read_event(file: *mut File) -> bool {
    const LEN: usize = size_of::<uffd_msg>();
    let mut event = uffd_msg::default();
    let to = core::ptr::from_mut(&mut event).cast();

    // SAFETY: By the safety requirements; there is as much room.
    if unsafe { kernel_read(file, to, LEN, &mut 0) } != LEN as isize {
        return false;
    }
    if u32::from(event.event) == UFFD_EVENT_FORK {
        FORKS_READ.fetch_add(1, Ordering::Relaxed);
        // SAFETY: The userfaultfd of the child, which is not used.
        unsafe { close_fd(event.arg.fork.ufd) };
    }
    true
}
