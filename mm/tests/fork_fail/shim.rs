// SPDX-License-Identifier: GPL-2.0

//! What `shim/shim.h` declares, as bindgen has it in Rust, and how the kernel's C returns errors.

use core::ptr::NonNull;
use kernel::{
    ffi::c_int,
    prelude::*, //
};

#[allow(
    clippy::all,
    clippy::as_underscore,
    clippy::cast_lossless,
    clippy::ptr_as_ptr,
    clippy::ref_as_ptr,
    clippy::undocumented_unsafe_blocks,
    dead_code,
    improper_ctypes,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unreachable_pub,
    unsafe_op_in_unsafe_fn
)]
mod generated {
    include!(concat!(
        env!("OBJTREE"),
        "/mm/tests/fork_fail/shim_generated.rs"
    ));
}

pub(crate) use generated::{
    file as File,
    folio as Folio,
    mm_struct as Mm,
    mm_struct__bindgen_ty_1 as MmFields,
    page as Page,
    vm_area_struct as VmArea,
    *, //
};

/// The fields of an mm, which are all in one anonymous structure.
macro_rules! fields {
    ($mm:expr) => {
        (*$mm).__bindgen_anon_1
    };
}

/// Reads a field that others may change meanwhile, as `READ_ONCE()` does.
macro_rules! read_once {
    ($field:expr) => {
        core::ptr::addr_of!($field).read_volatile()
    };
}

pub(crate) use {
    fields,
    read_once, //
};

/// A value of the kernel, to be compared with others and printed.
pub(crate) trait Value {
    fn value(self) -> isize;
}

macro_rules! impl_value {
    ($($ty:ty),*) => {
        $(
            impl Value for $ty {
                fn value(self) -> isize {
                    self as isize
                }
            }
        )*
    };
}

impl_value!(i32, i64, isize, u32, u64, usize);

impl Value for bool {
    fn value(self) -> isize {
        self.into()
    }
}

impl<T> Value for *mut T {
    fn value(self) -> isize {
        self as isize
    }
}

impl<T> Value for *const T {
    fn value(self) -> isize {
        self as isize
    }
}

/// Returns the error that is in place of a value, if one is.
pub(crate) fn checked(value: isize) -> Result<isize> {
    match value {
        -4095..=-1 => Err(Error::from_errno(value as c_int)),
        _ => Ok(value),
    }
}

/// Returns the error that is in place of a pointer, if one is, and `null` if there is none.
pub(crate) fn checked_ptr<T>(ptr: *mut T, null: Error) -> Result<NonNull<T>> {
    checked(ptr as isize)?;
    NonNull::new(ptr).ok_or(null)
}

/// A structure of the kernel that any task may use and give up.
pub(crate) struct Object<T>(pub(crate) NonNull<T>);

// SAFETY: So it is by the type's description.
unsafe impl<T> Send for Object<T> {}

impl<T> Object<T> {
    pub(crate) fn as_ptr(&self) -> *mut T {
        self.0.as_ptr()
    }
}
