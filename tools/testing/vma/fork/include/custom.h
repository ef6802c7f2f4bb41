/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CUSTOMISED: small models of the kernel around the code under test.  They do only
 * what that code depends on, and check how it uses them.
 *
 * Two models differ from most machines, to test more with small address spaces.  A
 * page table below the top level has 8 entries, so that VMAs cross the borders of
 * tables of all levels.  And flush_tlb_mm() reads each VMA, as on UML and 32-bit
 * powerpc with the hash MMU.
 */
#ifndef _FORK_CUSTOM_H
#define _FORK_CUSTOM_H

/* Five levels of page tables: 8 entries, and 512 on top. */
#define PMD_SHIFT	(PAGE_SHIFT + 3)
#define PUD_SHIFT	(PMD_SHIFT + 3)
#define P4D_SHIFT	(PUD_SHIFT + 3)
#define PGDIR_SHIFT	(P4D_SHIFT + 3)
#define PTRS_PER_TABLE	8
#define PTRS_PER_PGD	512
#define PMD_SIZE	BIT(PMD_SHIFT)
#define PUD_SIZE	BIT(PUD_SHIFT)
#define P4D_SIZE	BIT(P4D_SHIFT)
#define PGDIR_SIZE	BIT(PGDIR_SHIFT)
#define PMD_MASK	(~(PMD_SIZE - 1))
#define PUD_MASK	(~(PUD_SIZE - 1))
#define P4D_MASK	(~(P4D_SIZE - 1))
#define PGDIR_MASK	(~(PGDIR_SIZE - 1))
#define TASK_SIZE	(PGDIR_SIZE * PTRS_PER_PGD)

/* As on ARM with LPAE: page tables above it are not those of user space. */
#define USER_PGTABLES_CEILING	TASK_SIZE

#define HPAGE_PMD_SIZE	PMD_SIZE
#define HPAGE_PUD_SIZE	PUD_SIZE

typedef struct { struct page *page; } pte_t;
typedef struct { pte_t *table; } pmd_t;
typedef struct { pmd_t *table; } pud_t;
typedef struct { pud_t *table; } p4d_t;
typedef struct { p4d_t *table; } pgd_t;
typedef pte_t *pgtable_t;

#define table_index(addr, shift, nr)	(((addr) >> (shift)) & ((nr) - 1))
#define pgd_offset(mm, addr)	\
	((mm)->pgd + table_index(addr, PGDIR_SHIFT, PTRS_PER_PGD))
#define p4d_offset(pgd, addr)	\
	((pgd)->table + table_index(addr, P4D_SHIFT, PTRS_PER_TABLE))
#define pud_offset(p4d, addr)	\
	((p4d)->table + table_index(addr, PUD_SHIFT, PTRS_PER_TABLE))
#define pmd_offset(pud, addr)	\
	((pud)->table + table_index(addr, PMD_SHIFT, PTRS_PER_TABLE))
#define pte_offset(pmd, addr)	\
	((pmd)->table + table_index(addr, PAGE_SHIFT, PTRS_PER_TABLE))

#define pgd_none_or_clear_bad(pgd)	(!(pgd)->table)
#define p4d_none_or_clear_bad(p4d)	(!(p4d)->table)
#define pud_none_or_clear_bad(pud)	(!(pud)->table)
#define pmd_none_or_clear_bad(pmd)	(!(pmd)->table)
#define pgd_clear(pgd)			((pgd)->table = NULL)
#define p4d_clear(p4d)			((p4d)->table = NULL)
#define pud_clear(pud)			((pud)->table = NULL)
#define pmd_clear(pmd)			((pmd)->table = NULL)
#define pmd_pgtable(pmd)		((pmd).table)

struct address_space {
	struct rb_root_cached i_mmap;
	unsigned long flags;
	atomic_t i_mmap_writable;
	/* flush_dcache_mmap_lock() */
	bool dcache_locked;
	struct rw_semaphore i_mmap_rwsem;
};

struct vm_area_desc;

struct file_operations {
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
	int (*mmap_prepare)(struct vm_area_desc *desc);
};

struct file {
	struct address_space *f_mapping;
	const struct file_operations *f_op;
	struct address_space mapping;
	int count;
};

struct mempolicy {
	int refcnt;
	int mode;
	/* Whose it is: one VMA's */
	const struct vm_area_struct *vma;
};

struct module;

struct linux_binfmt {
	struct module *module;
};

struct task_struct {
	char comm[16];
	pid_t pid;
	struct mm_struct *mm;
	unsigned int personality;
};

struct mm_struct {
	struct maple_tree mm_mt;
	pgd_t *pgd;
	atomic_t mm_users;
	atomic_t mm_count;
	int map_count;
	struct rw_semaphore mmap_lock;
	/* Incremented when a writer releases mmap_lock */
	unsigned int mm_lock_seq;
	/* Not modelled: it matters for other threads only. */
	spinlock_t page_table_lock;
	struct list_head mmlist;
	unsigned long hiwater_rss;
	unsigned long hiwater_vm;
	unsigned long total_vm;
	unsigned long locked_vm;
	unsigned long data_vm;
	unsigned long exec_vm;
	unsigned long stack_vm;
	unsigned long def_flags;
	unsigned int write_protect_seq;
	/* As mm_flags_t */
	struct { unsigned long __mm_flags[1]; } flags;
	long rss;
	/* Page tables below the top level: as the kernel counts them, and as they are */
	long pgtables;
	long nr_tables;
	struct file *exe_file;
	struct linux_binfmt *binfmt;
	void *user_ns;
	/* Between tlb_gather_mmu() and tlb_finish_mmu() */
	bool gathering;
};

struct mmu_gather {
	struct mm_struct *mm;
	bool fullmm;
	bool vmas_freed;
	/* Tables to be freed by tlb_finish_mmu(), linked by their first entry */
	void *tables;
};

enum mmu_notifier_event {
	MMU_NOTIFY_UNMAP,
	MMU_NOTIFY_PROTECTION_PAGE,
};

struct mmu_notifier_range {
	struct mm_struct *mm;
	unsigned long start;
	unsigned long end;
	enum mmu_notifier_event event;
};

#define mm_flags_set(flag, mm)	__set_bit(flag, (mm)->flags.__mm_flags)
#define vma_policy(vma)		((vma)->vm_policy)

/* task.c */
void fork_op(enum fork_op_kind kind, const void *object, const char *name);

/* lock.c */
void mmap_init_lock(struct mm_struct *mm);
void mmap_write_lock(struct mm_struct *mm);
int mmap_write_lock_killable(struct mm_struct *mm);
void mmap_write_unlock(struct mm_struct *mm);
void mmap_write_downgrade(struct mm_struct *mm);
void mmap_read_lock(struct mm_struct *mm);
bool mmap_read_trylock(struct mm_struct *mm);
void mmap_read_unlock(struct mm_struct *mm);
void mmap_assert_locked(struct mm_struct *mm);
void mmap_assert_write_locked(struct mm_struct *mm);
void mmap_write_lock_nested(struct mm_struct *mm, int subclass);
void vma_lock_init(struct vm_area_struct *vma, bool reset_refcnt);
void vma_start_write(struct vm_area_struct *vma);
void vma_assert_write_locked(struct vm_area_struct *vma);
void i_mmap_lock_write(struct address_space *mapping);
void i_mmap_unlock_write(struct address_space *mapping);
#define anon_vma_lock_write(anon)	down_write(&(anon)->root->rwsem)
#define anon_vma_unlock_write(anon)	up_write(&(anon)->root->rwsem)

/* interval.c */
void fork_dcache_lock(struct address_space *mapping);
void fork_dcache_unlock(struct address_space *mapping);
void vma_interval_tree_insert(struct vm_area_struct *node, struct rb_root_cached *root);
void vma_interval_tree_insert_after(struct vm_area_struct *node,
				    struct vm_area_struct *prev,
				    struct rb_root_cached *root);
void vma_interval_tree_remove(struct vm_area_struct *node, struct rb_root_cached *root);
struct vm_area_struct *vma_interval_tree_iter_first(struct rb_root_cached *root,
						    unsigned long start, unsigned long last);
struct vm_area_struct *vma_interval_tree_iter_next(struct vm_area_struct *node,
						   unsigned long start, unsigned long last);
void anon_vma_interval_tree_insert(struct anon_vma_chain *node, struct rb_root_cached *root);
void anon_vma_interval_tree_remove(struct anon_vma_chain *node, struct rb_root_cached *root);
struct anon_vma_chain *
anon_vma_interval_tree_iter_first(struct rb_root_cached *root,
				  unsigned long start, unsigned long last);
struct anon_vma_chain *
anon_vma_interval_tree_iter_next(struct anon_vma_chain *node,
				 unsigned long start, unsigned long last);

/* pgtable.c */
p4d_t *p4d_alloc(struct mm_struct *mm, pgd_t *pgd, unsigned long addr);
pud_t *pud_alloc(struct mm_struct *mm, p4d_t *p4d, unsigned long addr);
pmd_t *pmd_alloc(struct mm_struct *mm, pud_t *pud, unsigned long addr);
pte_t *pte_alloc(struct mm_struct *mm, pmd_t *pmd, unsigned long addr);
void p4d_free_tlb(struct mmu_gather *tlb, p4d_t *p4d, unsigned long addr);
void pud_free_tlb(struct mmu_gather *tlb, pud_t *pud, unsigned long addr);
void pmd_free_tlb(struct mmu_gather *tlb, pmd_t *pmd, unsigned long addr);
void pte_free_tlb(struct mmu_gather *tlb, pgtable_t pte, unsigned long addr);
void mm_dec_nr_puds(struct mm_struct *mm);
void mm_dec_nr_pmds(struct mm_struct *mm);
void mm_dec_nr_ptes(struct mm_struct *mm);
int copy_pte_range(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma,
		   pmd_t *dst_pmd, pmd_t *src_pmd, unsigned long addr, unsigned long end);
int copy_hugetlb_page_range(struct mm_struct *dst, struct mm_struct *src,
			    struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma);
void unmap_page_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
		      unsigned long addr, unsigned long end, struct zap_details *details);
void __unmap_hugepage_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
			    unsigned long start, unsigned long end,
			    void *ref_page, zap_flags_t zap_flags);
void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm);
void tlb_gather_mmu_fullmm(struct mmu_gather *tlb, struct mm_struct *mm);
void tlb_free_vmas(struct mmu_gather *tlb);
void tlb_finish_mmu(struct mmu_gather *tlb);
void flush_tlb_mm(struct mm_struct *mm);
void flush_cache_dup_mm(struct mm_struct *mm);
void hugetlb_zap_begin(struct vm_area_struct *vma, unsigned long *start, unsigned long *end);

/* mmap.c */
int mmap_file(struct file *file, struct vm_area_struct *vma);

/* objects.c */
struct file *get_file(struct file *file);
void fput(struct file *file);
void mapping_unmap_writable(struct address_space *mapping);
int vma_dup_policy(struct vm_area_struct *src, struct vm_area_struct *dst);
void mpol_put(struct mempolicy *policy);
int security_vm_enough_memory_mm(struct mm_struct *mm, long pages);
void vm_acct_memory(long pages);
bool fatal_signal_pending(struct task_struct *task);
int arch_dup_mmap(struct mm_struct *oldmm, struct mm_struct *mm);
bool is_vm_hugetlb_page(struct vm_area_struct *vma);
void hugetlb_dup_vma_private(struct vm_area_struct *vma);
bool userfaultfd_wp(struct vm_area_struct *vma);
void userfaultfd_reset_ctx(struct vm_area_struct *vma);
void userfaultfd_ctx_get(struct userfaultfd_ctx *ctx);
void userfaultfd_ctx_put(struct userfaultfd_ctx *ctx);
void dup_fctx(struct userfaultfd_fork_ctx *fctx);

/* mm.c */
struct mm_struct *allocate_mm(void);
struct mm_struct *mm_init(struct mm_struct *mm, struct task_struct *task, void *user_ns);
void mmdrop(struct mm_struct *mm);
void dup_mm_exe_file(struct mm_struct *mm, struct mm_struct *oldmm);
void set_mm_exe_file(struct mm_struct *mm, struct file *file);
void fork_let_others_run(void);
#define cond_resched()	fork_let_others_run()
void uprobe_dup_mmap(struct mm_struct *oldmm, struct mm_struct *mm);
void ksm_fork(struct mm_struct *mm, struct mm_struct *oldmm);
void khugepaged_fork(struct mm_struct *mm, struct mm_struct *oldmm);
void uprobe_start_dup_mmap(void);
void uprobe_end_dup_mmap(void);
void mmu_notifier_invalidate_range_start(struct mmu_notifier_range *range);
void mmu_notifier_invalidate_range_end(struct mmu_notifier_range *range);
void mmu_notifier_range_init(struct mmu_notifier_range *range, enum mmu_notifier_event event,
			     unsigned int flags, struct mm_struct *mm,
			     unsigned long start, unsigned long end);

#endif /* _FORK_CUSTOM_H */
