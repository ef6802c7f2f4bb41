// SPDX-License-Identifier: GPL-2.0
/*
 * What others can find in the mm of a fork that failed: by walking its tree, for
 * which they need a reference to the mm, and by rmap, for which they do not.
 */

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/rmap.h>

#include "../../../internal.h"
#include "shim.h"

/* How many entries an iterator finds. They may be no VMAs: do not dereference them. */
unsigned long fork_fail_entries(struct mm_struct *child)
{
	MA_STATE(mas, &child->mm_mt, 0, 0);
	unsigned long n = 0;
	void *entry;

	mmap_read_lock(child);
	mas_for_each(&mas, entry, ULONG_MAX)
		n++;
	mmap_read_unlock(child);
	return n;
}

/* Whether a lookup at @addr, or upwards from there, finds anything. */
bool fork_fail_finds(struct mm_struct *child, unsigned long addr)
{
	VMA_ITERATOR(vmi, child, addr);
	bool found;

	mmap_read_lock(child);
	found = vma_lookup(child, addr) || find_vma(child, addr) ||
		find_vma_intersection(child, addr, addr + 1) || vma_next(&vmi);
	mmap_read_unlock(child);
	return found;
}

static unsigned long linked_to_pages(const struct mm_struct *child, struct anon_vma *anon_vma)
{
	struct anon_vma_chain *avc;
	unsigned long n = 0;

	anon_vma_lock_read(anon_vma);
	anon_vma_interval_tree_foreach(avc, &anon_vma->rb_root, 0, ULONG_MAX)
		n += avc->vma->vm_mm == child;
	anon_vma_unlock_read(anon_vma);
	return n;
}

/* How many VMAs map @mapping: those of @only, or all if that is NULL */
unsigned long fork_fail_mappings(struct address_space *mapping, const struct mm_struct *only)
{
	struct vm_area_struct *vma;
	unsigned long n = 0;

	i_mmap_lock_read(mapping);
	vma_interval_tree_foreach(vma, &mapping->i_mmap, 0, ULONG_MAX)
		n += !only || vma->vm_mm == only;
	i_mmap_unlock_read(mapping);
	return n;
}

/* How many VMAs of @child an rmap walk finds from @parent's VMA at @addr. */
unsigned long fork_fail_linked(struct mm_struct *child, struct mm_struct *parent,
			       unsigned long addr)
{
	struct vm_area_struct *vma;
	unsigned long n = 0;

	mmap_read_lock(parent);
	vma = vma_lookup(parent, addr);
	if (vma && vma->anon_vma) {
		struct anon_vma_chain *avc;

		list_for_each_entry(avc, &vma->anon_vma_chain, same_vma)
			n += linked_to_pages(child, avc->anon_vma);
	}
	if (vma && vma->vm_file)
		n += fork_fail_mappings(vma->vm_file->f_mapping, child);
	mmap_read_unlock(parent);
	return n;
}

/* Whether the mm is marked: its VMAs must not be relied upon */
bool fork_fail_unstable(struct mm_struct *child)
{
	return mm_flags_test(MMF_UNSTABLE, child);
}
