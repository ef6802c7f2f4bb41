/* SPDX-License-Identifier: GPL-2.0 */
/* Not the one of the other VMA tests, which may lack something. */
#include <tools/include/linux/atomic.h>
