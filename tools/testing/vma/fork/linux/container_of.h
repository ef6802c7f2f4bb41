/* SPDX-License-Identifier: GPL-2.0 */
/* Older kernels have it elsewhere, for tools. */
#include <linux/kernel.h>
