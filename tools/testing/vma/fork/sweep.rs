// SPDX-License-Identifier: GPL-2.0

//! Forks one address space, with each operation failing in turn.

use crate::{
    bindings::{
        fork_failure::*,
        fork_site::{
            FORK_SITES,
            FORK_SITE_MAPLE,
            FORK_SITE_SHEAF, //
        }, //
    },
    layout::Layout,
    model::Model,
    running,
    totals::{
        FAILURES,
        LAYOUTS, //
    },
    world::{
        complaint,
        task_size,
        Chooser,
        Outcome,
        Plan,
        VmaState,
        Who,
        World, //
    },
    wrong::Wrong, //
};
use std::fmt;

/// A parent, and its state while there is no child.
pub(crate) struct Subject {
    pub(crate) layout: Layout,
    pub(crate) world: World,
    pub(crate) model: Model,
    nr_copied: u32,
    parent: Vec<VmaState>,
    live: [i64; FORK_SITES as usize],
}

fn differs<T: PartialEq + fmt::Debug>(what: &str, real: &T, expected: &T) -> Result<(), String> {
    if real == expected {
        return Ok(());
    }
    Err(format!("{what} is\n  {real:?}, not\n  {expected:?}"))
}

fn vmas_differ(what: &str, real: &[VmaState], expected: &[VmaState]) -> Result<(), String> {
    differs(
        &format!("the number of the {what}'s VMAs"),
        &real.len(),
        &expected.len(),
    )?;
    for (nr, (real, expected)) in real.iter().zip(expected).enumerate() {
        differs(&format!("VMA {nr} of the {what}"), real, expected)?;
    }
    Ok(())
}

impl Subject {
    /// Builds the parent, and forks it once to learn what its forks allocate.
    ///
    /// Returns `None` if user space has no room for its VMAs.
    pub(crate) fn new(layout: &Layout) -> Option<Result<Self, Wrong>> {
        let vmas = layout.vmas(task_size())?;
        let model = Model::new(&vmas);
        let mut subject = Self {
            layout: layout.clone(),
            world: World::new(&vmas),
            parent: model.parent_vmas(false),
            nr_copied: model.child_vmas().len() as u32,
            model,
            live: [0; FORK_SITES as usize],
        };

        LAYOUTS.add(1);
        subject.live = subject.world.state().live;
        Some(subject.learn().map(|()| subject))
    }

    fn learn(&mut self) -> Result<(), Wrong> {
        let plan = Plan::default();

        self.check(&plan, |this| this.parent_is_alone())?;
        let outcome = self.fork(&plan);
        let points = self.world.points();
        let adapted = self.model.adapt(&points, outcome.dup_points);

        self.check(&plan, |_| adapted)?;
        self.check_fork(&plan, &outcome)
    }

    fn fork(&mut self, plan: &Plan) -> Outcome {
        running::set(&self.layout, plan);
        self.world.fork(plan)
    }

    fn check(
        &self,
        plan: &Plan,
        check: impl FnOnce(&Self) -> Result<(), String>,
    ) -> Result<(), Wrong> {
        let checked = check(self);
        // Prefer the complaint: it is nearer to the cause.
        let what = complaint().map_or(checked, Err);

        what.map_err(|what| Wrong {
            layout: self.layout.clone(),
            plan: *plan,
            what,
            schedule: String::new(),
        })
    }

    fn parent_is_alone(&self) -> Result<(), String> {
        let mut state = self.world.state();

        differs(
            "the parent",
            &self.world.mm(Who::Parent),
            &self.model.parent_mm(),
        )?;
        vmas_differ("parent", &self.world.vmas(Who::Parent), &self.parent)?;
        differs("the number of objects by site", &state.live, &self.live)?;
        state.live.fill(0);
        differs("the world", &state, &self.model.world(false))
    }

    fn child_is_right(&self) -> Result<(), String> {
        let mut state = self.world.state();

        state.live.fill(0);
        differs("the world, with a child", &state, &self.model.world(true))?;
        differs(
            "the child",
            &self.world.mm(Who::Child),
            &self.model.child_mm(),
        )?;
        vmas_differ(
            "child",
            &self.world.vmas(Who::Child),
            &self.model.child_vmas(),
        )?;
        vmas_differ(
            "parent",
            &self.world.vmas(Who::Parent),
            &self.model.parent_vmas(true),
        )
    }

    /// Compares what a fork has done with the model, and ends the child.
    fn check_fork(&mut self, plan: &Plan, outcome: &Outcome) -> Result<(), Wrong> {
        let prediction = self.model.predict(plan);

        self.check(plan, |this| {
            prediction.compare(outcome, this.nr_copied)?;
            if outcome.succeeded {
                this.child_is_right()?;
            }
            Ok(())
        })?;
        if outcome.succeeded {
            self.world.put_child();
        }
        self.check(plan, |this| this.parent_is_alone())
    }

    /// Whether the parent is as it was made, and nothing complains. Its tree may have other nodes.
    pub(crate) fn is_unchanged(&mut self) -> Result<(), Wrong> {
        let live = self.world.state().live;

        for site in [FORK_SITE_MAPLE, FORK_SITE_SHEAF] {
            self.live[site as usize] = live[site as usize];
        }
        self.check(&Plan::default(), Self::parent_is_alone)
    }

    /// Forks by a plan; returns whether something was made to fail.
    pub(crate) fn try_plan(&mut self, plan: &Plan) -> Result<Outcome, Wrong> {
        let outcome = self.fork(plan);

        FAILURES.add(u64::from(outcome.injected != 0));
        self.check_fork(plan, &outcome)?;
        Ok(outcome)
    }

    /// Forks with a walker around: only what must hold then, too, is checked.
    pub(crate) fn try_schedule(&mut self, plan: &Plan) -> (Outcome, Result<(), Wrong>) {
        let outcome = self.fork(plan);

        if outcome.succeeded {
            self.world.put_child();
        }
        (outcome, self.check(plan, |this| this.parent_is_alone()))
    }

    /// Forks with tasks that can be preempted: what must hold then, too, is checked.
    pub(crate) fn try_tasks(
        &mut self,
        plan: &Plan,
        choose: &mut Chooser<'_>,
    ) -> (Outcome, Result<(), Wrong>) {
        running::set(&self.layout, plan);
        let outcome = self.world.explore(plan, choose);

        if outcome.succeeded {
            self.world.put_child();
        }
        (outcome, self.check(plan, |this| this.parent_is_alone()))
    }

    /// The sites of what a fork allocates that succeeds.
    pub(crate) fn points(&mut self) -> Vec<u8> {
        self.fork(&Plan::default());
        self.world.put_child();
        self.world.points()
    }

    /// Lists all failures: those of each operation that can fail. Stores come last: a kernel that
    /// ignores their result frees VMAs of the parent, and no fork of it can be judged after that.
    pub(crate) fn plans(&mut self) -> Vec<Plan> {
        let whole = self.fork(&Plan::default());

        self.world.put_child();
        let each = |failure, nr| {
            (1..=nr).map(move |nth| Plan {
                failure,
                nth,
                ..Plan::default()
            })
        };

        each(FORK_FAIL_ONCE, whole.points)
            .chain(each(FORK_FAIL_FROM, whole.points))
            .chain(each(FORK_FAIL_SIGNAL, whole.signal_looks))
            .chain(each(FORK_FAIL_OVERCOMMIT, whole.charges))
            .chain(each(FORK_FAIL_POISON, whole.copies))
            .chain(each(FORK_FAIL_CLEAR, whole.clears))
            .chain(each(FORK_FAIL_ARCH, 1))
            .chain(each(FORK_FAIL_LOCK, 1))
            .chain(each(FORK_FAIL_STORE, whole.stores))
            .collect()
    }

    /// Frees the world, and checks that nothing is left.
    pub(crate) fn end(self) -> Result<(), Wrong> {
        let Self { layout, world, .. } = self;

        drop(world);
        complaint().map_or(Ok(()), |what| {
            Err(Wrong {
                layout,
                plan: Plan::default(),
                what,
                schedule: String::new(),
            })
        })
    }
}

/// Makes each operation fail in turn. Returns the number of failures.
pub(crate) fn sweep(layout: &Layout) -> Result<u64, Wrong> {
    let Some(subject) = Subject::new(layout) else {
        return Ok(0);
    };
    let mut subject = subject?;
    let mut failures = 0;

    for plan in subject.plans() {
        let outcome = subject.try_plan(&plan)?;

        if outcome.injected == 0 {
            return Err(Wrong {
                layout: layout.clone(),
                plan,
                what: "nothing was made to fail".to_string(),
                schedule: String::new(),
            });
        }
        failures += 1;
    }
    subject.end().map(|()| failures)
}
