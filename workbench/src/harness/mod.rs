// SPDX-License-Identifier: GPL-2.0

//! Tests of the kernel's own code in userspace: `tools/testing/vma/fork`, which is ours, and
//! `tools/testing/vma`, the base's.

pub(crate) mod bench;
pub(crate) mod fork;
pub(crate) mod fork_bench;
pub(crate) mod parts;
pub(crate) mod seed;
pub(crate) mod totals;
pub(crate) mod trim;
pub(crate) mod vma;
pub(crate) mod vma_tests;
