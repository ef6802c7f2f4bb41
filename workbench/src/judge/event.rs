// SPDX-License-Identifier: GPL-2.0

//! What a line of the kernel's log tells, and where in the tests it is.

use super::sweep::Sweep;
use std::fmt;

/// Where in the tests a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    /// Empty before the first one.
    pub(crate) suite: &'a str,
    /// The test that is running, if it has said anything yet.
    pub(crate) test: Option<&'a str>,
    /// The last test of the suite that has ended.
    pub(crate) last: Option<&'a str>,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.suite, self.test, self.last) {
            ("", ..) => write!(f, "before the first test"),
            (suite, Some(test), _) => write!(f, "{suite}.{test}"),
            (suite, None, Some(last)) => write!(f, "{suite}, after {last}"),
            (suite, None, None) => write!(f, "{suite}, its first test"),
        }
    }
}

/// What a line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    /// The kernel gets to its tests, or to those of a suite.
    Header,
    SuiteBegins,
    /// A test with parameters begins. Others do not say so.
    TestBegins,
    /// A test has failed if not `ok`. One that was skipped is.
    TestEnds {
        ok: bool,
    },
    /// The same for one of a test's parameters.
    ParameterEnds {
        name: &'a str,
        ok: bool,
    },
    SuiteEnds {
        ok: bool,
    },
    Sweep(Sweep<'a>),
    /// A line that should be a sweep's report and is none.
    GarbledSweep,
    /// An assertion or expectation has failed. What follows says why, if it has arrived.
    Assertion {
        reason: Option<&'a str>,
    },
    /// The kernel has dereferenced what `dup_mmap()` stores in place of a VMA where it stopped.
    Marker,
    Panic,
    /// The kernel, or a detector in it, says that something is wrong. No test needs to fail of it.
    Splat,
    /// Where the processor was when it happened.
    Rip,
    /// A call of a call trace.
    Call {
        function: &'a str,
    },
    /// The end of a splat with a call trace.
    EndOfTrace,
    /// The kernel has ended as it should.
    Halted,
}

/// A line that tells something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) line: &'a str,
    pub(crate) place: Place<'a>,
    pub(crate) event: Event<'a>,
}
