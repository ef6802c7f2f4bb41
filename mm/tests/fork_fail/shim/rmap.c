// SPDX-License-Identifier: GPL-2.0
/*
 * VMAs that are found by what they map.  Who looks for them so needs no reference to
 * their mm.
 */

#include "shim.h"

unsigned long fork_fail_mappings(struct address_space *mapping,
				 const struct mm_struct *only)
{
	struct vm_area_struct *vma;
	unsigned long n = 0;

	i_mmap_lock_read(mapping);
	vma_interval_tree_foreach(vma, &mapping->i_mmap, 0, ULONG_MAX)
		n += !only || vma->vm_mm == only;
	i_mmap_unlock_read(mapping);
	return n;
}

bool fork_fail_is_mapped(const struct vm_area_struct *vma,
			 const struct vm_area_struct *beside)
{
	struct address_space *mapping = beside->vm_file->f_mapping;
	struct vm_area_struct *found;
	bool is_mapped = false;

	i_mmap_lock_read(mapping);
	vma_interval_tree_foreach(found, &mapping->i_mmap, beside->vm_pgoff, beside->vm_pgoff)
		is_mapped |= found == vma;
	i_mmap_unlock_read(mapping);
	return is_mapped;
}

unsigned long fork_fail_anon_mappings(struct anon_vma *anon_vma,
				      const struct mm_struct *mm)
{
	struct anon_vma_chain *avc;
	unsigned long n = 0;

	anon_vma_lock_read(anon_vma);
	anon_vma_interval_tree_foreach(avc, &anon_vma->rb_root, 0, ULONG_MAX)
		n += avc->vma->vm_mm == mm;
	anon_vma_unlock_read(anon_vma);
	return n;
}
