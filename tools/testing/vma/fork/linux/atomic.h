/* SPDX-License-Identifier: GPL-2.0 */
/* The other VMA tests may have one of their own, with less in it. */
#include <tools/include/linux/atomic.h>
