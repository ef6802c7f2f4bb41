/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fault injection for KUnit tests: fail one allocation after the other.
 *
 * A fault point is a request to the slab, page or percpu allocator which the
 * task that armed, or one that is followed, makes in task context, which may fail
 * (no __GFP_NOFAIL), and which no allocator makes for itself.  See
 * fault-injection.rst beside KUnit's documentation.
 */

#ifndef _KUNIT_FAULT_H
#define _KUNIT_FAULT_H

#include <kunit/fault-hooks.h>
#include <kunit/test.h>

#define KUNIT_FAULT_FRAMES		16
#define KUNIT_FAULT_MOST_FOLLOWED	16

struct kunit_fault_dma;
struct kunit_fault_functions;
struct task_struct;
struct work_struct;

/**
 * struct kunit_fault_plan - Which of the points to fail
 * @allocators: Mask of BIT(enum kunit_fault_allocator) that count as points; 0 is all
 * @user_copies: Copies from and to user space are points, too
 * @nth: The first point to fail, from 1; 0 fails none, they are only counted
 * @again: Fail a second one, this many points after @nth; 0 is none
 * @forever: Fail all points from @nth on
 * @limit: Fail no more than so many; 0 is no limit
 * @signal: Let what would fail succeed, but with a fatal signal pending
 */
struct kunit_fault_plan {
	unsigned int allocators;
	bool user_copies;
	unsigned long nth;
	unsigned long again;
	unsigned long limit;
	bool forever;
	bool signal;
};

/**
 * struct kunit_fault_report - What happened between arming and disarming
 * @points: Points passed, the failed ones included
 * @fired: Points that were made to fail, or at which a signal was sent
 * @user_copies: Those of them that were copies from or to user space
 * @relented: Points that would have failed, but for &kunit_fault_plan.limit
 * @nofail: Requests with __GFP_NOFAIL, which are not injectable
 * @nofail_site: Caller of the last of these, or 0
 * @aborted: The test failed in between; all else is as it was then
 * @overlapped: Two tasks that count were at points, or in allocators, at the same time,
 *		so all else depends on the scheduler
 * @nr_frames: Number of valid entries in @frames
 * @frames: Call trace of the last failure, innermost first
 */
struct kunit_fault_report {
	unsigned long points;
	unsigned long fired;
	unsigned long user_copies;
	unsigned long relented;
	unsigned long nofail;
	unsigned long nofail_site;
	bool aborted;
	bool overlapped;
	unsigned int nr_frames;
	unsigned long frames[KUNIT_FAULT_FRAMES];
};

/**
 * enum kunit_fault_mode - The ways to go through the points
 * @KUNIT_FAULT_ONCE: Fail point N alone
 * @KUNIT_FAULT_FOREVER: Fail all points from N on
 * @KUNIT_FAULT_PAIR: Fail point N, and the Mth after it, for all N and M
 * @KUNIT_FAULT_SIGNAL: Fail none, but be killed at point N
 * @KUNIT_FAULT_CAUSE: Fail none; the test itself sees to the Nth failure, of the
 *		       kind that &kunit_fault_sweep.cause names
 * @KUNIT_FAULT_MODES: The number of modes
 */
enum kunit_fault_mode {
	KUNIT_FAULT_ONCE,
	KUNIT_FAULT_FOREVER,
	KUNIT_FAULT_PAIR,
	KUNIT_FAULT_SIGNAL,
	KUNIT_FAULT_CAUSE,
	KUNIT_FAULT_MODES
};

/**
 * struct kunit_fault_sweep - Fail a piece of code at one point after the other
 * @scenario: A name for this sweep, if the test has more than one, or NULL
 * @allocators: Mask of BIT(enum kunit_fault_allocator); 0 is all
 * @user_copies: Make copies from and to user space fail, too, with -EFAULT; skips the
 *		 test without CONFIG_FAULT_INJECTION_USERCOPY
 * @functions: Names of functions with ALLOW_ERROR_INJECTION() whose calls are points, too:
 *	       they return -ENOMEM, NULL or true, as their type of error is; the last is
 *	       NULL; or NULL; skips the test without CONFIG_FUNCTION_ERROR_INJECTION
 * @dma_mappings: Make mappings for DMA fail, too, by dma_map_single(), dma_map_sgtable() and
 *		  their like, and look for those that are left; skips the test without
 *		  CONFIG_KUNIT_FAULT_INJECTION_DMA
 * @modes: Mask of BIT(enum kunit_fault_mode); 0 is once and forever
 * @cause: What &KUNIT_FAULT_CAUSE makes fail, in a word; sweeps in this mode
 *	   alone.  The test arranges for failure number &kunit_fault_plan.nth of
 *	   @plan before it arms; the sweep ends with the first run that succeeds
 * @cause_err: The error that has to come of it
 * @only: The values of N to try, in ascending order, where all are too many, or
 *	  NULL; those at the end that are beyond the last point are not reached
 * @nr_only: Their number
 * @cap: Give up, and fail the test, beyond this N or M; 0 is 100000
 * @allow_success: The code may succeed although an allocation failed, since it
 *		  tries again or does without
 * @ignore_leaks: Do not look for leaks: what the code frees is kept for later by a
 *	      cache of its own
 * @allow_empty: Do not fail the test if there is no point at all
 * @warm_up: Begin with a run in which nothing fails and that is not judged but for
 *	     its result, for code that sets something up when it is first used
 * @kept_by: Functions, by name, whose allocations are no leaks, since a cache of
 *	     theirs keeps them; the last is NULL; or NULL
 * @accept: Other errors that the code may return when it was made to fail, where
 *	    it does not tell that from its other failures; the last is 0; or NULL
 * @after: Called by kunit_fault_sweep_run() after each run, disarmed, before it
 *	   looks for leaks: to wait for what the code frees late; or NULL
 * @total: Number of failures injected so far, over all modes; for the caller
 * @plan: The plan of the current run; read only
 * @report: The report of the last run, empty until it disarms; for the caller
 * @mode: private: the current mode
 * @failed: private: runs of this mode that returned an error
 * @tolerated: private: runs of this mode that returned 0 despite a failure
 * @points: private: runs of this mode in which the failure was injected
 * @next_only: private: index into @only of the N after the current one
 * @warming_up: private: the current run is that of @warm_up
 * @replay: private: the one run to be made, as messages name it, or NULL
 * @keep_going: private: do not end with the first run that fails
 * @probes: private: of @functions, or NULL
 * @dma: private: what makes mappings fail, or NULL
 * @state: private: where the sweep is
 */
struct kunit_fault_sweep {
	const char *scenario;
	unsigned int allocators;
	bool user_copies;
	const char * const *functions;
	bool dma_mappings;
	unsigned int modes;
	const char *cause;
	int cause_err;
	const unsigned long *only;
	unsigned long nr_only;
	unsigned long cap;
	bool allow_success;
	bool ignore_leaks;
	bool allow_empty;
	bool warm_up;
	const char * const *kept_by;
	const int *accept;
	void (*after)(struct kunit *test);
	unsigned long total;
	struct kunit_fault_plan plan;
	struct kunit_fault_report report;
	enum kunit_fault_mode mode;
	unsigned long failed;
	unsigned long tolerated;
	unsigned long points;
	unsigned long next_only;
	bool warming_up;
	const char *replay;
	bool keep_going;
	struct kunit_fault_functions *probes;
	struct kunit_fault_dma *dma;
	int state;
};

#ifdef CONFIG_KUNIT_FAULT_INJECTION

int kunit_fault_arm(struct kunit *test, const struct kunit_fault_plan *plan);
void kunit_fault_disarm(struct kunit *test, struct kunit_fault_report *report);
void kunit_fault_follow_task(struct kunit *test, struct task_struct *task);
void kunit_fault_follow_work(struct kunit *test, const struct work_struct *work);
void kunit_fault_abort(void);
unsigned long kunit_fault_site(const struct kunit_fault_report *report);

bool kunit_fault_sweep_next(struct kunit *test, struct kunit_fault_sweep *sweep);
int kunit_fault_sweep_arm(struct kunit *test, struct kunit_fault_sweep *sweep);
bool kunit_fault_sweep_disarm(struct kunit *test, struct kunit_fault_sweep *sweep,
			      int err);
void kunit_fault_sweep_fail(struct kunit *test, struct kunit_fault_sweep *sweep,
			    const char *what);
void kunit_fault_sweep_report_skipped(struct kunit *test, const struct kunit_fault_sweep *sweep,
				      const char *why);
void kunit_fault_sweep_run(struct kunit *test, struct kunit_fault_sweep *sweep,
			   int (*body)(struct kunit *test));

#else /* !CONFIG_KUNIT_FAULT_INJECTION */

static inline int kunit_fault_arm(struct kunit *test,
				  const struct kunit_fault_plan *plan)
{
	return -EOPNOTSUPP;
}

static inline void kunit_fault_disarm(struct kunit *test,
				      struct kunit_fault_report *report) {}
static inline void kunit_fault_follow_task(struct kunit *test,
					   struct task_struct *task) {}
static inline void kunit_fault_follow_work(struct kunit *test,
					   const struct work_struct *work) {}
static inline void kunit_fault_abort(void) {}

static inline unsigned long kunit_fault_site(const struct kunit_fault_report *report)
{
	return 0;
}

static inline bool kunit_fault_sweep_next(struct kunit *test,
					  struct kunit_fault_sweep *sweep)
{
	kunit_mark_skipped(test, "needs CONFIG_KUNIT_FAULT_INJECTION");
	return false;
}

static inline int kunit_fault_sweep_arm(struct kunit *test,
					struct kunit_fault_sweep *sweep)
{
	return -EOPNOTSUPP;
}

static inline bool kunit_fault_sweep_disarm(struct kunit *test,
					    struct kunit_fault_sweep *sweep, int err)
{
	return false;
}

static inline void kunit_fault_sweep_fail(struct kunit *test,
					  struct kunit_fault_sweep *sweep,
					  const char *what) {}
static inline void kunit_fault_sweep_report_skipped(struct kunit *test,
						    const struct kunit_fault_sweep *sweep,
						    const char *why) {}

static inline void kunit_fault_sweep_run(struct kunit *test,
					 struct kunit_fault_sweep *sweep,
					 int (*body)(struct kunit *test))
{
	kunit_fault_sweep_next(test, sweep);
}

#endif /* CONFIG_KUNIT_FAULT_INJECTION */

/**
 * KUNIT_DEFINE_FAULT_SWEEP() - Make the sweep of a function a test case
 * @body: The function, ``int body(struct kunit *test)``, which returns 0 or a
 *	  negative error, and frees what it has allocated
 * @...: Options, as an initialiser of &struct kunit_fault_sweep has them
 *
 * To be followed by KUNIT_CASE_FAULT_SWEEP(@body) in the suite's list of cases.
 */
#define KUNIT_DEFINE_FAULT_SWEEP(body, ...)					\
	static void body##_fault_sweep(struct kunit *test)			\
	{									\
		struct kunit_fault_sweep sweep = { __VA_ARGS__ };		\
										\
		kunit_fault_sweep_run(test, &sweep, body);			\
	}

/**
 * KUNIT_CASE_FAULT_SWEEP() - A test case of a suite, with the function's name
 * @body: What KUNIT_DEFINE_FAULT_SWEEP() was given
 */
#define KUNIT_CASE_FAULT_SWEEP(body)						\
	{ .run_case = body##_fault_sweep, .name = #body, .module_name = KBUILD_MODNAME }

#endif /* _KUNIT_FAULT_H */
