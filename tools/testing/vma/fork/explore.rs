// SPDX-License-Identifier: GPL-2.0

//! Runs the schedules of tasks that can be preempted at each of their operations.
//!
//! Two operations depend on each other if they are on the same object and one of them changes it.
//! Schedules in which those are in the same order have the same result, so one of them is run:
//! this is dynamic partial-order reduction (Flanagan and Godefroid, 2005), with sleep sets.

use crate::{
    bindings::fork_op_kind::*,
    world::{
        Op,
        TASKS, //
    },
};

/// A set of tasks, a bit for each.
type Tasks = u8;

/// What was done.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    pub(crate) task: usize,
    pub(crate) op: Op,
}

/// A state from which tasks go on.
struct Node {
    /// What each task would do.
    ops: [Op; TASKS],
    chosen: usize,
    enabled: Tasks,
    /// Those that have to be tried, and those that were.
    todo: Tasks,
    done: Tasks,
    /// Those of which all that follows was run from an earlier state.
    asleep: Tasks,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reduce {
    Yes,
    /// All schedules, to test the reduction by.
    No,
}

/// The search through the schedules of one fork.
pub(crate) struct Explorer {
    reduce: Reduce,
    /// For so many steps at first only the fork runs.
    alone: usize,
    nodes: Vec<Node>,
    /// The run under way.
    steps: Vec<Step>,
    /// It is as another one.
    redundant: bool,
    /// Schedules that were run to find that others had shown the same, and branches not taken.
    pub(crate) pruned: u64,
}

fn bit(task: usize) -> Tasks {
    1 << task
}

fn tasks(set: Tasks) -> impl Iterator<Item = usize> {
    (0..TASKS).filter(move |task| set & bit(*task) != 0)
}

fn changes(op: &Op) -> bool {
    matches!(
        op.kind,
        FORK_OP_WRITE
            | FORK_OP_LOCK_WRITE
            | FORK_OP_UNLOCK_WRITE
            | FORK_OP_DOWNGRADE
            | FORK_OP_WRITE_VMA
            | FORK_OP_GRACE
    )
}

fn depend(a: &Op, b: &Op) -> bool {
    a.object != 0 && a.object == b.object && (changes(a) || changes(b))
}

/// Whether `a` has to wait until another task has done `b`.
fn waits_for(a: &Op, b: &Op) -> bool {
    match a.kind {
        FORK_OP_LOCK_READ => matches!(b.kind, FORK_OP_UNLOCK_WRITE | FORK_OP_DOWNGRADE),
        FORK_OP_LOCK_WRITE => matches!(
            b.kind,
            FORK_OP_UNLOCK_READ | FORK_OP_UNLOCK_WRITE | FORK_OP_DOWNGRADE
        ),
        FORK_OP_WRITE_VMA | FORK_OP_GRACE => b.kind == FORK_OP_UNLOCK_READ,
        _ => false,
    }
}

/// Whether they could be done in another order.
fn race(a: &Step, b: &Step) -> bool {
    a.task != b.task && depend(&a.op, &b.op) && !waits_for(&a.op, &b.op) && !waits_for(&b.op, &a.op)
}

/// For each step, how many of each task have happened before it or are it.
fn clocks(steps: &[Step]) -> Vec<[usize; TASKS]> {
    let mut clocks: Vec<[usize; TASKS]> = Vec::with_capacity(steps.len());

    for (nr, step) in steps.iter().enumerate() {
        let mut clock = [0; TASKS];

        for (before, known) in steps[..nr].iter().zip(&clocks) {
            if before.task == step.task || depend(&before.op, &step.op) {
                for (mine, other) in clock.iter_mut().zip(known) {
                    *mine = (*mine).max(*other);
                }
            }
        }
        clock[step.task] += 1;
        clocks.push(clock);
    }
    clocks
}

impl Explorer {
    pub(crate) fn new(reduce: Reduce, alone: usize) -> Self {
        Self {
            reduce,
            alone,
            nodes: Vec::new(),
            steps: Vec::new(),
            redundant: false,
            pruned: 0,
        }
    }

    /// The last run.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether the last run was like one before.
    pub(crate) fn is_redundant(&self) -> bool {
        self.redundant
    }

    /// Says which task goes on.
    pub(crate) fn choose(&mut self, ops: &[Op; TASKS]) -> u32 {
        let nr = self.steps.len();

        if nr == self.nodes.len() && !self.redundant {
            self.add(ops);
        }
        let task = match self.nodes.get(nr) {
            Some(node) => node.chosen,
            // To the end, anyhow.
            None => (0..TASKS).find(|task| ops[*task].enabled).unwrap_or(0),
        };

        self.steps.push(Step {
            task,
            op: ops[task],
        });
        task as u32
    }

    /// Adds a state that was not seen before.
    fn add(&mut self, ops: &[Op; TASKS]) {
        let enabled = (0..TASKS)
            .filter(|task| ops[*task].enabled)
            .filter(|task| *task == 0 || self.nodes.len() >= self.alone)
            .fold(0, |set, task| set | bit(task));
        let asleep = match self.nodes.last() {
            Some(last) if self.reduce == Reduce::Yes => tasks(last.asleep | last.done)
                .filter(|task| {
                    *task != last.chosen && !depend(&last.ops[*task], &last.ops[last.chosen])
                })
                .fold(0, |set, task| set | bit(task)),
            _ => 0,
        };
        let Some(chosen) = tasks(enabled & !asleep).next() else {
            self.redundant = true;
            return;
        };
        let todo = match self.reduce {
            Reduce::Yes => bit(chosen),
            Reduce::No => enabled,
        };

        self.nodes.push(Node {
            ops: *ops,
            chosen,
            enabled,
            todo,
            done: 0,
            asleep,
        });
    }

    /// Finds what could have been done earlier, and has to be tried.
    fn find_races(&mut self) {
        let clocks = clocks(&self.steps);
        let nth = |nr: usize| clocks[nr][self.steps[nr].task];
        let mut found = Vec::new();

        for (nr, step) in self.steps.iter().enumerate() {
            let mine = self.steps[..nr].iter().rposition(|s| s.task == step.task);
            let known = mine.map_or([0; TASKS], |before| clocks[before]);
            let mut seen = bit(step.task);

            for before in (0..nr).rev() {
                let other = self.steps[before].task;

                if seen & bit(other) != 0
                    || nth(before) <= known[other]
                    || !race(&self.steps[before], step)
                {
                    continue;
                }
                // It was next all the time, but had to wait: only before that it could be done.
                let waits = |node: &Node| node.enabled & bit(step.task) == 0;

                let went_on = mine.is_some_and(|mine| mine > before);

                if !went_on && self.nodes.get(before).is_some_and(waits) {
                    continue;
                }
                seen |= bit(other);
                // Who can go on there, so that this step comes nearer?
                let helps = (before + 1..=nr)
                    .filter(|k| clocks[nr][self.steps[*k].task] >= nth(*k))
                    .fold(0, |set, k| set | bit(self.steps[k].task));

                found.push((before, step.task, helps));
            }
        }
        for (before, task, helps) in found {
            let Some(node) = self.nodes.get_mut(before) else {
                continue;
            };
            let helps = helps & node.enabled;

            node.todo |= if node.enabled & bit(task) != 0 {
                bit(task)
            } else if helps != 0 {
                helps & helps.wrapping_neg()
            } else {
                node.enabled
            };
        }
    }

    /// Prepares the next run. Returns whether there is one.
    pub(crate) fn next(&mut self) -> bool {
        if self.reduce == Reduce::Yes {
            self.find_races();
        }
        self.pruned += u64::from(self.redundant);
        self.redundant = false;
        self.steps.clear();
        while let Some(node) = self.nodes.last_mut() {
            node.done |= bit(node.chosen);
            if let Some(task) = tasks(node.todo & !node.done & !node.asleep).next() {
                node.chosen = task;
                return true;
            }
            self.pruned += u64::from((node.enabled & !node.done).count_ones());
            self.nodes.pop();
        }
        false
    }
}

/// The schedule without what does not matter of it: for each object, who did what with it in which
/// order, where that matters. Equal for schedules that have the same result.
pub(crate) fn normal_form(steps: &[Step]) -> Vec<(usize, Vec<usize>)> {
    let clocks = clocks(steps);
    let mut form: Vec<_> = steps
        .iter()
        .zip(&clocks)
        .map(|(step, clock)| (step.task, clock.to_vec()))
        .collect();

    form.sort();
    form
}

/// In how many orders the steps could be done if nobody had to wait.
pub(crate) fn interleavings(steps: &[Step]) -> f64 {
    let mut orders = 1.0;
    let mut counts = [0.0; TASKS];

    for (nr, step) in steps.iter().enumerate() {
        counts[step.task] += 1.0;
        orders *= (nr + 1) as f64 / counts[step.task];
    }
    orders
}
