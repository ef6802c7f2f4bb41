// SPDX-License-Identifier: GPL-2.0

//! Which fork a thread is running, for when the process dies.

use crate::{
    bindings::fork_on_death,
    layout::Layout,
    world::Plan,
    wrong::Wrong, //
};
use std::{
    cell::RefCell,
    io::Write, //
};

thread_local! {
    /// The fork that is running, for a message if the process dies.
    static RUNNING: RefCell<(Layout, Plan)> = RefCell::default();
}

extern "C" fn say_what_ran() {
    RUNNING.with_borrow(|(layout, plan)| {
        let wrong = Wrong {
            layout: layout.clone(),
            plan: *plan,
            what: "the process died".to_string(),
            schedule: String::new(),
        };

        // Not by eprintln!(): the test runner would print that at the end of the test only.
        let _ = writeln!(std::io::stderr(), "{wrong}");
    });
}

/// Takes note of what runs next.
pub(crate) fn set(layout: &Layout, plan: &Plan) {
    RUNNING.with_borrow_mut(|(running, running_plan)| {
        running.clone_from(layout);
        *running_plan = *plan;
    });
}

/// Prints what ran if the process dies.
pub(crate) fn say_what_ran_on_death() {
    // SAFETY: The function can be called at any time.
    unsafe { fork_on_death(Some(say_what_ran)) };
}
