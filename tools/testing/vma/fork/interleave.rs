// SPDX-License-Identifier: GPL-2.0

//! Another task, the walker, runs while a fork fails.
//!
//! It can run at each operation of the fork on a lock: an event. The walker takes a reference to
//! the child's mm at one event, uses it at the same or a later one, and drops it then, later, or
//! after the fork. All such schedules are run, for all failures of the address spaces below. A
//! schedule is left out if the walker would have to wait for a lock: it is the same as one in which
//! the walker runs later.

use crate::{
    bindings::{
        fork_failure::FORK_FAIL_STORE,
        fork_walker::*, //
    },
    layout::{
        for_each_sequence,
        Layout,
        Place,
        KINDS, //
    },
    seed::plan_text,
    sweep::Subject,
    testing::Test,
    totals::SCHEDULES,
    world::{
        Event,
        Outcome,
        Plan, //
    },
    wrong::Wrong, //
};
use std::{
    ffi::CStr,
    fmt::Write, //
};

/// Walkers of the child's tree.
const OF_THE_TREE: [u32; 3] = [FORK_WALK_ITERATE, FORK_WALK_FIND_VMA, FORK_WALK_LOOKUP];
/// Walkers that need no reference to the child.
const OF_THE_PARENT: [u32; 3] = [FORK_WALK_RMAP, FORK_WALK_VMA_LOCK, FORK_WALK_PARENT];
/// The kinds of which two are put together.
const PAIRED: [&str; 5] = ["written", "dontcopy", "file", "driver", "uffd"];

/// Describes the events of a fork, and what the walker did at them.
pub(crate) fn schedule_text(events: &[Event]) -> String {
    let mut text = String::new();

    for (nr, event) in events.iter().enumerate() {
        // SAFETY: The C side's names are static strings.
        let (what, lock) = unsafe { (CStr::from_ptr(event.what), CStr::from_ptr(event.lock)) };
        let owner = ["", " of the parent", " of the child"][usize::from(event.owner)];
        let (what, lock) = (what.to_string_lossy(), lock.to_string_lossy());
        let _ = writeln!(text, "{:>6}  {what} {lock}{owner}", nr + 1);

        for (bit, does) in ["gets the child", "looks around", "puts the child"]
            .iter()
            .enumerate()
        {
            if event.walker & (1 << bit) != 0 {
                let _ = writeln!(text, "                the walker {does}");
            }
        }
    }
    text
}

struct Schedules<'a> {
    subject: &'a mut Subject,
    /// What went wrong, each once. If a walker has found something, then only what walkers found.
    wrong: Vec<(bool, Wrong)>,
    run: u64,
}

impl Schedules<'_> {
    fn run(&mut self, plan: Plan) -> Outcome {
        let (outcome, checked) = self.subject.try_schedule(&plan);

        self.run += u64::from(outcome.walked);
        if let Err(wrong) = checked {
            if outcome.found {
                self.wrong.retain(|(found, _)| *found);
            }
            let known = self
                .wrong
                .iter()
                .any(|(found, before)| *found && !outcome.found || before.what == wrong.what);

            if !known {
                self.wrong.push((outcome.found, wrong));
            }
        }
        outcome
    }

    /// Runs all schedules of the walkers for one failure.
    fn all(&mut self, failure: Plan) {
        let events = self.run(failure).events;

        for walker in OF_THE_PARENT {
            for walk_at in 1..=events {
                self.run(Plan {
                    walker,
                    walk_at,
                    ..failure
                });
            }
        }

        // The events at which it can take a reference, and the last event if it keeps that
        let mut gets = Vec::new();
        let mut last = 0;

        for at in 1..=events {
            let plan = Plan {
                walker: FORK_WALK_PUT,
                get_at: at,
                walk_at: at,
                ..failure
            };
            let outcome = self.run(plan);

            if outcome.walked {
                gets.push(at);
                last = outcome.events;
            }
        }
        let Some(&first) = gets.first() else {
            return;
        };

        for walker in OF_THE_TREE {
            // At which events the locks are free does not depend on get_at. 0 is after the fork.
            let mut walks = vec![0];

            for walk_at in first..=last {
                if self
                    .run(Plan {
                        walker,
                        get_at: first,
                        walk_at,
                        ..failure
                    })
                    .walked
                {
                    walks.push(walk_at);
                }
            }
            for &get_at in &gets {
                for &walk_at in walks
                    .iter()
                    .filter(|walk_at| **walk_at == 0 || **walk_at >= get_at)
                {
                    self.run(Plan {
                        walker,
                        get_at,
                        walk_at,
                        ..failure
                    });
                    if walk_at != 0 {
                        for put_at in walk_at..=last {
                            self.run(Plan {
                                walker,
                                get_at,
                                walk_at,
                                put_at,
                                ..failure
                            });
                        }
                    }
                }
            }
        }
    }
}

fn with_schedule(subject: &mut Subject, wrong: &Wrong) -> String {
    subject.world.log_events(true);
    let _ = subject.try_schedule(&wrong.plan);
    let schedule = schedule_text(&subject.world.events());

    format!(
        "{} {}\n{schedule}{wrong}",
        wrong.layout,
        plan_text(&wrong.plan)
    )
}

/// Runs all schedules for all failures of a layout.
fn walk_everywhere(layout: &Layout) -> Result<(), String> {
    let Some(subject) = Subject::new(layout) else {
        return Ok(());
    };
    let mut subject = subject.map_err(|wrong| wrong.to_string())?;
    let mut plans = vec![Plan::default()];
    let mut wrong = Vec::new();

    plans.extend(subject.plans());
    for failure in plans {
        // It may free what the parent still has, see Subject::plans().
        if failure.failure == FORK_FAIL_STORE && !wrong.is_empty() {
            break;
        }
        let mut schedules = Schedules {
            subject: &mut subject,
            wrong: Vec::new(),
            run: 0,
        };

        schedules.all(failure);
        SCHEDULES.add(schedules.run);
        let found = schedules.wrong.iter().any(|(found, _)| *found);

        if wrong.is_empty() || found {
            wrong = schedules.wrong;
        }
        // Go on until a walker finds something: that explains more than other errors.
        if found {
            break;
        }
    }
    if !wrong.is_empty() {
        let texts = wrong
            .iter()
            .map(|(_, wrong)| with_schedule(&mut subject, wrong));

        return Err(texts.collect::<Vec<_>>().join("\n\n"));
    }
    subject.end().map_err(|wrong| wrong.to_string())
}

fn check(layouts: &[Layout]) {
    let _test = Test::start();
    let before = SCHEDULES.get();

    for layout in layouts {
        if let Err(wrong) = walk_everywhere(layout) {
            panic!("{wrong}");
        }
    }
    assert_ne!(SCHEDULES.get(), before, "no walker could look at anything");
}

#[test]
fn walkers_of_one() {
    let one = |kind| Layout(vec![(kind, Place::Hole)]);
    let layouts: Vec<_> = (0..KINDS.len()).map(one).collect();

    check(&layouts);
}

/// The pairs that start with one of them, so that the processors have something to share.
fn check_pairs(first: &str) {
    let mut layouts = Vec::new();

    for_each_sequence(PAIRED.len(), 1, |second| {
        let text = format!("{first},{}", PAIRED[second[0]]);

        layouts.push(text.parse().unwrap());
    });
    check(&layouts);
}

#[test]
fn walkers_of_written_and() {
    check_pairs(PAIRED[0]);
}

#[test]
fn walkers_of_dontcopy_and() {
    check_pairs(PAIRED[1]);
}

#[test]
fn walkers_of_file_and() {
    check_pairs(PAIRED[2]);
}

#[test]
fn walkers_of_driver_and() {
    check_pairs(PAIRED[3]);
}

#[test]
fn walkers_of_uffd_and() {
    check_pairs(PAIRED[4]);
}
