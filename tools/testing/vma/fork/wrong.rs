// SPDX-License-Identifier: GPL-2.0

//! A fork that went wrong, and how to run it again.

use crate::{
    layout::Layout,
    seed::plan_text,
    world::Plan, //
};
use std::fmt;

/// Larger address spaces are not printed; random.rs prints their seed.
const MAX_PRINTED: usize = 100;

/// A fork that did something wrong.
#[derive(Clone, Debug)]
pub(crate) struct Wrong {
    pub(crate) layout: Layout,
    pub(crate) plan: Plan,
    pub(crate) what: String,
    /// Which task went on at each step, if they can be preempted.
    pub(crate) schedule: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.what)?;
        if self.layout.0.len() > MAX_PRINTED {
            return Ok(());
        }
        write!(
            f,
            "replay: make replay SEED='{} {}{}{}'",
            self.layout,
            plan_text(&self.plan),
            if self.schedule.is_empty() { "" } else { "/" },
            self.schedule
        )
    }
}
