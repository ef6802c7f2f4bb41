// SPDX-License-Identifier: GPL-2.0

//! The address spaces that are forked: tables with a line for each.

use kernel::{
    c_str,
    str::CStr, //
};

/// Returns why this kernel does not have what takes a setting of the whole machine.
pub(crate) fn no_settings() -> Option<&'static CStr> {
    (!cfg!(CONFIG_FORK_FAIL_KUNIT_TEST_SETTINGS))
        .then_some(c_str!("no CONFIG_FORK_FAIL_KUNIT_TEST_SETTINGS"))
}

/// What a VMA maps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Memory {
    /// Private anonymous memory.
    Anon,
    /// Shared anonymous memory, that is, a shmem file of its own.
    SharedAnon,
    /// A private mapping of a shmem file.
    PrivateFile,
    /// A shared mapping of a shmem file.
    SharedFile,
    /// A driver's mapping of memory that has no pages to count: `VM_PFNMAP`.
    Pfns,
    /// A driver's mapping of pages: `VM_MIXEDMAP`.
    Mixed,
    /// Private memory of hugetlbfs, which has a pool of huge pages.
    HugePrivate,
    /// Shared memory of hugetlbfs.
    HugeShared,
    /// Private anonymous memory with transparent huge pages (THP).
    Thp,
    /// Private anonymous memory with small pages, each of which has a page table to itself.
    Sparse,
    /// Memory of `memfd_secret()`, which is not in the kernel's direct map.
    Secret,
}

impl Memory {
    /// Returns whether the mapping is shared.
    pub(crate) fn is_shared(self) -> bool {
        matches!(
            self,
            Self::SharedAnon
                | Self::SharedFile
                | Self::Pfns
                | Self::Mixed
                | Self::HugeShared
                | Self::Secret
        )
    }

    /// Returns whether its pages come from the pool of huge pages.
    pub(crate) fn is_pooled(self) -> bool {
        matches!(self, Self::HugePrivate | Self::HugeShared)
    }

    /// Returns whether a PMD maps each of its pages.
    pub(crate) fn is_huge(self) -> bool {
        self.is_pooled() || self == Self::Thp
    }

    /// Returns whether each of its pages is in another page table.
    pub(crate) fn is_spread(self) -> bool {
        self.is_huge() || self == Self::Sparse
    }

    /// Returns of how many pages a VMA is made.
    pub(crate) fn pages(self) -> usize {
        if self == Self::Sparse {
            16
        } else {
            2
        }
    }

    /// Returns why this kernel does not have it.
    fn missing(self) -> Option<&'static CStr> {
        match self {
            _ if self.is_pooled() && !cfg!(CONFIG_HUGETLB_PAGE) => {
                Some(c_str!("no CONFIG_HUGETLB_PAGE"))
            }
            _ if self.is_pooled() => no_settings(),
            Self::Thp if !cfg!(CONFIG_TRANSPARENT_HUGEPAGE) => {
                Some(c_str!("no CONFIG_TRANSPARENT_HUGEPAGE"))
            }
            Self::Secret if !cfg!(CONFIG_SECRETMEM) => Some(c_str!("no CONFIG_SECRETMEM")),
            _ => None,
        }
    }
}

/// What is done to a VMA before the fork. If it is written to, that happens before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Treatment {
    None,
    /// `VM_DONTCOPY`: the child does not have this VMA.
    DontFork,
    /// `VM_WIPEONFORK`: the child has this VMA without pages.
    WipeOnFork,
    /// Write permission was taken away.
    ReadOnly,
    /// `VM_LOCKED`.
    Locked,
    /// The first page is pinned for DMA. A fork has to copy it at once.
    Pinned,
    /// Has a name.
    Named,
    /// Has a memory policy.
    Policy,
    /// Registered with userfaultfd; the child's VMA is not.
    Watched,
    /// Registered with userfaultfd and `UFFD_FEATURE_EVENT_FORK`; the child's VMA has its own
    /// userfaultfd.
    WatchedForks,
    /// Registered with userfaultfd, with all pages write-protected.
    WatchedWrites,
    /// KSM has merged all pages into one.
    Merged,
    /// All pages are swapped out.
    Swapped,
    /// All pages are swapped out, and the swap map has no room for one more user of them.
    SwappedOften,
    /// A part of each huge page is unmapped.
    PartlyMapped,
}

impl Treatment {
    /// Returns why this kernel can't do it.
    fn missing(self) -> Option<&'static CStr> {
        let no_calls = !super::call::AVAILABLE;

        match self {
            Self::ReadOnly if no_calls => Some(c_str!("no system calls on this architecture")),
            Self::Named if !cfg!(CONFIG_ANON_VMA_NAME) || no_calls => {
                Some(c_str!("no CONFIG_ANON_VMA_NAME"))
            }
            Self::Policy if !cfg!(CONFIG_NUMA) || no_calls => Some(c_str!("no CONFIG_NUMA")),
            Self::Watched | Self::WatchedForks if !cfg!(CONFIG_USERFAULTFD) || no_calls => {
                Some(c_str!("no CONFIG_USERFAULTFD"))
            }
            Self::WatchedWrites if !cfg!(CONFIG_HAVE_ARCH_USERFAULTFD_WP) => {
                Some(c_str!("no CONFIG_HAVE_ARCH_USERFAULTFD_WP"))
            }
            Self::Merged if !cfg!(CONFIG_KSM) => Some(c_str!("no CONFIG_KSM")),
            Self::Swapped | Self::SwappedOften if !cfg!(CONFIG_SWAP) || no_calls => {
                Some(c_str!("no CONFIG_SWAP"))
            }
            Self::Swapped | Self::SwappedOften if !cfg!(CONFIG_BLK_DEV_RAM) => {
                Some(c_str!("no CONFIG_BLK_DEV_RAM"))
            }
            Self::Merged | Self::Swapped | Self::SwappedOften => no_settings(),
            _ => None,
        }
    }
}

/// One VMA.
#[derive(Clone, Copy)]
pub(crate) struct Vma {
    pub(crate) memory: Memory,
    /// Whether its pages are written to before the fork.
    pub(crate) written: bool,
    pub(crate) treatment: Treatment,
}

impl Vma {
    const fn but(self, treatment: Treatment) -> Self {
        Self { treatment, ..self }
    }

    const fn dontfork(self) -> Self {
        self.but(Treatment::DontFork)
    }

    const fn wipeonfork(self) -> Self {
        self.but(Treatment::WipeOnFork)
    }

    /// Returns whether its pages are swapped out. Reading would swap them in.
    pub(crate) fn is_swapped(self) -> bool {
        matches!(self.treatment, Treatment::Swapped | Treatment::SwappedOften)
    }

    /// Returns whether its size is accounted (`VM_ACCOUNT`).
    pub(crate) fn is_accounted(self) -> bool {
        !self.memory.is_shared() && !self.memory.is_pooled()
    }

    /// Returns whether the child does not have it.
    pub(crate) fn is_left_out(self) -> bool {
        self.treatment == Treatment::DontFork
    }

    /// Returns whether its first copy allocates something that outlives the child: a continuation
    /// of the swap map. Then the first fork has a fault point more than later ones.
    pub(crate) fn leaves_something(self) -> bool {
        self.treatment == Treatment::SwappedOften
    }

    /// Returns why this kernel can't have it.
    pub(crate) fn missing(self) -> Option<&'static CStr> {
        self.memory.missing().or(self.treatment.missing())
    }
}

const fn untouched(memory: Memory) -> Vma {
    Vma {
        memory,
        written: false,
        treatment: Treatment::None,
    }
}

const fn written(memory: Memory) -> Vma {
    Vma {
        memory,
        written: true,
        treatment: Treatment::None,
    }
}

/// Where the next VMA begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spacing {
    /// After a gap.
    Apart,
    /// Where the VMA before ends. The two must differ, or the kernel merges them.
    Adjacent,
    /// In another page table than the VMA before.
    Far,
    /// Below and above the end of a page table of each level, and at both ends of user space.
    Edges,
}

/// The forks that led to an address space.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum History {
    /// None.
    None,
    /// So many, with all pages written to after each. The ancestors are still there.
    Forked(usize),
    /// The same, but the ancestors have exited.
    Orphaned(usize),
}

/// An address space: these VMAs, in this order, `repeat` times.
pub(crate) struct Scenario {
    pub(crate) name: &'static CStr,
    pub(crate) vmas: &'static [Vma],
    pub(crate) repeat: usize,
    pub(crate) spacing: Spacing,
    pub(crate) history: History,
    /// Whether it has an LDT. A fork copies that after the VMAs.
    pub(crate) ldt: bool,
}

impl Scenario {
    /// Returns whether a fork of it has many fault points. A pinned THP has: each of its small
    /// pages is copied.
    pub(crate) fn is_large(&self) -> bool {
        let pinned = |vma: &Vma| vma.memory == Memory::Thp && vma.treatment == Treatment::Pinned;

        self.vmas.len() * self.repeat > 200 || self.vmas.iter().any(pinned)
    }

    /// Returns why this kernel can't have it.
    pub(crate) fn missing(&self) -> Option<&'static CStr> {
        if self.ldt && !cfg!(CONFIG_MODIFY_LDT_SYSCALL) {
            return Some(c_str!("no CONFIG_MODIFY_LDT_SYSCALL"));
        }
        self.vmas.iter().find_map(|vma| vma.missing())
    }
}

pub(crate) const IDLE: Vma = untouched(Memory::Anon);
pub(crate) const ANON: Vma = written(Memory::Anon);
pub(crate) const SHARED: Vma = written(Memory::SharedAnon);
pub(crate) const PRIVATE_FILE: Vma = written(Memory::PrivateFile);
pub(crate) const SHARED_FILE: Vma = written(Memory::SharedFile);
pub(crate) const LOCKED: Vma = ANON.but(Treatment::Locked);
pub(crate) const PINNED: Vma = ANON.but(Treatment::Pinned);
pub(crate) const DRIVER: Vma = untouched(Memory::Pfns);
pub(crate) const MERGED: Vma = ANON.but(Treatment::Merged);
pub(crate) const SWAPPED: Vma = ANON.but(Treatment::Swapped);
pub(crate) const FORKS_WATCHED: Vma = ANON.but(Treatment::WatchedForks);
pub(crate) const HUGE: Vma = written(Memory::HugePrivate);
pub(crate) const HUGE_PINNED: Vma = HUGE.but(Treatment::Pinned);
pub(crate) const SPARSE: Vma = written(Memory::Sparse);
const WATCHED: Vma = ANON.but(Treatment::Watched);
const THP: Vma = written(Memory::Thp);
const THP_PARTLY: Vma = THP.but(Treatment::PartlyMapped);

/// Defaults for the lines of a table.
const PLAIN: Scenario = Scenario {
    name: c_str!(""),
    vmas: &[],
    repeat: 1,
    spacing: Spacing::Apart,
    history: History::None,
    ldt: false,
};

macro_rules! table {
    ($($table:ident: $doc:literal {
        $($name:literal: $repeat:literal x [$($vma:expr),*] $(, $field:ident: $value:expr)*;)*
    })*) => {
        $(
            #[doc = $doc]
            pub(crate) const $table: &[Scenario] = &[$(
                Scenario {
                    name: c_str!($name),
                    vmas: &[$($vma),*],
                    repeat: $repeat,
                    $($field: $value,)*
                    ..PLAIN
                },
            )*];
        )*
    };
}

use History::{Forked, Orphaned};
use Spacing::{Adjacent, Edges, Far};

table! {
    KINDS: "Each kind of VMA alone." {
        "no VMA": 1 x [];
        "anonymous, untouched": 1 x [IDLE];
        "anonymous": 1 x [ANON];
        "anonymous, read-only": 1 x [ANON.but(Treatment::ReadOnly)];
        "anonymous, named": 1 x [ANON.but(Treatment::Named)];
        "anonymous, with a policy": 1 x [ANON.but(Treatment::Policy)];
        "anonymous, locked": 1 x [LOCKED];
        "anonymous, pinned": 1 x [PINNED];
        "anonymous, not copied": 1 x [ANON.dontfork()];
        "anonymous, wiped": 1 x [ANON.wipeonfork()];
        "anonymous, merged": 1 x [MERGED];
        "anonymous, swapped": 1 x [SWAPPED];
        "anonymous, swapped often": 1 x [ANON.but(Treatment::SwappedOften)];
        "anonymous, watched": 1 x [WATCHED];
        "anonymous, forks watched": 1 x [FORKS_WATCHED];
        "anonymous, writes watched": 1 x [ANON.but(Treatment::WatchedWrites)];
        "anonymous, 5th generation": 1 x [ANON], history: Forked(4);
        "anonymous, orphaned": 1 x [ANON], history: Orphaned(4);
        "THP": 1 x [THP];
        "THP, partly": 1 x [THP_PARTLY];
        "THP, pinned": 1 x [THP.but(Treatment::Pinned)];
        "huge, private, reserved": 1 x [untouched(Memory::HugePrivate)];
        "huge, private": 1 x [HUGE];
        "huge, private, pinned": 1 x [HUGE_PINNED];
        "huge, shared, reserved": 1 x [untouched(Memory::HugeShared)];
        "huge, shared": 1 x [written(Memory::HugeShared)];
        "shared, untouched": 1 x [untouched(Memory::SharedAnon)];
        "shared": 1 x [SHARED];
        "shared, writes watched": 1 x [SHARED.but(Treatment::WatchedWrites)];
        "shared, not copied": 1 x [SHARED.dontfork()];
        "private file, untouched": 1 x [untouched(Memory::PrivateFile)];
        "private file": 1 x [PRIVATE_FILE];
        "shared file, untouched": 1 x [untouched(Memory::SharedFile)];
        "shared file": 1 x [SHARED_FILE];
        "secret": 1 x [written(Memory::Secret)];
        "driver's memory": 1 x [DRIVER];
        "driver's pages": 1 x [untouched(Memory::Mixed)];
        "beside an LDT": 1 x [ANON], ldt: true;
    }

    DONTCOPY: "`VM_DONTCOPY`: removing the VMA from the child's tree may allocate." {
        "first": 1 x [ANON.dontfork(), ANON, ANON];
        "middle": 1 x [ANON, ANON.dontfork(), ANON];
        "last": 1 x [ANON, ANON, ANON.dontfork()];
        "every other": 8 x [ANON.dontfork(), SHARED_FILE];
        "every other, the other way": 8 x [PRIVATE_FILE, SHARED.dontfork()];
        "all": 20 x [ANON.dontfork()];
        "beside wiped": 1 x [ANON.wipeonfork(), ANON.dontfork(), ANON];
    }

    MIXED: "VMAs of different kinds." {
        "plain": 1 x [ANON, SHARED, PRIVATE_FILE, SHARED_FILE, IDLE];
        "plain, files first": 1 x [SHARED_FILE, PRIVATE_FILE, SHARED, IDLE, ANON];
        "special": 1 x [PINNED, DRIVER, LOCKED, ANON];
        "special, the other way": 2 x [DRIVER, LOCKED, PINNED, SHARED_FILE];
        "watched": 2 x [FORKS_WATCHED, WATCHED, SHARED_FILE];
        "named": 2 x [ANON.but(Treatment::Named), IDLE.but(Treatment::Named)];
        "swapped": 2 x [SWAPPED, ANON, SHARED_FILE];
        "huge": 1 x [ANON, HUGE, THP, HUGE_PINNED, SHARED_FILE];
        "huge, the other way": 1 x [HUGE_PINNED, THP_PARTLY, ANON, HUGE];
        "generations": 2 x [ANON, SHARED_FILE, PRIVATE_FILE, IDLE], history: Forked(3);
        "orphans": 2 x [ANON, PRIVATE_FILE], history: Orphaned(3);
        "with an LDT": 2 x [ANON, SHARED_FILE], ldt: true;
    }

    KEPT: "A driver's VMA first: the driver takes a reference to the child's mm." {
        "driver": 1 x [DRIVER];
        "driver, anonymous": 1 x [DRIVER, ANON, ANON];
        "drivers": 4 x [DRIVER];
        "one of each": 1 x [DRIVER, ANON, SHARED, PRIVATE_FILE, SHARED_FILE, IDLE, LOCKED, PINNED];
        "not copied": 1 x [DRIVER, ANON.dontfork(), DRIVER.dontfork(), ANON];
        "swapped": 1 x [DRIVER, SWAPPED, ANON];
        "20": 20 x [DRIVER, ANON];
    }

    ADJACENT: "VMAs without a gap between them." {
        "two": 1 x [ANON, SHARED_FILE], spacing: Adjacent;
        "two, the other way": 1 x [SHARED_FILE, ANON], spacing: Adjacent;
        "three": 1 x [ANON, SHARED, PRIVATE_FILE], spacing: Adjacent;
        "not copied": 1 x [ANON, SHARED.dontfork(), ANON], spacing: Adjacent;
        "huge": 1 x [HUGE_PINNED, THP, HUGE_PINNED, THP], spacing: Adjacent;
    }

    TABLES: "VMAs that share page tables up to some level, or none." {
        "three far apart": 3 x [ANON], spacing: Far;
        "one in many tables": 1 x [SPARSE];
        "files far apart": 1 x [ANON, SHARED_FILE, PRIVATE_FILE], spacing: Far;
        "at the edges": 4 x [ANON, SHARED], spacing: Edges;
        "files at the edges": 4 x [PRIVATE_FILE, ANON], spacing: Edges;
        "every other at the edges not copied": 4 x [ANON, ANON.dontfork()], spacing: Edges;
        "over the end of a table": 100 x [ANON, SHARED_FILE, PRIVATE_FILE], spacing: Adjacent;
    }

    PAIRS: "Small address spaces, as there is a run for each pair of allocations." {
        "plain": 1 x [ANON, SHARED, PRIVATE_FILE, SHARED_FILE, IDLE];
        "not copied": 1 x [ANON, ANON.dontfork(), ANON, ANON.wipeonfork()];
        "5": 5 x [ANON];
    }

    NUMBERS: "So many VMAs that the maple tree has one leaf node or several." {
        "2": 2 x [ANON];
        "3": 3 x [ANON];
        "7": 7 x [ANON];
        "15": 15 x [ANON];
        "16": 16 x [ANON];
        "17": 17 x [ANON];
        "32": 32 x [ANON];
        "33": 33 x [ANON];
        "64": 64 x [ANON];
        "64, mixed": 16 x [ANON, SHARED_FILE, PRIVATE_FILE, IDLE];
    }

    LARGE: "Maple trees of three and four levels. Only some points are tried." {
        "1 000": 1000 x [ANON];
        "1 000, mixed": 250 x [ANON, SHARED_FILE, IDLE, ANON.dontfork()];
        "30 000": 30000 x [IDLE];
    }
}

/// Kinds of VMA that a fork treats differently, and that are quickly made. The tests of shapes
/// fork every sequence of them.
pub(crate) const SHAPES_OF: &[Vma] = &[
    IDLE,
    ANON,
    PRIVATE_FILE,
    SHARED_FILE,
    DRIVER,
    ANON.dontfork(),
    ANON.wipeonfork(),
    PINNED,
];
