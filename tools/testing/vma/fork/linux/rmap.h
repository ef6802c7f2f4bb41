/* SPDX-License-Identifier: GPL-2.0 */
/* STUBBED: mm/interval_tree.c includes it; kernel.h has what it needs. */
