/* SPDX-License-Identifier: GPL-2.0 */
/* STUBBED: for mm/interval_tree.c, which gets all from kernel.h. */
