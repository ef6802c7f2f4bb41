// SPDX-License-Identifier: GPL-2.0
/*
 * A driver whose mappings are counted, and which may keep the mm of the first
 * copy made of one, as SGX does: others can find a child through it.
 */

#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "shim.h"

static atomic_t driver_mappings;
static bool driver_keeps;
static struct mm_struct *driver_mm;
static char driver_memory[4 * PAGE_SIZE] __aligned(PAGE_SIZE);

static void driver_open(struct vm_area_struct *vma)
{
	atomic_inc(&driver_mappings);
	if (driver_keeps && !driver_mm) {
		mmget(vma->vm_mm);
		driver_mm = vma->vm_mm;
	}
}

static void driver_close(struct vm_area_struct *vma)
{
	atomic_dec(&driver_mappings);
}

static const struct vm_operations_struct driver_vm_ops = {
	.open = driver_open,
	.close = driver_close,
};

static int driver_mmap(struct file *file, struct vm_area_struct *vma)
{
	bool mixed = file->private_data;
	unsigned long size = vma->vm_end - vma->vm_start, done;
	unsigned long pfn = PHYS_PFN(__pa_symbol(driver_memory));
	int err = 0;

	if (size > sizeof(driver_memory))
		return -EINVAL;
	if (mixed) {
		vm_flags_set(vma, VM_MIXEDMAP);
		for (done = 0; done < size && !err; done += PAGE_SIZE)
			err = vm_insert_page(vma, vma->vm_start + done,
					     pfn_to_page(pfn + PHYS_PFN(done)));
	} else {
		err = remap_pfn_range(vma, vma->vm_start, pfn, size, vma->vm_page_prot);
	}
	if (err)
		return err;
	vma->vm_ops = &driver_vm_ops;
	atomic_inc(&driver_mappings);
	return 0;
}

static const struct file_operations driver_fops = {
	.mmap = driver_mmap,
};

/* With pages that are counted (VM_MIXEDMAP), or memory that has none (VM_PFNMAP) */
struct file *fork_fail_driver(bool mixed)
{
	struct file *file = anon_inode_getfile("[fork_fail]", &driver_fops,
					       mixed ? &driver_memory : NULL, O_RDWR);

	return IS_ERR(file) ? NULL : file;
}

/* From now on the driver keeps the first mm that it sees, or does no longer. */
void fork_fail_driver_keep(bool keep)
{
	driver_keeps = keep;
}

/* Hands over the mm, with its reference. */
struct mm_struct *fork_fail_driver_take(void)
{
	struct mm_struct *mm = driver_mm;

	driver_mm = NULL;
	return mm;
}

long fork_fail_driver_mappings(void)
{
	return atomic_read(&driver_mappings);
}

/* As if one had been opened and not closed, or the other way round */
void fork_fail_driver_disturb(int by)
{
	atomic_add(by, &driver_mappings);
}
