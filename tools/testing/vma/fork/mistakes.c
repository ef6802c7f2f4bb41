// SPDX-License-Identifier: GPL-2.0
/* Mistakes that the models have to report: tests of the checks. */

#include "code.h"
#include "models.h"

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
	fork_dcache_lock(mapping);
	vma_interval_tree_remove(vma, &mapping->i_mmap);
	vma_interval_tree_remove(vma, &mapping->i_mmap);
	vma_interval_tree_insert(vma, &mapping->i_mmap);
	fork_dcache_unlock(mapping);
	i_mmap_unlock_write(mapping);
}

static void link_without_dcache_lock(struct vm_area_struct *vma)
{
	i_mmap_lock_write(&world.file->mapping);
	link_unlocked(vma);
	i_mmap_unlock_write(&world.file->mapping);
}

/* It has no pages. */
static void copy_unflushed(struct vm_area_struct *vma)
{
	world.cache_flushed = false;
	mmap_write_lock(world.parent);
	copy_hugetlb_page_range(world.parent, world.parent, vma, vma);
	mmap_write_unlock(world.parent);
}

static void unlock_unflushed(void)
{
	mmap_write_lock(world.parent);
	world.running = true;
	world.parent_tlb_stale = true;
	mmap_write_unlock(world.parent);
	world.running = false;
	world.parent_tlb_stale = false;
}

static void unmap_nothing(struct vm_area_struct *vma, bool all)
{
	struct mmu_gather tlb;

	mmap_read_lock(world.parent);
	if (all) {
		tlb_gather_mmu_fullmm(&tlb, world.parent);
	} else {
		tlb_gather_mmu(&tlb, world.parent);
		__unmap_hugepage_range(&tlb, vma, vma->vm_start, vma->vm_start, NULL, 0);
	}
	tlb_finish_mmu(&tlb);
	mmap_read_unlock(world.parent);
}

static void tell(struct vm_area_struct *vma, struct mm_struct *mm, unsigned long end)
{
	struct mmu_notifier_range range;
	unsigned long start = 0;

	mmu_notifier_range_init(&range, MMU_NOTIFY_UNMAP, 0, mm, start, end);
	mmu_notifier_invalidate_range_start(&range);
	hugetlb_zap_begin(vma, &start, &end);
	mmu_notifier_invalidate_range_end(&range);
}

static void swap_mms(void)
{
	mmap_write_lock(world.parent);
	arch_dup_mmap(world.parent, world.parent);
	mmap_write_unlock(world.parent);
}

static void give_policy(struct vm_area_struct *vma)
{
	fork_show_parent();
	vma->vm_policy = fork_alloc(FORK_SITE_POLICY, sizeof(*vma->vm_policy));
	vma->vm_policy->refcnt = 1;
}

#ifndef FORK_VMA_LOCKS
#define __vm_area_free	vm_area_free
#endif

static void free_vmas(void)
{
	int i;

	fork_let_others_run();
	for (i = 0; i < 3; i++)
		__vm_area_free(vm_area_alloc(world.parent));
}

static void free_tables(unsigned long addr, unsigned long end, unsigned long floor,
			unsigned long ceiling)
{
	struct mmu_gather tlb = { .mm = world.parent, .fullmm = true };

	mmap_read_lock(world.parent);
	fork_check_pgd_range(&tlb, addr, end, floor, ceiling);
	mmap_read_unlock(world.parent);
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

static void downgrade_stale(void)
{
	mmap_write_lock(world.parent);
	world.parent_tlb_stale = true;
	mmap_write_downgrade(world.parent);
	world.parent_tlb_stale = false;
	mmap_read_unlock(world.parent);
}

static void downgrade_twice(void)
{
	mmap_write_lock(world.parent);
	mmap_write_downgrade(world.parent);
	mmap_write_downgrade(world.parent);
	mmap_read_unlock(world.parent);
	mmap_read_unlock(world.parent);
}

/* A clean-up that ends after the parent is unlocked: its VMAs are in the child's tree. */
static void unlock_early(void)
{
	world.running = true;
	world.child = world.parent;
	mmap_write_lock(world.parent);
	mmap_write_downgrade(world.parent);
	mmap_read_unlock(world.parent);
	world.child = NULL;
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
	case FORK_MISTAKE_DOWNGRADE_STALE:
		downgrade_stale();
		break;
	case FORK_MISTAKE_DOWNGRADE_TWICE:
		downgrade_twice();
		break;
	case FORK_MISTAKE_UNLOCK_EARLY:
		unlock_early();
		break;
	case FORK_MISTAKE_WARN:
		WARN_ON_ONCE(true);
		break;
	case FORK_MISTAKE_NO_CACHE_FLUSH:
		copy_unflushed(vma);
		break;
	case FORK_MISTAKE_NO_TLB_FLUSH:
		unlock_unflushed();
		break;
	case FORK_MISTAKE_NO_OOM_SKIP:
		unmap_nothing(vma, true);
		break;
	case FORK_MISTAKE_NO_HIWATER:
		world.parent->rss++;
		unmap_nothing(vma, false);
		world.parent->rss--;
		break;
	case FORK_MISTAKE_UNMAP_UNTOLD:
		update_hiwater_rss(world.parent);
		unmap_nothing(vma, false);
		break;
	case FORK_MISTAKE_TELL_TOO_MUCH:
		tell(vma, world.parent, PAGE_SIZE);
		break;
	case FORK_MISTAKE_ZAP_ANOTHER:
		tell(vma, NULL, ULONG_MAX);
		break;
	case FORK_MISTAKE_ARCH_SWAPPED:
		swap_mms();
		break;
	case FORK_MISTAKE_NOT_HUGETLB:
		fork_show_parent();
		hugetlb_dup_vma_private(vma);
		break;
	case FORK_MISTAKE_ANOTHERS_POLICY:
		give_policy(vma);
		break;
	case FORK_MISTAKE_NO_DCACHE_LOCK:
		fork_show_parent();
		link_without_dcache_lock(vma);
		break;
	case FORK_MISTAKE_DCACHE_LOCK_TWICE:
		fork_dcache_lock(&world.file->mapping);
		fork_dcache_lock(&world.file->mapping);
		fork_dcache_unlock(&world.file->mapping);
		break;
	case FORK_MISTAKE_DCACHE_UNLOCK_TWICE:
		fork_dcache_unlock(&world.file->mapping);
		break;
	case FORK_MISTAKE_NO_RESCHED:
		free_vmas();
		break;
	case FORK_MISTAKE_KEEP_NODES:
		fork_check_not_in_rcu(&world.parent->mm_mt, "a mistake frees");
		break;
	case FORK_MISTAKE_BELOW_FLOOR:
		free_tables(vma->vm_start, vma->vm_end, vma->vm_end, TASK_SIZE);
		break;
	case FORK_MISTAKE_ABOVE_CEILING:
		free_tables(vma->vm_start, vma->vm_end, 0, vma->vm_start);
		break;
	case FORK_MISTAKE_ANOTHER_RANGE:
		free_tables(vma->vm_start, vma->vm_end + PAGE_SIZE, 0, TASK_SIZE);
		break;
	}
}
