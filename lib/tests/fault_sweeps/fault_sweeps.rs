// SPDX-License-Identifier: GPL-2.0

//! KUnit fault sweeps of data structures in the `kernel` crate.
//!
//! A sweep makes each allocation of an operation fail, one after the other. The operation must
//! report each failure, must keep the entries that were there before, and must not leak memory.
//! There is a suite for each structure, in a file of its own. `fault_sweeps_c.c` tests library code
//! in C.

mod maple_tree;
mod rbtree;
mod vectors;
mod xarray;
