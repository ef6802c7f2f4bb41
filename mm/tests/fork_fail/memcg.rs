// SPDX-License-Identifier: GPL-2.0

//! A memory cgroup that the test's task can be charged in up to a limit. It is made by the files
//! that an administrator would write to.

use super::{
    settings::Mount,
    shim::*,
    undo::{
        must,
        Undo, //
    },
    user::UserSpace, //
};
#[cfg(CONFIG_MEMCG)]
use core::ptr::addr_of_mut;
use core::{
    ptr::{
        from_ref,
        null_mut, //
    },
    sync::atomic::{
        AtomicPtr,
        Ordering, //
    }, //
};
use kernel::{
    c_str,
    error::to_result,
    page::PAGE_SIZE,
    prelude::*,
    str::CStr, //
};

const CONTROLLERS: &CStr = c_str!("cgroup.subtree_control");
const NAME: &CStr = c_str!("fork_fail");
const OWN_PROCS: &CStr = c_str!("fork_fail/cgroup.procs");
const ROOT_PROCS: &CStr = c_str!("cgroup.procs");

/// The group, which a test makes when it first needs it, and which is there until the test ends.
struct Group {
    mount: Mount,
    /// Whether the test has enabled the controller.
    enabled_memory: bool,
    /// Whether it has made the directory.
    made: bool,
}

static GROUP: AtomicPtr<Group> = AtomicPtr::new(null_mut());

/// Returns whether there is the group.
pub(crate) fn exists() -> bool {
    !GROUP.load(Ordering::Relaxed).is_null()
}

impl Group {
    /// Returns the group, which is made if it is not there.
    fn get() -> Result<&'static Self> {
        if !exists() {
            let mut group = Undo::new(Self::new()?)?;

            GROUP.store(&mut *group, Ordering::Relaxed);
            group.at_end();
        }
        // SAFETY: It is not null, and its destructor makes it null.
        Ok(unsafe { &*GROUP.load(Ordering::Relaxed) })
    }

    fn new() -> Result<Self> {
        let mut room = [0; 128];
        let mut group = Self {
            mount: Mount::new(c_str!("cgroup2"))?,
            enabled_memory: false,
            made: false,
        };
        let enabled = group.mount.read(CONTROLLERS, &mut room)?;

        if !enabled.windows(6).any(|word| word == b"memory") {
            group.mount.write(CONTROLLERS, c_str!("+memory"))?;
            group.enabled_memory = true;
        }
        group.change_directory(true)?;
        group.made = true;
        Ok(group)
    }

    fn change_directory(&self, make: bool) -> Result {
        // SAFETY: The mount is valid, and the name is a string.
        to_result(unsafe {
            fork_fail_change_directory(self.mount.as_ptr(), NAME.as_char_ptr(), make)
        })
    }

    /// A task that aborted its test leaves the group late in its exit.
    fn remove(&self) -> Result {
        let mut removed = Err(EBUSY);

        for _ in 0..100 {
            removed = self.change_directory(false);
            if removed != Err(EBUSY) {
                break;
            }
            // SAFETY: FFI call without safety requirements.
            unsafe { msleep(20) };
        }
        removed
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        GROUP.store(null_mut(), Ordering::Relaxed);
        if self.made {
            must("the memory cgroup", self.remove());
        }
        if self.enabled_memory {
            must(
                "the memory controller",
                self.mount.write(CONTROLLERS, c_str!("-memory")),
            );
        }
    }
}

/// This task's membership in the group, by which its pages are charged. It has to stay on its CPU,
/// which has a stock of charges of its own.
///
/// If a test aborts, its exit ends this.
pub(crate) struct Charged(&'static Group);

impl Charged {
    /// Puts this task into the group, which can be charged for so many pages more.
    pub(crate) fn only(user: &UserSpace, pages: usize) -> Result<Self> {
        let group = Group::get()?;

        group.mount.write(OWN_PROCS, c_str!("0"))?;
        let charged = Self(group);

        Self::empty_stock(user)?;
        Self::leave(Some(pages))?;
        Ok(charged)
    }

    /// Leaves so many pages that the task's group can be charged for, or any number.
    #[cfg(CONFIG_MEMCG)]
    fn leave(pages: Option<usize>) -> Result {
        // SAFETY: FFI calls; the task has a group, which cannot go away while the task is in it.
        to_result(unsafe {
            let counter = addr_of_mut!((*fork_fail_own_memcg()).memory);
            let max = match pages {
                Some(pages) => page_counter_read(counter) + pages,
                None => PAGE_COUNTER_MAX,
            };

            page_counter_set_max(counter, max)
        })
    }

    #[cfg(not(CONFIG_MEMCG))]
    fn leave(_: Option<usize>) -> Result {
        Err(ENODEV)
    }

    /// Uses up what this CPU has charged in advance, by filling memory until there is no more: then
    /// the limit is exact.
    fn empty_stock(_: &UserSpace) -> Result {
        const MOST_STOCKED: usize = 128;
        const LEN: usize = MOST_STOCKED * PAGE_SIZE;
        let byte = from_ref(&0_u8).cast();
        // SAFETY: The task has an mm, and the memory is new.
        let addr = checked(unsafe {
            vm_mmap(
                null_mut(),
                0,
                LEN,
                (PROT_READ | PROT_WRITE) as usize,
                (MAP_PRIVATE | MAP_ANONYMOUS) as usize,
                0,
            )
        } as isize)? as usize;
        let refused = Self::leave(Some(0)).is_ok()
            && (addr..addr + LEN)
                .step_by(PAGE_SIZE)
                // SAFETY: The memory is that above.
                .any(|page| !unsafe { fork_fail_copy_to_user(page, byte, 1) });

        // SAFETY: As above.
        unsafe {
            vm_munmap(addr, LEN);
            lru_add_drain_all();
        }
        if refused {
            Ok(())
        } else {
            Err(E2BIG)
        }
    }
}

impl Drop for Charged {
    fn drop(&mut self) {
        must("the limit of the task's cgroup", Self::leave(None));
        must(
            "the task's cgroup",
            self.0.mount.write(ROOT_PROCS, c_str!("0")),
        );
    }
}
