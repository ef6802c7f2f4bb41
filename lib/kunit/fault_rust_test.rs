// SPDX-License-Identifier: GPL-2.0

//! KUnit tests of the [`fault_sweep`] attribute and of [`kernel::kunit::fault`].

use kernel::{
    bindings,
    error::{
        from_err_ptr,
        to_result, //
    },
    ffi::{
        c_int,
        c_void, //
    },
    impl_has_work,
    kunit::fault::{
        available,
        follow_task,
        follow_work,
        inject,
        Allocator,
        Mode,
        Plan,
        Sweep, //
    },
    new_work,
    page::Page,
    prelude::*,
    sync::{
        aref::ARef,
        Arc, //
    },
    task::Task,
    workqueue::{
        self,
        Work,
        WorkItem, //
    },
};

use core::{
    ptr::{
        from_ref,
        null_mut, //
    },
    sync::atomic::{
        AtomicBool,
        AtomicPtr,
        Ordering, //
    },
};

/// Makes two boxes in a worker.
#[pin_data]
struct Helper {
    #[pin]
    work: Work<Helper>,
    failed: AtomicBool,
}

impl_has_work! {
    impl HasWork<Self> for Helper { self.work }
}

impl Helper {
    fn new() -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                work <- new_work!("Helper::work"),
                failed: AtomicBool::new(false),
            }),
            GFP_KERNEL,
        )
    }

    /// Has the work done, and waits for that.
    fn work(self: &Arc<Self>) -> Result {
        let _ = workqueue::system().enqueue(self.clone());
        // SAFETY: The work item is initialised, and lives as long as `self`.
        unsafe { bindings::flush_work(Work::raw_get(&self.work)) };
        if self.failed.load(Ordering::Relaxed) {
            return Err(ENOMEM);
        }
        Ok(())
    }
}

fn two_boxes() -> Result<(KBox<u8>, KBox<u64>)> {
    Ok((KBox::new(1, GFP_KERNEL)?, KBox::new(2, GFP_KERNEL)?))
}

impl WorkItem for Helper {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.failed.store(two_boxes().is_err(), Ordering::Relaxed);
    }
}

/// A kernel thread that makes two boxes when it is woken. There is one at a time.
struct Thread(ARef<Task>);

static THREAD_IS_DONE: AtomicBool = AtomicBool::new(false);

impl Thread {
    fn new() -> Result<Self> {
        // SAFETY: The function is one for a thread, which does not use its argument.
        let task = unsafe {
            bindings::kthread_create_on_node(
                Some(Self::run),
                null_mut(),
                bindings::NUMA_NO_NODE,
                kernel::c_str!("kunit_fault_rust").as_char_ptr(),
            )
        };

        // SAFETY: A thread that has not been woken is valid, and so it is until it is stopped.
        Ok(Self(unsafe { &*from_err_ptr(task)?.cast::<Task>() }.into()))
    }

    extern "C" fn run(_: *mut c_void) -> c_int {
        let outcome = two_boxes();

        THREAD_IS_DONE.store(true, Ordering::Relaxed);
        match outcome {
            Ok(_) => 0,
            Err(err) => err.to_errno(),
        }
    }

    /// Wakes it, and returns what came of it.
    fn join(self) -> Result {
        THREAD_IS_DONE.store(false, Ordering::Relaxed);
        self.0.wake_up();
        // If it were stopped too early, it would not begin.
        while !THREAD_IS_DONE.load(Ordering::Relaxed) {
            // SAFETY: FFI call in a task that may sleep.
            unsafe { bindings::schedule_timeout_uninterruptible(1) };
        }
        // SAFETY: The thread is valid, as `self` has a reference.
        to_result(unsafe { bindings::kthread_stop(from_ref::<Task>(&self.0).cast_mut().cast()) })
    }
}

#[kunit_tests(rust_kunit_fault)]
mod tests {
    use super::*;

    type Boxes = (KBox<u8>, KBox<u64>, KBox<[u8; 100]>);

    fn three_boxes() -> Result<Boxes> {
        Ok((
            KBox::new(1, GFP_KERNEL)?,
            KBox::new(2, GFP_KERNEL)?,
            KBox::new([3; 100], GFP_KERNEL)?,
        ))
    }

    #[test]
    #[fault_sweep]
    fn attribute_alone() -> Result {
        three_boxes().map(|_| ())
    }

    #[test]
    #[fault_sweep(allocators(slab), modes(once), cap = 3)]
    fn attribute_with_options() -> Result {
        let _page = Page::alloc_page(GFP_KERNEL)?;

        three_boxes().map(|_| ())
    }

    fn five() -> Result<KVec<u8>> {
        let mut v = KVec::new();

        v.extend_from_slice(&[1, 2, 3, 4, 5], GFP_KERNEL)?;
        Ok(v)
    }

    /// Both see the state: it is five long before, and ten if nothing failed.
    fn five_or_ten(v: &mut KVec<u8>, outcome: Result<KBox<usize>>) -> Result {
        assert_eq!(v.len(), if outcome.is_ok() { 10 } else { 5 });
        Ok(())
    }

    #[test]
    #[fault_sweep(setup = five, check = five_or_ten)]
    fn attribute_with_state(v: &mut KVec<u8>) -> Result<KBox<usize>> {
        assert_eq!(v.len(), 5);
        let len = KBox::new(v.len(), GFP_KERNEL)?;

        v.extend_from_slice(&[6, 7, 8, 9, 10], GFP_KERNEL)?;
        Ok(len)
    }

    /// A function may have the name of a variable of [`Sweep::run`]'s.
    fn run(v: &mut KVec<u8>, outcome: Result<KBox<usize>>) -> Result {
        five_or_ten(v, outcome)
    }

    #[test]
    #[fault_sweep(setup = five, check = run)]
    fn attribute_with_a_check_named_run(v: &mut KVec<u8>) -> Result<KBox<usize>> {
        let len = KBox::new(v.len(), GFP_KERNEL)?;

        v.extend_from_slice(&[6, 7, 8, 9, 10], GFP_KERNEL)?;
        Ok(len)
    }

    fn pair_of<A: From<u8>, B: From<u8>>() -> Result<(KBox<A>, KBox<B>)> {
        Ok((
            KBox::new(A::from(1), GFP_KERNEL)?,
            KBox::new(B::from(2), GFP_KERNEL)?,
        ))
    }

    type Pair = (KBox<u32>, KBox<u64>);

    /// Commas that do not end an argument: in generics and between a closure's parameters.
    #[test]
    #[fault_sweep(
        cap = u8::MAX.into(),
        setup = pair_of::<u32, u64>,
        check = |pair: &mut Pair, outcome| -> Result<(), Error> {
            assert_eq!((*pair.0, *pair.1), (1, 2));
            outcome.map(drop).or(Ok(()))
        },
        allocators(slab, page)
    )]
    fn attribute_with_commas(_: &mut Pair) -> Result<(KBox<u8>, KBox<u64>)> {
        pair_of()
    }

    #[test]
    #[fault_sweep(
        check = |outcome: Result<_, _>| outcome.map(drop).or(Ok(())),
        allocators(),
        modes()
    )]
    fn attribute_with_empty_lists() -> Result<Boxes> {
        three_boxes()
    }

    /// Lists without an element are those of the defaults.
    #[test]
    fn empty_lists_are_the_defaults() -> Result {
        let total = Sweep::new().allocators(&[]).modes(&[]).run(|run| {
            drop(run.inject(three_boxes));
            Ok(())
        })?;

        assert!(total == 6 || !available());
        Ok(())
    }

    #[test]
    #[fault_sweep(allow_empty)]
    fn attribute_on_nothing() -> Result {
        Ok(())
    }

    /// The body does not tell that it had no memory.
    #[test]
    #[fault_sweep(accept(EAGAIN, EINVAL))]
    fn attribute_with_other_errors() -> Result<Boxes> {
        three_boxes().or(Err(EINVAL))
    }

    /// The description of the area is kept when it is freed.
    #[test]
    #[fault_sweep(allow_success, kept_by("none", "alloc_vmap_area"))]
    fn attribute_with_a_cache() -> Result {
        // Without symbols no function can be named.
        if cfg!(CONFIG_KALLSYMS) {
            drop(VBox::new(1, GFP_KERNEL | __GFP_NOWARN)?);
        } else {
            drop(KBox::new(1, GFP_KERNEL)?);
        }
        Ok(())
    }

    /// The slab allocator asks it for leave, so each box has a point more.
    #[test]
    #[fault_sweep(functions("should_failslab"))]
    fn attribute_with_a_function() -> Result<Boxes> {
        three_boxes()
    }

    /// The kernel crate maps nothing, so there are just the boxes; but without the kernel's help,
    /// as on UML, there is no sweep at all.
    #[test]
    #[fault_sweep(dma_mappings)]
    fn attribute_with_mappings() -> Result<Boxes> {
        three_boxes()
    }

    static KEPT: AtomicPtr<u64> = AtomicPtr::new(null_mut());

    fn free_what_is_kept() {
        let kept = KEPT.swap(null_mut(), Ordering::Relaxed);

        if !kept.is_null() {
            // SAFETY: It came from `into_raw()`, and nobody else gets it.
            drop(unsafe { KBox::from_raw(kept) });
        }
    }

    /// What the body leaves is freed before leaks are looked for, also after a run that failed.
    #[test]
    #[fault_sweep(after = free_what_is_kept)]
    fn attribute_with_a_function_after() -> Result<KBox<u8>> {
        let first = KBox::new(1, GFP_KERNEL)?;

        KEPT.store(KBox::into_raw(first), Ordering::Relaxed);
        Ok(KBox::new(2, GFP_KERNEL)?)
    }

    /// The first run allocates once more, and keeps that; nothing fails in it.
    #[test]
    #[fault_sweep(warm_up)]
    fn attribute_with_a_warm_up() -> Result<KBox<u8>> {
        static SET_UP: AtomicPtr<u64> = AtomicPtr::new(null_mut());

        if SET_UP.load(Ordering::Relaxed).is_null() {
            let first = KBox::new(1, GFP_KERNEL)?;

            SET_UP.store(KBox::into_raw(first), Ordering::Relaxed);
        }
        Ok(KBox::new(2, GFP_KERNEL)?)
    }

    /// In each mode two points: the boxes of a thread that the test has made before.
    #[test]
    fn task_is_followed() -> Result {
        let total = Sweep::new().run(|run| {
            let thread = Thread::new()?;

            let _ = run.inject(|| {
                follow_task(&thread.0)?;
                thread.join()
            });
            Ok(())
        })?;

        assert!(total == 4 || !available());
        Ok(())
    }

    /// In each mode three points: the helper, which the test makes, and two boxes of a worker's.
    #[test]
    fn work_is_followed() -> Result {
        let total = Sweep::new().run(|run| {
            let _ = run.inject(|| {
                let helper = Helper::new()?;

                follow_work(&helper.work)?;
                helper.work()
            });
            Ok(())
        })?;

        assert!(total == 6 || !available());
        Ok(())
    }

    /// A sweep by hand counts what it should: two modes of three points.
    #[test]
    fn total_is_returned() -> Result {
        let total = Sweep::new().run(|run| {
            drop(run.inject(three_boxes));
            Ok(())
        })?;

        assert!(total == 6 || !cfg!(CONFIG_KUNIT_FAULT_INJECTION));
        Ok(())
    }

    /// In the run that ends a sweep nothing fires, and the body sees each point.
    #[test]
    fn runs_are_described() -> Result {
        let mut n = 0;

        Sweep::new()
            .allocators(&[Allocator::Slab, Allocator::Page])
            .modes(&[Mode::Once])
            .run(|run| {
                n += 1;
                let ok = run.inject(three_boxes).is_ok();
                let (fired, points) = (run.fired(), run.points());

                run.check(ok == (fired == 0), fmt!("{fired} fired"))?;
                run.check(points == n.min(3), fmt!("{points} points in run {n}"))
            })?;
        assert!(n == 4 || !cfg!(CONFIG_KUNIT_FAULT_INJECTION));
        Ok(())
    }

    /// What a run has to tell is not there before it, not even of the run before.
    #[test]
    fn set_up_has_no_report() -> Result {
        Sweep::new()
            .run(|run| {
                run.check(run.fired() == 0, fmt!("{} fired", run.fired()))?;
                run.check(run.points() == 0, fmt!("{} points", run.points()))?;
                drop(run.inject(three_boxes));
                Ok(())
            })
            .map(drop)
    }

    /// Each plan fails the boxes that it names.
    #[test]
    fn plans_are_followed() -> Result {
        if !available() {
            return Ok(());
        }
        for (plan, failed) in [
            (Plan::count(), [false; 4]),
            (Plan::once(3), [false, false, true, false]),
            (Plan::forever(3), [false, false, true, true]),
            (Plan::pair(1, 3), [true, false, false, true]),
            (Plan::forever(1).allocators(&[Allocator::Page]), [false; 4]),
        ] {
            let (result, report) = inject(plan, || {
                core::array::from_fn(|n| KBox::new(n, GFP_KERNEL).is_err())
            })?;

            assert_eq!(result, failed);
            assert_eq!(report.fired, failed.iter().filter(|fail| **fail).count());
        }
        Ok(())
    }
}
