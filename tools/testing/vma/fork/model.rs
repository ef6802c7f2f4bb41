// SPDX-License-Identifier: GPL-2.0

//! What a correct fork of a given address space does, and its result.
//!
//! This describes what fork() has to do, VMA by VMA, and not how: there are no trees in it, and no
//! order in which a failure is undone. After a fork that fails the parent is as before, there is
//! no child, and nothing was allocated after the failure.

use crate::{
    bindings::{
        fork_failure::*,
        fork_site::*,
        fork_vma_flag::*, //
    },
    layout::{
        PAGE_SHIFT,
        TABLE_SHIFTS, //
    },
    world::{
        looks_in_vmas,
        Mm,
        Outcome,
        Plan,
        Vma,
        VmaState,
        WorldState, //
    },
};
use std::collections::HashSet;

const VM_SHARED: u64 = 0x8;
const VM_ACCESS: u64 = 0x33; // read, write, and that both may be set
const VM_MAPPED: [(u32, u64); 6] = [
    (FORK_SHARED, VM_SHARED),
    (FORK_DONTCOPY, 0x2_0000),
    (FORK_WIPEONFORK, 0x200_0000),
    (FORK_ACCOUNT, 0x10_0000),
    (FORK_HUGETLB, 0x40_0000),
    (FORK_PFNMAP, 0x4400),
];
const VM_LOCKED: u64 = 0x2000;
/// What the parent is registered for with KSM, khugepaged and uprobes, and so the child.
const MM_FLAGS: u64 = (1 << 16) | (1 << 17) | (1 << 19);

const EPERM: u32 = 1;
const EINTR: u32 = 4;
const ENOMEM: u32 = 12;
const EHWPOISON: u32 = 133;

/// Something that a fork does, which can fail or be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Takes the parent's lock.
    Lock,
    /// Allocates at that site.
    Alloc(u8),
    /// Copies the tree. What that allocates is not predicted, see [`Model::adapt`].
    Dup,
    /// Changes the tree, in the same way.
    Tree,
    /// That change as a whole.
    Clear,
    Look,
    Charge,
    /// Copies a page; fails with that error.
    Copy(u32),
    /// Stores the copy of a VMA in the tree.
    Store,
    Open,
    Arch,
}

/// What a fork is expected to do.
#[derive(Debug, Default)]
pub(crate) struct Prediction {
    /// `None` if an allocation of the tree fails: it may try again.
    pub(crate) succeeds: Option<bool>,
    pub(crate) points: Option<u32>,
    looks: u32,
    charges: u32,
    clears: u32,
    copies: u32,
    stores: u32,
    warnings: u32,
    opens: u32,
    unstable: bool,
    mms_freed: u32,
    /// Of dup_mmap(), if it fails.
    error: u32,
    /// Of userfaultfd, if it succeeds.
    events: u32,
}

fn has(vma: &Vma, flags: u32) -> bool {
    vma.flags & flags != 0
}

fn pages(vma: &Vma) -> i64 {
    vma.pages.into()
}

fn sum(vmas: &[Vma], flags: u32) -> i64 {
    vmas.iter().filter(|vma| has(vma, flags)).map(pages).sum()
}

fn addresses(vma: &Vma) -> impl Iterator<Item = u64> {
    let start = vma.start;

    (0..u64::from(vma.pages)).map(move |page| start + (page << PAGE_SHIFT))
}

/// Whether the VMA has an anon_vma.
fn has_anon(vma: &Vma) -> bool {
    has(vma, FORK_CHILD | FORK_ORPHAN) || has(vma, FORK_WRITTEN) && !has(vma, FORK_SHARED)
}

/// How many anon_vmas a VMA is linked to.
fn chain(vma: &Vma) -> u32 {
    match vma.flags {
        _ if !has_anon(vma) => 0,
        flags if flags & FORK_ORPHAN != 0 => 3,
        flags if flags & FORK_CHILD != 0 => 2,
        _ => 1,
    }
}

fn copies_pages(vma: &Vma) -> bool {
    !has(vma, FORK_WIPEONFORK) && (has_anon(vma) || has(vma, FORK_PFNMAP))
}

/// The page tables of an mm, each as its level and number.
type Tables = HashSet<(usize, u64)>;

fn table(level: usize, addr: u64) -> (usize, u64) {
    (level, addr >> TABLE_SHIFTS[level])
}

fn parents_tables(vmas: &[Vma]) -> Tables {
    let written = vmas.iter().filter(|vma| has(vma, FORK_WRITTEN));
    let levels = |addr| (0..TABLE_SHIFTS.len()).map(move |level| table(level, addr));

    written.flat_map(addresses).flat_map(levels).collect()
}

/// A parent, and what its forks are expected to do.
pub(crate) struct Model {
    vmas: Vec<Vma>,
    steps: Vec<Step>,
    child_tables: i64,
}

impl Model {
    pub(crate) fn new(vmas: &[Vma]) -> Self {
        let mut model = Self {
            vmas: vmas.to_vec(),
            steps: vec![
                Step::Alloc(FORK_SITE_MM as u8),
                Step::Alloc(FORK_SITE_PGD as u8),
                Step::Alloc(FORK_SITE_COUNTERS as u8),
                Step::Lock,
                Step::Dup,
            ],
            child_tables: 0,
        };
        let parents = parents_tables(vmas);
        let mut children = Tables::new();
        let mut uffd = false;

        for vma in vmas {
            model.fork_vma(vma, &mut uffd);
            if !has(vma, FORK_DONTCOPY) && copies_pages(vma) {
                model.copy_pages(vma, &parents, &mut children);
            }
        }
        model.steps.push(Step::Arch);
        model.child_tables = children.len() as i64;
        model
    }

    fn alloc(&mut self, site: u32) {
        self.steps.push(Step::Alloc(site as u8));
    }

    fn fork_vma(&mut self, vma: &Vma, uffd: &mut bool) {
        if has(vma, FORK_DONTCOPY) {
            return self.steps.extend([Step::Clear, Step::Tree]);
        }
        self.steps.push(Step::Look);
        if has(vma, FORK_ACCOUNT) {
            self.steps.push(Step::Charge);
        }
        self.alloc(FORK_SITE_VMA);
        if has(vma, FORK_POLICY) {
            self.alloc(FORK_SITE_POLICY);
        }
        if has(vma, FORK_UFFD) && !std::mem::replace(uffd, true) {
            self.alloc(FORK_SITE_UFFD_FORK);
            self.alloc(FORK_SITE_UFFD);
        }
        if has_anon(vma) && !has(vma, FORK_WIPEONFORK) {
            for _ in 0..chain(vma) {
                self.alloc(FORK_SITE_AVC_NOWAIT);
            }
            // It reuses the anon_vma of the ancestor that has exited.
            if !has(vma, FORK_ORPHAN) {
                self.alloc(FORK_SITE_ANON_VMA);
                self.alloc(FORK_SITE_AVC);
            }
        }
        self.steps.push(Step::Store);
        if has(vma, FORK_DRIVER) {
            self.steps.push(Step::Open);
        }
    }

    /// Adds the steps that copy the pages, and page tables where the parent has them.
    fn copy_pages(&mut self, vma: &Vma, parents: &Tables, children: &mut Tables) {
        const SITES: [u32; 4] = [FORK_SITE_P4D, FORK_SITE_PUD, FORK_SITE_PMD, FORK_SITE_PTE];

        let mut last = None;

        for addr in addresses(vma) {
            for (level, site) in SITES.into_iter().enumerate() {
                let table = table(level, addr);

                // Before each entry of a PMD table.
                if level == 3 && last != Some(table) && parents.contains(&self::table(2, addr)) {
                    last = Some(table);
                    if looks_in_vmas() && !has(vma, FORK_HUGETLB) {
                        self.steps.push(Step::Look);
                    }
                }
                if parents.contains(&table) && children.insert(table) {
                    self.alloc(site);
                }
            }
            if has(vma, FORK_WRITTEN) {
                // Only that of huge pages passes its error on.
                let error = match has(vma, FORK_HUGETLB) {
                    true => EHWPOISON,
                    false => ENOMEM,
                };

                self.steps.push(Step::Copy(error));
                if has(vma, FORK_PINNED) {
                    self.alloc(FORK_SITE_PAGE);
                }
            }
        }
    }

    /// Inserts the allocations of the tree, as observed in a fork that succeeded. Up to the end of
    /// the tree's copy these are `dup`.
    ///
    /// # Errors
    ///
    /// If the other allocations observed are not the expected ones.
    pub(crate) fn adapt(&mut self, observed: &[u8], dup: u32) -> Result<(), String> {
        let of_tree = |site: &&u8| matches!(u32::from(**site), FORK_SITE_SHEAF | FORK_SITE_MAPLE);
        let mut rest = observed;
        let mut steps = Vec::with_capacity(self.steps.len() + observed.len());

        for step in &self.steps {
            match step {
                Step::Dup | Step::Tree => {
                    let before = observed.len() - rest.len();
                    let most = match step {
                        Step::Dup => dup as usize - before,
                        _ => rest.len(),
                    };
                    let nr = rest.iter().take(most).take_while(of_tree).count();

                    steps.extend(std::iter::repeat(*step).take(nr));
                    rest = &rest[nr..];
                }
                Step::Alloc(site) => {
                    if rest.first() != Some(site) {
                        return Err(format!(
                            "allocation {} is {:?}, not {site}",
                            observed.len() - rest.len() + 1,
                            rest.first()
                        ));
                    }
                    rest = &rest[1..];
                    steps.push(*step);
                }
                _ => steps.push(*step),
            }
        }
        if !rest.is_empty() {
            return Err(format!("{} allocations too many", rest.len()));
        }
        self.steps = steps;
        Ok(())
    }

    /// Predicts a fork. [`Self::adapt`] has to be called before.
    pub(crate) fn predict(&self, plan: &Plan) -> Prediction {
        let mut seen = Prediction {
            succeeds: Some(false),
            points: Some(0),
            mms_freed: 1,
            error: ENOMEM,
            events: self.copied().any(|vma| has(vma, FORK_UFFD)).into(),
            ..Default::default()
        };
        let mut points = 0;

        for step in &self.steps {
            let failed = match step {
                Step::Lock => {
                    seen.error = EINTR;
                    plan.failure == FORK_FAIL_LOCK
                }
                Step::Arch => {
                    seen.unstable = true;
                    seen.error = EPERM;
                    plan.failure == FORK_FAIL_ARCH
                }
                Step::Open => {
                    seen.opens += 1;
                    false
                }
                Step::Look => {
                    seen.looks += 1;
                    seen.unstable = true;
                    seen.error = EINTR;
                    plan.failure == FORK_FAIL_SIGNAL && seen.looks >= plan.nth
                }
                Step::Charge => {
                    seen.charges += 1;
                    seen.error = ENOMEM;
                    plan.failure == FORK_FAIL_OVERCOMMIT && seen.charges == plan.nth
                }
                Step::Clear => {
                    seen.clears += 1;
                    // The tree has been copied: from here on a failure marks the mm.
                    seen.unstable = true;
                    seen.error = ENOMEM;
                    plan.failure == FORK_FAIL_CLEAR && seen.clears == plan.nth
                }
                Step::Copy(error) => {
                    seen.copies += 1;
                    seen.error = *error;
                    plan.failure == FORK_FAIL_POISON && seen.copies == plan.nth
                }
                Step::Store => {
                    seen.stores += 1;
                    seen.error = ENOMEM;
                    let failed = plan.failure == FORK_FAIL_STORE && seen.stores == plan.nth;

                    seen.warnings += u32::from(failed);
                    failed
                }
                Step::Alloc(_) | Step::Dup | Step::Tree => {
                    points += 1;
                    seen.error = ENOMEM;
                    let here = points == plan.nth;
                    let failed = here && plan.failure == FORK_FAIL_ONCE
                        || points >= plan.nth && plan.failure == FORK_FAIL_FROM;

                    match *step {
                        // The code tries again, with GFP_KERNEL: another fault point.
                        Step::Alloc(site) if failed && u32::from(site) == FORK_SITE_AVC_NOWAIT => {
                            points += 1;
                            plan.failure == FORK_FAIL_FROM
                        }
                        Step::Tree if failed => return seen.of_tree(points),
                        _ => failed,
                    }
                }
            };

            if failed {
                // If mm_init() fails, mmdrop() is not called, nor dup_mmap().
                seen.mms_freed = u32::from(points > 3 || plan.failure > FORK_FAIL_FROM);
                seen.error *= seen.mms_freed;
                // Which change of the tree allocates what is not known.
                seen.points = (*step != Step::Clear).then_some(points);
                return seen;
            }
        }
        Prediction {
            succeeds: Some(true),
            points: Some(points),
            mms_freed: 0,
            unstable: false,
            ..seen
        }
    }

    fn copied(&self) -> impl Iterator<Item = &Vma> {
        self.vmas.iter().filter(|vma| !has(vma, FORK_DONTCOPY))
    }

    fn nr_copied(&self) -> u32 {
        self.copied().count() as u32
    }

    pub(crate) fn parent_mm(&self) -> Mm {
        let written = sum(&self.vmas, FORK_WRITTEN);
        let tables = parents_tables(&self.vmas);
        let private = self.vmas.iter().filter(|vma| !has(vma, FORK_SHARED));

        Mm {
            users: 1,
            // The userfaultfd context has one of the references.
            count: 2,
            map_count: self.vmas.len() as i64,
            total_vm: self.vmas.iter().map(pages).sum(),
            data_vm: private.map(pages).sum(),
            locked_vm: sum(&self.vmas, FORK_LOCKED),
            rss: written,
            tables: tables.len() as i64,
            in_rcu: true,
            flags: MM_FLAGS,
            ..Default::default()
        }
    }

    pub(crate) fn child_mm(&self) -> Mm {
        let rss = self
            .copied()
            .filter(|vma| copies_pages(vma) && has(vma, FORK_WRITTEN));
        let private = self.copied().filter(|vma| !has(vma, FORK_SHARED));

        Mm {
            users: 1,
            count: 1,
            map_count: self.nr_copied().into(),
            total_vm: self.copied().map(pages).sum(),
            data_vm: private.map(pages).sum(),
            rss: rss.map(pages).sum(),
            tables: self.child_tables,
            in_rcu: true,
            flags: MM_FLAGS,
            ..Default::default()
        }
    }

    fn vma(nr: usize, vma: &Vma) -> VmaState {
        let end = vma.start + (u64::from(vma.pages) << PAGE_SHIFT);
        let file = has(vma, FORK_FILE | FORK_SHARED);
        let anon = has_anon(vma);
        // A root anon_vma counts itself as a child.
        let root = anon && !has(vma, FORK_CHILD | FORK_ORPHAN);
        let flags = VM_MAPPED.iter().filter(|(flag, _)| has(vma, *flag));
        let locked = if has(vma, FORK_LOCKED) { VM_LOCKED } else { 0 };
        let policy = u32::from(has(vma, FORK_POLICY));
        let mut state = VmaState {
            start: vma.start,
            end,
            pgoff: (vma.start >> PAGE_SHIFT) + nr as u64,
            vm_flags: flags.map(|(_, flag)| flag).sum::<u64>() + VM_ACCESS + locked,
            chain: chain(vma),
            anon,
            anon_refs: anon.into(),
            anon_children: root.into(),
            anon_vmas: anon.into(),
            policy_refs: policy,
            policy_mode: policy * (nr as u32 + 1),
            file,
            file_linked: file,
            uffd: has(vma, FORK_UFFD),
            uffd_own: has(vma, FORK_UFFD),
            reserved: has(vma, FORK_HUGETLB) && !has(vma, FORK_SHARED),
            attached: true,
            ..Default::default()
        };

        if has(vma, FORK_WRITTEN) {
            let page_numbers = addresses(vma).map(|addr| addr >> PAGE_SHIFT);

            state.rss = vma.pages.into();
            state.content = page_numbers
                .map(|page| (page * 31 + nr as u64) * page)
                .sum();
        }
        state
    }

    /// The parent's VMAs, with a child or without.
    pub(crate) fn parent_vmas(&self, with_child: bool) -> Vec<VmaState> {
        let vmas = self.vmas.iter().enumerate().map(|(nr, vma)| {
            let mut state = Self::vma(nr, vma);
            let linked = !has(vma, FORK_DONTCOPY | FORK_WIPEONFORK | FORK_ORPHAN);

            if with_child && has_anon(vma) && linked {
                let root = !has(vma, FORK_CHILD);

                // The child's anon_vma is a child of it, and has a reference to the root.
                state.anon_children += 1;
                state.anon_refs += u32::from(root);
            }
            state
        });

        vmas.collect()
    }

    pub(crate) fn child_vmas(&self) -> Vec<VmaState> {
        let vmas = self.vmas.iter().enumerate();
        let copied = vmas.filter(|(_, vma)| !has(vma, FORK_DONTCOPY));

        copied.map(|(nr, vma)| Self::child_vma(nr, vma)).collect()
    }

    fn child_vma(nr: usize, vma: &Vma) -> VmaState {
        let mut state = Self::vma(nr, vma);

        state.vm_flags &= !VM_LOCKED;
        state.uffd = false;
        state.uffd_own = false;
        state.reserved = false;
        if !copies_pages(vma) {
            state.rss = 0;
            state.content = 0;
        }
        if has(vma, FORK_WIPEONFORK) {
            state.anon = false;
            state.chain = 0;
            state.anon_refs = 0;
            state.anon_children = 0;
            state.anon_vmas = 0;
        } else if has(vma, FORK_ORPHAN) {
            // It is that of the ancestor that has exited, with the parent's as its child.
            state.anon_children = 1;
        } else if state.anon {
            state.anon_children = 0;
            state.chain += 1;
        }
        state
    }

    pub(crate) fn world(&self, with_child: bool) -> WorldState {
        let maps = |flags: u32, without: u32| {
            let of = move |vma: &&Vma| has(vma, flags) && !has(vma, without);
            let parents = self.vmas.iter().filter(of).count();
            let children = self.copied().filter(of).count();

            (parents + if with_child { children } else { 0 }) as i64
        };
        let shared_file = |vma: &&Vma| has(vma, FORK_FILE) && has(vma, FORK_SHARED);
        let writable = self.vmas.iter().filter(shared_file).count()
            + self
                .copied()
                .filter(|vma| with_child && shared_file(vma))
                .count();
        let charged = self
            .copied()
            .filter(|vma| with_child && has(vma, FORK_ACCOUNT));

        WorldState {
            committed: sum(&self.vmas, FORK_ACCOUNT) + charged.map(pages).sum::<i64>(),
            // It was opened, and is what each mm executes.
            file_refs: 2 + i64::from(with_child) + maps(FORK_FILE, 0),
            file_maps: maps(FORK_FILE, 0),
            file_writable: writable as i64,
            shmem_refs: 1 + maps(FORK_SHARED, FORK_FILE),
            shmem_maps: maps(FORK_SHARED, FORK_FILE),
            shmem_writable: maps(FORK_SHARED, FORK_FILE),
            uffd_refs: 1,
            ..Default::default()
        }
    }
}

impl Prediction {
    /// A tree that lacks memory may get it at the next attempt.
    fn of_tree(self, points: u32) -> Self {
        Self {
            succeeds: None,
            points: (points == 0).then_some(0),
            ..self
        }
    }

    /// Says what is different in what happened.
    pub(crate) fn compare(&self, real: &Outcome, nr_copied: u32) -> Result<(), String> {
        let mut known = vec![(
            "closed VMAs of a driver",
            real.closes,
            if real.succeeded { 0 } else { real.opens },
        )];
        let left = if real.succeeded { nr_copied } else { 0 };

        let when = |succeeded, what| if succeeded == real.succeeded { what } else { 0 };

        // If the tree lacks memory after it has been copied, that marks the mm, too.
        let unstable = u32::from(self.unstable || self.succeeds.is_none());

        known.push((
            "marks of an unstable mm",
            real.unstable_at_unlock.into(),
            when(false, unstable),
        ));
        known.push(("as the error", real.error, when(false, self.error)));
        known.push((
            "userfaultfd events",
            real.uffd_events,
            when(true, self.events),
        ));
        known.push((
            "entries in its tree when it is unlocked",
            real.entries_at_unlock,
            left,
        ));
        if let Some(succeeds) = self.succeeds {
            if succeeds != real.succeeded {
                return Err(format!(
                    "the fork {}",
                    if succeeds { "fails" } else { "succeeds" }
                ));
            }
            known.push(("looks for a signal", real.signal_looks, self.looks));
            known.push(("charges", real.charges, self.charges));
            known.push(("removed VMAs", real.clears, self.clears));
            known.push(("copied pages", real.copies, self.copies));
            known.push(("stored VMAs", real.stores, self.stores));
            known.push(("warnings", real.warnings, self.warnings));
            known.push(("opened VMAs of a driver", real.opens, self.opens));
            known.push(("freed mms", real.mms_freed, self.mms_freed));
        }
        if let Some(points) = self.points {
            known.push(("allocations", real.points, points));
        }
        match known.iter().find(|(_, real, expected)| real != expected) {
            Some((what, real, expected)) => Err(format!("{real} {what}, not {expected}")),
            None => Ok(()),
        }
    }
}
