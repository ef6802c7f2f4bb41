// SPDX-License-Identifier: GPL-2.0
/*
 * CUSTOMISED: page tables, pages and struct mmu_gather.  The kernel's functions for
 * the levels above the PTEs are real; these are the functions that they call.
 */

#include "models.h"

struct page {
	int mapcount;
	u64 content;
	bool pinned;
	/* If it is a copy, by which rmap finds it */
	struct anon_vma *anon;
};

/* The nr_tables of an mm falls when a table is freed, not when it is gathered. */
static void *alloc_table(struct mm_struct *mm, enum fork_site site, bool counted)
{
	void *table = fork_alloc(site, PTRS_PER_TABLE * sizeof(void *));

	if (table) {
		mm->nr_tables++;
		mm->pgtables += counted;
	}
	return table;
}

p4d_t *p4d_alloc(struct mm_struct *mm, pgd_t *pgd, unsigned long addr)
{
	if (!pgd->table)
		pgd->table = alloc_table(mm, FORK_SITE_P4D, false);
	return pgd->table ? p4d_offset(pgd, addr) : NULL;
}

pud_t *pud_alloc(struct mm_struct *mm, p4d_t *p4d, unsigned long addr)
{
	if (!p4d->table)
		p4d->table = alloc_table(mm, FORK_SITE_PUD, true);
	return p4d->table ? pud_offset(p4d, addr) : NULL;
}

pmd_t *pmd_alloc(struct mm_struct *mm, pud_t *pud, unsigned long addr)
{
	if (!pud->table)
		pud->table = alloc_table(mm, FORK_SITE_PMD, true);
	return pud->table ? pmd_offset(pud, addr) : NULL;
}

pte_t *pte_alloc(struct mm_struct *mm, pmd_t *pmd, unsigned long addr)
{
	if (!pmd->table)
		pmd->table = alloc_table(mm, FORK_SITE_PTE, true);
	return pmd->table ? pte_offset(pmd, addr) : NULL;
}

static void free_table(struct mmu_gather *tlb, void *table, enum fork_site site)
{
	void **entries = table;
	int i;

	if (!tlb->vmas_freed)
		fork_complain("a page table is freed before tlb_free_vmas()");
	for (i = 0; i < PTRS_PER_TABLE; i++)
		if (entries[i])
			fork_complain("a page table is freed, but not empty");
	entries[0] = tlb->tables;
	entries[1] = (void *)(long)site;
	tlb->tables = table;
}

void p4d_free_tlb(struct mmu_gather *tlb, p4d_t *p4d, unsigned long addr)
{
	free_table(tlb, p4d - table_index(addr, P4D_SHIFT, PTRS_PER_TABLE), FORK_SITE_P4D);
}

void pud_free_tlb(struct mmu_gather *tlb, pud_t *pud, unsigned long addr)
{
	free_table(tlb, pud - table_index(addr, PUD_SHIFT, PTRS_PER_TABLE), FORK_SITE_PUD);
}

void pmd_free_tlb(struct mmu_gather *tlb, pmd_t *pmd, unsigned long addr)
{
	free_table(tlb, pmd - table_index(addr, PMD_SHIFT, PTRS_PER_TABLE), FORK_SITE_PMD);
}

void pte_free_tlb(struct mmu_gather *tlb, pgtable_t pte, unsigned long addr)
{
	free_table(tlb, pte, FORK_SITE_PTE);
}

void mm_dec_nr_puds(struct mm_struct *mm)
{
	mm->pgtables--;
}

void mm_dec_nr_pmds(struct mm_struct *mm)
{
	mm->pgtables--;
}

void mm_dec_nr_ptes(struct mm_struct *mm)
{
	mm->pgtables--;
}

static pte_t *find_pte(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d = pgd->table ? p4d_offset(pgd, addr) : NULL;
	pud_t *pud = p4d && p4d->table ? pud_offset(p4d, addr) : NULL;
	pmd_t *pmd = pud && pud->table ? pmd_offset(pud, addr) : NULL;

	return pmd && pmd->table ? pte_offset(pmd, addr) : NULL;
}

static void map_page(struct mm_struct *mm, pte_t *pte, struct page *page)
{
	pte->page = page;
	page->mapcount++;
	mm->rss++;
}

/* What the page that a walker may look at says of its anon_vma */
static void set_page_anon(struct anon_vma *anon)
{
	fork_op(FORK_OP_WRITE, &world.page_anon, "a page");
	world.page_anon = anon;
}

static void unmap_page(struct mm_struct *mm, pte_t *pte)
{
	struct page *page = pte->page;

	pte->page = NULL;
	mm->rss--;
	if (page->anon && page->anon == world.page_anon)
		set_page_anon(NULL);
	if (!--page->mapcount)
		fork_free(FORK_SITE_PAGE, page);
}

static pmd_t *alloc_pmd(struct mm_struct *mm, unsigned long addr)
{
	p4d_t *p4d = p4d_alloc(mm, pgd_offset(mm, addr), addr);
	pud_t *pud = p4d ? pud_alloc(mm, p4d, addr) : NULL;

	return pud ? pmd_alloc(mm, pud, addr) : NULL;
}

/* Maps a new page, as when the task writes to an empty entry. */
void fork_write_page(struct vm_area_struct *vma, unsigned long addr, u64 content, bool pinned)
{
	struct mm_struct *mm = vma->vm_mm;
	struct page *page = fork_alloc(FORK_SITE_PAGE, sizeof(*page));

	page->content = content;
	page->pinned = pinned;
	map_page(mm, pte_alloc(mm, alloc_pmd(mm, addr), addr), page);
}

void fork_read_pages(struct vm_area_struct *vma, struct fork_vma_state *out)
{
	unsigned long addr;

	for (addr = vma->vm_start; addr < vma->vm_end; addr += PAGE_SIZE) {
		pte_t *pte = find_pte(vma->vm_mm, addr);

		if (!pte || !pte->page)
			continue;
		out->rss++;
		out->content += pte->page->content * (addr >> PAGE_SHIFT);
	}
}

static void check_told(unsigned long addr, unsigned long end)
{
	const struct mmu_notifier_range *range = world.unmapping;

	if (!range || addr < range->start || end > range->end)
		fork_complain("pages are unmapped that MMU notifiers are not told of");
}

static int copy_one_page(struct vm_area_struct *dst_vma, pte_t *dst, pte_t *src)
{
	struct page *page = src->page;

	world.result.copies++;
	if (world.plan.failure == FORK_FAIL_POISON && world.result.copies == world.plan.nth) {
		world.result.injected++;
		return -EHWPOISON;
	}
	if (page->pinned) {
		page = fork_alloc(FORK_SITE_PAGE, sizeof(*page));
		if (!page)
			return -ENOMEM;
		page->content = src->page->content;
		page->anon = dst_vma->anon_vma;
	}
	map_page(dst_vma->vm_mm, dst, page);
	if (page->anon)
		set_page_anon(page->anon);
	if (!(dst_vma->vm_flags & VM_SHARED))
		world.parent_tlb_stale = true;
	return 0;
}

static void check_copy(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma)
{
	if (!world.cache_flushed)
		fork_complain("pages are copied before flush_cache_dup_mm()");
	mmap_assert_write_locked(dst_vma->vm_mm);
	vma_assert_write_locked(src_vma);
	if (dst_vma->vm_mm == src_vma->vm_mm)
		fork_complain("a VMA is copied into its own mm");
	if (!refcount_read(&dst_vma->vm_refcnt))
		fork_complain("pages are copied into a VMA that is not attached");
}

int copy_pte_range(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma,
		   pmd_t *dst_pmd, pmd_t *src_pmd, unsigned long addr, unsigned long end)
{
	check_copy(dst_vma, src_vma);
	if (!pte_alloc(dst_vma->vm_mm, dst_pmd, addr))
		return -ENOMEM;
	for (; addr != end; addr += PAGE_SIZE) {
		pte_t *src = pte_offset(src_pmd, addr);
		int err = 0;

		if (src->page)
			err = copy_one_page(dst_vma, pte_offset(dst_pmd, addr), src);
		if (err)
			return err;
	}
	return 0;
}

int copy_hugetlb_page_range(struct mm_struct *dst, struct mm_struct *src,
			    struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma)
{
	unsigned long addr;

	check_copy(dst_vma, src_vma);
	for (addr = src_vma->vm_start; addr < src_vma->vm_end; addr += PAGE_SIZE) {
		pte_t *from = find_pte(src, addr);
		pmd_t *pmd;
		pte_t *to;
		int err;

		if (!from || !from->page)
			continue;
		pmd = alloc_pmd(dst, addr);
		to = pmd ? pte_alloc(dst, pmd, addr) : NULL;
		if (!to)
			return -ENOMEM;
		err = copy_one_page(dst_vma, to, from);
		if (err)
			return err;
	}
	return 0;
}

void unmap_page_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
		      unsigned long addr, unsigned long end, struct zap_details *details)
{
	struct mm_struct *mm = vma->vm_mm;

	if (mm != tlb->mm)
		fork_complain("the pages of another mm are unmapped");
	if (!mm->gathering)
		fork_complain("pages are unmapped without tlb_gather_mmu()");
	if (!tlb->fullmm && mm->hiwater_rss < mm->rss)
		fork_complain("pages are unmapped before update_hiwater_rss()");
	check_told(addr, end);
	mmap_assert_locked(mm);
	for (; addr < end; addr += PAGE_SIZE) {
		pte_t *pte = find_pte(mm, addr);

		if (pte && pte->page)
			unmap_page(mm, pte);
	}
}

void __unmap_hugepage_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
			    unsigned long start, unsigned long end,
			    void *ref_page, zap_flags_t zap_flags)
{
	unmap_page_range(tlb, vma, start, end, NULL);
}

void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm)
{
	memset(tlb, 0, sizeof(*tlb));
	tlb->mm = mm;
	if (mm->gathering)
		fork_complain("%s() twice", __func__);
	mm->gathering = true;
}

void tlb_gather_mmu_fullmm(struct mmu_gather *tlb, struct mm_struct *mm)
{
	tlb_gather_mmu(tlb, mm);
	tlb->fullmm = true;
}

void tlb_free_vmas(struct mmu_gather *tlb)
{
	tlb->vmas_freed = true;
}

void tlb_finish_mmu(struct mmu_gather *tlb)
{
	struct mm_struct *mm = tlb->mm;

	if (!mm->gathering)
		fork_complain("%s() without tlb_gather_mmu()", __func__);
	if (tlb->fullmm)
		flush_tlb_mm(mm);
	if ((tlb->fullmm || mm == world.child) && !mm_flags_test(MMF_OOM_SKIP, mm))
		fork_complain("the OOM killer may wait for memory that was freed");
	mm->gathering = false;
	while (tlb->tables) {
		void **table = tlb->tables;

		tlb->tables = table[0];
		mm->nr_tables--;
		fork_free((long)table[1], table);
	}
}

/* Reads each VMA, as on UML.  So each entry of the tree must be a VMA of @mm. */
void flush_tlb_mm(struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	struct vma_iterator vmi;

	if (mm == world.parent)
		world.parent_tlb_stale = false;
	if (!fork_checks)
		return;
	vma_iter_init(&vmi, mm, 0);
	for_each_vma(vmi, vma) {
		if (xa_is_zero(vma)) {
			fork_complain("%s() runs into the zero marker", __func__);
			break;
		}
		if (vma->vm_mm != mm) {
			fork_complain("%s() finds the VMA of another mm", __func__);
			break;
		}
	}
}

/* What is in a cache by virtual addresses has to be in memory before it is shared. */
void flush_cache_dup_mm(struct mm_struct *mm)
{
	mmap_assert_write_locked(mm);
	world.cache_flushed |= mm == world.parent;
}

void hugetlb_zap_begin(struct vm_area_struct *vma, unsigned long *start, unsigned long *end)
{
	if (world.unmapping && vma->vm_mm != world.unmapping->mm)
		fork_complain("%s() of another mm", __func__);
	world.unmapped_end = vma->vm_end;
}
