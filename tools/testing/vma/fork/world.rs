// SPDX-License-Identifier: GPL-2.0

//! The C side: a world with a parent that can be forked.

use crate::bindings::*;
use std::{
    ffi::{
        c_char,
        c_void,
        CStr, //
    },
    marker::PhantomData, //
};

pub(crate) use crate::bindings::{
    fork_event as Event,
    fork_mm as Mm,
    fork_op as Op,
    fork_plan as Plan,
    fork_result as Outcome,
    fork_vma as Vma,
    fork_vma_state as VmaState,
    fork_world_state as WorldState, //
};

/// How many tasks there are.
pub(crate) const TASKS: usize = fork_task::FORK_TASKS as usize;

/// Chooses a task.
pub(crate) type Chooser<'a> = dyn FnMut(&[Op; TASKS]) -> u32 + 'a;

/// # Safety
///
/// The context must be that of [`World::explore`], and `ops` one operation for each task.
unsafe extern "C" fn choose_next(context: *mut c_void, ops: *const Op) -> u32 {
    // SAFETY: As this function's.
    let (choose, ops) = unsafe {
        (
            &mut *context.cast::<&mut Chooser<'_>>(),
            &*ops.cast::<[Op; TASKS]>(),
        )
    };

    choose(ops)
}

/// Which of two address spaces.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Parent,
    Child,
}

/// The world of this thread.
///
/// # Invariants
///
/// The C side has a world for this thread, of this object, which does not leave the thread.
pub(crate) struct World {
    nr: usize,
    child: bool,
    same_thread: PhantomData<*mut ()>,
}

impl World {
    /// Makes one. A thread can have one at a time.
    pub(crate) fn new(vmas: &[Vma]) -> Self {
        // SAFETY: The pointer is to as many VMAs, and worlds are dropped before others are made.
        unsafe { fork_world_new(vmas.as_ptr(), vmas.len()) };

        // INVARIANT: The call above has made the world, and the type is not `Send`.
        Self {
            nr: vmas.len(),
            child: false,
            same_thread: PhantomData,
        }
    }

    /// Forks. There must be no child of an earlier fork.
    pub(crate) fn fork(&mut self, plan: &Plan) -> Outcome {
        let mut outcome = Outcome::default();

        assert!(!self.child);
        // SAFETY: There is a world by the type's invariants, and the pointers are valid.
        unsafe { fork_run(plan, &mut outcome) };
        self.child = outcome.succeeded;
        outcome
    }

    /// Forks with tasks that can be preempted. `choose` says whose operation is next, of those that
    /// each of them would do.
    pub(crate) fn explore(&mut self, plan: &Plan, choose: &mut Chooser<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let mut choose = choose;
        let context: *mut &mut Chooser<'_> = &mut choose;

        assert!(!self.child);
        // SAFETY: There is a world by the type's invariants, and the pointers are valid until it
        // returns.
        unsafe { fork_explore(plan, &mut outcome, Some(choose_next), context.cast()) };
        self.child = outcome.succeeded;
        outcome
    }

    /// Ends the child of a fork that succeeded.
    pub(crate) fn put_child(&mut self) {
        assert!(self.child);
        // SAFETY: There is a world by the type's invariants, and a child.
        unsafe { fork_child_put() };
        self.child = false;
    }

    /// Returns the sites of all allocations in the last fork, also of those that failed.
    pub(crate) fn points(&self) -> Vec<u8> {
        // SAFETY: There is a world by the type's invariants, and nothing is written.
        let nr = unsafe { fork_points(std::ptr::null_mut(), 0) };
        let mut points = vec![0; nr];

        // SAFETY: There is a world by the type's invariants, and the vector has as much room.
        unsafe { fork_points(points.as_mut_ptr(), nr) };
        points
    }

    /// Returns the operations on locks of the last fork, if they were logged.
    pub(crate) fn events(&self) -> Vec<Event> {
        // SAFETY: There is a world by the type's invariants, and nothing is written.
        let nr = unsafe { fork_events(std::ptr::null_mut(), 0) };
        let none = Event {
            what: std::ptr::null(),
            lock: std::ptr::null(),
            owner: 0,
            walker: 0,
        };
        let mut events = vec![none; nr];

        // SAFETY: There is a world by the type's invariants, and the vector has as much room.
        unsafe { fork_events(events.as_mut_ptr(), nr) };
        events
    }

    pub(crate) fn log_events(&self, on: bool) {
        // SAFETY: There is a world by the type's invariants.
        unsafe { fork_log_events(on) };
    }

    fn is_child(&self, who: Who) -> bool {
        assert!(who == Who::Parent || self.child);
        who == Who::Child
    }

    pub(crate) fn mm(&self, who: Who) -> Mm {
        let mut mm = Mm::default();

        // SAFETY: There is a world by the type's invariants, and `who`.
        unsafe { fork_read_mm(self.is_child(who), &mut mm) };
        mm
    }

    pub(crate) fn vmas(&self, who: Who) -> Vec<VmaState> {
        let mut vmas = vec![VmaState::default(); self.nr];
        // SAFETY: There is a world by the type's invariants, and `who`; the vector has as much
        // room.
        let nr = unsafe { fork_read_vmas(self.is_child(who), vmas.as_mut_ptr(), self.nr) };

        // More VMAs than there is room for are an error that has to show.
        vmas.resize(nr, VmaState::default());
        vmas
    }

    pub(crate) fn state(&self) -> WorldState {
        let mut state = WorldState::default();

        // SAFETY: There is a world by the type's invariants.
        unsafe { fork_read_world(&mut state) };
        state
    }

    /// Has a driver's mmap() fail after it has mapped pages, where nothing is mapped.
    pub(crate) fn mmap_fails(&self, start: u64, pages: u32) -> bool {
        // SAFETY: There is a world by the type's invariants, and no fork is under way.
        unsafe { fork_mmap_fails(start, pages) }
    }

    /// Maps as many VMAs where nothing is mapped, and unmaps them, with the lock downgraded or not.
    pub(crate) fn map_and_unmap(&self, start: u64, pages: u32, downgrade: bool) -> bool {
        // SAFETY: There is a world by the type's invariants, and no fork is under way.
        unsafe { fork_map_and_unmap(start, pages, downgrade) }
    }

    /// Makes a mistake. The VMAs have to be those that fork.h says.
    pub(crate) fn make_mistake(&self, mistake: &Mistake) {
        // SAFETY: There is a world by the type's invariants, and no fork is under way.
        unsafe { fork_make_mistake(mistake.nr) };
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // SAFETY: There is a world by the type's invariants.
        unsafe { fork_world_free() };
    }
}

/// A mistake that can be made on purpose.
pub(crate) struct Mistake {
    nr: usize,
    pub(crate) name: String,
    /// What has to be said about it.
    pub(crate) words: String,
}

/// # Safety
///
/// It must be a string that stays.
unsafe fn text(text: *const c_char) -> String {
    // SAFETY: As this function's.
    unsafe { CStr::from_ptr(text) }
        .to_string_lossy()
        .into_owned()
}

impl Mistake {
    pub(crate) fn all() -> Vec<Self> {
        // SAFETY: FFI call without safety requirements.
        let all = unsafe { fork_mistakes() };

        (0..all)
            .map(|nr| {
                // SAFETY: There are so many.
                let mistake = unsafe { fork_mistake(nr) };

                // SAFETY: The C side's strings are static.
                let (name, words) = unsafe { (text(mistake.name), text(mistake.words)) };

                Self { nr, name, words }
            })
            .collect()
    }

    /// The number of the place that has said the words since the mistake was made, if one has.
    pub(crate) fn noticed_by(&self) -> Option<usize> {
        // SAFETY: FFI call without safety requirements.
        unsafe { fork_noticed_by() }.checked_sub(1)
    }
}

/// The places that can complain, each with its format.
pub(crate) fn places() -> Vec<String> {
    // SAFETY: FFI call without safety requirements.
    let all = unsafe { fork_places() };

    (0..all)
        .map(|nr| {
            // SAFETY: There are so many, and the strings are static.
            let (place, format, file) = unsafe {
                let place = *fork_place(nr);

                (place, text(place.format), text(place.file))
            };

            format!("{file}:{}: {format}", place.line)
        })
        .collect()
}

/// Returns the first complaint since the last call.
pub(crate) fn complaint() -> Option<String> {
    // SAFETY: FFI call without safety requirements.
    let text = unsafe { fork_complaint() };

    if text.is_null() {
        return None;
    }
    // SAFETY: It is a string, which stays until the next complaint.
    let text = unsafe { CStr::from_ptr(text) }
        .to_string_lossy()
        .into_owned();
    // SAFETY: FFI call without safety requirements.
    unsafe { fork_forget_complaints() };
    Some(text)
}

pub(crate) fn looks_in_vmas() -> bool {
    // SAFETY: FFI call without safety requirements.
    unsafe { fork_looks_in_vmas() }
}

pub(crate) fn task_size() -> u64 {
    // SAFETY: FFI call without safety requirements.
    unsafe { fork_task_size() }
}
