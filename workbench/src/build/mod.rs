// SPDX-License-Identifier: GPL-2.0

//! Building parts of the kernel at a commit, without running them.

pub(crate) mod kbuild;
