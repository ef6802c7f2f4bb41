/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's, which tools/include does not have or has an old copy of. */
#include <include/linux/rbtree_types.h>
