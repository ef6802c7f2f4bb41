// SPDX-License-Identifier: GPL-2.0

//! `make breakages`: would the suites notice if the fix were wrong? Breaks it on purpose, in one way
//! after the other, each a patch in `workbench/breakages/BASE`, builds that for UML, runs the suites
//! and tells which test failed first. What they do not notice goes through `tools/testing/vma/fork`
//! in userspace as well: it has ASan, and walkers at every step.

mod apply;
mod file;
mod run;
mod verdict;

pub(crate) use apply::check_apply;
pub(crate) use run::run;
