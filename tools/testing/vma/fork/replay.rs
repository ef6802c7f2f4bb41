// SPDX-License-Identifier: GPL-2.0

//! Runs one fork again, from the seed that a failure prints.

use crate::{
    interleave::schedule_text,
    layout::Layout,
    sweep::{
        Subject,
        Wrong,
        FAILURES_BY_NAME,
        WALKERS_BY_NAME, //
    },
    totals::Test,
    world::Plan, //
};

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

fn parse(seed: &str) -> Result<(Layout, Plan), String> {
    let mut words = seed.split(' ').rev().collect::<Vec<_>>();
    let layout = words.pop().unwrap_or("").parse()?;
    let mut plan = Plan::default();

    if let Some(word) = words.pop() {
        let (name, nth) = numbers(word)?;

        plan.failure = number_of(FAILURES_BY_NAME, name)?;
        plan.nth = nth.first().copied().unwrap_or(1);
    }
    if let Some(word) = words.pop() {
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
    Ok((layout, plan))
}

fn replay(layout: &Layout, plan: &Plan) -> Result<(), Wrong> {
    let mut subject = Subject::new(layout).expect("there is no room for these VMAs")?;

    subject.world.log_events(true);
    let checked = if plan.walker == 0 {
        subject.try_plan(plan)
    } else {
        let (outcome, checked) = subject.try_schedule(plan);

        checked.map(|()| outcome)
    };

    print!("{}", schedule_text(&subject.world.events()));
    let outcome = checked?;

    println!("{outcome:#?}");
    subject.end()
}

#[test]
#[ignore = "needs FORK_SEED"]
fn replay_seed() {
    let _test = Test::start();
    let seed = std::env::var("FORK_SEED").expect("FORK_SEED says what to replay");
    let (layout, plan) = parse(&seed).unwrap();

    if let Err(wrong) = replay(&layout, &plan) {
        panic!("{wrong}");
    }
}
