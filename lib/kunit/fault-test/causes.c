// SPDX-License-Identifier: GPL-2.0
/*
 * What fails by other causes than allocations: signals, copies from and to user
 * space, and what a test sees to itself.
 */

#include <linux/kallsyms.h>
#include <linux/mman.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>

#include "bodies.h"
#include "expected.h"

/* As fork() does, which has one error for all that can go wrong */
static int tells_no_signal(void *unused)
{
	return three_unless_killed(NULL) ? -ENOMEM : 0;
}

static void signals_are_swept(struct kunit *test)
{
	struct kunit_fault_sweep sweep = { .modes = BIT(KUNIT_FAULT_SIGNAL) };

	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, three_unless_killed, NULL), 3);
	KUNIT_EXPECT_EQ(test, sweep.failed, 2);
	KUNIT_EXPECT_EQ(test, sweep.tolerated, 1);
	KUNIT_EXPECT_FALSE(test, signal_pending(current));
}

/* Without the list it is a failing case. */
static void signals_need_not_be_told(struct kunit *test)
{
	static const int accept[] = { -ENOMEM, 0 };
	struct kunit_fault_sweep sweep = {
		.modes = BIT(KUNIT_FAULT_SIGNAL),
		.accept = accept,
	};

	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, tells_no_signal, NULL), 3);
	KUNIT_EXPECT_EQ(test, sweep.failed, 2);
}

/* Else a sweep would not notice that they are off. */
static void signals_leave_interrupts_alone(struct kunit *test)
{
	const struct kunit_fault_plan plan = { .nth = 1, .signal = true };
	struct kunit_fault_report report;
	bool off;

	KUNIT_ASSERT_EQ(test, kunit_fault_arm(test, &plan), 0);
	KUNIT_EXPECT_EQ(test, three_unless_killed(NULL), -EINTR);
	local_irq_disable();
	kunit_fault_disarm(test, &report);
	off = irqs_disabled();
	local_irq_enable();
	KUNIT_EXPECT_TRUE(test, off);
	KUNIT_EXPECT_EQ(test, report.fired, 1);
	KUNIT_EXPECT_FALSE(test, signal_pending(current));
}

/*
 * As who sends a signal to itself may: the signal of the sweep has to wait for the
 * lock, and so for the second request.
 */
static int allocates_under_siglock(void *unused)
{
	/* current's cannot go away. */
	struct sighand_struct *sighand = rcu_dereference_protected(current->sighand, true);
	void *p;

	spin_lock_irq(&sighand->siglock);
	p = kmalloc(16, GFP_ATOMIC);
	spin_unlock_irq(&sighand->siglock);
	kfree(p);
	kfree(kmalloc(16, GFP_KERNEL));
	return fatal_signal_pending(current) ? -EINTR : 0;
}

static void signals_wait_for_siglock(struct kunit *test)
{
	struct kunit_fault_sweep sweep = { .modes = BIT(KUNIT_FAULT_SIGNAL) };

	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, allocates_under_siglock, NULL), 2);
	KUNIT_EXPECT_EQ(test, sweep.failed, 2);
	KUNIT_EXPECT_FALSE(test, signal_pending(current));
}

/* What it makes fail are the steps beyond a limit, not allocations. */
static void causes_are_swept(struct kunit *test)
{
	struct kunit_fault_sweep sweep = { .cause = "limit", .cause_err = -E2BIG };
	void *p;
	int steps;

	while (kunit_fault_sweep_next(test, &sweep)) {
		KUNIT_ASSERT_EQ(test, kunit_fault_sweep_arm(test, &sweep), 0);
		for (steps = 1; steps <= 3 && steps < sweep.plan.nth; steps++) {
			p = kmalloc(16, GFP_KERNEL);
			kfree(p);
		}
		kunit_fault_sweep_disarm(test, &sweep, steps <= 3 ? -E2BIG : 0);
	}
	KUNIT_EXPECT_EQ(test, sweep.total, 3);
	KUNIT_EXPECT_EQ(test, sweep.failed, 3);
	KUNIT_EXPECT_EQ(test, sweep.tolerated, 0);
}

static unsigned long user_word;

static noinline int put_a_word(void)
{
	unsigned long word = 1;

	return copy_to_user((void __user *)user_word, &word, sizeof(word)) ? -EFAULT : 0;
}

static int get_it_back(void)
{
	unsigned long word;

	return copy_from_user(&word, (void __user *)user_word, sizeof(word)) ? -EFAULT : 0;
}

/* An object and two copies */
static int copies_a_word(void *unused)
{
	void *p = kmalloc(16, GFP_KERNEL);
	int err = p ? put_a_word() ?: get_it_back() : -ENOMEM;

	kfree(p);
	return err;
}

/* Does not tell one from the other. */
static int copies_without_memory(void *unused)
{
	return copies_a_word(NULL) ? -ENOMEM : 0;
}

static void skip_without_user_copies(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_FAULT_INJECTION_USERCOPY) || !IS_ENABLED(CONFIG_MMU))
		kunit_skip(test, "needs CONFIG_FAULT_INJECTION_USERCOPY and CONFIG_MMU");
}

/* Gives this kthread an mm with a page. */
static void map_a_word(struct kunit *test)
{
	user_word = kunit_vm_mmap(test, NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
				  MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_NE(test, user_word, 0);
	/* Later it does not fault, which takes memory. */
	KUNIT_ASSERT_EQ(test, put_a_word(), 0);
}

static void user_copies_are_swept(struct kunit *test)
{
	struct kunit_fault_sweep sweep = { .user_copies = true };

	skip_without_user_copies(test);
	map_a_word(test);
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, copies_a_word, NULL), 6);
	KUNIT_EXPECT_EQ(test, sweep.failed, 3);

	/* Only if that is asked for */
	sweep = (struct kunit_fault_sweep) {};
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, copies_a_word, NULL), 2);
}

static void user_copies_are_named(struct kunit *test)
{
	const struct kunit_fault_plan plan = { .nth = 2, .user_copies = true };
	struct kunit_fault_report report;
	char name[KSYM_SYMBOL_LEN];

	skip_without_sites(test);
	skip_without_user_copies(test);
	map_a_word(test);
	KUNIT_ASSERT_EQ(test, kunit_fault_arm(test, &plan), 0);
	copies_a_word(NULL);
	kunit_fault_disarm(test, &report);
	KUNIT_EXPECT_EQ(test, report.fired, 1);
	KUNIT_EXPECT_EQ(test, report.user_copies, 1);
	sprint_symbol_no_offset(name, kunit_fault_site(&report));
	KUNIT_EXPECT_STREQ(test, name, "put_a_word");
}

static const struct kunit_fault_failing failing_cases[] = {
	{
		"tells no signal", tells_no_signal, 1, 1,
		.sweep.modes = BIT(KUNIT_FAULT_SIGNAL),
	},
	{
		"hides a user copy", copies_without_memory, 2, 2,
		.sweep.user_copies = true,
		.needs = skip_without_user_copies,
		.begin = map_a_word,
	},
};

KUNIT_ARRAY_PARAM_DESC(failing, failing_cases, name);

static struct kunit_case causes_cases[] = {
	KUNIT_CASE(signals_are_swept),
	KUNIT_CASE(signals_need_not_be_told),
	KUNIT_CASE(signals_leave_interrupts_alone),
	KUNIT_CASE(signals_wait_for_siglock),
	KUNIT_CASE(causes_are_swept),
	KUNIT_CASE(user_copies_are_swept),
	KUNIT_CASE(user_copies_are_named),
	KUNIT_CASE_PARAM(failures_are_reported, failing_gen_params),
	{}
};

static struct kunit_suite causes_suite = {
	.name = "kunit_fault_causes",
	.init = fault_test_init,
	.test_cases = causes_cases,
};

kunit_test_suite(causes_suite);
