// SPDX-License-Identifier: GPL-2.0

//! The series as commits on top of the base, and trees made of them.

pub(crate) mod applies;
pub(crate) mod assemble;
pub(crate) mod branches;
pub(crate) mod bundle;
pub(crate) mod checkout;
pub(crate) mod clean;
pub(crate) mod edit;
pub(crate) mod form;
pub(crate) mod make_tree;
pub(crate) mod options;
pub(crate) mod parts;
pub(crate) mod pristine;
pub(crate) mod rebase;
pub(crate) mod refresh;
pub(crate) mod run_tree;
pub(crate) mod series;
pub(crate) mod setup;
pub(crate) mod suites;
pub(crate) mod with_patch;
pub(crate) mod written;

#[cfg(test)]
mod there_and_back;
#[cfg(test)]
pub(crate) mod toy;
