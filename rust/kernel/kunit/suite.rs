// SPDX-License-Identifier: GPL-2.0

//! What [`kunit_tests`](macros::kunit_tests) makes of a module.
//!
//! C header: [`include/kunit/test.h`](srctree/include/kunit/test.h)

use crate::{bindings, ffi::c_char, str::CStr};
use core::cell::UnsafeCell;

/// What a test function returns.
#[doc(hidden)]
pub trait Outcome {
    /// Whether the test has passed.
    fn is_ok(&self) -> bool;
}

impl Outcome for () {
    fn is_ok(&self) -> bool {
        true
    }
}

impl<T, E> Outcome for Result<T, E> {
    fn is_ok(&self) -> bool {
        Result::is_ok(self)
    }
}

/// Returns whether a test has passed.
#[doc(hidden)]
pub fn is_ok(outcome: impl Outcome) -> bool {
    outcome.is_ok()
}

/// The end of a suite's tests.
#[doc(hidden)]
// SAFETY: Null pointers, no functions, and numbers.
pub const NO_CASE: bindings::kunit_case = unsafe { core::mem::zeroed() };

/// A test of a suite.
#[doc(hidden)]
pub const fn case(
    name: &'static CStr,
    run: unsafe extern "C" fn(*mut bindings::kunit),
) -> bindings::kunit_case {
    bindings::kunit_case {
        run_case: Some(run),
        name: name.as_char_ptr(),
        ..NO_CASE
    }
}

/// The tests of a suite, [`NO_CASE`] being the last.
#[doc(hidden)]
pub struct Cases<const N: usize>(UnsafeCell<[bindings::kunit_case; N]>);

// SAFETY: Nobody but KUnit looks inside, which runs one suite at a time.
unsafe impl<const N: usize> Sync for Cases<N> {}

impl<const N: usize> Cases<N> {
    /// Makes them of an array.
    pub const fn new(cases: [bindings::kunit_case; N]) -> Self {
        assert!(N > 0 && cases[N - 1].run_case.is_none());
        Self(UnsafeCell::new(cases))
    }
}

/// A suite.
#[doc(hidden)]
pub struct Suite(UnsafeCell<bindings::kunit_suite>);

// SAFETY: As for `Cases`.
unsafe impl Sync for Suite {}

impl Suite {
    /// Makes one of these tests.
    pub const fn new<const N: usize>(name: &CStr, cases: &'static Cases<N>) -> Self {
        // SAFETY: Null pointers, no functions, numbers, and an empty name.
        let mut suite: bindings::kunit_suite = unsafe { core::mem::zeroed() };
        let bytes = name.as_bytes_with_nul();
        let mut i = 0;

        assert!(
            bytes.len() <= suite.name.len(),
            "the suite's name is too long"
        );
        while i < bytes.len() {
            suite.name[i] = bytes[i] as c_char;
            i += 1;
        }
        suite.test_cases = cases.0.get().cast();
        Self(UnsafeCell::new(suite))
    }
}

/// What KUnit finds a suite by.
#[doc(hidden)]
#[repr(transparent)]
pub struct Entry(*mut bindings::kunit_suite);

// SAFETY: As for `Cases`.
unsafe impl Sync for Entry {}

impl Entry {
    /// Makes one, to be put where KUnit looks for them.
    pub const fn new(suite: &'static Suite) -> Self {
        Self(suite.0.get())
    }
}
