// SPDX-License-Identifier: GPL-2.0

//! Building the kernel and running its KUnit suites.

pub(crate) mod control;
pub(crate) mod golden;
mod halves;
pub(crate) mod kernel;
pub(crate) mod kernel_cache;
pub(crate) mod kunit_py;
pub(crate) mod kvm;
pub(crate) mod ran;
pub(crate) mod suites;
pub(crate) mod until_caught;
pub(crate) mod verdict;
