/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CUSTOMISED: WARN_ON() and BUG_ON() are complaints, which fail the run.  The only
 * one that is expected is that of dup_mmap() when a store fails.
 */
#ifndef _FORK_ASM_BUG_H
#define _FORK_ASM_BUG_H

#include <linux/compiler.h>
#include <stdio.h>
#include "complain.h"

#define WARN_ON(condition)						\
({									\
	int __ret_warn_on = !!(condition);				\
									\
	if (unlikely(__ret_warn_on))					\
		fork_warn(#condition, __func__);			\
	unlikely(__ret_warn_on);					\
})
#define WARN_ON_ONCE(condition)		WARN_ON(condition)
#define WARN(condition, format...)	WARN_ON(condition)
#define WARN_ONCE(condition, format...)	WARN_ON(condition)
#define BUG_ON(condition)		((void)WARN_ON(condition))

#endif /* _FORK_ASM_BUG_H */
