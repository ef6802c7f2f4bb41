// SPDX-License-Identifier: GPL-2.0
/* Maps and unmaps in the parent: the other callers of unmap_region() and unmap_vmas(). */

#include "models.h"
#include "run.h"

/* As a driver that maps its pages at once */
static int map_pages(struct file *file, struct vm_area_struct *vma)
{
	unsigned long addr;

	for (addr = vma->vm_start; addr < vma->vm_end; addr += PAGE_SIZE)
		fork_write_page(vma, addr, 0, false);
	return 0;
}

static int map_pages_and_fail(struct file *file, struct vm_area_struct *vma)
{
	map_pages(file, vma);
	return -EIO;
}

static const struct file_operations mapping_ops = { .mmap = map_pages };
static const struct file_operations failing_ops = { .mmap = map_pages_and_fail };

int mmap_file(struct file *file, struct vm_area_struct *vma)
{
	return file->f_op->mmap(file, vma);
}

static unsigned long map(struct file *file, u64 start, u32 pages)
{
	LIST_HEAD(uf);

	fork_let_others_run();
	return mmap_region(file, start, pages * PAGE_SIZE,
			   VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE, 0, &uf);
}

bool fork_mmap_fails(u64 start, u32 pages)
{
	struct file *file = fork_open();
	bool failed;

	file->f_op = &failing_ops;
	mmap_write_lock(world.parent);
	failed = map(file, start, pages) == -EIO;
	mmap_write_unlock(world.parent);
	fput(file);
	fork_grace_period();
	fork_check_idle();
	return failed;
}

bool fork_map_and_unmap(u64 start, u32 pages, bool downgrade)
{
	struct file *file = fork_open();
	bool done = true;
	struct vma_iterator vmi;
	LIST_HEAD(uf);
	u32 i;

	file->f_op = &mapping_ops;
	vma_iter_init(&vmi, world.parent, start);
	mmap_write_lock(world.parent);
	/* Their offsets do not let them be merged. */
	for (i = 0; i < pages; i++)
		done &= map(file, start + i * PAGE_SIZE, 1) == start + i * PAGE_SIZE;
	/* munmap() frees all in one go. */
	world.freed_vmas = -(int)pages;
	done &= !do_vmi_munmap(&vmi, world.parent, start, pages * PAGE_SIZE, &uf, downgrade);
	/* Otherwise munmap() has dropped the lock. */
	if (!downgrade)
		mmap_write_unlock(world.parent);
	fput(file);
	fork_grace_period();
	fork_check_idle();
	return done;
}
