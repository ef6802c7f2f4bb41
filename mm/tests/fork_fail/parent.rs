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
    user::UserSpace, //
};
use core::ptr::NonNull;
use kernel::{bindings, error::to_result, ffi::c_long, page::PAGE_SIZE, prelude::*};

/// Address of the first VMA.
const BASE: usize = 0x1000_0000;
/// Size of the gap between VMAs, if there is one.
const GAP: usize = 14 * PAGE_SIZE;
/// Users of a swap entry that the swap map has room for.
const SWAP_MAP_MAX: usize = 0x3e;
/// About so many VMAs of a large address space are checked after each failure.
const MANY: usize = 100;
/// Free pages in the pool of huge pages: enough for each scenario.
const POOL: u32 = 12;

/// A VMA, and where it is.
#[derive(Clone, Copy)]
pub(crate) struct Placed {
    pub(crate) vma: Vma,
    pub(crate) addr: usize,
}

impl Placed {
    /// Returns how far its pages are apart.
    fn page_size(vma: Vma) -> usize {
        if vma.memory.is_spread() {
            // SAFETY: FFI call without safety requirements.
            unsafe { fork_fail_table_span(1) }
        } else {
            PAGE_SIZE
        }
    }

    pub(crate) fn len(self) -> usize {
        self.vma.memory.pages() * Self::page_size(self.vma)
    }

    /// Returns the address of the first word of each page.
    pub(crate) fn words(self) -> impl Iterator<Item = usize> {
        (0..self.vma.memory.pages()).map(move |page| self.addr + page * Self::page_size(self.vma))
    }

    /// Returns the lowest and the highest address inside.
    pub(crate) fn bounds(self) -> [usize; 2] {
        [self.addr, self.addr + self.len() - 1]
    }

    /// Returns the word that is written at an address. It is not negative, and differs from those
    /// of other addresses, unless KSM is to merge the pages.
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

    /// Returns the address of the next VMA: the lowest of user space, then below and above the end
    /// of a page table of each level, at last the highest of user space.
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

/// A page that is pinned for DMA.
///
/// # Invariants
///
/// `fork_fail_pin()` returned it.
struct Pin(NonNull<Page>);

impl Drop for Pin {
    fn drop(&mut self) {
        // SAFETY: By the type's invariants.
        unsafe { fork_fail_unpin(self.0.as_ptr()) };
    }
}

/// The swap area, as long as it is needed.
struct Swap;

impl Swap {
    fn on() -> Result<Self> {
        // SAFETY: FFI call without safety requirements.
        to_result(unsafe { fork_fail_swap_on() })?;
        Ok(Self)
    }
}

impl Drop for Swap {
    fn drop(&mut self) {
        // SAFETY: FFI call without safety requirements.
        unsafe { fork_fail_swap_off() };
    }
}

/// The pool of huge pages, as long as it has to be larger than it was.
struct Pool;

impl Pool {
    fn with(pages: u32) -> Result<Self> {
        // SAFETY: FFI call without safety requirements.
        to_result(unsafe { fork_fail_huge_pool(pages) })?;
        Ok(Self)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // SAFETY: FFI call without safety requirements.
        unsafe { fork_fail_huge_pool_restore() };
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

/// The address space of a scenario, which this kthread has attached.
///
/// The order of the fields matters when they are dropped: the pins, userfaultfds and relatives go
/// before the address space, and the pool shrinks after its last page is free.
pub(crate) struct Parent {
    vmas: KVVec<Placed>,
    pinned: KVVec<Pin>,
    watches: KVVec<Watch>,
    /// The mms that it was forked from, and others that share its pages.
    relatives: KVVec<Child>,
    swap: Option<Swap>,
    user: UserSpace,
    _pool: Option<Pool>,
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
            parent.user.with_scratch(|scratch| {
                // SAFETY: This kthread has an mm with a page at `scratch`.
                to_result(unsafe { fork_fail_ldt(scratch) })
            })?;
        }
        Ok(parent)
    }

    /// Builds an address space of these VMAs and attaches it to this kthread.
    ///
    /// # Errors
    ///
    /// `EBUSY` if another one is attached: there is one at a time. Others if the kernel refuses
    /// something.
    pub(crate) fn of(vmas: &[Vma], spacing: Spacing) -> Result<Self> {
        let mut placed = KVVec::with_capacity(vmas.len(), GFP_KERNEL)?;
        let mut places = Places::new(spacing);

        for vma in vmas {
            placed.push(places.place(*vma), GFP_KERNEL)?;
        }
        let pool = if vmas.iter().any(|vma| vma.memory.is_pooled()) {
            Some(Pool::with(POOL)?)
        } else {
            None
        };
        let mut parent = Self {
            vmas: placed,
            pinned: KVVec::new(),
            watches: KVVec::new(),
            relatives: KVVec::new(),
            swap: None,
            user: UserSpace::attach(Child::new()?)?,
            _pool: pool,
        };
        if vmas.iter().any(|vma| vma.is_swapped()) {
            parent.swap = Some(Swap::on()?);
        }
        for i in 0..parent.vmas.len() {
            let placed = parent.vmas[i];

            parent.map(placed)?;
            parent.write(placed)?;
            parent.treat(placed)?;
        }
        parent.merge()?;
        parent.mark()?;
        Ok(parent)
    }

    /// Gives the fields of the mm values that tell whether a fork has copied them.
    fn mark(&self) -> Result {
        // SAFETY: FFI call without safety requirements.
        let file = unsafe { fork_fail_file(PAGE_SIZE) };
        if file.is_null() {
            return Err(ENOMEM);
        }
        // SAFETY: The mm is valid by `user`'s invariants, and the file is referenced.
        let marked = to_result(unsafe { fork_fail_mark(self.mm(), file) });

        // SAFETY: The reference is ours; the mm has its own.
        unsafe { bindings::fput(file) };
        marked
    }

    /// Opens the file to map, or returns null for memory without one.
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
            // SAFETY: This kthread has an mm by `user`'s invariants.
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
        // SAFETY: This kthread has an mm by `user`'s invariants, `file` is null or referenced.
        let mapped = unsafe { fork_fail_map(file, addr, placed.len(), how) };
        if !file.is_null() {
            // SAFETY: The reference is ours; a mapping has its own.
            unsafe { bindings::fput(file) };
        }
        if mapped < 0 {
            return Err(Error::from_errno(mapped as i32));
        }
        if vma.memory == Memory::Thp {
            self.advise(addr, placed.len(), FORK_FAIL_HUGEPAGE)?;
        }
        if vma.memory == Memory::Sparse && cfg!(CONFIG_TRANSPARENT_HUGEPAGE) {
            self.advise(addr, placed.len(), FORK_FAIL_NOHUGEPAGE)?;
        }
        Ok(())
    }

    fn write(&self, placed: Placed) -> Result {
        if placed.vma.written {
            for word in placed.words() {
                self.user.write(word, placed.pattern(word))?;
            }
        }
        if placed.vma.memory == Memory::Thp {
            // khugepaged must not collapse what stays in small pages.
            self.advise(placed.addr, placed.len(), FORK_FAIL_NOHUGEPAGE)?;
        }
        Ok(())
    }

    fn advise(&self, addr: usize, len: usize, advice: fork_fail_advice) -> Result {
        // SAFETY: The mm is valid by `user`'s invariants.
        to_result(unsafe { fork_fail_advise(self.mm(), addr, len, advice) })
    }

    fn treat(&mut self, placed: Placed) -> Result {
        let (addr, len) = (placed.addr, placed.len());

        match placed.vma.treatment {
            Treatment::None | Treatment::Locked => Ok(()),
            Treatment::DontFork => self.advise(addr, len, FORK_FAIL_DONTFORK),
            Treatment::WipeOnFork => self.advise(addr, len, FORK_FAIL_WIPEONFORK),
            Treatment::Merged => self.advise(addr, len, FORK_FAIL_MERGEABLE),
            // SAFETY: This kthread has an mm by `user`'s invariants.
            Treatment::ReadOnly => to_result(unsafe { fork_fail_read_only(addr, len) }),
            // SAFETY: As above.
            Treatment::Policy => to_result(unsafe { fork_fail_policy(addr, len) }),
            Treatment::Named => self.user.with_scratch(|scratch| {
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

                self.advise(word + half, half, FORK_FAIL_DONTNEED)
            }),
        }
    }

    fn pin(&mut self, addr: usize) -> Result {
        // SAFETY: This kthread has an mm by `user`'s invariants.
        let page = NonNull::new(unsafe { fork_fail_pin(addr) }).ok_or(EFAULT)?;

        // INVARIANT: It was pinned above.
        Ok(self.pinned.push(Pin(page), GFP_KERNEL)?)
    }

    fn watch(&mut self, placed: Placed, how: u32) -> Result {
        let uffd = self.user.with_scratch(|scratch| {
            // SAFETY: This kthread has an mm by `user`'s invariants, with a page at `scratch`.
            let uffd = unsafe { fork_fail_uffd_open(placed.addr, placed.len(), how, scratch) };

            NonNull::new(uffd).ok_or(EINVAL)
        })?;

        // INVARIANT: It was opened above.
        Ok(self.watches.push(Watch(uffd), GFP_KERNEL)?)
    }

    fn swap_out(&self, placed: Placed) -> Result {
        // SAFETY: The mm is valid by `user`'s invariants.
        to_result(unsafe { fork_fail_swap_out(self.mm(), placed.addr, placed.len()) })
    }

    /// Forks until so many mms share its pages.
    fn multiply(&mut self, users: usize) -> Result {
        while self.relatives.len() + 1 < users {
            self.relatives.push(Child::dup_mm(self)?, GFP_KERNEL)?;
        }
        Ok(())
    }

    /// Lets KSM merge pages, if the scenario has some to merge.
    fn merge(&self) -> Result {
        let merged = self
            .vmas
            .iter()
            .filter(|placed| placed.vma.treatment == Treatment::Merged);
        let pages: usize = merged.map(|placed| placed.vma.memory.pages()).sum();

        if pages == 0 {
            return Ok(());
        }
        // SAFETY: The mm is valid by `user`'s invariants.
        to_result(unsafe { fork_fail_merge(self.mm(), pages) })
    }

    /// Replaces it by its child, which writes to the memory, as often as `history` says.
    fn go_through(&mut self, history: History) -> Result {
        let (forks, orphaned) = match history {
            History::None => return Ok(()),
            History::Forked(forks) => (forks, false),
            History::Orphaned(forks) => (forks, true),
        };

        for _ in 0..forks {
            let child = Child::dup_mm(self)?;
            let old = self.user.switch(child);

            if !orphaned {
                self.relatives.push(old, GFP_KERNEL)?;
            }
            for placed in &self.vmas {
                self.write(*placed)?;
            }
        }
        self.mark()
    }

    pub(crate) fn mm(&self) -> *mut Mm {
        self.user.mm()
    }

    pub(crate) fn user(&self) -> &UserSpace {
        &self.user
    }

    pub(crate) fn vmas(&self) -> &[Placed] {
        &self.vmas
    }

    /// Returns all VMAs, or about [`MANY`] at equal distances if there are more.
    pub(crate) fn some_vmas(&self) -> impl Iterator<Item = &Placed> {
        let step = self.vmas.len().div_ceil(MANY).max(1);

        self.vmas.iter().step_by(step)
    }

    /// Returns whether a userfaultfd watches it. Then another thread takes part when a child ends.
    pub(crate) fn is_watched(&self) -> bool {
        !self.watches.is_empty()
    }

    /// Returns whether the first fork allocates something that outlives the child.
    pub(crate) fn keeps_something(&self) -> bool {
        self.vmas.iter().any(|placed| placed.vma.leaves_something())
    }

    /// Returns the first address whose content is not what was written there.
    pub(crate) fn wrong_word(&self) -> Option<usize> {
        // Reading must not fault pages in, or swap them in: that would change the parent.
        let mut written = self
            .vmas
            .iter()
            .filter(|placed| placed.vma.written && !placed.vma.is_swapped());

        written.find_map(|placed| {
            placed
                .words()
                .find(|word| self.user.read(*word) != Ok(placed.pattern(*word)))
        })
    }
}
