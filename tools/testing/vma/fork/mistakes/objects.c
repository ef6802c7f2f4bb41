// SPDX-License-Identifier: GPL-2.0
/* Mistakes with what VMAs refer to, and with accounts */

#include "mistakes/mistakes.h"

static void unaccount(struct vm_area_struct *vma)
{
	vm_acct_memory(-1000);
}

static void leave_accounted(struct vm_area_struct *vma)
{
	vm_acct_memory(1);
}

static void get_file_once_more(struct vm_area_struct *vma)
{
	get_file(world.file);
}

static void get_dead_file(struct vm_area_struct *vma)
{
	struct file *file = fork_open();

	file->count = 0;
	fput(get_file(file));
}

static void put_mapped_file(struct vm_area_struct *vma)
{
	struct file *file = fork_open();

	file->mapping.i_mmap.rb_root.rb_node = &vma->shared.rb;
	fput(file);
}

static void put_writable_file(struct vm_area_struct *vma)
{
	struct file *file = fork_open();

	atomic_set(&file->mapping.i_mmap_writable, 1);
	fput(file);
}

static void unmap_writable_twice(struct vm_area_struct *vma)
{
	struct file *file = fork_open();

	mapping_unmap_writable(&file->mapping);
	atomic_set(&file->mapping.i_mmap_writable, 0);
	fput(file);
}

static void change_flags(struct vm_area_struct *vma)
{
	fork_show_parent();
	vm_flags_init(vma, VM_NONE);
}

static void give_policy(struct vm_area_struct *vma)
{
	fork_show_parent();
	vma->vm_policy = fork_alloc(FORK_SITE_POLICY, sizeof(*vma->vm_policy));
	vma->vm_policy->refcnt = 1;
}

static void swap_mms(struct vm_area_struct *vma)
{
	mmap_write_lock(world.parent);
	arch_dup_mmap(world.parent, world.parent);
	mmap_write_unlock(world.parent);
}

/* As if @vma were that of a driver; one of its mm is torn down if @torn. */
static void close_vma(struct vm_area_struct *vma, bool torn)
{
	unsigned long *flags = (unsigned long *)&world.parent->flags;
	unsigned long before = *flags;

	world.running = true;
	if (torn)
		mm_flags_set(MMF_UNSTABLE, world.parent);
	fork_driver_ops.close(vma);
	*flags = before;
	world.running = false;
}

static void close_unmarked(struct vm_area_struct *vma)
{
	close_vma(vma, false);
}

static void close_locked(struct vm_area_struct *vma)
{
	mmap_write_lock(world.parent);
	close_vma(vma, true);
	mmap_write_unlock(world.parent);
}

static void close_unlocked(struct vm_area_struct *vma)
{
	close_vma(vma, true);
}

static void close_after_the_mm(struct vm_area_struct *vma)
{
	int count = atomic_read(&world.parent->mm_count);

	atomic_set(&world.parent->mm_count, 0);
	close_unlocked(vma);
	atomic_set(&world.parent->mm_count, count);
}

static void take_for_hugetlb(struct vm_area_struct *vma)
{
	fork_show_parent();
	hugetlb_dup_vma_private(vma);
}

static void put_used_uffd(struct vm_area_struct *vma)
{
	struct userfaultfd_ctx *ctx = fork_alloc(FORK_SITE_UFFD, sizeof(*ctx));

	fork_show_parent();
	refcount_set(&ctx->refcount, 1);
	ctx->mm = world.parent;
	mmgrab(ctx->mm);
	vma->vm_userfaultfd_ctx.ctx = ctx;
	userfaultfd_ctx_put(ctx);
	userfaultfd_reset_ctx(vma);
}

const struct mistake fork_object_mistakes[] = {
	MISTAKE(unaccount, "more memory unaccounted"),
	MISTAKE(leave_accounted, "1 pages of committed memory left"),
	MISTAKE(get_file_once_more, "the world"),
	MISTAKE(get_dead_file, "get_file() of a file without references"),
	MISTAKE(put_mapped_file, "a file is freed with VMAs"),
	MISTAKE(put_writable_file, "a file is freed with writable mappings"),
	MISTAKE(unmap_writable_twice, "more writable mappings removed"),
	MISTAKE(change_flags, "VMA 0 of the parent"),
	MISTAKE(give_policy, "the policy of another"),
	MISTAKE(swap_mms, "arch_dup_mmap() of other mms"),
	MISTAKE(close_unmarked, "not marked as unstable"),
	MISTAKE(close_locked, "close() with the parent locked for write"),
	MISTAKE(close_unlocked, "close() with the parent unlocked"),
	MISTAKE(close_after_the_mm, "close() of a VMA whose mm is gone"),
	MISTAKE(take_for_hugetlb, "private() of another VMA"),
	MISTAKE(put_used_uffd, "freed that a VMA points to"),
	NO_MORE_MISTAKES,
};
