// SPDX-License-Identifier: GPL-2.0

//! Maps and unmaps between the VMAs of a parent: also by these, neighbours lose nothing.

use crate::{
    layout::{
        Layout,
        PAGE_SHIFT,
        TABLE_SHIFTS, //
    },
    sweep::Subject,
    testing::Test,
    world::{
        task_size,
        World, //
    },
    wrong::Wrong, //
};

const PAGE: u64 = 1 << PAGE_SHIFT;
/// What is there already. All has page tables: those of a VMA without stay until it is unmapped.
const LAYOUTS: &[&str] = &[
    "",
    "written",
    "written,written@far",
    "written,written@across3",
    "written@across3,written@across3",
    "written,written@across1",
    "written,written@across0",
    "written,written@top",
    "written@across2,written@lastpage",
];

/// Where to map: at both ends of a hole, and around the borders of page tables in it.
fn starts(start: u64, end: u64) -> Vec<u64> {
    let border = 1 << TABLE_SHIFTS[3];
    let near = |at: u64| {
        [
            at.saturating_sub(2 * PAGE),
            at.saturating_sub(PAGE),
            at,
            at + PAGE,
        ]
    };
    let borders = [
        start.next_multiple_of(border),
        start.next_multiple_of(border) + border,
        end / border * border,
    ];
    let ends = [start, end];
    let mut all: Vec<u64> = borders.into_iter().chain(ends).flat_map(near).collect();

    all.retain(|at| (start..end).contains(at));
    all.sort_unstable();
    all.dedup();
    all
}

/// The holes between the VMAs, and those at both ends of the user space.
fn holes(layout: &Layout) -> Vec<(u64, u64)> {
    let vmas = layout.vmas(task_size()).unwrap_or_default();
    let mut holes = Vec::new();
    let mut end = 0;

    for vma in vmas {
        holes.push((end, vma.start));
        end = vma.start + u64::from(vma.pages) * PAGE;
    }
    holes.push((end, task_size()));
    holes
}

fn everywhere(f: impl Fn(&World, u64, u32) -> bool) -> Result<(), Wrong> {
    for text in LAYOUTS {
        let layout: Layout = text.parse().unwrap();
        let mut subject = Subject::new(&layout).unwrap()?;

        for (start, end) in holes(&layout) {
            for at in starts(start, end) {
                for pages in (1..=9).filter(|pages| at + u64::from(*pages) * PAGE <= end) {
                    let done = f(&subject.world, at, pages);

                    subject.is_unchanged()?;
                    assert!(done, "{text}: {pages} pages at {at:#x}");
                }
            }
        }
        subject.end()?;
    }
    Ok(())
}

fn check(f: impl Fn(&World, u64, u32) -> bool) {
    let _test = Test::start();

    if let Err(wrong) = everywhere(f) {
        panic!("{wrong}");
    }
}

#[test]
fn mmap_that_fails_leaves_nothing() {
    check(|world, start, pages| world.mmap_fails(start, pages));
}

#[test]
fn munmap_leaves_nothing() {
    check(|world, start, pages| world.map_and_unmap(start, pages, false));
}

#[test]
fn munmap_under_a_downgraded_lock_leaves_nothing() {
    check(|world, start, pages| world.map_and_unmap(start, pages, true));
}
