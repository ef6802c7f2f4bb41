// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault injection: fail a piece of code at one point after the other.
 *
 * A run is one pass through the code with one plan.  The sweep of a mode ends
 * with the first run in which nothing fired: then every point was failed.
 */

#include <kunit/fault.h>
#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/export.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/moduleparam.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "fault-impl.h"

#define DEFAULT_CAP	100000
#define MOST_FAILURES	1000	/* in a run */

enum { SWEEP_NEW, SWEEP_READY, SWEEP_ARMED, SWEEP_RAN };

static const char * const mode_names[KUNIT_FAULT_MODES] = {
	[KUNIT_FAULT_ONCE] = "once",
	[KUNIT_FAULT_FOREVER] = "forever",
	[KUNIT_FAULT_PAIR] = "pair",
	[KUNIT_FAULT_SIGNAL] = "signal",
};

static const char *mode_name(const struct kunit_fault_sweep *sweep)
{
	return sweep->cause ?: mode_names[sweep->mode];
}

/* What identifies a run in a message, together with the test's name */
struct run_name {
	char text[96];
};

static struct run_name name_of(const struct kunit_fault_sweep *sweep)
{
	struct run_name name;
	int len;

	len = scnprintf(name.text, sizeof(name.text), "%s%s", sweep->scenario ?: "",
			sweep->scenario ? " " : "");
	if (sweep->warming_up) {
		scnprintf(name.text + len, sizeof(name.text) - len, "warm-up");
		return name;
	}
	len += scnprintf(name.text + len, sizeof(name.text) - len, "mode=%s N=%lu",
			 mode_name(sweep), sweep->plan.nth);
	if (sweep->plan.again)
		scnprintf(name.text + len, sizeof(name.text) - len, "+%lu",
			  sweep->plan.again);
	return name;
}

static unsigned int modes_of(const struct kunit_fault_sweep *sweep)
{
	if (sweep->cause)
		return BIT(KUNIT_FAULT_CAUSE);
	return sweep->modes ?: BIT(KUNIT_FAULT_ONCE) | BIT(KUNIT_FAULT_FOREVER);
}

/* Whether the run failed all the points that its plan names */
static bool run_was_complete(const struct kunit_fault_sweep *sweep)
{
	return sweep->report.fired > (sweep->mode == KUNIT_FAULT_PAIR);
}

static unsigned long first_nth(const struct kunit_fault_sweep *sweep)
{
	return sweep->nr_only ? sweep->only[0] : 1;
}

/* Go to the next N; false if there are no more to be tried */
static bool advance_nth(struct kunit_fault_sweep *sweep)
{
	if (!sweep->nr_only) {
		sweep->plan.nth++;
		return true;
	}
	if (sweep->next_only >= sweep->nr_only)
		return false;
	sweep->plan.nth = sweep->only[sweep->next_only++];
	return true;
}

/* One run to be made, instead of all: as messages name it */
static char *replay;
module_param_named(fault_replay, replay, charp, 0444);
MODULE_PARM_DESC(fault_replay,
		 "Sweep nothing but one run, as in \"mode=once N=2\", after the name of its sweep, if any");

static bool keep_going;
module_param_named(fault_keep_going, keep_going, bool, 0444);
MODULE_PARM_DESC(fault_keep_going, "Go on with a sweep when a run has failed");

/* Whether the run to be replayed is of this sweep and mode: then it is the current one */
static bool enter_replay(struct kunit_fault_sweep *sweep)
{
	const char *number = strstr(sweep->replay, " N=");
	struct kunit_fault_plan *plan = &sweep->plan;

	plan->again = 0;
	if (!number || sscanf(number, " N=%lu+%lu", &plan->nth, &plan->again) < 1)
		return false;
	return !strcmp(name_of(sweep).text, sweep->replay);
}

/* Go to the next mode that is asked for, from @mode on; false if there is none */
static bool enter_mode(struct kunit_fault_sweep *sweep, unsigned int mode)
{
	for (; mode < KUNIT_FAULT_MODES; mode++) {
		if (!(modes_of(sweep) & BIT(mode)))
			continue;
		sweep->mode = mode;
		sweep->points = 0;
		sweep->failed = 0;
		sweep->tolerated = 0;
		sweep->plan = (struct kunit_fault_plan) {
			.allocators = sweep->allocators,
			.user_copies = sweep->user_copies,
			.nth = first_nth(sweep),
			.again = mode == KUNIT_FAULT_PAIR,
			.limit = MOST_FAILURES,
			.forever = mode == KUNIT_FAULT_FOREVER,
			.signal = mode == KUNIT_FAULT_SIGNAL,
		};
		sweep->next_only = 1;
		if (!sweep->replay || enter_replay(sweep))
			return true;
	}
	return false;
}

/* Choose the plan of the next run of this mode; false if the mode is done */
static bool next_plan(struct kunit_fault_sweep *sweep)
{
	if (sweep->replay)
		return false;
	if (run_was_complete(sweep)) {
		if (sweep->mode != KUNIT_FAULT_PAIR)
			return advance_nth(sweep);
		sweep->plan.again++;
		return true;
	}
	if (!sweep->report.fired)
		return false;
	/* A pair whose second point is beyond the end: on to the next first one */
	sweep->plan.again = 1;
	return advance_nth(sweep);
}

static void print_mode(struct kunit *test, const struct kunit_fault_sweep *sweep)
{
	kunit_info(test, "fault-sweep: %s%s%s mode=%s points=%lu failed=%lu tolerated=%lu nofail=%lu%s\n",
		   test->name, sweep->scenario ? "/" : "", sweep->scenario ?: "",
		   mode_name(sweep), sweep->points, sweep->failed,
		   sweep->tolerated, sweep->report.nofail,
		   sweep->nr_only ? " sampled" : "");
	if (sweep->report.nofail)
		kunit_info(test, "not injectable, with __GFP_NOFAIL: %pS\n",
			   (void *)sweep->report.nofail_site);
}

/**
 * kunit_fault_sweep_report_skipped() - Say that a sweep is not made, and why
 * @test: The test
 * @sweep: The sweep, with its options
 * @why: The reason, in a few words
 *
 * For tests that sweep many things, some of which a kernel may not have.
 */
void kunit_fault_sweep_report_skipped(struct kunit *test, const struct kunit_fault_sweep *sweep,
				      const char *why)
{
	kunit_info(test, "fault-sweep: %s%s%s mode=%s none: %s\n", test->name,
		   sweep->scenario ? "/" : "", sweep->scenario ?: "",
		   sweep->cause ?: "any", why);
}
EXPORT_SYMBOL_GPL(kunit_fault_sweep_report_skipped);

/* Whether the run left something allocated; if so the test has failed */
static bool run_leaked(struct kunit *test, const struct kunit_fault_sweep *sweep)
{
	struct kunit_fault_leak leak;

	kunit_fault_track_end(&leak, !sweep->ignore_leaks);
	if (sweep->ignore_leaks)
		return false;
	if (leak.lost)
		kunit_info(test, "%s: %u allocations too many to look for leaks among them\n",
			   name_of(sweep).text, leak.lost);
	if (leak.count)
		KUNIT_FAIL(test, "%s: leaked allocations: %u, one of them by %pS",
			   name_of(sweep).text, leak.count, (void *)leak.site);
	return leak.count;
}

/* Go to the first run; false if there is none */
static bool begin(struct kunit *test, struct kunit_fault_sweep *sweep)
{
	if (enter_mode(sweep, 0))
		return true;
	kunit_fault_sweep_report_skipped(test, sweep, "not the run to be replayed");
	return false;
}

KUNIT_DEFINE_ACTION_WRAPPER(unprobe, kunit_fault_unprobe, struct kunit_fault_functions *);

/* Lets functions fail; if they cannot, the test is skipped or fails. */
static bool probe_functions(struct kunit *test, struct kunit_fault_sweep *sweep)
{
	const char *which = NULL;
	int err;

	if (!sweep->functions)
		return true;
	if (!IS_ENABLED(CONFIG_FUNCTION_ERROR_INJECTION)) {
		kunit_mark_skipped(test, "needs CONFIG_FUNCTION_ERROR_INJECTION");
		return false;
	}
	err = kunit_fault_probe(sweep->functions, &sweep->probes, &which);
	if (!err)
		err = kunit_add_action_or_reset(test, unprobe, sweep->probes);
	if (!err)
		return true;
	sweep->probes = NULL;
	KUNIT_FAIL(test, "%s: cannot let the function %s fail: %d",
		   sweep->scenario ?: "sweep", which, err);
	return false;
}

KUNIT_DEFINE_ACTION_WRAPPER(unprobe_dma, kunit_fault_unprobe_dma, struct kunit_fault_dma *);

/* The same for mappings */
static bool probe_mappings(struct kunit *test, struct kunit_fault_sweep *sweep)
{
	int err;

	if (!sweep->dma_mappings)
		return true;
	if (!IS_ENABLED(CONFIG_KUNIT_FAULT_INJECTION_DMA)) {
		kunit_mark_skipped(test, "needs CONFIG_KUNIT_FAULT_INJECTION_DMA");
		return false;
	}
	err = kunit_fault_probe_dma(&sweep->dma);
	if (!err)
		err = kunit_add_action_or_reset(test, unprobe_dma, sweep->dma);
	if (!err)
		return true;
	sweep->dma = NULL;
	KUNIT_FAIL(test, "%s: cannot let mappings fail: %d", sweep->scenario ?: "sweep", err);
	return false;
}

/* Another sweep of the test may have the same functions. */
static void forget_functions(struct kunit *test, struct kunit_fault_sweep *sweep)
{
	if (sweep->probes)
		kunit_release_action(test, unprobe, sweep->probes);
	sweep->probes = NULL;
	if (sweep->dma)
		kunit_release_action(test, unprobe_dma, sweep->dma);
	sweep->dma = NULL;
}

/* Go to the next run; false if there is none, or the test has failed */
static bool next_run(struct kunit *test, struct kunit_fault_sweep *sweep)
{
	unsigned long cap = sweep->cap ?: DEFAULT_CAP;
	struct kunit_fault_leak of_others;
	bool more = true;

	if (sweep->state == SWEEP_NEW) {
		if (sweep->user_copies && !IS_ENABLED(CONFIG_FAULT_INJECTION_USERCOPY)) {
			kunit_mark_skipped(test, "needs CONFIG_FAULT_INJECTION_USERCOPY");
			return false;
		}
		if (!probe_functions(test, sweep) || !probe_mappings(test, sweep))
			return false;
		kunit_fault_track_end(&of_others, false);
		sweep->replay = sweep->replay ?: replay;
		sweep->keep_going |= keep_going;
		sweep->state = SWEEP_READY;
		sweep->warming_up = sweep->warm_up;
		return sweep->warming_up || begin(test, sweep);
	}
	if (sweep->state != SWEEP_RAN) {
		KUNIT_FAIL(test, "%s: the run did not arm and disarm",
			   name_of(sweep).text);
		return false;
	}
	sweep->state = SWEEP_READY;
	if (sweep->warming_up) {
		kunit_fault_track_end(&of_others, false);
		sweep->warming_up = false;
		memset(&sweep->report, 0, sizeof(sweep->report));
		return READ_ONCE(test->status) != KUNIT_FAILURE && begin(test, sweep);
	}
	if (run_leaked(test, sweep) || READ_ONCE(test->status) == KUNIT_FAILURE) {
		if (!sweep->keep_going)
			return false;
	}

	if (run_was_complete(sweep) && max(sweep->plan.nth, sweep->plan.again) > cap) {
		KUNIT_FAIL(test, "%s: beyond the cap of %lu points, the sweep is incomplete",
			   name_of(sweep).text, cap);
		return false;
	}
	if (!next_plan(sweep)) {
		print_mode(test, sweep);
		more = enter_mode(sweep, sweep->mode + 1);
	}
	if (more) {
		/* What the set-up of the run finds is not due to the run before. */
		memset(&sweep->report, 0, sizeof(sweep->report));
		return true;
	}
	if (!sweep->total && !sweep->allow_empty)
		KUNIT_FAIL(test, "%s: no fault was injected, so nothing was tested",
			   sweep->scenario ?: "sweep");
	return false;
}

/**
 * kunit_fault_sweep_next() - Begin the next run of a sweep
 * @test: The test
 * @sweep: The sweep, zeroed but for the options before the first call
 *
 * Whatever the previous run allocated between arming and disarming must have
 * been freed by now.
 *
 * Context: Process context, disarmed.  Sleeps, may wait for grace periods.
 * Return: true if there is a run to be made, false if the sweep is over or the
 * test has failed.
 */
bool kunit_fault_sweep_next(struct kunit *test, struct kunit_fault_sweep *sweep)
{
	if (next_run(test, sweep))
		return true;
	forget_functions(test, sweep);
	return false;
}
EXPORT_SYMBOL_GPL(kunit_fault_sweep_next);

/* What the code has to leave as it was; of the run that is armed. */
static struct {
	int locks;
	int preempt;
	bool irqs_off;
} context;

static void save_context(void)
{
	context.locks = lockdep_depth(current);
	context.preempt = preempt_count();
	context.irqs_off = irqs_disabled();
}

/* The lock that current took last, if there is one more than before */
static const char *lock_left(void)
{
#ifdef CONFIG_LOCKDEP
	if (lockdep_depth(current) > context.locks)
		return current->held_locks[lockdep_depth(current) - 1].instance->name;
#endif
	return NULL;
}

/* Whether the run left it as it was; puts right what can be, so that the rest runs */
static bool context_is_intact(struct kunit *test, struct kunit_fault_sweep *sweep)
{
	const char *lock = lock_left();
	bool irqs_off = irqs_disabled() && !context.irqs_off;
	bool preempt = preempt_count() != context.preempt;
	char what[80];

	if (irqs_off)
		local_irq_enable();
	if (preempt)
		preempt_count_set(context.preempt);
	if (!irqs_off && !preempt && !lock)
		return true;
	if (lock)
		scnprintf(what, sizeof(what), "returned with a lock held, %s", lock);
	else
		scnprintf(what, sizeof(what), "returned with %s",
			  irqs_off ? "interrupts off" : "another preempt_count()");
	kunit_fault_sweep_fail(test, sweep, what);
	return false;
}

/**
 * kunit_fault_sweep_arm() - Arm for the current run
 * @test: The test
 * @sweep: The sweep
 *
 * Return: 0, or the errors of kunit_fault_arm(); the test has failed then.
 */
int kunit_fault_sweep_arm(struct kunit *test, struct kunit_fault_sweep *sweep)
{
	struct kunit_fault_plan plan = sweep->plan;
	int err;

	if (sweep->state != SWEEP_READY) {
		KUNIT_FAIL(test, "a run of a sweep can be armed once");
		return -EBUSY;
	}
	if (sweep->cause)
		plan.nth = 0;
	err = kunit_fault_arm(test, &plan);
	if (err) {
		KUNIT_FAIL(test, "cannot arm: %d", err);
		return err;
	}
	kunit_fault_name_run(test, name_of(sweep).text);
	kunit_fault_set_kept_by(sweep->kept_by);
	kunit_fault_set_functions(sweep->functions);
	kunit_fault_set_dma(sweep->dma);
	save_context();
	sweep->state = SWEEP_ARMED;
	return 0;
}
EXPORT_SYMBOL_GPL(kunit_fault_sweep_arm);

static int expected_error(const struct kunit_fault_sweep *sweep)
{
	if (sweep->cause)
		return sweep->cause_err;
	if (sweep->mode == KUNIT_FAULT_SIGNAL)
		return -EINTR;
	return sweep->report.user_copies ? -EFAULT : -ENOMEM;
}

static bool is_accepted(const struct kunit_fault_sweep *sweep, int err)
{
	const int *accepted;

	for (accepted = sweep->accept; accepted && *accepted; accepted++) {
		if (*accepted == err)
			return true;
	}
	return false;
}

/* Whether an injected failure came out as it should. */
static bool ending_is_right(const struct kunit_fault_sweep *sweep, int err)
{
	const struct kunit_fault_report *report = &sweep->report;

	if (!err)
		return sweep->allow_success || sweep->mode == KUNIT_FAULT_SIGNAL;
	if (err == expected_error(sweep) || is_accepted(sweep, err))
		return true;
	/* Of an allocation and a user copy that failed, either may be what is told. */
	return report->user_copies && err == -ENOMEM && report->fired > report->user_copies;
}

/**
 * kunit_fault_sweep_disarm() - Disarm, and judge how the run ended
 * @test: The test
 * @sweep: The sweep
 * @err: What the code returned: 0 or a negative error
 *
 * An injected failure has to come out as -ENOMEM, that of a user copy as -EFAULT,
 * or as 0 where &kunit_fault_sweep.allow_success allows it, a signal as -EINTR, or,
 * if it goes unnoticed, as 0.  Without either the code has to succeed.  What the
 * test made fail itself has to come out as &kunit_fault_sweep.cause_err, or as 0
 * when there was nothing left to fail.  Errors in &kunit_fault_sweep.accept will do
 * instead of these.  Anything else fails the test, and so does
 * code that still tries again after 1000 failures, or returns with a lock held, as
 * far as lockdep knows, or with interrupts or preemption off, or goes on while a task
 * that is followed passes a point.  If an expectation has failed in the code, that is
 * all that is said of the run.
 *
 * Return: true if the code succeeded or failed as it should.
 */
bool kunit_fault_sweep_disarm(struct kunit *test, struct kunit_fault_sweep *sweep,
			      int err)
{
	const void *site;

	kunit_fault_disarm(test, &sweep->report);
	if (sweep->state != SWEEP_ARMED)
		return false;
	sweep->state = SWEEP_RAN;
	/* From there on it had all memory, so its result says nothing. */
	if (sweep->report.aborted)
		return false;
	if (sweep->report.overlapped) {
		KUNIT_FAIL(test, "%s: two tasks passed points at the same time, and did not wait",
			   name_of(sweep).text);
		return false;
	}
	if (sweep->cause)
		sweep->report.fired = !!err;
	site = (void *)kunit_fault_site(&sweep->report);

	if (run_was_complete(sweep)) {
		sweep->points++;
		sweep->total++;
		sweep->failed += !!err;
		sweep->tolerated += !err;
	}
	if (!context_is_intact(test, sweep))
		return false;
	if (!sweep->report.fired) {
		if (err)
			KUNIT_FAIL(test, "%s: returned %d although nothing was made to fail",
				   name_of(sweep).text, err);
		return !err;
	}
	if (sweep->report.relented) {
		KUNIT_FAIL(test, "%s: does not give up after %lu failures, the last of %pS",
			   name_of(sweep).text, sweep->report.fired, site);
		return false;
	}
	if (ending_is_right(sweep, err))
		return true;
	if (err && sweep->cause)
		KUNIT_FAIL(test, "%s: returned %d, not %d", name_of(sweep).text, err,
			   expected_error(sweep));
	else if (err)
		KUNIT_FAIL(test, "%s: returned %d, not %d, after %pS failed",
			   name_of(sweep).text, err, expected_error(sweep), site);
	else
		KUNIT_FAIL(test, "%s: swallowed the failure of %pS",
			   name_of(sweep).text, site);
	return false;
}
EXPORT_SYMBOL_GPL(kunit_fault_sweep_disarm);

/**
 * kunit_fault_sweep_fail() - Fail the test, saying in which run
 * @test: The test
 * @sweep: The sweep
 * @what: What is wrong
 *
 * For what a test finds when it looks at what a run left behind, while it sets one
 * up, or while it runs.
 */
void kunit_fault_sweep_fail(struct kunit *test, struct kunit_fault_sweep *sweep,
			    const char *what)
{
	/* Called in the code that is armed, it has no report yet. */
	if (sweep->state == SWEEP_ARMED) {
		kunit_fault_peek(&sweep->report);
		kunit_fault_name_run(test, "");
	}

	if (sweep->cause)
		KUNIT_FAIL(test, "%s: %s", name_of(sweep).text, what);
	else if (sweep->state == SWEEP_READY)
		KUNIT_FAIL(test, "%s: %s, before the run", name_of(sweep).text, what);
	else if (sweep->report.fired)
		KUNIT_FAIL(test, "%s: %s, after %pS failed", name_of(sweep).text,
			   what, (void *)kunit_fault_site(&sweep->report));
	else
		KUNIT_FAIL(test, "%s: %s, though nothing failed",
			   name_of(sweep).text, what);
}
EXPORT_SYMBOL_GPL(kunit_fault_sweep_fail);

/**
 * kunit_fault_sweep_run() - Sweep a function
 * @test: The test
 * @sweep: The sweep, zeroed but for the options
 * @body: What to sweep; it returns 0 or a negative error, and frees what it has
 *	  allocated
 *
 * For functions that need nothing to be prepared, or find it in the test's @priv.
 */
void kunit_fault_sweep_run(struct kunit *test, struct kunit_fault_sweep *sweep,
			   int (*body)(struct kunit *test))
{
	while (kunit_fault_sweep_next(test, sweep)) {
		if (kunit_fault_sweep_arm(test, sweep))
			return;
		kunit_fault_sweep_disarm(test, sweep, body(test));
		if (sweep->after)
			sweep->after(test);
	}
}
EXPORT_SYMBOL_GPL(kunit_fault_sweep_run);
