/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's.  Include atomic_t first, so that it is not defined again. */
#include <linux/atomic.h>
#include <limits.h>

#define U8_MAX	UCHAR_MAX
#include <include/linux/maple_tree.h>
