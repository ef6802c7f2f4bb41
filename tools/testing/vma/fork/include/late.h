/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DUPLICATED and STUBBED: definitions that ../vma_internal.h lacks in kernels whose
 * kernel/fork.c allocates VMAs.
 */
#ifndef _FORK_LATE_H
#define _FORK_LATE_H

#ifndef VM_SEALED
#define VM_SEALED		BIT(63)
#endif

#ifdef FORK_VMA_LOCKS
#define VM_LOCKONFAULT		0x00080000
#define VM_NORESERVE		0x00200000
#define VM_LOCKED_MASK		(VM_LOCKED | VM_LOCKONFAULT)

struct vm_area_struct *vm_area_alloc(struct mm_struct *mm);
struct vm_area_struct *vm_area_dup(struct vm_area_struct *orig);
void vm_area_free(struct vm_area_struct *vma);
void __vm_area_free(struct vm_area_struct *vma);
/* It is in mm/mmap.c, and not in mm/vma.c. */
unsigned long mmap_region(struct file *file, unsigned long addr, unsigned long len,
			  vm_flags_t vm_flags, unsigned long pgoff, struct list_head *uf);

static inline void vm_flags_init(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->__vm_flags = flags;
}

static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma_start_write(vma);
	vma->__vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma_start_write(vma);
	vma->__vm_flags &= ~flags;
}

/* One thread runs everything. */
#define data_race(expr)			(expr)
#define ASSERT_EXCLUSIVE_WRITER(var)	((void)(var))

static inline void vma_numab_state_init(struct vm_area_struct *vma)
{
}

static inline void vma_numab_state_free(struct vm_area_struct *vma)
{
}

static inline void dup_anon_vma_name(struct vm_area_struct *orig, struct vm_area_struct *new)
{
}

static inline void free_anon_vma_name(struct vm_area_struct *vma)
{
}

static inline void ksm_exit(struct mm_struct *mm)
{
}

/* What mmap() asks, and tells */
static inline bool map_deny_write_exec(unsigned long old, unsigned long new)
{
	return false;
}

static inline bool arch_validate_flags(unsigned long flags)
{
	return true;
}

static inline bool may_expand_vm(struct mm_struct *mm, vm_flags_t flags, unsigned long pages)
{
	return true;
}

static inline bool is_file_hugepages(const struct file *file)
{
	return false;
}

static inline bool vma_supports_mlock(const struct vm_area_struct *vma)
{
	return true;
}

/* No test maps what is shared. */
static inline int mapping_map_writable(struct address_space *mapping)
{
	return 0;
}

static inline int shmem_zero_setup(struct vm_area_struct *vma)
{
	return 0;
}

static inline void vma_set_anonymous(struct vm_area_struct *vma)
{
	vma->vm_ops = NULL;
}

static inline void vma_set_page_prot(struct vm_area_struct *vma)
{
}

static inline void ksm_add_vma(struct vm_area_struct *vma)
{
}

static inline void perf_event_mmap(struct vm_area_struct *vma)
{
}
#endif

#endif /* _FORK_LATE_H */
