/* SPDX-License-Identifier: GPL-2.0 */
/*
 * System calls of a kthread that has an mm, where the kernel has no function that
 * can be called instead.
 */

#ifndef _MM_TESTS_FORK_FAIL_CALL_H
#define _MM_TESTS_FORK_FAIL_CALL_H

#include <linux/errno.h>
#include <linux/unistd.h>
#include <asm/syscall.h>

static inline long fork_fail_do_call(unsigned int nr, unsigned long a, unsigned long b,
				     unsigned long c, unsigned long d)
{
#if defined(CONFIG_UML)
	return sys_call_table[nr](a, b, c, d, 0, 0);
#elif defined(CONFIG_X86_64)
	const struct pt_regs regs = {
		.orig_ax = nr, .di = a, .si = b, .dx = c, .r10 = d,
	};

	return x64_sys_call(&regs, nr);
#else
	return -EOPNOTSUPP;
#endif
}

#define fork_fail_call_4(nr, a, b, c, d, ...) \
	fork_fail_do_call(nr, (unsigned long)(a), (unsigned long)(b), \
			  (unsigned long)(c), (unsigned long)(d))

/* Up to four arguments; the rest are 0 */
#define fork_fail_call(nr, ...) fork_fail_call_4(nr, __VA_ARGS__, 0, 0, 0)

#endif /* _MM_TESTS_FORK_FAIL_CALL_H */
