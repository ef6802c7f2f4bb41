// SPDX-License-Identifier: GPL-2.0

//! Seeds: a fork as a line of text.

use crate::{
    bindings::{
        fork_failure::*,
        fork_walker, //
    },
    generate,
    layout::Layout,
    world::Plan, //
};

/// The names of failures in seeds.
const FAILURES_BY_NAME: &[(&str, u32)] = &[
    ("none", FORK_FAIL_NOTHING),
    ("once", FORK_FAIL_ONCE),
    ("from", FORK_FAIL_FROM),
    ("signal", FORK_FAIL_SIGNAL),
    ("overcommit", FORK_FAIL_OVERCOMMIT),
    ("arch", FORK_FAIL_ARCH),
    ("lock", FORK_FAIL_LOCK),
    ("poison", FORK_FAIL_POISON),
    ("store", FORK_FAIL_STORE),
    ("clear", FORK_FAIL_CLEAR),
];

/// The names of walkers in seeds.
const WALKERS_BY_NAME: &[(&str, u32)] = &[
    ("iterate", fork_walker::FORK_WALK_ITERATE),
    ("find_vma", fork_walker::FORK_WALK_FIND_VMA),
    ("lookup", fork_walker::FORK_WALK_LOOKUP),
    ("rmap", fork_walker::FORK_WALK_RMAP),
    ("vma_lock", fork_walker::FORK_WALK_VMA_LOCK),
    ("parent", fork_walker::FORK_WALK_PARENT),
    ("put", fork_walker::FORK_WALK_PUT),
    ("anon", fork_walker::FORK_WALK_ANON),
    ("anon_bare", fork_walker::FORK_WALK_ANON_BARE),
    ("anon_keep", fork_walker::FORK_WALK_ANON_KEEP),
    ("inverted", fork_walker::FORK_WALK_INVERTED),
    ("forget", fork_walker::FORK_WALK_FORGET),
    ("none", fork_walker::FORK_WALK_NOT),
];

/// Writes a plan as in a seed.
pub(crate) fn plan_text(plan: &Plan) -> String {
    let name = |names: &[(&'static str, u32)], of| {
        let found = names.iter().find(|(_, number)| *number == of);

        found.map_or("?", |(name, _)| name)
    };
    let failure = format!("{}:{}", name(FAILURES_BY_NAME, plan.failure), plan.nth);

    if plan.tasks[0] != fork_walker::FORK_WALK_NOT {
        let tasks = plan.tasks.map(|task| name(WALKERS_BY_NAME, task));

        return format!("{failure} {}+{}", tasks[0], tasks[1]);
    }
    if plan.walker == fork_walker::FORK_WALK_NOT {
        return failure;
    }
    let walker = name(WALKERS_BY_NAME, plan.walker);

    format!(
        "{failure} {walker}:{}:{}:{}",
        plan.get_at, plan.walk_at, plan.put_at
    )
}

/// Reads an address space: its VMAs, or the numbers that it follows from.
fn layout_of(text: &str) -> Result<Layout, String> {
    let Some(("random", rest)) = text.split_once(':') else {
        return text.parse();
    };
    let mut numbers = rest.split(':').map(str::parse);

    match (numbers.next(), numbers.next()) {
        (Some(Ok(seed)), Some(Ok(len))) => Ok(generate::layout(seed, len as usize)),
        _ => Err(format!("not a seed and a number: {rest}")),
    }
}

fn number_of(names: &[(&str, u32)], name: &str) -> Result<u32, String> {
    let found = names.iter().find(|(known, _)| *known == name);

    found
        .map(|(_, number)| *number)
        .ok_or(format!("nothing is called {name}"))
}

/// Reads `NAME:NUMBER...`
fn numbers(text: &str) -> Result<(&str, Vec<u32>), String> {
    let mut words = text.split(':');
    let name = words.next().unwrap_or("");
    let numbers = words.map(|word| word.parse().map_err(|_| format!("{word} is no number")));

    Ok((name, numbers.collect::<Result<_, _>>()?))
}

/// Reads `WALKER+WALKER/TASK...`, where a task is a digit.
fn tasks_of(word: &str) -> Result<([u32; 2], Vec<u32>), String> {
    let (tasks, schedule) = word.split_once('/').unwrap_or((word, ""));
    let (first, second) = tasks.split_once('+').unwrap_or((tasks, "none"));
    let digits = schedule
        .chars()
        .map(|digit| digit.to_digit(10).ok_or(format!("{digit} is no task")));
    let tasks = [
        number_of(WALKERS_BY_NAME, first)?,
        number_of(WALKERS_BY_NAME, second)?,
    ];

    Ok((tasks, digits.collect::<Result<_, _>>()?))
}

/// Writes which task went on at each step.
pub(crate) fn digits_of(tasks: impl Iterator<Item = usize>) -> String {
    tasks.map(|task| task.to_string()).collect()
}

/// A fork as a seed says it.
pub(crate) struct Seed {
    pub(crate) layout: Layout,
    pub(crate) plan: Plan,
    /// Which task goes on at each step, if they can be preempted.
    pub(crate) schedule: Vec<u32>,
}

/// Reads a seed: an address space, what fails, and what walkers do.
pub(crate) fn parse(seed: &str) -> Result<Seed, String> {
    let mut words = seed.split(' ').rev().collect::<Vec<_>>();
    let layout = layout_of(words.pop().unwrap_or(""))?;
    let mut plan = Plan::default();
    let mut schedule = Vec::new();

    if let Some(word) = words.pop() {
        let (name, nth) = numbers(word)?;

        plan.failure = number_of(FAILURES_BY_NAME, name)?;
        plan.nth = nth.first().copied().unwrap_or(1);
    }
    if let Some(word) = words.pop() {
        if word.contains(['+', '/']) {
            (plan.tasks, schedule) = tasks_of(word)?;
            return Ok(Seed {
                layout,
                plan,
                schedule,
            });
        }
        let (name, at) = numbers(word)?;
        let [get_at, walk_at, put_at] = at[..] else {
            return Err(format!("{word} has not three numbers"));
        };

        plan = Plan {
            walker: number_of(WALKERS_BY_NAME, name)?,
            get_at,
            walk_at,
            put_at,
            ..plan
        };
    }
    Ok(Seed {
        layout,
        plan,
        schedule,
    })
}
