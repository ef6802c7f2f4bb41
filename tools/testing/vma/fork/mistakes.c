// SPDX-License-Identifier: GPL-2.0
/* Mistakes that the models have to report: tests of the checks. */

#include "world.h"

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#else
#define __asan_address_is_poisoned(addr)	((void)(addr), 1)
#endif

static void link_unlocked(struct vm_area_struct *vma)
{
	vma_interval_tree_remove(vma, &world.file->mapping.i_mmap);
	vma_interval_tree_insert(vma, &world.file->mapping.i_mmap);
}

static void unlink_twice(struct vm_area_struct *vma)
{
	struct address_space *mapping = &world.file->mapping;

	i_mmap_lock_write(mapping);
	vma_interval_tree_remove(vma, &mapping->i_mmap);
	vma_interval_tree_remove(vma, &mapping->i_mmap);
	vma_interval_tree_insert(vma, &mapping->i_mmap);
	i_mmap_unlock_write(mapping);
}

static void gather_twice(void)
{
	struct mmu_gather tlb, again;

	tlb_gather_mmu(&tlb, world.parent);
	tlb_gather_mmu(&again, world.parent);
	tlb_finish_mmu(&tlb);
}

static void retry_for_ever(void)
{
	world.plan.failure = FORK_FAIL_FROM;
	world.running = true;
	while (!fork_try(FORK_SITE_OTHER))
		;
	world.running = false;
}

/* The first VMA must map the file that all FORK_FILE VMAs share. */
void fork_make_mistake(u32 mistake)
{
	struct vm_area_struct *vma = world.vmas[0];

	switch (mistake) {
	case FORK_MISTAKE_LEAK:
		fork_alloc(FORK_SITE_OTHER, 1);
		break;
	case FORK_MISTAKE_UNACCOUNT:
		vm_acct_memory(-1000);
		break;
	case FORK_MISTAKE_MISCOUNT_PAGES:
		world.parent->rss--;
		break;
	case FORK_MISTAKE_LEAVE_LOCKED:
		mmap_write_lock(world.parent);
		break;
	case FORK_MISTAKE_UNLOCK_TWICE:
		mmap_read_lock(world.parent);
		mmap_read_unlock(world.parent);
		mmap_read_unlock(world.parent);
		break;
	case FORK_MISTAKE_UNLINK_TWICE:
		fork_show_parent();
		unlink_twice(vma);
		break;
	case FORK_MISTAKE_LINK_UNLOCKED:
		fork_show_parent();
		link_unlocked(vma);
		break;
	case FORK_MISTAKE_GET_FILE:
		get_file(world.file);
		break;
	case FORK_MISTAKE_READ_UNLOCKED:
		/* The sanitizer's report would only look like a failure. */
		if (__asan_address_is_poisoned(&vma->vm_file))
			fork_complain("a VMA is hidden");
		break;
	case FORK_MISTAKE_GATHER_TWICE:
		gather_twice();
		break;
	case FORK_MISTAKE_CHANGE_FLAGS:
		fork_show_parent();
		vm_flags_init(vma, VM_NONE);
		break;
	case FORK_MISTAKE_RETRY:
		retry_for_ever();
		break;
	case FORK_MISTAKE_WARN:
		WARN_ON_ONCE(true);
		break;
	}
}
