/* SPDX-License-Identifier: GPL-2.0 */
/* How a 6.12 kernel does what later ones do otherwise. */

/*
 * VMAs are allocated in kernel/fork.c, each with a lock, and have a flag for
 * being detached.
 */
#define FORK_VMA_LOCKS		1
/* The flags of an mm are a plain word. */
#define FORK_PLAIN_MM_FLAGS	1
/* Nobody tells the mmu gather that VMAs are about to be freed. */
#define FORK_NO_TLB_FREE_VMAS	1
/* The page tables of huge pages are freed apart. */
#define FORK_HUGETLB_APART	1
