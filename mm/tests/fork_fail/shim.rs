// SPDX-License-Identifier: GPL-2.0

//! What `shim/shim.h` declares, as bindgen has it in Rust.

#![allow(
    clippy::all,
    clippy::undocumented_unsafe_blocks,
    dead_code,
    improper_ctypes,
    missing_docs,
    non_camel_case_types,
    unreachable_pub
)]

use kernel::bindings::{
    address_space,
    file,
    folio,
    kmem_cache,
    mm_struct,
    page,
    vfsmount,
    vm_area_struct, //
};

include!(concat!(
    env!("OBJTREE"),
    "/mm/tests/fork_fail/shim_generated.rs"
));

pub(crate) use self::{
    fork_fail_field as Field,
    fork_fail_reading as Reading,
    fork_fail_uffd as Uffd, //
};
pub(crate) use kernel::bindings::{
    file as File,
    folio as Folio,
    mm_struct as Mm,
    page as Page,
    vm_area_struct as VmArea, //
};
