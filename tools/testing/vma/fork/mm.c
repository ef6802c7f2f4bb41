// SPDX-License-Identifier: GPL-2.0
/* CUSTOMISED: how an mm_struct is made and freed, as far as fork depends on it. */

#include "models.h"

/* dup_mm() copies the parent without its lock: another thread may map meanwhile. */
static void forget_what_may_be_stale(struct mm_struct *mm)
{
	mm->total_vm = -1UL;
	mm->data_vm = -1UL;
	mm->exec_vm = -1UL;
	mm->stack_vm = -1UL;
}

struct mm_struct *allocate_mm(void)
{
	return fork_alloc(FORK_SITE_MM, sizeof(struct mm_struct));
}

struct mm_struct *mm_init(struct mm_struct *mm, struct task_struct *task, void *user_ns)
{
	mt_init_flags(&mm->mm_mt, MM_MT_FLAGS);
	mt_set_external_lock(&mm->mm_mt, &mm->mmap_lock);
	atomic_set(&mm->mm_users, 1);
	atomic_set(&mm->mm_count, 1);
	mmap_init_lock(mm);
	INIT_LIST_HEAD(&mm->mmlist);
	mm->write_protect_seq = 0;
	mm->map_count = 0;
	mm->locked_vm = 0;
	mm->rss = 0;
	mm->pgtables = 0;
	mm->nr_tables = 0;
	mm->exe_file = NULL;
	mm->flags.__mm_flags[0] = 0;
	mm->gathering = false;
	if (world.running)
		forget_what_may_be_stale(mm);

	mm->pgd = fork_alloc(FORK_SITE_PGD, PTRS_PER_PGD * sizeof(pgd_t));
	if (!mm->pgd)
		goto fail_pgd;
	/* One fault point for all later allocations of mm_init() */
	if (!fork_try(FORK_SITE_COUNTERS))
		goto fail_counters;
	if (world.running)
		world.child = mm;
	return mm;

fail_counters:
	fork_free(FORK_SITE_PGD, mm->pgd);
fail_pgd:
	fork_free(FORK_SITE_MM, mm);
	return NULL;
}

/* As the kernel's check_mm(), with checks that only a model can make. */
static void check_mm(struct mm_struct *mm)
{
	if (mm->rss)
		fork_complain("an mm is freed with %ld pages by its count", mm->rss);
	if (mm->pgtables)
		fork_complain("an mm is freed with %ld page tables by its count", mm->pgtables);
	if (mm->nr_tables)
		fork_complain("an mm is freed with %ld page tables left", mm->nr_tables);
	if (mm->mm_mt.ma_root)
		fork_complain("an mm is freed with something in its tree");
	if (rwsem_is_locked(&mm->mmap_lock))
		fork_complain("an mm is freed with its lock held");
	if (mm->gathering)
		fork_complain("an mm is freed before tlb_finish_mmu()");
}

void mmdrop(struct mm_struct *mm)
{
	int count;

	fork_op(FORK_OP_WRITE, &mm->mm_count, "mm_count");
	count = atomic_read(&mm->mm_count);
	if (count <= 0)
		fork_complain("%s() of an mm without references", __func__);
	atomic_dec(&mm->mm_count);
	if (count != 1)
		return;

	check_mm(mm);
	world.result.mms_freed++;
	if (world.child == mm)
		world.child = NULL;
	if (world.published == mm) {
		fork_op(FORK_OP_WRITE, &world.published, "the driver's mm");
		world.published = NULL;
	}
	fork_free(FORK_SITE_PGD, mm->pgd);
	fork_free(FORK_SITE_MM, mm);
}

void dup_mm_exe_file(struct mm_struct *mm, struct mm_struct *oldmm)
{
	mmap_assert_write_locked(oldmm);
	mm->exe_file = oldmm->exe_file ? get_file(oldmm->exe_file) : NULL;
}

void set_mm_exe_file(struct mm_struct *mm, struct file *file)
{
	if (mm->exe_file)
		fput(mm->exe_file);
	mm->exe_file = file;
}

/* What others have registered the parent for, they register the child for. */
static void inherit_flag(int flag, struct mm_struct *mm, struct mm_struct *oldmm)
{
	if (mm_flags_test(flag, oldmm))
		mm_flags_set(flag, mm);
}

void uprobe_dup_mmap(struct mm_struct *oldmm, struct mm_struct *mm)
{
	inherit_flag(MMF_HAS_UPROBES, mm, oldmm);
}

void ksm_fork(struct mm_struct *mm, struct mm_struct *oldmm)
{
	inherit_flag(MMF_VM_MERGEABLE, mm, oldmm);
}

void khugepaged_fork(struct mm_struct *mm, struct mm_struct *oldmm)
{
	inherit_flag(MMF_VM_HUGEPAGE, mm, oldmm);
}

void fork_let_others_run(void)
{
	world.freed_vmas = 0;
}

void uprobe_start_dup_mmap(void)
{
	world.dup_mmaps++;
}

void uprobe_end_dup_mmap(void)
{
	if (--world.dup_mmaps < 0)
		fork_complain("%s() twice", __func__);
}

void mmu_notifier_range_init(struct mmu_notifier_range *range, enum mmu_notifier_event event,
			     unsigned int flags, struct mm_struct *mm,
			     unsigned long start, unsigned long end)
{
	range->event = event;
	range->mm = mm;
	range->start = start;
	range->end = end;
}

void mmu_notifier_invalidate_range_start(struct mmu_notifier_range *range)
{
	world.invalidations++;
	if (range->event != MMU_NOTIFY_UNMAP)
		return;
	world.unmapping = range;
	world.unmapped_end = 0;
}

void mmu_notifier_invalidate_range_end(struct mmu_notifier_range *range)
{
	if (--world.invalidations < 0)
		fork_complain("%s() twice", __func__);
	if (range != world.unmapping)
		return;
	world.unmapping = NULL;
	/* Beyond user space, it is all of an mm. */
	if (range->end <= TASK_SIZE && range->end != world.unmapped_end)
		fork_complain("MMU notifiers are told of another range than is unmapped");
}
