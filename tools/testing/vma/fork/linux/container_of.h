/* SPDX-License-Identifier: GPL-2.0 */
/* Older kernels define container_of() for tools in another header. */
#include <linux/kernel.h>
