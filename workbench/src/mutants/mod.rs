// SPDX-License-Identifier: GPL-2.0

//! `make mutants`: breakages that nobody has thought of. Each statement, condition, limit, label
//! and value of the recovery is changed, by operators over clang's syntax tree, and the harness in
//! userspace has to notice, or else the suites. What is kept by others does not fit: Debian has
//! neither Mull nor dextool, and universalmutator edits lines by regular expressions.

mod ast;
mod explained;
mod generate;
mod harness;
mod kept;
mod kernel;
mod mutant;
mod object;
mod operators;
mod program;
mod run;
mod sample;
mod score;
mod sorted;
#[cfg(test)]
mod tests;
mod text;
mod written;

pub(crate) use explained::{check_explained, missing};
pub(crate) use run::run;
