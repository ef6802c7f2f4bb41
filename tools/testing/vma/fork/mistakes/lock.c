// SPDX-License-Identifier: GPL-2.0
/* Mistakes with locks */

#include "mistakes/mistakes.h"

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif

static void leave_locked(struct vm_area_struct *vma)
{
	mmap_write_lock(world.parent);
}

static void leave_another_locked(struct vm_area_struct *vma)
{
	down_write(&world.shmem->mapping.i_mmap_rwsem);
}

static void read_what_is_locked(struct vm_area_struct *vma)
{
	mmap_write_lock(world.parent);
	mmap_read_lock(world.parent);
	mmap_read_unlock(world.parent);
	mmap_write_unlock(world.parent);
}

static void unlock_twice(struct vm_area_struct *vma)
{
	mmap_read_lock(world.parent);
	mmap_read_unlock(world.parent);
	mmap_read_unlock(world.parent);
}

static void unlock_writer_twice(struct vm_area_struct *vma)
{
	mmap_write_lock(world.parent);
	mmap_write_unlock(world.parent);
	mmap_write_unlock(world.parent);
}

static void unlock_stale(struct vm_area_struct *vma)
{
	mmap_write_lock(world.parent);
	world.parent_tlb_stale = true;
	mmap_write_unlock(world.parent);
	world.parent_tlb_stale = false;
}

static void downgrade_stale(struct vm_area_struct *vma)
{
	mmap_write_lock(world.parent);
	world.parent_tlb_stale = true;
	mmap_write_downgrade(world.parent);
	world.parent_tlb_stale = false;
	mmap_read_unlock(world.parent);
}

static void downgrade_twice(struct vm_area_struct *vma)
{
	mmap_write_lock(world.parent);
	mmap_write_downgrade(world.parent);
	mmap_write_downgrade(world.parent);
	mmap_read_unlock(world.parent);
	mmap_read_unlock(world.parent);
}

/* A clean-up that ends after the parent is unlocked: its VMAs are in the child's tree. */
static void unlock_early(struct vm_area_struct *vma)
{
	world.running = true;
	world.child = world.parent;
	mmap_write_lock(world.parent);
	mmap_write_downgrade(world.parent);
	mmap_read_unlock(world.parent);
	world.child = NULL;
	world.running = false;
}

static void need_lock(struct vm_area_struct *vma)
{
	mmap_assert_locked(world.parent);
}

static void need_write_lock(struct vm_area_struct *vma)
{
	mmap_read_lock(world.parent);
	mmap_assert_write_locked(world.parent);
	mmap_read_unlock(world.parent);
}

static void need_locked_vma(struct vm_area_struct *vma)
{
	mmap_write_lock(world.parent);
	vma_assert_write_locked(vma);
	mmap_write_unlock(world.parent);
}

static void write_what_is_read(struct vm_area_struct *vma)
{
	mmap_write_lock(world.parent);
	world.reading[FORK_TASK_FIRST] = vma;
	vma_start_write(vma);
	world.reading[FORK_TASK_FIRST] = NULL;
	mmap_write_unlock(world.parent);
}

#if __has_feature(address_sanitizer)
static void read_unlocked(struct vm_area_struct *vma)
{
	/* The sanitizer's report would only look like a failure. */
	if (__asan_address_is_poisoned(&vma->vm_file))
		fork_complain_of_report("ERROR: AddressSanitizer: a-hidden-VMA on address 0\n"
					" in a_test\n");
}
#endif

const struct mistake fork_lock_mistakes[] = {
	MISTAKE(leave_locked, "deadlock: mmap_lock is locked already"),
	MISTAKE(leave_another_locked, "1 locks are still held"),
	MISTAKE(read_what_is_locked, "deadlock: mmap_lock is locked for write already"),
	MISTAKE(unlock_twice, "was not locked for read"),
	MISTAKE(unlock_writer_twice, "was not locked for write"),
	MISTAKE(unlock_stale, "unlocked before its TLB is flushed"),
	MISTAKE(downgrade_stale, "before its TLB is flushed"),
	MISTAKE(downgrade_twice, "downgraded that is not held for write"),
	MISTAKE(unlock_early, "VMAs in the child's tree"),
	MISTAKE(need_lock, "mmap_lock is not held"),
	MISTAKE(need_write_lock, "mmap_lock is not held for write"),
	MISTAKE(write_what_is_read, "deadlock: a VMA is locked for read"),
	MISTAKE(need_locked_vma, "a VMA is not locked for write"),
#if __has_feature(address_sanitizer)
	MISTAKE(read_unlocked, "a-hidden-VMA"),
#endif
	NO_MORE_MISTAKES,
};
