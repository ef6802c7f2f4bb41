// SPDX-License-Identifier: GPL-2.0

//! The address spaces that are forked: tables, one line each.

use kernel::{
    c_str,
    str::CStr, //
};

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
    /// Private memory of the pool of huge pages.
    HugePrivate,
    /// Shared memory of that pool.
    HugeShared,
    /// Private anonymous memory, in huge pages as the kernel sees fit.
    Thp,
    /// Memory of `memfd_secret()`, which the kernel itself cannot read.
    Secret,
}

impl Memory {
    /// Returns whether other processes see what is written.
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

    /// Returns whether it is from the pool of huge pages.
    pub(crate) fn is_pooled(self) -> bool {
        matches!(self, Self::HugePrivate | Self::HugeShared)
    }

    /// Returns whether its pages are a PMD's.
    pub(crate) fn is_huge(self) -> bool {
        self.is_pooled() || self == Self::Thp
    }

    /// Returns why this kernel does not have it.
    fn missing(self) -> Option<&'static CStr> {
        match self {
            _ if self.is_pooled() && !cfg!(CONFIG_HUGETLB_PAGE) => {
                Some(c_str!("no CONFIG_HUGETLB_PAGE"))
            }
            Self::Thp if !cfg!(CONFIG_TRANSPARENT_HUGEPAGE) => {
                Some(c_str!("no CONFIG_TRANSPARENT_HUGEPAGE"))
            }
            Self::Secret if !cfg!(CONFIG_SECRETMEM) => Some(c_str!("no CONFIG_SECRETMEM")),
            _ => None,
        }
    }
}

/// What is done to a VMA before the fork, after it has been written if it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Treatment {
    None,
    /// `VM_DONTCOPY`: the child does not get it.
    DontFork,
    /// `VM_WIPEONFORK`: the child gets it empty.
    WipeOnFork,
    /// May not be written any more.
    ReadOnly,
    /// `VM_LOCKED`.
    Locked,
    /// The first page is pinned for DMA, so that a fork has to copy it.
    Pinned,
    /// Has a name.
    Named,
    /// Has a memory policy.
    Policy,
    /// Watched by userfaultfd, of which the child does not get anything.
    Watched,
    /// The same, and a fork is an event, for which the child gets a userfaultfd of its own.
    WatchedForks,
    /// The same, and writing to the pages is an event.
    WatchedWrites,
    /// All pages were found equal, and are one.
    Merged,
    /// All pages are swapped out.
    Swapped,
    /// The same, with so many users of each that one more does not fit into the swap map.
    SwappedOften,
    /// Of each huge page a part has been unmapped.
    PartlyMapped,
}

impl Treatment {
    /// Returns why this kernel can't do it.
    fn missing(self) -> Option<&'static CStr> {
        let no_calls = !cfg!(any(CONFIG_UML, CONFIG_X86_64));

        match self {
            Self::ReadOnly if no_calls => Some(c_str!("no system calls on this architecture")),
            Self::Named if !cfg!(CONFIG_ANON_VMA_NAME) => Some(c_str!("no CONFIG_ANON_VMA_NAME")),
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
            _ => None,
        }
    }
}

/// One VMA.
#[derive(Clone, Copy)]
pub(crate) struct Vma {
    pub(crate) memory: Memory,
    /// Whether its pages are written before the fork, and so have to be copied or shared.
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

    /// Returns whether it is swapped out, and would not stay so if it were read.
    pub(crate) fn is_swapped(self) -> bool {
        matches!(self.treatment, Treatment::Swapped | Treatment::SwappedOften)
    }

    /// Returns whether what it takes is accounted for: private, and writable at some time.
    pub(crate) fn is_accounted(self) -> bool {
        !self.memory.is_shared() && !self.memory.is_pooled()
    }

    /// Returns whether a fork leaves it out.
    pub(crate) fn is_left_out(self) -> bool {
        self.treatment == Treatment::DontFork
    }

    /// Returns whether its first copy leaves something behind, for the swap area to keep: then a
    /// parent has a point more before that than later on.
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
    /// With a gap in between.
    Apart,
    /// Where the one before it ends. Neighbours must differ, else they are merged.
    Adjacent,
    /// Beyond what the page table of the one before it maps.
    Far,
    /// At both sides of where a page table of each level ends, and at both ends of user space.
    Edges,
}

/// Where an address space comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum History {
    /// It was made as it is.
    None,
    /// So many forks, each written to again; who was forked is still there.
    Forked(usize),
    /// The same, but they are gone.
    Orphaned(usize),
}

/// An address space: these VMAs, in this order, as often as `repeat` says.
pub(crate) struct Scenario {
    pub(crate) name: &'static CStr,
    pub(crate) vmas: &'static [Vma],
    pub(crate) repeat: usize,
    pub(crate) spacing: Spacing,
    pub(crate) history: History,
    /// Whether it has an LDT, which is copied when all VMAs have been.
    pub(crate) ldt: bool,
}

impl Scenario {
    /// Returns whether a fork of it has many points: of a huge page that is pinned all that it is
    /// made of is copied.
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
const WATCHED: Vma = ANON.but(Treatment::Watched);
const FORKS_WATCHED: Vma = ANON.but(Treatment::WatchedForks);
const HUGE: Vma = written(Memory::HugePrivate);
const HUGE_PINNED: Vma = HUGE.but(Treatment::Pinned);
const THP: Vma = written(Memory::Thp);
const THP_PARTLY: Vma = THP.but(Treatment::PartlyMapped);

/// What the lines of a table leave out.
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
    KINDS: "Each kind of VMA there is, by itself: the rows of the matrix." {
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
        "anonymous, merged": 1 x [ANON.but(Treatment::Merged)];
        "anonymous, swapped": 1 x [ANON.but(Treatment::Swapped)];
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

    DONTCOPY: "VMAs that the child does not get: their slots are cleared, which may allocate." {
        "first": 1 x [ANON.dontfork(), ANON, ANON];
        "middle": 1 x [ANON, ANON.dontfork(), ANON];
        "last": 1 x [ANON, ANON, ANON.dontfork()];
        "every other": 8 x [ANON.dontfork(), SHARED_FILE];
        "every other, the other way": 8 x [PRIVATE_FILE, SHARED.dontfork()];
        "all": 20 x [ANON.dontfork()];
        "beside wiped": 1 x [ANON.wipeonfork(), ANON.dontfork(), ANON];
    }

    MIXED: "One of each, in some orders." {
        "plain": 1 x [ANON, SHARED, PRIVATE_FILE, SHARED_FILE, IDLE];
        "plain, files first": 1 x [SHARED_FILE, PRIVATE_FILE, SHARED, IDLE, ANON];
        "special": 1 x [PINNED, DRIVER, LOCKED, ANON];
        "special, the other way": 2 x [DRIVER, LOCKED, PINNED, SHARED_FILE];
        "watched": 2 x [FORKS_WATCHED, WATCHED, SHARED_FILE];
        "named": 2 x [ANON.but(Treatment::Named), IDLE.but(Treatment::Named)];
        "swapped": 2 x [ANON.but(Treatment::Swapped), ANON, SHARED_FILE];
        "huge": 1 x [ANON, HUGE, THP, HUGE_PINNED, SHARED_FILE];
        "huge, the other way": 1 x [HUGE_PINNED, THP_PARTLY, ANON, HUGE];
        "generations": 2 x [ANON, SHARED_FILE, PRIVATE_FILE, IDLE], history: Forked(3);
        "orphans": 2 x [ANON, PRIVATE_FILE], history: Orphaned(3);
        "with an LDT": 2 x [ANON, SHARED_FILE], ldt: true;
    }

    KEPT: "With a driver first that keeps the child's mm, for others to find." {
        "driver": 1 x [DRIVER];
        "driver, anonymous": 1 x [DRIVER, ANON, ANON];
        "drivers": 4 x [DRIVER];
        "one of each": 1 x [DRIVER, ANON, SHARED, PRIVATE_FILE, SHARED_FILE, IDLE, LOCKED, PINNED];
        "not copied": 1 x [DRIVER, ANON.dontfork(), DRIVER.dontfork(), ANON];
        "swapped": 1 x [DRIVER, ANON.but(Treatment::Swapped), ANON];
        "20": 20 x [DRIVER, ANON];
    }

    ADJACENT: "VMAs without a gap: the one that fails begins where the last copy ends." {
        "two": 1 x [ANON, SHARED_FILE], spacing: Adjacent;
        "two, the other way": 1 x [SHARED_FILE, ANON], spacing: Adjacent;
        "three": 1 x [ANON, SHARED, PRIVATE_FILE], spacing: Adjacent;
        "not copied": 1 x [ANON, SHARED.dontfork(), ANON], spacing: Adjacent;
        "huge": 1 x [HUGE_PINNED, THP, HUGE_PINNED, THP], spacing: Adjacent;
    }

    TABLES: "Page tables that are not shared, or shared up to a level." {
        "three far apart": 3 x [ANON], spacing: Far;
        "files far apart": 1 x [ANON, SHARED_FILE, PRIVATE_FILE], spacing: Far;
        "at the edges": 4 x [ANON, SHARED], spacing: Edges;
        "files at the edges": 4 x [PRIVATE_FILE, ANON], spacing: Edges;
        "every other at the edges not copied": 4 x [ANON, ANON.dontfork()], spacing: Edges;
        "over the end of a table": 100 x [ANON, SHARED_FILE, PRIVATE_FILE], spacing: Adjacent;
    }

    PAIRS: "Small ones, since there are as many runs as pairs of allocations." {
        "plain": 1 x [ANON, SHARED, PRIVATE_FILE, SHARED_FILE, IDLE];
        "not copied": 1 x [ANON, ANON.dontfork(), ANON, ANON.wipeonfork()];
        "5": 5 x [ANON];
    }

    NUMBERS: "From one leaf node of the tree to several." {
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

    LARGE: "More than can be swept whole: trees of three and four levels." {
        "1 000": 1000 x [ANON];
        "1 000, mixed": 250 x [ANON, SHARED_FILE, IDLE, ANON.dontfork()];
        "30 000": 30000 x [IDLE];
    }
}

/// What the shapes are made of, exhaustively: kinds that a fork treats differently, and that are
/// quickly made.
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
