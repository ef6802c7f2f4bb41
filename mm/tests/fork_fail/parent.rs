// SPDX-License-Identifier: GPL-2.0

//! The address space that is forked, and the mm of a fork.

use super::{
    scenarios::{
        Advice,
        Memory,
        Scenario,
        Spacing,
        Vma, //
    },
    shim::*,
};
use core::ptr::NonNull;
use kernel::{
    bindings,
    error::to_result,
    ffi::c_long,
    page::PAGE_SIZE,
    prelude::*,
    uaccess::{
        UserPtr,
        UserSlice, //
    },
};

/// Pages of a VMA.
const PAGES: usize = 2;
/// And its size.
const LEN: usize = PAGES * PAGE_SIZE;
/// Address of the first VMA.
const BASE: usize = 0x1000_0000;
/// From one VMA to the next, if there is a gap.
const APART: usize = 16 * PAGE_SIZE;

/// What [`fork_fail_peek`] returns where nothing is mapped.
const NOT_MAPPED: c_long = -(bindings::EFAULT as c_long);

/// A VMA, and where it is.
#[derive(Clone, Copy)]
pub(crate) struct Placed {
    pub(crate) vma: Vma,
    pub(crate) addr: usize,
}

impl Placed {
    /// Returns the addresses of its first words in each page.
    pub(crate) fn words(self) -> impl Iterator<Item = usize> {
        (0..PAGES).map(move |page| self.addr + page * PAGE_SIZE)
    }

    /// Returns the lowest and the highest address inside.
    pub(crate) fn bounds(self) -> [usize; 2] {
        [self.addr, self.addr + LEN - 1]
    }
}

/// What is written at an address: distinct, and not negative.
fn pattern(addr: usize) -> c_long {
    (addr ^ 0x5a5a_5a5a) as c_long
}

/// The address space of a scenario.
///
/// # Invariants
///
/// `mm` is an mm which this task has attached, with a reference that this object owns, and so are
/// the pins of `pinned`.
pub(crate) struct Parent {
    mm: NonNull<Mm>,
    vmas: KVVec<Placed>,
    pinned: KVVec<*mut Page>,
}

impl Parent {
    /// Builds the address space and attaches it to this kthread.
    pub(crate) fn new(scenario: &Scenario) -> Result<Self> {
        let mut vmas = KVVec::with_capacity(scenario.vmas.len() * scenario.repeat, GFP_KERNEL)?;
        // SAFETY: FFI call from a kthread that has no mm: `Parent`s don't overlap, as each test has
        // one at a time.
        let mm = NonNull::new(unsafe { fork_fail_attach() }).ok_or(ENOMEM)?;

        let stride = match scenario.spacing {
            Spacing::Apart => APART,
            Spacing::Adjacent => LEN,
        };

        for _ in 0..scenario.repeat {
            for vma in scenario.vmas {
                let addr = BASE + vmas.len() * stride;

                vmas.push(Placed { vma: *vma, addr }, GFP_KERNEL)?;
            }
        }

        // INVARIANT: `fork_fail_attach()` has attached the mm, and returned the reference.
        let mut parent = Self {
            mm,
            vmas,
            pinned: KVVec::new(),
        };
        for placed in &parent.vmas {
            parent.map(*placed)?;
        }
        parent.pin()?;
        Ok(parent)
    }

    /// Opens what is to be mapped there, if it is a file.
    fn file_for(memory: Memory) -> Result<*mut File> {
        let file = match memory {
            Memory::Anon | Memory::SharedAnon | Memory::Locked | Memory::Pinned => {
                return Ok(core::ptr::null_mut());
            }
            // SAFETY: FFI call without safety requirements.
            Memory::PrivateFile | Memory::SharedFile => unsafe { fork_fail_file(LEN) },
            // SAFETY: FFI call without safety requirements.
            Memory::Driver => unsafe { fork_fail_driver() },
        };

        if file.is_null() {
            return Err(ENOMEM);
        }
        Ok(file)
    }

    fn map(&self, Placed { vma, addr }: Placed) -> Result {
        let file = Self::file_for(vma.memory)?;
        let mut how = 0;

        if vma.memory.is_shared() {
            how |= FORK_FAIL_SHARED;
        }
        if vma.memory == Memory::Locked {
            how |= FORK_FAIL_LOCKED;
        }
        // SAFETY: This kthread has an mm by the type's invariants, `file` is null or referenced.
        let mapped = unsafe { fork_fail_map(file, addr, LEN, how) };
        if !file.is_null() {
            // SAFETY: The reference is ours; a mapping has its own.
            unsafe { fork_fail_file_put(file) };
        }
        if mapped < 0 {
            return Err(Error::from_errno(mapped as i32));
        }

        to_result(match vma.advice {
            Advice::None => 0,
            // SAFETY: `mm` is valid by the type's invariants.
            Advice::DontFork => unsafe { fork_fail_dontfork(self.mm(), addr, LEN) },
            // SAFETY: `mm` is valid by the type's invariants.
            Advice::WipeOnFork => unsafe { fork_fail_wipeonfork(self.mm(), addr, LEN) },
        })?;
        if vma.written {
            for word in (Placed { vma, addr }).words() {
                UserSlice::new(UserPtr::from_addr(word), size_of::<c_long>())
                    .writer()
                    .write(&pattern(word))?;
            }
        }
        Ok(())
    }

    /// Pins the first page of each VMA that is to have one pinned.
    fn pin(&mut self) -> Result {
        let to_pin = self
            .vmas
            .iter()
            .filter(|placed| placed.vma.memory == Memory::Pinned);

        for placed in to_pin {
            // SAFETY: FFI call without safety requirements.
            let page = unsafe { fork_fail_pin(placed.addr) };

            if page.is_null() {
                return Err(EFAULT);
            }
            // INVARIANT: `fork_fail_pin()` has returned the pin.
            self.pinned.push(page, GFP_KERNEL)?;
        }
        Ok(())
    }

    pub(crate) fn mm(&self) -> *mut Mm {
        self.mm.as_ptr()
    }

    pub(crate) fn vmas(&self) -> &[Placed] {
        &self.vmas
    }

    /// Returns the first address whose content is not what was written there.
    pub(crate) fn wrong_word(&self) -> Option<usize> {
        // Reading what was not written would change the parent.
        let mut written = self.vmas.iter().filter(|placed| placed.vma.written);

        written.find_map(|placed| {
            placed.words().find(|word| {
                let mut reader =
                    UserSlice::new(UserPtr::from_addr(*word), size_of::<c_long>()).reader();

                reader.read::<c_long>() != Ok(pattern(*word))
            })
        })
    }
}

impl Drop for Parent {
    fn drop(&mut self) {
        for page in &self.pinned {
            // SAFETY: The pin is ours by the type's invariants.
            unsafe { fork_fail_unpin(*page) };
        }
        // SAFETY: `mm` is attached, and the reference is ours, by the type's invariants.
        unsafe { fork_fail_detach(self.mm()) };
    }
}

/// An mm that is not the current one.
///
/// # Invariants
///
/// `mm` is an mm with a reference that this object owns.
pub(crate) struct Child {
    mm: NonNull<Mm>,
}

impl Child {
    /// Makes an empty one.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: FFI call without safety requirements.
        let mm = NonNull::new(unsafe { fork_fail_child() }).ok_or(ENOMEM)?;

        // INVARIANT: `fork_fail_child()` has returned the reference.
        Ok(Self { mm })
    }

    /// Takes the one that the driver has kept, if it has.
    pub(crate) fn kept() -> Option<Self> {
        // SAFETY: FFI call without safety requirements.
        let mm = NonNull::new(unsafe { fork_fail_driver_take() })?;

        // INVARIANT: The driver has handed over its reference.
        Some(Self { mm })
    }

    /// Makes one by `dup_mm()`, which has but one error.
    pub(crate) fn dup_mm(parent: &Parent) -> Result<Self> {
        // SAFETY: The parent's mm is valid by its invariants.
        let mm = NonNull::new(unsafe { fork_fail_dup_mm(parent.mm()) }).ok_or(ENOMEM)?;

        // INVARIANT: `dup_mm()` has returned the reference.
        Ok(Self { mm })
    }

    /// Fills an empty one by `dup_mmap()`.
    pub(crate) fn dup_mmap(&self, parent: &Parent) -> Result {
        // SAFETY: Both are valid by their invariants.
        to_result(unsafe { fork_fail_dup_mmap(self.mm(), parent.mm()) })
    }

    pub(crate) fn mm(&self) -> *mut Mm {
        self.mm.as_ptr()
    }

    fn peek(&self, addr: usize) -> c_long {
        // SAFETY: `mm` is valid by the type's invariants.
        unsafe { fork_fail_peek(self.mm(), addr) }
    }

    /// Returns what is wrong with the copy of a fork that succeeded.
    pub(crate) fn wrong_copy(&self, parent: &Parent) -> Option<(usize, &'static str)> {
        // What access_remote_vm() cannot read looks like what is not there.
        let expected = parent
            .vmas()
            .iter()
            .filter(|placed| placed.vma.advice != Advice::DontFork);

        // SAFETY: `mm` is valid by the type's invariants.
        if unsafe { fork_fail_map_count(self.mm()) } as usize != expected.count() {
            return Some((0, "the number of VMAs"));
        }
        for placed in parent.vmas() {
            let (content, what) = match placed.vma.advice {
                _ if placed.vma.memory == Memory::Driver => (Some(NOT_MAPPED), "a driver's page"),
                Advice::None if placed.vma.written => (None, "a page that was written"),
                Advice::None => (Some(0), "a page that was not written"),
                Advice::WipeOnFork => (Some(0), "a page to be wiped"),
                Advice::DontFork => (Some(NOT_MAPPED), "a page not to be copied"),
            };

            for word in placed.words() {
                if self.peek(word) != content.unwrap_or(pattern(word)) {
                    return Some((word, what));
                }
            }
        }
        None
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // SAFETY: The reference is ours by the type's invariants.
        unsafe { fork_fail_put(self.mm()) };
    }
}
