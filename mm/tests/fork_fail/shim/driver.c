// SPDX-License-Identifier: GPL-2.0
/*
 * A driver that counts its mappings.  When a fork copies one of them, the driver can
 * take a reference to the child's mm, as that of SGX does: other tasks could find
 * the child through it.
 */

#include "shim.h"

atomic_t fork_fail_driver_mappings;
static bool driver_keeps;
static struct mm_struct *driver_mm;
static long closed_unmarked;
static long closed_locked;
static char driver_memory[4 * PAGE_SIZE] __aligned(PAGE_SIZE);

static void driver_open(struct vm_area_struct *vma)
{
	atomic_inc(&fork_fail_driver_mappings);
	if (driver_keeps && !driver_mm) {
		mmget(vma->vm_mm);
		driver_mm = vma->vm_mm;
	}
}

static void driver_close(struct vm_area_struct *vma)
{
	struct mm_struct *parent = current->mm;

	atomic_dec(&fork_fail_driver_mappings);
	if (!driver_keeps || !parent || vma->vm_mm == parent)
		return;

	/* A fork has failed, and its VMAs are being closed. */
	closed_unmarked += !mm_flags_test(MMF_UNSTABLE, vma->vm_mm);
	if (mmap_read_trylock(parent))
		mmap_read_unlock(parent);
	else
		closed_locked++;
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
	atomic_inc(&fork_fail_driver_mappings);
	return 0;
}

static const struct file_operations driver_fops = {
	.mmap = driver_mmap,
};

/* With pages that are counted (VM_MIXEDMAP), or memory that has none (VM_PFNMAP) */
struct file *fork_fail_driver(bool mixed)
{
	return anon_inode_getfile("[fork_fail]", &driver_fops, mixed ? &driver_memory : NULL,
				  O_RDWR);
}

void fork_fail_driver_keep(bool keep)
{
	driver_keeps = keep;
	if (keep) {
		closed_unmarked = 0;
		closed_locked = 0;
	}
}

/* The caller takes over the reference. */
struct mm_struct *fork_fail_driver_take(void)
{
	struct mm_struct *mm = driver_mm;

	driver_mm = NULL;
	return mm;
}

long fork_fail_driver_unmarked(void)
{
	return closed_unmarked;
}

long fork_fail_driver_locked(void)
{
	return closed_locked;
}
