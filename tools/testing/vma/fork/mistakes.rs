// SPDX-License-Identifier: GPL-2.0

//! Tests of the checks: makes mistakes, and expects each to be reported.

use crate::{
    bindings::fork_mistake::*,
    layout::Layout,
    sweep::Subject,
    testing::Test,
    world::Plan, //
};

/// The mistakes, and a part of the message that reports each.
const MISTAKES: [(u32, &str); FORK_MISTAKES as usize] = [
    (FORK_MISTAKE_LEAK, "number of objects"),
    (FORK_MISTAKE_UNACCOUNT, "more memory unaccounted"),
    (FORK_MISTAKE_MISCOUNT_PAGES, "pages by its count"),
    (FORK_MISTAKE_LEAVE_LOCKED, "mmap_lock is locked"),
    (FORK_MISTAKE_UNLOCK_TWICE, "was not locked for read"),
    (
        FORK_MISTAKE_UNLINK_TWICE,
        "removal from i_mmap of what is not in it",
    ),
    (FORK_MISTAKE_LINK_UNLOCKED, "without its lock"),
    (FORK_MISTAKE_GET_FILE, "the world"),
    (FORK_MISTAKE_READ_UNLOCKED, "a VMA is hidden"),
    (FORK_MISTAKE_GATHER_TWICE, "tlb_gather_mmu() twice"),
    (FORK_MISTAKE_CHANGE_FLAGS, "VMA 0 of the parent"),
    (FORK_MISTAKE_RETRY, "does not give up"),
    (
        FORK_MISTAKE_NO_CACHE_FLUSH,
        "copied before flush_cache_dup_mm()",
    ),
    (
        FORK_MISTAKE_NO_TLB_FLUSH,
        "unlocked before its TLB is flushed",
    ),
    (FORK_MISTAKE_NO_OOM_SKIP, "the OOM killer may wait"),
    (
        FORK_MISTAKE_NO_HIWATER,
        "unmapped before update_hiwater_rss()",
    ),
    (FORK_MISTAKE_UNMAP_UNTOLD, "not told of"),
    (FORK_MISTAKE_TELL_TOO_MUCH, "told of another range"),
    (
        FORK_MISTAKE_ZAP_ANOTHER,
        "hugetlb_zap_begin() of another mm",
    ),
    (FORK_MISTAKE_ARCH_SWAPPED, "arch_dup_mmap() of other mms"),
    (FORK_MISTAKE_NOT_HUGETLB, "private() of another VMA"),
    (FORK_MISTAKE_ANOTHERS_POLICY, "the policy of another"),
    (
        FORK_MISTAKE_NO_DCACHE_LOCK,
        "without flush_dcache_mmap_lock()",
    ),
    (
        FORK_MISTAKE_DCACHE_LOCK_TWICE,
        "flush_dcache_mmap_lock() twice",
    ),
    (
        FORK_MISTAKE_DCACHE_UNLOCK_TWICE,
        "flush_dcache_mmap_unlock() twice",
    ),
    (FORK_MISTAKE_NO_RESCHED, "without cond_resched()"),
    (FORK_MISTAKE_KEEP_NODES, "stay for a grace period"),
    (FORK_MISTAKE_BELOW_FLOOR, "the floor or the ceiling"),
    (FORK_MISTAKE_ABOVE_CEILING, "the floor or the ceiling"),
    (
        FORK_MISTAKE_ANOTHER_RANGE,
        "another range than that of near",
    ),
    (FORK_MISTAKE_WARN, "WARN_ON(1)"),
    (FORK_MISTAKE_DOWNGRADE_STALE, "before its TLB is flushed"),
    (FORK_MISTAKE_DOWNGRADE_TWICE, "not held for write"),
    (FORK_MISTAKE_UNLOCK_EARLY, "VMAs in the child's tree"),
];

/// Makes a mistake, forks, and frees everything. Returns what was reported.
fn noticed(mistake: u32) -> String {
    let layout: Layout = "file,written".parse().unwrap();
    let mut subject = Subject::new(&layout).unwrap().unwrap();

    subject.world.make_mistake(mistake);
    let (_, checked) = subject.try_schedule(&Plan::default());
    let errors = [checked.err(), subject.end().err()];

    errors
        .into_iter()
        .flatten()
        .map(|wrong| wrong.what + "\n")
        .collect()
}

#[test]
fn every_mistake_is_noticed() {
    let _test = Test::start();

    for (mistake, words) in MISTAKES {
        let noticed = noticed(mistake);

        assert!(
            noticed.contains(words),
            "mistake {mistake} gives {noticed:?}, not {words:?}"
        );
    }
}
