// SPDX-License-Identifier: GPL-2.0
/* The maple tree, as the kernel has it. */

#include "generated/bit-length.h"
#include <linux/lockdep.h>
#include <tools/testing/shared/maple-shim.c>
