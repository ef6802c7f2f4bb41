// SPDX-License-Identifier: GPL-2.0

//! Address spaces: the kinds of VMA, and their addresses.

use crate::bindings::{
    fork_vma,
    fork_vma_flag::*, //
};
use std::{
    fmt,
    str::FromStr, //
};

/// A kind of VMA: its name, and flags for the C side.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) flags: u32,
}

const fn kind(name: &'static str, flags: u32) -> Kind {
    Kind { name, flags }
}

/// All kinds. Some tests use only the first of them: add new ones at the end.
pub(crate) const KINDS: &[Kind] = &[
    kind("untouched", FORK_ACCOUNT),
    kind("written", FORK_ACCOUNT | FORK_WRITTEN),
    kind("inherited", FORK_CHILD | FORK_WRITTEN),
    kind("dontcopy", FORK_DONTCOPY | FORK_ACCOUNT | FORK_WRITTEN),
    kind("wipeonfork", FORK_WIPEONFORK | FORK_ACCOUNT | FORK_WRITTEN),
    kind("file", FORK_FILE | FORK_SHARED),
    kind("filewritten", FORK_FILE | FORK_WRITTEN),
    kind(
        "driver",
        FORK_FILE | FORK_SHARED | FORK_DRIVER | FORK_PFNMAP | FORK_WRITTEN,
    ),
    kind("uffd", FORK_UFFD | FORK_WRITTEN),
    kind("policy", FORK_POLICY | FORK_WRITTEN),
    kind("pinned", FORK_PINNED | FORK_WRITTEN),
    kind("orphan", FORK_ORPHAN | FORK_WRITTEN | FORK_ACCOUNT),
    kind("shared", FORK_SHARED | FORK_ACCOUNT),
    kind("locked", FORK_LOCKED | FORK_WRITTEN | FORK_ACCOUNT),
    kind("hugetlb", FORK_FILE | FORK_HUGETLB | FORK_WRITTEN),
    kind("fileread", FORK_FILE),
    kind(
        "uffdpolicy",
        FORK_UFFD | FORK_POLICY | FORK_WRITTEN | FORK_ACCOUNT,
    ),
];

pub(crate) const PAGE_SHIFT: u32 = 12;
/// The size that a page table of each level maps, as a power of two. Each table has 8 entries, see
/// include/custom.h.
pub(crate) const TABLE_SHIFTS: [u32; 4] = [24, 21, 18, 15];
/// Pages of a VMA. Two may be in different page tables, and a copy may fail between them.
pub(crate) const PAGES: u32 = 2;

/// Where a VMA starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Where the one before it ends.
    Next,
    /// After a hole of a page.
    Hole,
    /// One page below the border of two page tables of this level; 0 is the top level.
    Across(usize),
    /// At the end of the user space.
    Top,
    /// One page, where the one before ends.
    Page,
    /// The last page of the user space.
    LastPage,
    /// After a hole as large as what one page table of the lowest level maps.
    Far,
}

pub(crate) const PLACES: &[Place] = &[
    Place::Hole,
    Place::Next,
    Place::Across(3),
    Place::Across(1),
    Place::Across(0),
    Place::Top,
];
/// Places of few pages, and far from others: where a limit that is a page off shows.
pub(crate) const NARROW: &[Place] = &[
    Place::Page,
    Place::LastPage,
    Place::Far,
    Place::Next,
    Place::Top,
];

/// An address space.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Layout(pub(crate) Vec<(usize, Place)>);

impl Layout {
    /// Returns the VMAs, or nothing if user space has no room for one of them.
    pub(crate) fn vmas(&self, task_size: u64) -> Option<Vec<fork_vma>> {
        let page = 1 << PAGE_SHIFT;
        let mut end = 0;
        let mut vmas = Vec::with_capacity(self.0.len());

        for &(kind, place) in &self.0 {
            let pages = match place {
                Place::Page | Place::LastPage => 1,
                _ => PAGES,
            };
            let len = u64::from(pages) * page;
            let start = match place {
                Place::Next | Place::Page => end,
                Place::Far => end + (1 << TABLE_SHIFTS[3]),
                Place::Hole => end + page,
                Place::Across(level) => {
                    let size = 1 << TABLE_SHIFTS[level];

                    (end + page).next_multiple_of(size) - page
                }
                Place::Top | Place::LastPage => task_size - len,
            };

            if start < end || start + len > task_size {
                return None;
            }
            end = start + len;
            vmas.push(fork_vma {
                start,
                pages,
                flags: KINDS[kind].flags,
            });
        }
        Some(vmas)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Hole => Ok(()),
            Place::Next => write!(f, "@next"),
            Place::Across(level) => write!(f, "@across{level}"),
            Place::Top => write!(f, "@top"),
            Place::Page => write!(f, "@page"),
            Place::LastPage => write!(f, "@lastpage"),
            Place::Far => write!(f, "@far"),
        }
    }
}

/// As in a seed: `written,driver@next`.
impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nr, &(kind, place)) in self.0.iter().enumerate() {
            let comma = if nr == 0 { "" } else { "," };

            write!(f, "{comma}{}{place}", KINDS[kind].name)?;
        }
        Ok(())
    }
}

impl FromStr for Layout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut vmas = Vec::new();

        for word in text.split(',').filter(|word| !word.is_empty()) {
            let name = word.split('@').next().unwrap_or("");
            let kind = KINDS.iter().position(|kind| kind.name == name);
            let place = PLACES
                .iter()
                .chain(NARROW)
                .chain(&[Place::Across(2)])
                .find(|place| place.to_string() == word[name.len()..]);

            match (kind, place) {
                (Some(kind), Some(place)) => vmas.push((kind, *place)),
                _ => return Err(format!("no VMA is called {word}")),
            }
        }
        Ok(Self(vmas))
    }
}

/// Calls `f` with each sequence of `len` numbers below `base`.
pub(crate) fn for_each_sequence(base: usize, len: usize, mut f: impl FnMut(&[usize])) {
    let mut digits = vec![0; len];

    loop {
        f(&digits);
        let Some(at) = digits.iter().rposition(|digit| digit + 1 < base) else {
            return;
        };

        digits[at] += 1;
        digits[at + 1..].fill(0);
    }
}
