// SPDX-License-Identifier: GPL-2.0

//! The address space that is forked.

use super::{
    child::Child,
    scenarios::{
        History,
        Memory,
        Scenario,
        Spacing,
        Treatment,
        Vma, //
    },
    shim::*,
    user, //
};
use core::ptr::NonNull;
use kernel::{error::to_result, ffi::c_long, page::PAGE_SIZE, prelude::*};

/// Pages of a VMA, of whatever size.
const PAGES: usize = 2;
/// Address of the first VMA.
const BASE: usize = 0x1000_0000;
/// From one VMA to the next, if there is a gap.
const GAP: usize = 14 * PAGE_SIZE;
/// Where arguments of system calls are put, for as long as a call takes.
const SCRATCH: usize = 0x0800_0000;
/// Users of a swapped page that the swap map has room for.
const SWAP_MAP_MAX: usize = 0x3e;
/// Of large address spaces, about so many VMAs are looked at after each failure.
const MANY: usize = 100;
/// Pages in the pool of huge pages: enough for each scenario.
const POOL: u32 = 12;

/// A VMA, and where it is.
#[derive(Clone, Copy)]
pub(crate) struct Placed {
    pub(crate) vma: Vma,
    pub(crate) addr: usize,
}

impl Placed {
    fn page_size(vma: Vma) -> usize {
        if vma.memory.is_huge() {
            // SAFETY: FFI call without safety requirements.
            unsafe { fork_fail_table_span(1) }
        } else {
            PAGE_SIZE
        }
    }

    pub(crate) fn len(self) -> usize {
        PAGES * Self::page_size(self.vma)
    }

    /// Returns the addresses of its first words in each page.
    pub(crate) fn words(self) -> impl Iterator<Item = usize> {
        (0..PAGES).map(move |page| self.addr + page * Self::page_size(self.vma))
    }

    /// Returns the lowest and the highest address inside.
    pub(crate) fn bounds(self) -> [usize; 2] {
        [self.addr, self.addr + self.len() - 1]
    }

    /// Returns what is written at an address: distinct, if it may be, and not negative.
    pub(crate) fn pattern(self, addr: usize) -> c_long {
        if self.vma.treatment == Treatment::Merged {
            return 0x6d65_7267;
        }
        ((addr ^ 0x5a5a_5a5a) & (c_long::MAX as usize)) as c_long
    }
}

/// Chooses the addresses of one VMA after the other.
struct Places {
    spacing: Spacing,
    next: usize,
    count: usize,
}

impl Places {
    fn new(spacing: Spacing) -> Self {
        Self {
            spacing,
            next: BASE,
            count: 0,
        }
    }

    /// Both sides of an edge in turn: where the first page table of each level ends, and before
    /// and after them the ends of user space.
    fn edge(&self, len: usize) -> usize {
        // SAFETY: FFI calls without safety requirements.
        let (lowest, highest) = unsafe { (fork_fail_lowest(), fork_fail_highest()) };
        let (edge, side) = (self.count.div_ceil(2), self.count % 2);

        match (edge, side) {
            (0, _) => lowest,
            // Above the lowest one by a PTE table, then by a table of each level.
            (1..=3, side) => {
                // SAFETY: FFI call without safety requirements.
                let span = unsafe { fork_fail_table_span(edge as u32) };
                let end = if edge == 1 { 2 * span } else { span };

                if end >= highest {
                    // No table of this level ends within user space: the last but one does.
                    highest - (4 + 2 * edge + side) * 16 * len
                } else if side == 1 {
                    end - len
                } else {
                    end
                }
            }
            _ => highest - len,
        }
    }

    fn place(&mut self, vma: Vma) -> Placed {
        let mut placed = Placed { vma, addr: 0 };
        let align = Placed::page_size(vma);
        // SAFETY: FFI call without safety requirements.
        let table = unsafe { fork_fail_table_span(1) };

        placed.addr = match self.spacing {
            Spacing::Edges => self.edge(placed.len()),
            _ => self.next.next_multiple_of(align),
        };
        self.next = placed.addr + placed.len();
        self.next += match self.spacing {
            Spacing::Apart => GAP,
            Spacing::Far => 2 * table,
            Spacing::Adjacent | Spacing::Edges => 0,
        };
        self.count += 1;
        placed
    }
}

/// A userfaultfd that is watching.
///
/// # Invariants
///
/// It came from `fork_fail_uffd_open()`.
struct Watch(NonNull<Uffd>);

impl Drop for Watch {
    fn drop(&mut self) {
        // SAFETY: By the type's invariants.
        unsafe { fork_fail_uffd_close(self.0.as_ptr()) };
    }
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
    watches: KVVec<Watch>,
    /// Those it was forked from, and others that share its pages.
    relatives: KVVec<Child>,
    swaps: bool,
}

impl Parent {
    /// Builds the address space of a scenario and attaches it to this kthread.
    pub(crate) fn new(scenario: &Scenario) -> Result<Self> {
        let nr = scenario.vmas.len() * scenario.repeat;
        let mut repeated = KVVec::with_capacity(nr, GFP_KERNEL)?;

        for _ in 0..scenario.repeat {
            repeated.extend_from_slice(scenario.vmas, GFP_KERNEL)?;
        }
        let mut parent = Self::of(&repeated, scenario.spacing)?;
        parent.go_through(scenario.history)?;
        if scenario.ldt {
            user::with_scratch(SCRATCH, |scratch| {
                // SAFETY: This kthread has an mm with a page at `scratch`.
                to_result(unsafe { fork_fail_ldt(scratch) })
            })?;
        }
        Ok(parent)
    }

    /// Builds an address space of these VMAs and attaches it to this kthread.
    pub(crate) fn of(vmas: &[Vma], spacing: Spacing) -> Result<Self> {
        let mut placed = KVVec::with_capacity(vmas.len(), GFP_KERNEL)?;
        let mut places = Places::new(spacing);

        for vma in vmas {
            placed.push(places.place(*vma), GFP_KERNEL)?;
        }
        let mm = Child::new()?;
        // SAFETY: This kthread has no mm: `Parent`s don't overlap, as each test has one at a time.
        to_result(unsafe { fork_fail_attach(mm.mm()) })?;

        // INVARIANT: The mm is attached, and the reference was the child's.
        let mut parent = Self {
            mm: mm.into_mm(),
            vmas: placed,
            pinned: KVVec::new(),
            watches: KVVec::new(),
            relatives: KVVec::new(),
            swaps: false,
        };
        if parent.is_pooled() {
            // SAFETY: FFI call without safety requirements.
            to_result(unsafe { fork_fail_huge_pool(POOL) })?;
        }
        if vmas.iter().any(|vma| vma.is_swapped()) {
            // SAFETY: This kthread has an mm.
            to_result(unsafe { fork_fail_swap_on() })?;
            parent.swaps = true;
        }
        for i in 0..parent.vmas.len() {
            let placed = parent.vmas[i];

            parent.map(placed)?;
            parent.write(placed)?;
            parent.treat(placed)?;
        }
        parent.merge()?;
        Ok(parent)
    }

    /// Opens what is to be mapped there, if it is a file.
    fn file_for(placed: Placed) -> Result<*mut File> {
        let file = match placed.vma.memory {
            // SAFETY: FFI call without safety requirements.
            Memory::PrivateFile | Memory::SharedFile => unsafe { fork_fail_file(placed.len()) },
            // SAFETY: FFI call without safety requirements.
            Memory::Pfns => unsafe { fork_fail_driver(false) },
            // SAFETY: FFI call without safety requirements.
            Memory::Mixed => unsafe { fork_fail_driver(true) },
            _ => return Ok(core::ptr::null_mut()),
        };

        if file.is_null() {
            return Err(ENOMEM);
        }
        Ok(file)
    }

    fn map(&self, placed: Placed) -> Result {
        let Placed { vma, addr } = placed;
        let mut how = 0;

        if vma.memory == Memory::Secret {
            // SAFETY: This kthread has an mm by the type's invariants.
            return to_result(unsafe { fork_fail_map_secret(addr, placed.len()) });
        }
        if vma.memory.is_shared() {
            how |= FORK_FAIL_SHARED;
        }
        if vma.treatment == Treatment::Locked {
            how |= FORK_FAIL_LOCKED;
        }
        if vma.memory.is_pooled() {
            how |= FORK_FAIL_HUGE;
        }
        let file = Self::file_for(placed)?;
        // SAFETY: This kthread has an mm by the type's invariants, `file` is null or referenced.
        let mapped = unsafe { fork_fail_map(file, addr, placed.len(), how) };
        if !file.is_null() {
            // SAFETY: The reference is ours; a mapping has its own.
            unsafe { fork_fail_file_put(file) };
        }
        if mapped < 0 {
            return Err(Error::from_errno(mapped as i32));
        }
        if vma.memory == Memory::Thp {
            self.advise(addr, placed.len(), Advice::HugePage)?;
        }
        Ok(())
    }

    fn write(&self, placed: Placed) -> Result {
        if placed.vma.written {
            for word in placed.words() {
                user::write(word, placed.pattern(word))?;
            }
        }
        if placed.vma.memory == Memory::Thp {
            // Nobody is to collapse later what is to stay in parts.
            self.advise(placed.addr, placed.len(), Advice::NoHugePage)?;
        }
        Ok(())
    }

    fn advise(&self, addr: usize, len: usize, advice: Advice) -> Result {
        // SAFETY: `mm` is valid by the type's invariants.
        to_result(unsafe { fork_fail_advise(self.mm(), addr, len, advice) })
    }

    fn treat(&mut self, placed: Placed) -> Result {
        let (addr, len) = (placed.addr, placed.len());

        match placed.vma.treatment {
            Treatment::None | Treatment::Locked => Ok(()),
            Treatment::DontFork => self.advise(addr, len, Advice::DontFork),
            Treatment::WipeOnFork => self.advise(addr, len, Advice::WipeOnFork),
            Treatment::Merged => self.advise(addr, len, Advice::Mergeable),
            // SAFETY: This kthread has an mm by the type's invariants.
            Treatment::ReadOnly => to_result(unsafe { fork_fail_read_only(addr, len) }),
            // SAFETY: As above.
            Treatment::Policy => to_result(unsafe { fork_fail_policy(addr, len) }),
            Treatment::Named => user::with_scratch(SCRATCH, |scratch| {
                // SAFETY: As above, with a page at `scratch`.
                to_result(unsafe { fork_fail_name(addr, len, scratch) })
            }),
            Treatment::Watched => self.watch(placed, 0),
            Treatment::WatchedForks => self.watch(placed, FORK_FAIL_UFFD_EVENTS),
            Treatment::WatchedWrites => self.watch(placed, FORK_FAIL_UFFD_WP),
            Treatment::Pinned => self.pin(addr),
            Treatment::Swapped => self.swap_out(placed),
            Treatment::SwappedOften => {
                self.swap_out(placed)?;
                self.multiply(SWAP_MAP_MAX)
            }
            Treatment::PartlyMapped => placed.words().try_for_each(|word| {
                let half = Placed::page_size(placed.vma) / 2;

                self.advise(word + half, half, Advice::DontNeed)
            }),
        }
    }

    fn pin(&mut self, addr: usize) -> Result {
        // SAFETY: FFI call without safety requirements.
        let page = unsafe { fork_fail_pin(addr) };

        if page.is_null() {
            return Err(EFAULT);
        }
        // INVARIANT: `fork_fail_pin()` has returned the pin.
        Ok(self.pinned.push(page, GFP_KERNEL)?)
    }

    fn watch(&mut self, placed: Placed, how: u32) -> Result {
        let uffd = user::with_scratch(SCRATCH, |scratch| {
            // SAFETY: This kthread has an mm by the type's invariants, with a page at `scratch`.
            let uffd = unsafe { fork_fail_uffd_open(placed.addr, placed.len(), how, scratch) };

            NonNull::new(uffd).ok_or(EINVAL)
        })?;

        // INVARIANT: It was opened above.
        Ok(self.watches.push(Watch(uffd), GFP_KERNEL)?)
    }

    fn swap_out(&self, placed: Placed) -> Result {
        // SAFETY: `mm` is valid by the type's invariants.
        to_result(unsafe { fork_fail_swap_out(self.mm(), placed.addr, placed.len()) })
    }

    /// Forks until so many share what it has.
    fn multiply(&mut self, users: usize) -> Result {
        while self.relatives.len() + 1 < users {
            self.relatives.push(Child::dup_mm(self)?, GFP_KERNEL)?;
        }
        Ok(())
    }

    /// Has equal pages found and merged, if there are any to be.
    fn merge(&self) -> Result {
        let merged = self
            .vmas
            .iter()
            .filter(|placed| placed.vma.treatment == Treatment::Merged);
        let pages = PAGES * merged.count();

        if pages == 0 {
            return Ok(());
        }
        // SAFETY: `mm` is valid by the type's invariants.
        to_result(unsafe { fork_fail_merge(self.mm(), pages) })
    }

    /// Is forked, goes on as its child, and writes to its memory, as often as is asked for.
    fn go_through(&mut self, history: History) -> Result {
        let (forks, orphaned) = match history {
            History::None => return Ok(()),
            History::Forked(forks) => (forks, false),
            History::Orphaned(forks) => (forks, true),
        };

        for _ in 0..forks {
            let child = Child::dup_mm(self)?.into_mm();

            // SAFETY: `mm` is attached by the type's invariants, and `child` is not null.
            unsafe { fork_fail_switch(self.mm(), child.as_ptr()) };
            // INVARIANT: The child is attached, with its reference; that of the old one goes to
            // the relatives.
            let old = core::mem::replace(&mut self.mm, child);
            // SAFETY: The reference was ours.
            let old = unsafe { Child::from_mm(old) };

            if !orphaned {
                self.relatives.push(old, GFP_KERNEL)?;
            }
            for placed in &self.vmas {
                self.write(*placed)?;
            }
        }
        Ok(())
    }

    pub(crate) fn mm(&self) -> *mut Mm {
        self.mm.as_ptr()
    }

    pub(crate) fn vmas(&self) -> &[Placed] {
        &self.vmas
    }

    /// Returns all of them, or, if they are many, about [`MANY`] in equal distances.
    pub(crate) fn some_vmas(&self) -> impl Iterator<Item = &Placed> {
        let step = self.vmas.len().div_ceil(MANY).max(1);

        self.vmas.iter().step_by(step)
    }

    fn is_pooled(&self) -> bool {
        self.vmas.iter().any(|placed| placed.vma.memory.is_pooled())
    }

    /// Returns whether somebody else has a part in the end of a child.
    pub(crate) fn is_watched(&self) -> bool {
        !self.watches.is_empty()
    }

    /// Returns whether what the first fork takes is not all given back by the end of the child.
    pub(crate) fn keeps_something(&self) -> bool {
        self.vmas.iter().any(|placed| placed.vma.leaves_something())
    }

    /// Returns the first address whose content is not what was written there.
    pub(crate) fn wrong_word(&self) -> Option<usize> {
        // Reading what was not written would change the parent, and so would swapping in.
        let mut written = self
            .vmas
            .iter()
            .filter(|placed| placed.vma.written && !placed.vma.is_swapped());

        written.find_map(|placed| {
            placed
                .words()
                .find(|word| user::read(*word) != Ok(placed.pattern(*word)))
        })
    }
}

impl Drop for Parent {
    fn drop(&mut self) {
        for page in &self.pinned {
            // SAFETY: The pin is ours by the type's invariants.
            unsafe { fork_fail_unpin(*page) };
        }
        self.watches.clear();
        self.relatives.clear();
        if self.swaps {
            // SAFETY: This kthread has an mm by the type's invariants.
            unsafe { fork_fail_swap_off() };
        }
        // SAFETY: `mm` is attached, and the reference is ours, by the type's invariants.
        unsafe {
            fork_fail_detach(self.mm());
            fork_fail_put(self.mm());
        }
        if self.is_pooled() {
            // SAFETY: FFI call without safety requirements.
            unsafe { fork_fail_huge_pool(0) };
        }
    }
}
