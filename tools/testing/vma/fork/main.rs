// SPDX-License-Identifier: GPL-2.0

//! Forks that fail: the kernel's `dup_mm()` and what it calls, in userspace.
//!
//! The C side has the kernel's functions, and models of the kernel around them. This side has the
//! address spaces, the failures, and a description of what a correct fork does, as code. See
//! README.

mod bench;
mod exhaustive;
mod explore;
mod generate;
mod interleave;
mod layout;
mod mistakes;
mod mmap;
mod model;
mod preempt;
mod random;
mod regressions;
mod replay;
mod running;
mod seed;
mod sweep;
mod testing;
mod totals;
mod world;
mod wrong;

/// What bindgen makes of fork.h.
#[allow(
    non_camel_case_types,
    non_upper_case_globals,
    dead_code,
    unreachable_pub,
    clippy::all,
    clippy::undocumented_unsafe_blocks,
    clippy::ptr_as_ptr
)]
mod bindings {
    include!(concat!(env!("FORK_OUT"), "/bindings.rs"));
}
