// SPDX-License-Identifier: GPL-2.0

//! Where the kernel's sources come from: Debian's archive, or a tree of the user's.

pub(crate) mod archive;
pub(crate) mod base;
pub(crate) mod choice;
pub(crate) mod import;
pub(crate) mod kdir;
pub(crate) mod tarball;

#[cfg(test)]
mod fetching;
