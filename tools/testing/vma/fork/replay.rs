// SPDX-License-Identifier: GPL-2.0

//! Runs one fork again, from the seed that a failure prints.

use crate::{
    interleave::schedule_text,
    layout::Layout,
    seed::parse,
    sweep::Subject,
    testing::Test,
    world::Plan,
    wrong::Wrong, //
};

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
