// SPDX-License-Identifier: GPL-2.0

//! The address space that is forked.

use super::{
    child::Child,
    map::{
        OpenFile,
        Pin, //
    },
    mark::mark,
    scenarios::{
        History,
        Memory,
        Scenario,
        Spacing,
        Treatment,
        Vma, //
    },
    settings::{
        merge,
        Pool, //
    },
    shim::*,
    swap::{
        swap_out,
        Swap, //
    },
    uffd::{
        Watch,
        Watched, //
    },
    undo::Undo,
    user::UserSpace, //
};
use kernel::{
    error::to_result,
    ffi::c_long,
    page::PAGE_SIZE,
    prelude::*, //
};

/// Address of the first VMA.
const BASE: usize = 0x1000_0000;
/// Size of the gap between VMAs, if there is one.
const GAP: usize = 14 * PAGE_SIZE;
/// Users of a swap entry that the swap map has room for.
const SWAP_MAP_MAX: usize = 0x3e;
/// About so many VMAs of a large address space are checked after each failure.
const MANY: usize = 100;
/// Free pages in the pool of huge pages: enough for each scenario.
const POOL: usize = 12;

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
        // UML maps the last page, but no access to it is allowed.
        // SAFETY: FFI calls without safety requirements.
        let (lowest, highest) = unsafe { (fork_fail_lowest(), fork_fail_task_size() - PAGE_SIZE) };
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

/// The address space of a scenario, which this kthread has attached.
///
/// The order of the fields matters when they are dropped: the pins, userfaultfds and relatives go
/// before the address space, and the pool shrinks after its last page is free.
pub(crate) struct Parent {
    vmas: KVVec<Placed>,
    pinned: KVVec<Undo<Pin>>,
    watches: KVVec<Undo<Watch>>,
    /// The mms that it was forked from, and others that share its pages.
    relatives: KVVec<Child>,
    swap: Option<Undo<Swap>>,
    user: UserSpace,
    _pool: Option<Undo<Pool>>,
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
            parent.user.make_ldt()?;
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
        let file = OpenFile::in_memory(PAGE_SIZE)?;

        // SAFETY: The mm is valid by `user`'s invariants, and the file is referenced.
        to_result(unsafe { mark(self.mm(), file.as_ptr()) })
    }

    /// Opens the file to map, if there is one.
    fn file_for(placed: Placed) -> Result<Option<OpenFile>> {
        let file = match placed.vma.memory {
            Memory::PrivateFile | Memory::SharedFile => OpenFile::in_memory(placed.len()),
            Memory::Pfns => OpenFile::of_driver(false),
            Memory::Mixed => OpenFile::of_driver(true),
            _ => return Ok(None),
        };

        file.map(Some)
    }

    fn map(&self, placed: Placed) -> Result {
        let Placed { vma, addr } = placed;
        let mut flags = MAP_PRIVATE;

        if vma.memory == Memory::Secret {
            return self.user.map_secret(addr, placed.len());
        }
        if vma.memory.is_shared() {
            flags = MAP_SHARED;
        }
        if vma.treatment == Treatment::Locked {
            flags |= MAP_LOCKED;
        }
        if vma.memory.is_pooled() {
            flags |= MAP_HUGETLB;
        }
        let file = Self::file_for(placed)?;

        self.user.map(file.as_ref(), addr, placed.len(), flags)?;
        if vma.memory == Memory::Thp {
            self.user.advise(addr, placed.len(), MADV_HUGEPAGE)?;
        }
        if vma.memory == Memory::Sparse && cfg!(CONFIG_TRANSPARENT_HUGEPAGE) {
            self.user.advise(addr, placed.len(), MADV_NOHUGEPAGE)?;
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
            self.user
                .advise(placed.addr, placed.len(), MADV_NOHUGEPAGE)?;
        }
        Ok(())
    }

    fn treat(&mut self, placed: Placed) -> Result {
        let (addr, len) = (placed.addr, placed.len());

        match placed.vma.treatment {
            Treatment::None | Treatment::Locked => Ok(()),
            Treatment::DontFork => self.user.advise(addr, len, MADV_DONTFORK),
            Treatment::WipeOnFork => self.user.advise(addr, len, MADV_WIPEONFORK),
            Treatment::Merged => self.user.advise(addr, len, MADV_MERGEABLE),
            Treatment::ReadOnly => self.user.make_read_only(addr, len),
            Treatment::Policy => self.user.set_policy(addr, len),
            Treatment::Named => self.user.name(addr, len),
            Treatment::Watched => self.watch(placed, Watched::Pages),
            Treatment::WatchedForks => self.watch(placed, Watched::Forks),
            Treatment::WatchedWrites => self.watch(placed, Watched::Writes),
            Treatment::Pinned => Ok(self.pinned.push(self.user.pin(addr)?, GFP_KERNEL)?),
            Treatment::Swapped => self.swap_out(placed),
            Treatment::SwappedOften => {
                self.swap_out(placed)?;
                self.multiply(SWAP_MAP_MAX)
            }
            Treatment::PartlyMapped => placed.words().try_for_each(|word| {
                let half = Placed::page_size(placed.vma) / 2;

                self.user.advise(word + half, half, MADV_DONTNEED)
            }),
        }
    }

    fn watch(&mut self, placed: Placed, what: Watched) -> Result {
        let watch = Watch::new(&self.user, placed.addr, placed.len(), what)?;

        Ok(self.watches.push(watch, GFP_KERNEL)?)
    }

    fn swap_out(&self, placed: Placed) -> Result {
        // SAFETY: The mm is valid by `user`'s invariants.
        unsafe { swap_out(self.mm(), placed.addr, placed.len()) }
    }

    /// Forks until so many mms share its pages.
    fn multiply(&mut self, users: usize) -> Result {
        while self.relatives.len() + 1 < users {
            self.relatives.push(self.fork()?, GFP_KERNEL)?;
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
        unsafe { merge(self.mm(), pages) }
    }

    /// Replaces it by its child, which writes to the memory, as often as `history` says.
    fn go_through(&mut self, history: History) -> Result {
        let (forks, orphaned) = match history {
            History::None => return Ok(()),
            History::Forked(forks) => (forks, false),
            History::Orphaned(forks) => (forks, true),
        };

        for _ in 0..forks {
            let child = self.fork()?;
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

    /// Forks it by `dup_mm()`.
    pub(crate) fn fork(&self) -> Result<Child> {
        // SAFETY: The mm is valid by `user`'s invariants.
        unsafe { Child::dup_mm(self.mm()) }
    }

    /// Forks it by `dup_mmap()` alone, into an empty child.
    pub(crate) fn fork_tree(&self, child: &Child) -> Result {
        // SAFETY: The mm is valid by `user`'s invariants.
        unsafe { child.dup_mmap(self.mm()) }
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

    /// Returns whether a userfaultfd still waits for a fork to end.
    pub(crate) fn is_changing(&self) -> bool {
        self.watches.iter().any(|watch| watch.is_changing())
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
