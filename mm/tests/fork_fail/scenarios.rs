// SPDX-License-Identifier: GPL-2.0

//! The address spaces that are forked: a table, one line each.

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
    /// Private anonymous memory, locked.
    Locked,
    /// Private anonymous memory, one page pinned for DMA, which a fork has to copy.
    Pinned,
    /// A driver's mapping of pages that have no `struct page` to count: VM_PFNMAP.
    Driver,
}

impl Memory {
    /// Returns whether other processes see what is written.
    pub(crate) fn is_shared(self) -> bool {
        matches!(self, Self::SharedAnon | Self::SharedFile | Self::Driver)
    }
}

/// What `madvise()` is told about a VMA's part in a fork.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advice {
    None,
    /// `VM_DONTCOPY`: the child does not get it.
    DontFork,
    /// `VM_WIPEONFORK`: the child gets it empty.
    WipeOnFork,
}

/// One VMA.
#[derive(Clone, Copy)]
pub(crate) struct Vma {
    pub(crate) memory: Memory,
    /// Whether its pages are written before the fork, and so have to be copied or shared.
    pub(crate) written: bool,
    pub(crate) advice: Advice,
}

impl Vma {
    const fn dontfork(self) -> Self {
        Self {
            advice: Advice::DontFork,
            ..self
        }
    }

    const fn wipeonfork(self) -> Self {
        Self {
            advice: Advice::WipeOnFork,
            ..self
        }
    }
}

const fn untouched(memory: Memory) -> Vma {
    Vma {
        memory,
        written: false,
        advice: Advice::None,
    }
}

const fn written(memory: Memory) -> Vma {
    Vma {
        memory,
        written: true,
        advice: Advice::None,
    }
}

/// Where the next VMA begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spacing {
    /// With a gap in between.
    Apart,
    /// Where the one before it ends. Neighbours must differ, else they are merged.
    Adjacent,
}

/// An address space: these VMAs, in this order, as often as `repeat` says.
pub(crate) struct Scenario {
    pub(crate) name: &'static CStr,
    pub(crate) vmas: &'static [Vma],
    pub(crate) repeat: usize,
    pub(crate) spacing: Spacing,
}

const IDLE: Vma = untouched(Memory::Anon);
const ANON: Vma = written(Memory::Anon);
const SHARED: Vma = written(Memory::SharedAnon);
const PRIVATE_FILE: Vma = written(Memory::PrivateFile);
const SHARED_FILE: Vma = written(Memory::SharedFile);
const LOCKED: Vma = written(Memory::Locked);
const PINNED: Vma = written(Memory::Pinned);
const DRIVER: Vma = untouched(Memory::Driver);

macro_rules! table {
    ($($table:ident $spacing:ident: $doc:literal {
        $($name:literal: $repeat:literal x [$($vma:expr),*];)*
    })*) => {
        $(
            #[doc = $doc]
            pub(crate) const $table: &[Scenario] = &[$(
                Scenario {
                    name: c_str!($name),
                    vmas: &[$($vma),*],
                    repeat: $repeat,
                    spacing: Spacing::$spacing,
                },
            )*];
        )*
    };
}

table! {
    ANONYMOUS Apart: "Private anonymous memory, written and not." {
        "untouched": 1 x [IDLE];
        "written": 1 x [ANON];
        "untouched, written": 1 x [IDLE, ANON];
        "written, untouched": 1 x [ANON, IDLE];
    }

    SHARED_AND_FILES Apart: "Shared anonymous memory, and files mapped both ways." {
        "shared, untouched": 1 x [untouched(Memory::SharedAnon)];
        "shared": 1 x [SHARED];
        "private file, untouched": 1 x [untouched(Memory::PrivateFile)];
        "private file": 1 x [PRIVATE_FILE];
        "shared file, untouched": 1 x [untouched(Memory::SharedFile)];
        "shared file": 1 x [SHARED_FILE];
        "one of each": 1 x [ANON, SHARED, PRIVATE_FILE, SHARED_FILE, IDLE];
        "one of each, files first": 1 x [SHARED_FILE, PRIVATE_FILE, SHARED, IDLE, ANON];
    }

    DONTCOPY Apart: "VMAs that the child does not get: their slots are cleared, which may allocate." {
        "only": 1 x [ANON.dontfork()];
        "first": 1 x [ANON.dontfork(), ANON, ANON];
        "middle": 1 x [ANON, ANON.dontfork(), ANON];
        "last": 1 x [ANON, ANON, ANON.dontfork()];
        "every other": 8 x [ANON.dontfork(), SHARED_FILE];
        "every other, the other way": 8 x [PRIVATE_FILE, SHARED.dontfork()];
        "all": 20 x [ANON.dontfork()];
    }

    WIPEONFORK Apart: "VMAs that the child gets empty: they have no anon_vma, and no page is copied." {
        "only": 1 x [ANON.wipeonfork()];
        "first": 1 x [ANON.wipeonfork(), ANON];
        "last": 1 x [ANON, ANON.wipeonfork()];
        "beside one not copied": 1 x [ANON.wipeonfork(), ANON.dontfork(), ANON];
    }

    SPECIAL Apart: "Locked and pinned memory, and a driver's." {
        "locked": 1 x [LOCKED];
        "pinned": 1 x [PINNED];
        "driver": 1 x [DRIVER];
        "all of them": 1 x [PINNED, DRIVER, LOCKED, ANON];
        "all of them, the other way": 2 x [DRIVER, LOCKED, PINNED, SHARED_FILE];
    }

    KEPT Apart: "With a driver first that keeps the child's mm, for others to find." {
        "driver": 1 x [DRIVER];
        "driver, anonymous": 1 x [DRIVER, ANON, ANON];
        "drivers": 4 x [DRIVER];
        "one of each": 1 x [DRIVER, ANON, SHARED, PRIVATE_FILE, SHARED_FILE, IDLE, LOCKED, PINNED];
        "not copied": 1 x [DRIVER, ANON.dontfork(), DRIVER.dontfork(), ANON];
        "20": 20 x [DRIVER, ANON];
    }

    ADJACENT Adjacent: "VMAs without a gap: the one that fails begins where the last copy ends." {
        "two": 1 x [ANON, SHARED_FILE];
        "two, the other way": 1 x [SHARED_FILE, ANON];
        "three": 1 x [ANON, SHARED, PRIVATE_FILE];
        "not copied": 1 x [ANON, SHARED.dontfork(), ANON];
        "across the end of a page table": 100 x [ANON, SHARED_FILE, PRIVATE_FILE];
    }

    PAIRS Apart: "Small ones, since there are as many runs as pairs of allocations." {
        "one of each": 1 x [ANON, SHARED, PRIVATE_FILE, SHARED_FILE, IDLE];
        "not copied": 1 x [ANON, ANON.dontfork(), ANON, ANON.wipeonfork()];
        "5": 5 x [ANON];
    }

    NUMBERS Apart: "From one leaf node of the tree to several." {
        "1": 1 x [ANON];
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
}
