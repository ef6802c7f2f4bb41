// SPDX-License-Identifier: GPL-2.0
/* Red-black trees, as the kernel has them. */

#include <tools/testing/shared/rbtree-shim.c>
