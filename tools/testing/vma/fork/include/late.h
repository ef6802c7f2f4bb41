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
#define VM_LOCKED_MASK		(VM_LOCKED | VM_LOCKONFAULT)

struct vm_area_struct *vm_area_alloc(struct mm_struct *mm);
struct vm_area_struct *vm_area_dup(struct vm_area_struct *orig);
void vm_area_free(struct vm_area_struct *vma);
void __vm_area_free(struct vm_area_struct *vma);

static inline void vm_flags_init(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->__vm_flags = flags;
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
#endif

#endif /* _FORK_LATE_H */
