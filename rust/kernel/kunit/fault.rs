// SPDX-License-Identifier: GPL-2.0

//! Fault injection for KUnit tests.
//!
//! A [`Sweep`] runs a piece of code again and again, and makes one allocation after the other
//! fail, until a run in which there was none left. The [`fault_sweep`] attribute does that to the
//! body of a test.
//!
//! A *fault point* is a request to the slab, page or percpu allocator that the test's task makes
//! in task context, that may fail, and that no allocator makes for itself. How many there are does
//! not depend on what ran before, as long as the code does not. Other tasks and work items take
//! part if [`follow_task`] or [`follow_work`] names them.
//!
//! Needs `CONFIG_KUNIT_FAULT_INJECTION`; without it a sweep marks its test as skipped.
//!
//! C header: [`include/kunit/fault.h`](srctree/include/kunit/fault.h)
//!
//! Reference: <https://docs.kernel.org/dev-tools/kunit/fault-injection.html>

use crate::{
    bindings,
    error::to_result,
    fmt,
    prelude::*,
    str::{CStr, CString},
    task::Task,
    workqueue::Work,
};

/// # Examples
///
/// The function that it makes takes no arguments, and runs the sweep in the current test:
///
/// ```
/// use kernel::kunit::fault::fault_sweep;
///
/// fn three() -> Result<KVec<u64>> {
///     let mut v = KVec::with_capacity(3, GFP_KERNEL)?;
///
///     v.extend_from_slice(&[1, 2, 3], GFP_KERNEL)?;
///     Ok(v)
/// }
///
/// /// A push that fails leaves the vector as it was.
/// fn longer_or_intact(v: &mut KVec<u64>, pushed: Result) -> Result {
///     assert_eq!(v.len(), if pushed.is_ok() { 4 } else { 3 });
///     Ok(())
/// }
///
/// #[fault_sweep(allocators(slab), setup = three, check = longer_or_intact)]
/// fn push(v: &mut KVec<u64>) -> Result {
///     Ok(v.push(4, GFP_KERNEL)?)
/// }
///
/// push()?;
/// # Ok::<(), Error>(())
/// ```
pub use macros::fault_sweep;

/// The functions of `lib/kunit/fault*.c`.
#[cfg(CONFIG_KUNIT_FAULT_INJECTION)]
mod imp {
    pub(super) use crate::bindings::{
        kunit_fault_arm as arm_plan, kunit_fault_disarm as disarm_plan, kunit_fault_follow_task,
        kunit_fault_follow_work, kunit_fault_sweep_arm as arm, kunit_fault_sweep_disarm as disarm,
        kunit_fault_sweep_fail as fail, kunit_fault_sweep_next as next,
        kunit_fault_sweep_report_skipped as report_skipped,
    };
}

/// What is left of them without the option: there is no first run.
#[cfg(not(CONFIG_KUNIT_FAULT_INJECTION))]
mod imp {
    use crate::{bindings::*, ffi::*};

    pub(super) unsafe fn next(_: *mut kunit, _: *mut kunit_fault_sweep) -> bool {
        super::available()
    }

    pub(super) unsafe fn arm_plan(_: *mut kunit, _: *const kunit_fault_plan) -> c_int {
        -(EOPNOTSUPP as c_int)
    }

    pub(super) unsafe fn disarm_plan(_: *mut kunit, _: *mut kunit_fault_report) {}

    pub(super) unsafe fn kunit_fault_follow_task(_: *mut kunit, _: *mut task_struct) {}

    pub(super) unsafe fn kunit_fault_follow_work(_: *mut kunit, _: *const work_struct) {}

    pub(super) unsafe fn arm(_: *mut kunit, _: *mut kunit_fault_sweep) -> c_int {
        -(EOPNOTSUPP as c_int)
    }

    pub(super) unsafe fn disarm(_: *mut kunit, _: *mut kunit_fault_sweep, _: c_int) -> bool {
        false
    }

    pub(super) unsafe fn fail(_: *mut kunit, _: *mut kunit_fault_sweep, _: *const c_char) {}

    pub(super) unsafe fn report_skipped(
        _: *mut kunit,
        _: *const kunit_fault_sweep,
        _: *const c_char,
    ) {
    }
}

/// An allocator that can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Allocator {
    /// `kmalloc()`, `kmem_cache_alloc()`, their bulk variants and prefilled sheaves.
    Slab = bindings::kunit_fault_allocator_KUNIT_FAULT_SLAB,
    /// The page allocator.
    Page = bindings::kunit_fault_allocator_KUNIT_FAULT_PAGE,
    /// `alloc_percpu()` and friends.
    Percpu = bindings::kunit_fault_allocator_KUNIT_FAULT_PERCPU,
}

/// A way to go through the points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Mode {
    /// Fail point N alone.
    Once = bindings::kunit_fault_mode_KUNIT_FAULT_ONCE,
    /// Fail all points from N on.
    Forever = bindings::kunit_fault_mode_KUNIT_FAULT_FOREVER,
    /// Fail point N, and the Mth after it, for all N and M.
    Pair = bindings::kunit_fault_mode_KUNIT_FAULT_PAIR,
    /// Fail none, but be killed at point N, which has to come out as `EINTR` or go unnoticed.
    Signal = bindings::kunit_fault_mode_KUNIT_FAULT_SIGNAL,
}

/// Says which points to fail.
#[derive(Clone, Copy)]
pub struct Plan(bindings::kunit_fault_plan);

impl Plan {
    /// Fails none: the points are only counted.
    pub fn count() -> Self {
        Self(Default::default())
    }

    /// Fails the point `nth`, counted from 1.
    pub fn once(nth: usize) -> Self {
        Self(bindings::kunit_fault_plan {
            nth,
            ..Default::default()
        })
    }

    /// Fails all points from `nth` on, counted from 1.
    pub fn forever(nth: usize) -> Self {
        Self(bindings::kunit_fault_plan {
            nth,
            forever: true,
            ..Default::default()
        })
    }

    /// Fails the point `nth`, counted from 1, and the one `again` points after it.
    pub fn pair(nth: usize, again: usize) -> Self {
        Self(bindings::kunit_fault_plan {
            nth,
            again,
            ..Default::default()
        })
    }

    /// Lets what would fail succeed, but with a fatal signal pending from there on.
    pub fn signal(mut self) -> Self {
        self.0.signal = true;
        self
    }

    /// Counts requests to these allocators only. The default, and what an empty list means, is all.
    pub fn allocators(mut self, allocators: &[Allocator]) -> Self {
        self.0.allocators = mask_of(allocators);
        self
    }
}

fn mask_of(allocators: &[Allocator]) -> u32 {
    allocators
        .iter()
        .fold(0, |mask, allocator| mask | (1 << *allocator as u32))
}

/// What happened while a [`Plan`] was in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Points passed, those that failed included.
    pub points: usize,
    /// Points that were made to fail.
    pub fired: usize,
    /// Requests that must not fail, and therefore are no points.
    pub nofail: usize,
    /// Whether two tasks were at points at the same time. All else depends on the scheduler then.
    pub overlapped: bool,
}

/// Calls `body` in the current KUnit test, with its allocations failing as `plan` has it.
///
/// The test's end closes the window as well, also when an assertion in `body` brings it about.
/// Nothing is judged, and leaks are not looked for: that is what [`Sweep`] is for.
///
/// # Errors
///
/// `EINVAL` if the current task does not run a KUnit test, `EBUSY` if a task is armed already,
/// `ENOMEM`, or `EOPNOTSUPP` without `CONFIG_KUNIT_FAULT_INJECTION`.
///
/// # Examples
///
/// ```
/// use kernel::kunit::fault::{inject, Plan};
///
/// # if kernel::kunit::fault::available() {
/// let (result, report) = inject(Plan::once(2), || {
///     let first = KBox::new(1, GFP_KERNEL);
///     let second = KBox::new(2, GFP_KERNEL);
///     (first.is_ok(), second.is_ok())
/// })?;
///
/// assert_eq!(result, (true, false));
/// assert_eq!((report.points, report.fired), (2, 1));
/// # }
/// # Ok::<(), Error>(())
/// ```
pub fn inject<T>(plan: Plan, body: impl FnOnce() -> T) -> Result<(T, Report)> {
    let test = current_test()?;
    let mut report = bindings::kunit_fault_report::default();

    // SAFETY: `test` is the current test, and `plan` is valid for the call.
    to_result(unsafe { imp::arm_plan(test, &plan.0) })?;
    let result = body();
    // SAFETY: `test` is the current test, armed by this task, and `report` is valid for the call.
    unsafe { imp::disarm_plan(test, &mut report) };

    let report = Report {
        points: report.points,
        fired: report.fired,
        nofail: report.nofail,
        overlapped: report.overlapped,
    };
    Ok((result, report))
}

/// Lets the points of another task count, too, until the current task disarms.
///
/// To be called where allocations are to fail, in the body of a sweep: in any other place it fails
/// the test. What `task` allocates may fail from then on, and is looked for among the leaks.
///
/// The current task has to wait before it allocates again, until `task` has ended, or waits
/// itself: else it is up to the scheduler which point comes first. If the two are seen at points at
/// the same time, the test fails.
///
/// # Errors
///
/// `EINVAL` if the current task does not run a KUnit test.
pub fn follow_task(task: &Task) -> Result {
    let test = current_test()?;

    // SAFETY: `test` is the current test, and `task` is valid for the call, in which a reference
    // is taken.
    unsafe { imp::kunit_fault_follow_task(test, task.0.get()) };
    Ok(())
}

/// Lets the points of a work item count, too: as [`follow_task`], for the worker that does it.
///
/// The work item may be freed while it is followed, but then no other one may be made that is
/// where it was.
///
/// # Errors
///
/// `EINVAL` if the current task does not run a KUnit test.
///
/// # Examples
///
/// ```
/// use kernel::{
///     impl_has_work, new_work,
///     kunit::fault::{fault_sweep, follow_work},
///     sync::{new_condvar, new_mutex, Arc, CondVar, Mutex},
///     workqueue::{self, Work, WorkItem},
/// };
///
/// #[pin_data]
/// struct Helper {
///     #[pin]
///     work: Work<Helper>,
///     #[pin]
///     outcome: Mutex<Option<Result>>,
///     #[pin]
///     done: CondVar,
/// }
///
/// impl_has_work! {
///     impl HasWork<Self> for Helper { self.work }
/// }
///
/// impl WorkItem for Helper {
///     type Pointer = Arc<Helper>;
///
///     fn run(this: Arc<Helper>) {
///         let outcome = KBox::new(1, GFP_KERNEL).map(drop).map_err(Error::from);
///
///         *this.outcome.lock() = Some(outcome);
///         this.done.notify_all();
///     }
/// }
///
/// // Two points: the helper itself, and the box, which a worker makes.
/// #[fault_sweep(cap = 2)]
/// fn by_a_worker() -> Result {
///     let helper = Arc::pin_init(
///         pin_init!(Helper {
///             work <- new_work!("Helper::work"),
///             outcome <- new_mutex!(None),
///             done <- new_condvar!(),
///         }),
///         GFP_KERNEL,
///     )?;
///
///     follow_work(&helper.work)?;
///     let _ = workqueue::system().enqueue(helper.clone());
///
///     let mut outcome = helper.outcome.lock();
///     loop {
///         if let Some(outcome) = *outcome {
///             return outcome;
///         }
///         helper.done.wait(&mut outcome);
///     }
/// }
///
/// by_a_worker()?;
/// # Ok::<(), Error>(())
/// ```
pub fn follow_work<T: ?Sized, const ID: u64>(work: &Work<T, ID>) -> Result {
    let test = current_test()?;

    // SAFETY: `work` is a reference.
    let work = unsafe { Work::raw_get(work) };
    // SAFETY: `test` is the current test; `work` is not accessed.
    unsafe { imp::kunit_fault_follow_work(test, work) };
    Ok(())
}

/// Returns whether faults can be injected; if not, marks the current test as skipped.
///
/// For tests that call [`inject`]; those that sweep need not ask.
pub fn available() -> bool {
    if cfg!(CONFIG_KUNIT_FAULT_INJECTION) {
        return true;
    }
    if let Ok(test) = current_test() {
        let why = crate::c_str!("needs CONFIG_KUNIT_FAULT_INJECTION");

        // SAFETY: `test` is the current test, and the reason a static string.
        unsafe { bindings::kunit_mark_skipped(test, why.as_char_ptr()) };
    }
    false
}

/// Returns the current test, which lives until the current task is done with it.
fn current_test() -> Result<*mut bindings::kunit> {
    // SAFETY: FFI call without safety requirements.
    let test = unsafe { bindings::kunit_get_current_test() };

    if test.is_null() {
        return Err(EINVAL);
    }
    Ok(test)
}

/// Makes a list for C, with `end` behind what `convert` makes of each of the `items`.
fn terminated<T, U>(items: &[T], convert: impl Fn(&T) -> U, end: U) -> Result<KVec<U>> {
    let mut list = KVec::with_capacity(items.len() + 1, GFP_KERNEL)?;

    for item in items {
        list.push(convert(item), GFP_KERNEL)?;
    }
    list.push(end, GFP_KERNEL)?;
    Ok(list)
}

/// Fails a piece of code at one point after the other.
///
/// The defaults are all allocators, the modes once and forever, and no tolerance: a run in which
/// something was made to fail has to return `ENOMEM`.
///
/// # Examples
///
/// ```
/// use kernel::kunit::fault::{Mode, Sweep};
///
/// let points = Sweep::new()
///     .modes(&[Mode::Once])
///     .run(|run| {
///         let outcome = run.inject(|| {
///             let first = KBox::new(1, GFP_KERNEL)?;
///             let second = KBox::new(2, GFP_KERNEL)?;
///             Ok((first, second))
///         });
///         run.check(
///             outcome.is_ok() == (run.fired() == 0),
///             fmt!("an error without a reason"),
///         )
///     })?;
///
/// // One for each box, unless the kernel can't inject faults.
/// assert!(points == 2 || !cfg!(CONFIG_KUNIT_FAULT_INJECTION));
/// # Ok::<(), Error>(())
/// ```
pub struct Sweep<'a> {
    /// Refers to names and numbers that live for `'a`.
    raw: bindings::kunit_fault_sweep,
    functions: &'a [&'a CStr],
    kept_by: &'a [&'a CStr],
    accept: &'a [Error],
    after: Option<fn()>,
}

impl Default for Sweep<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a> Sweep<'a> {
    /// Makes a sweep with the default options.
    pub fn new() -> Self {
        Self {
            raw: Default::default(),
            functions: &[],
            kept_by: &[],
            accept: &[],
            after: None,
        }
    }

    /// Names this sweep, for tests that have more than one.
    pub fn scenario(mut self, name: &'a CStr) -> Self {
        self.raw.scenario = name.as_char_ptr();
        self
    }

    /// Counts requests to these allocators only. The default, and what an empty list means, is all.
    pub fn allocators(mut self, allocators: &[Allocator]) -> Self {
        self.raw.allocators = mask_of(allocators);
        self
    }

    /// Makes copies from and to user space fail, too, which has to come out as `EFAULT`. Skips the
    /// test without `CONFIG_FAULT_INJECTION_USERCOPY`.
    pub fn user_copies(mut self) -> Self {
        self.raw.user_copies = true;
        self
    }

    /// Makes calls of these functions fail, too: those in C that have `ALLOW_ERROR_INJECTION()`.
    /// They return `-ENOMEM`, a null pointer or true, as that says. Skips the test without
    /// `CONFIG_FUNCTION_ERROR_INJECTION`.
    pub fn functions(mut self, functions: &'a [&'a CStr]) -> Self {
        self.functions = functions;
        self
    }

    /// Makes mappings for DMA fail, too, and looks for those that are left. Skips the test without
    /// `CONFIG_KUNIT_FAULT_INJECTION_DMA`.
    pub fn dma_mappings(mut self) -> Self {
        self.raw.dma_mappings = true;
        self
    }

    /// Sweeps in these modes only, in the order of [`Mode`]. The default, and what an empty list
    /// means, is once and forever.
    pub fn modes(mut self, modes: &[Mode]) -> Self {
        self.raw.modes = modes
            .iter()
            .fold(0, |mask, mode| mask | (1 << *mode as u32));
        self
    }

    /// Sweeps over failures that are no allocations: the caller of [`Sweep::run`] sees to it that
    /// the [`Run::nth`] of them fails in that run. The sweep ends with the first run that succeeds.
    ///
    /// `cause` says in a word what fails, and `error` what has to come of it.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::kunit::fault::Sweep;
    ///
    /// let limits = [1, 2, 3];
    ///
    /// Sweep::new().cause(kernel::c_str!("limit"), E2BIG).run(|run| {
    ///     let allowed = run.nth() - 1;
    ///
    ///     let _ = run.inject(|| if limits.len() > allowed { Err(E2BIG) } else { Ok(()) });
    ///     Ok(())
    /// })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn cause(mut self, cause: &'a CStr, error: Error) -> Self {
        self.raw.cause = cause.as_char_ptr();
        self.raw.cause_err = error.to_errno();
        self
    }

    /// Tries these points only, counted from 1 and in ascending order, where all are too many. The
    /// line that the sweep prints says so.
    pub fn only(mut self, points: &'a [usize]) -> Self {
        self.raw.only = points.as_ptr();
        self.raw.nr_only = points.len();
        self
    }

    /// Fails the test if there is a point beyond this number. The default is 100000.
    pub fn cap(mut self, points: usize) -> Self {
        self.raw.cap = points;
        self
    }

    /// Lets a run succeed although an allocation failed: the code tries again, or does without.
    pub fn allow_success(mut self) -> Self {
        self.raw.allow_success = true;
        self
    }

    /// Does not look for leaks: what the code frees is kept for later by a cache of its own.
    pub fn ignore_leaks(mut self) -> Self {
        self.raw.ignore_leaks = true;
        self
    }

    /// Lets what these functions allocate be no leak, since a cache of theirs keeps it. They are
    /// named as in the kernel's symbols: functions in C, or such as have `#[no_mangle]`.
    pub fn kept_by(mut self, functions: &'a [&'a CStr]) -> Self {
        self.kept_by = functions;
        self
    }

    /// Lets the code return these errors, too, when it was made to fail, where it does not tell
    /// that from its other failures.
    pub fn accept(mut self, errors: &'a [Error]) -> Self {
        self.accept = errors;
        self
    }

    /// Calls a function after each run, before leaks are looked for: to wait for what the code
    /// frees late.
    pub fn after(mut self, after: fn()) -> Self {
        self.after = Some(after);
        self
    }

    /// Begins with a run in which nothing fails, for code that sets something up when it is first
    /// used, and keeps it.
    pub fn warm_up(mut self) -> Self {
        self.raw.warm_up = true;
        self
    }

    /// Lets the test pass if there is no point at all.
    pub fn allow_empty(mut self) -> Self {
        self.raw.allow_empty = true;
        self
    }

    /// Does not run it, and prints why: for tests that sweep many things, some of which a kernel
    /// may not have.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the current task does not run a KUnit test.
    pub fn report_skipped(self, why: &CStr) -> Result {
        let test = current_test()?;

        // SAFETY: `test` is the current test, and `why` outlives the call.
        unsafe { imp::report_skipped(test, &self.raw, why.as_char_ptr()) };
        Ok(())
    }

    /// Runs the sweep in the current KUnit test.
    ///
    /// `attempt` is called once per run and calls [`Run::inject`] exactly once. What it sets up
    /// before, and checks afterwards, is outside of the armed window. It must free what the
    /// injected code has allocated before it returns; what it does not is reported as leaked.
    ///
    /// An error of `attempt` ends the sweep and fails the test, naming the run.
    ///
    /// Returns the number of failures injected, over all modes: 0 if the test is to be skipped.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the current task does not run a KUnit test, `ENOMEM`, else those of `attempt`.
    pub fn run(mut self, mut attempt: impl FnMut(&mut Run<'_>) -> Result) -> Result<usize> {
        let test = current_test()?;
        let functions = terminated(self.functions, |name| name.as_char_ptr(), core::ptr::null())?;
        let kept_by = terminated(self.kept_by, |name| name.as_char_ptr(), core::ptr::null())?;
        let accept = terminated(self.accept, |error| error.to_errno(), 0)?;

        // No list is not the same as an empty one: that needs the kernel to have kprobes.
        if !self.functions.is_empty() {
            self.raw.functions = functions.as_ptr();
        }
        self.raw.kept_by = kept_by.as_ptr();
        self.raw.accept = accept.as_ptr();
        // SAFETY: `test` is the current test, and `raw` was zeroed but for the options before the
        // first call. The lists it refers to end as they have to, and outlive the loop.
        while unsafe { imp::next(test, &mut self.raw) } {
            // INVARIANT: `current_test()` returned `test` to this task, which runs it still.
            let mut run = Run {
                test,
                sweep: &mut self.raw,
                failed: false,
            };

            if let Err(err) = attempt(&mut run) {
                if !run.failed {
                    run.fail(fmt!("set-up or check returned {}", err.to_errno()));
                }
                return Err(err);
            }
            if let Some(after) = self.after {
                after();
            }
        }
        Ok(self.raw.total)
    }

    /// Sweeps `body`, and hands what it returned to `check`.
    ///
    /// For [`fault_sweep`], whose arguments are these: as arguments they see no names but their
    /// own.
    #[doc(hidden)]
    pub fn run_body<T>(
        self,
        mut body: impl FnMut() -> Result<T>,
        mut check: impl FnMut(Result<T>) -> Result,
    ) -> Result {
        self.run(|run| check(run.inject(&mut body))).map(drop)
    }

    /// As [`Sweep::run_body`], with what `setup` makes anew for each run.
    #[doc(hidden)]
    pub fn run_body_with<S, T>(
        self,
        mut setup: impl FnMut() -> Result<S>,
        mut body: impl FnMut(&mut S) -> Result<T>,
        mut check: impl FnMut(&mut S, Result<T>) -> Result,
    ) -> Result {
        self.run(|run| {
            let mut state = setup()?;
            let outcome = run.inject(|| body(&mut state));

            check(&mut state, outcome)
        })
        .map(drop)
    }
}

/// One run of a [`Sweep`].
///
/// # Invariants
///
/// `test` is the KUnit test that the current task runs.
pub struct Run<'a> {
    test: *mut bindings::kunit,
    sweep: &'a mut bindings::kunit_fault_sweep,
    /// Whether [`Run::fail`] has said why.
    failed: bool,
}

impl Run<'_> {
    /// Calls `body`, with the allocations armed to fail as this run has it, and judges the result.
    ///
    /// The window is closed as well when an assertion in `body` aborts the test. What `body`
    /// returns is handed on, also if it was not what it should be: then the test has failed, and
    /// the sweep ends after this run.
    ///
    /// # Errors
    ///
    /// Those of `body`; `EBUSY` if another task is armed.
    pub fn inject<T>(&mut self, body: impl FnOnce() -> Result<T>) -> Result<T> {
        // SAFETY: `test` is valid by the type's invariants.
        to_result(unsafe { imp::arm(self.test, self.sweep) })?;
        let result = body();
        let err = match &result {
            Ok(_) => 0,
            Err(err) => err.to_errno(),
        };
        // SAFETY: `test` is valid by the type's invariants, and was armed by this task.
        unsafe { imp::disarm(self.test, self.sweep, err) };
        result
    }

    /// Returns the number of the point that is made to fail in this run, from 1.
    pub fn nth(&self) -> usize {
        self.sweep.plan.nth
    }

    /// Returns how many allocations were made to fail: none before [`Run::inject`] has returned.
    pub fn fired(&self) -> usize {
        self.sweep.report.fired
    }

    /// Returns how many points were passed: none before [`Run::inject`] has returned.
    pub fn points(&self) -> usize {
        self.sweep.report.points
    }

    /// Fails the test unless `condition` holds, naming the run.
    ///
    /// # Errors
    ///
    /// `EINVAL` if it does not hold.
    pub fn check(&mut self, condition: bool, what: fmt::Arguments<'_>) -> Result {
        if condition {
            return Ok(());
        }
        self.fail(what);
        Err(EINVAL)
    }

    fn fail(&mut self, what: fmt::Arguments<'_>) {
        self.failed = true;

        let text = CString::try_from_fmt(what);
        let text = text
            .as_deref()
            .unwrap_or(crate::c_str!("no memory for the reason"));

        // SAFETY: `test` is valid by the type's invariants, `text` outlives the call.
        unsafe { imp::fail(self.test, self.sweep, text.as_char_ptr()) };
    }
}
