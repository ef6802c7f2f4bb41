// SPDX-License-Identifier: GPL-2.0

//! Runs one fork again, from the seed that a failure prints.

use crate::{
    explore::Step,
    interleave::schedule_text,
    preempt::steps_text,
    seed::{
        parse,
        Seed, //
    },
    sweep::Subject,
    testing::Test,
    world::Outcome,
    wrong::Wrong, //
};

/// Runs tasks in the order that the seed says, and after that those that can go on.
fn replay_tasks(subject: &mut Subject, seed: &Seed) -> (Outcome, Result<(), Wrong>) {
    let mut order = seed.schedule.iter();
    let mut steps = Vec::new();
    let replayed = subject.try_tasks(&seed.plan, &mut |ops| {
        let can = |task: &u32| ops.get(*task as usize).is_some_and(|op| op.enabled);
        let next = order.next().copied().filter(can);
        let task = next.or_else(|| (0..).find(can)).unwrap_or(0);

        steps.push(Step {
            task: task as usize,
            op: ops[task as usize],
        });
        task
    });

    print!("{}", steps_text(&steps));
    replayed
}

/// Runs it, and prints the schedule and the outcome.
pub(crate) fn replay(seed: &Seed) -> Result<(), Wrong> {
    let mut subject = Subject::new(&seed.layout).expect("there is no room for these VMAs")?;
    let plan = &seed.plan;

    subject.world.log_events(true);
    let checked = if plan.tasks[0] != 0 {
        let (outcome, checked) = replay_tasks(&mut subject, seed);

        checked.map(|()| outcome)
    } else if plan.walker == 0 {
        subject.try_plan(plan)
    } else {
        let (outcome, checked) = subject.try_schedule(plan);

        checked.map(|()| outcome)
    };

    if plan.tasks[0] == 0 {
        print!("{}", schedule_text(&subject.world.events()));
    }
    let outcome = checked?;

    println!("{outcome:#?}");
    subject.end()
}

#[test]
#[ignore = "needs FORK_SEED"]
fn replay_seed() {
    let _test = Test::start();
    let seed = std::env::var("FORK_SEED").expect("FORK_SEED says what to replay");

    if let Err(wrong) = replay(&parse(&seed).unwrap()) {
        panic!("{wrong}");
    }
}
