/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's: tools/include has an old copy or none. */
#include <include/linux/rbtree_augmented.h>
