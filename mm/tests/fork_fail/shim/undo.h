/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whatever a test sets up is undone by a KUnit action.  When a test aborts, its
 * kthread exits and no destructor in Rust runs; KUnit runs the actions even then.
 */

#ifndef _MM_TESTS_FORK_FAIL_UNDO_H
#define _MM_TESTS_FORK_FAIL_UNDO_H

#include <kunit/resource.h>
#include <kunit/test.h>
#include <kunit/test-bug.h>
#include <linux/errno.h>

/*
 * Calls @undo(@of) when the current test ends, however it ends; right away if
 * that cannot be arranged.  Returns 0 or a negative error.
 */
static inline int fork_fail_undo_at_end(kunit_action_t *undo, void *of)
{
	struct kunit *test = kunit_get_current_test();

	if (!test) {
		undo(of);
		return -EINVAL;
	}
	return kunit_add_action_or_reset(test, undo, of);
}

/* Calls @undo(@of) now and not at the end; does nothing if that was not arranged. */
static inline void fork_fail_undo_now(kunit_action_t *undo, void *of)
{
	struct kunit *test = kunit_get_current_test();

	if (test)
		kunit_release_action(test, undo, of);
}

/* Calls @undo(@of) neither now nor at the end. */
static inline void fork_fail_undo_never(kunit_action_t *undo, void *of)
{
	struct kunit *test = kunit_get_current_test();

	if (test)
		kunit_remove_action(test, undo, of);
}

#endif /* _MM_TESTS_FORK_FAIL_UNDO_H */
