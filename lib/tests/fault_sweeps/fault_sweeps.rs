// SPDX-License-Identifier: GPL-2.0

//! KUnit fault sweeps of data structures that Rust code uses.
//!
//! Each operation is failed at each of its allocations. It has to report the failure, to leave
//! what was there before, and to leak nothing. One suite per structure, one file per suite;
//! `fault_sweeps_c.c` does the same to some that C code uses.

mod maple_tree;
mod rbtree;
mod vectors;
mod xarray;
