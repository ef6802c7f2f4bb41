// SPDX-License-Identifier: GPL-2.0
/* What page tables say: of the pages of a VMA, and how much they map. */

#include "shim.h"

static void add_page(struct fork_fail_pages *sum, struct page *page, bool writable, bool watched)
{
	sum->present++;
	sum->writable += writable;
	sum->watched += watched;
	if (!page)
		return;
	sum->references += folio_ref_count(page_folio(page));
	sum->mappings += folio_mapcount(page_folio(page));
	sum->exclusive += PageAnon(page) && PageAnonExclusive(page);
}

static int add_pte(pte_t *pte, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	pte_t entry = ptep_get(pte);
	struct fork_fail_pages *sum = walk->private;
	swp_entry_t swap;

	if (pte_none(entry))
		return 0;
	if (pte_present(entry)) {
		add_page(sum, vm_normal_page(walk->vma, addr, entry), pte_write(entry),
			 pte_uffd_wp(entry));
		return 0;
	}
	swap = pte_to_swp_entry(entry);
	if (non_swap_entry(swap)) {
		sum->other++;
	} else {
		sum->swapped++;
		sum->swap_users += swp_swapcount(swap);
	}
	return 0;
}

static int add_pmd(pmd_t *pmd, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	spinlock_t *ptl = pmd_trans_huge_lock(pmd, walk->vma);

	if (!ptl)
		return 0;
	if (pmd_present(*pmd))
		add_page(walk->private, pmd_page(*pmd), pmd_write(*pmd), pmd_uffd_wp(*pmd));
	spin_unlock(ptl);
	walk->action = ACTION_CONTINUE;
	return 0;
}

static int add_huge(pte_t *pte, unsigned long mask, unsigned long addr, unsigned long next,
		    struct mm_walk *walk)
{
	pte_t entry = ptep_get(pte);

	if (pte_present(entry))
		add_page(walk->private, pte_page(entry), pte_write(entry), pte_uffd_wp(entry));
	return 0;
}

static const struct mm_walk_ops add_ops = {
	.pmd_entry = add_pmd,
	.pte_entry = add_pte,
	.hugetlb_entry = add_huge,
	.walk_lock = PGWALK_RDLOCK,
};

struct fork_fail_pages fork_fail_pages_of(struct vm_area_struct *vma)
{
	struct fork_fail_pages pages = {};

	/* Pages without a struct page (VM_PFNMAP) have no counts to add up. */
	walk_page_vma(vma, &add_ops, &pages);
	return pages;
}

unsigned long fork_fail_table_span(unsigned int level)
{
	switch (level) {
	case 1:
		return PMD_SIZE;
	case 2:
		return PUD_SIZE;
	case 3:
		return P4D_SIZE;
	default:
		return PGDIR_SIZE;
	}
}
