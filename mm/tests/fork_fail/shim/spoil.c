// SPDX-License-Identifier: GPL-2.0
/*
 * Self-test of the fields in copy.c: make each wrong and check that the comparison
 * reports it.
 *
 * Left out is what cannot be wrong for a moment without harm: lists, locks, page
 * tables, and what other structures are found by.
 */

#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "../../../internal.h"
#include "shim.h"

static struct anon_vma *spared;

/* @by is 1 to make it wrong, and -1 to put it right. */
#define SPOIL(name, what)						\
	static void spoil_##name(struct mm_struct *mm, struct vm_area_struct *vma, int by) \
	{								\
		what;							\
	}

SPOIL(count, by > 0 ? mmgrab(mm) : mmdrop(mm))
SPOIL(users, by > 0 ? mmget(mm) : mmput(mm))
SPOIL(map_count, mm->map_count += by)
SPOIL(hiwater_rss, mm->hiwater_rss += by)
SPOIL(hiwater_vm, mm->hiwater_vm += by)
SPOIL(total_vm, mm->total_vm += by)
SPOIL(data_vm, mm->data_vm += by)
SPOIL(exec_vm, mm->exec_vm += by)
SPOIL(stack_vm, mm->stack_vm += by)
SPOIL(locked_vm, mm->locked_vm += by)
SPOIL(pinned_vm, atomic64_add(by, &mm->pinned_vm))
SPOIL(def_flags, mm->def_flags ^= VM_LOCKED)
SPOIL(mm_flags, by > 0 ? mm_flags_set(MMF_MULTIPROCESS, mm) :
	mm_flags_clear(MMF_MULTIPROCESS, mm))
SPOIL(pending, atomic_add(by, &mm->tlb_flush_pending))
SPOIL(vm_mm, vma->vm_mm = by > 0 ? current->mm : mm)
SPOIL(prot, pgprot_val(vma->vm_page_prot) ^= 1)
SPOIL(vma_flags, vm_flags_init(vma, vma->vm_flags ^ VM_LOCKED))
SPOIL(private_data, vma->vm_private_data += by)
SPOIL(anon_vma, swap(vma->anon_vma, spared))
#ifdef CONFIG_USERFAULTFD
SPOIL(watch, vma->vm_userfaultfd_ctx.ctx = by > 0 ? (void *)vma : NULL)
#endif

static const struct {
	const char *field;
	void (*spoil)(struct mm_struct *mm, struct vm_area_struct *vma, int by);
} spoils[] = {
	{ "mm_count", spoil_count },
	{ "mm_users", spoil_users },
	{ "map_count", spoil_map_count },
	{ "hiwater_rss", spoil_hiwater_rss },
	{ "hiwater_vm", spoil_hiwater_vm },
	{ "total_vm", spoil_total_vm },
	{ "data_vm", spoil_data_vm },
	{ "exec_vm", spoil_exec_vm },
	{ "stack_vm", spoil_stack_vm },
	{ "locked_vm", spoil_locked_vm },
	{ "pinned_vm", spoil_pinned_vm },
	{ "def_flags", spoil_def_flags },
	{ "flags", spoil_mm_flags },
	{ "tlb_flush_pending", spoil_pending },
	{ "vm_mm", spoil_vm_mm },
	{ "vm_page_prot", spoil_prot },
	{ "vm_flags", spoil_vma_flags },
	{ "vm_private_data", spoil_private_data },
	{ "anon_vma", spoil_anon_vma },
#ifdef CONFIG_USERFAULTFD
	{ "vm_userfaultfd_ctx", spoil_watch },
#endif
};

/* Makes the @nth field wrong, or undoes it.  Returns its name, or NULL at the end. */
const char *fork_fail_spoil(struct mm_struct *child, struct vm_area_struct *vma,
			    unsigned int nth, bool undo)
{
	if (nth >= ARRAY_SIZE(spoils))
		return NULL;
	spoils[nth].spoil(child, vma, undo ? -1 : 1);
	return spoils[nth].field;
}
