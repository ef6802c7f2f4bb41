/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DUPLICATED: copies of what the kernel's headers define, cut to what is used.
 */
#ifndef _FORK_DUP_H
#define _FORK_DUP_H

#define VM_UFFD_WP		0x00001000
#define VM_DONTCOPY		0x00020000
#define VM_HUGETLB		0x00400000
#define VM_WIPEONFORK		0x02000000

#define MMF_OOM_SKIP		21
#define MMF_UNSTABLE		22
#define MMF_VM_MERGEABLE	16
#define MMF_VM_HUGEPAGE		17
#define MMF_HAS_UPROBES		19

#define UFFD_FEATURE_EVENT_FORK	BIT(1)

#define MM_MT_FLAGS	(MT_FLAGS_ALLOC_RANGE | MT_FLAGS_LOCK_EXTERN | \
			 MT_FLAGS_USE_RCU)

#define SINGLE_DEPTH_NESTING	1

typedef unsigned int zap_flags_t;
#define ZAP_FLAG_DROP_MARKER	((zap_flags_t)1)
#define ZAP_FLAG_UNMAP		((zap_flags_t)2)

struct zap_details {
	bool even_cows;
	zap_flags_t zap_flags;
};

struct anon_vma {
	struct anon_vma *root;
	struct rw_semaphore rwsem;
	atomic_t refcount;
	unsigned long num_children;
	unsigned long num_active_vmas;
	struct anon_vma *parent;
	struct rb_root_cached rb_root;
};

struct anon_vma_chain {
	struct vm_area_struct *vma;
	struct anon_vma *anon_vma;
	struct list_head same_vma;
	struct rb_node rb;
	unsigned long rb_subtree_last;
};

struct userfaultfd_ctx {
	refcount_t refcount;
	unsigned int flags;
	unsigned int features;
	bool released;
	struct rw_semaphore map_changing_lock;
	atomic_t mmap_changing;
	struct mm_struct *mm;
};

struct userfaultfd_fork_ctx {
	struct userfaultfd_ctx *orig;
	struct userfaultfd_ctx *new;
	struct list_head list;
};

struct vm_userfaultfd_ctx {
	struct userfaultfd_ctx *ctx;
};

/* The end of the part of [addr, end) that one entry of a level maps */
static inline unsigned long __addr_end(unsigned long addr, unsigned long end,
				       unsigned long size)
{
	unsigned long boundary = (addr + size) & ~(size - 1);

	return boundary - 1 < end - 1 ? boundary : end;
}

#define pgd_addr_end(addr, end)	__addr_end(addr, end, PGDIR_SIZE)
#define p4d_addr_end(addr, end)	__addr_end(addr, end, P4D_SIZE)
#define pud_addr_end(addr, end)	__addr_end(addr, end, PUD_SIZE)
#define pmd_addr_end(addr, end)	__addr_end(addr, end, PMD_SIZE)

#define KMEM_CACHE(name, flags)	\
	kmem_cache_create(#name, sizeof(struct name), 0, flags, NULL)

#define atomic_dec(v)		((void)atomic_dec_and_test(v))
#define mmgrab(mm)		atomic_inc(&(mm)->mm_count)
#define get_anon_vma(anon)	atomic_inc(&(anon)->refcount)
#define put_anon_vma(anon)						\
do {									\
	struct anon_vma *__anon = (anon);				\
									\
	if (atomic_dec_and_test(&__anon->refcount))			\
		__put_anon_vma(__anon);					\
} while (0)

#endif /* _FORK_DUP_H */
