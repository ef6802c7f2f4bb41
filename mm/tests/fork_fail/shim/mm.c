// SPDX-License-Identifier: GPL-2.0
/*
 * Address spaces, and forks of them.
 *
 * Nothing is decided here, nor in the files beside this one: a function does one
 * thing that Rust cannot reach, or reads one thing off.
 */

#include <linux/file.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/security.h>

#include "../../../internal.h"
#include "shim.h"

/* An mm with nothing in it */
struct mm_struct *fork_fail_mm(void)
{
	struct mm_struct *mm = mm_alloc();

	if (mm) {
		mm->task_size = TASK_SIZE;
		arch_pick_mmap_layout(mm, &current->signal->rlim[RLIMIT_STACK]);
	}
	return mm;
}

/*
 * Use @mm as the user space of this kthread.  Pin the kthread first: a CPU left
 * behind keeps a lazy-TLB reference to the mm, and per-CPU counters are exact only
 * on the CPU that adds to them.
 */
int fork_fail_attach(struct mm_struct *mm)
{
	int err = set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id()));

	if (!err)
		kthread_use_mm(mm);
	return err;
}

/* The same for @to, instead of @from */
void fork_fail_switch(struct mm_struct *from, struct mm_struct *to)
{
	kthread_unuse_mm(from);
	kthread_use_mm(to);
}

void fork_fail_detach(struct mm_struct *mm)
{
	kthread_unuse_mm(mm);
	set_cpus_allowed_ptr(current, cpu_possible_mask);
}

struct mm_struct *fork_fail_dup_mm(struct mm_struct *parent)
{
	return dup_mm(current, parent);
}

void fork_fail_get(struct mm_struct *mm)
{
	mmget(mm);
}

void fork_fail_put(struct mm_struct *mm)
{
	mmput(mm);
	/* Files that a kthread puts are closed later, which would show in counters. */
	flush_delayed_fput();
}

/* Whether the last user has gone, and with it all references but the caller's */
bool fork_fail_put_keeping(struct mm_struct *mm)
{
	bool right;

	mmgrab(mm);
	mmput(mm);
	flush_delayed_fput();
	right = !atomic_read(&mm->mm_users) && atomic_read(&mm->mm_count) == 1;
	mmdrop(mm);
	return right;
}

int fork_fail_dup_mmap(struct mm_struct *child, struct mm_struct *parent)
{
	return dup_mmap(child, parent);
}

/* The word at @addr, or -EFAULT; faults in what is not there. */
long fork_fail_peek(struct mm_struct *mm, unsigned long addr)
{
	long word;

	if (access_remote_vm(mm, addr, &word, sizeof(word), FOLL_FORCE) != sizeof(word))
		return -EFAULT;
	return word;
}

int fork_fail_map_count(struct mm_struct *mm)
{
	return mm->map_count;
}

/* Where user space begins and ends: the first byte, and the one after the last */
unsigned long fork_fail_lowest(void)
{
	return max_t(unsigned long, PAGE_ALIGN(mmap_min_addr), FIRST_USER_ADDRESS) ?: PAGE_SIZE;
}

unsigned long fork_fail_highest(void)
{
	/* UML has the last page, but lets nobody read it. */
	return TASK_SIZE - PAGE_SIZE;
}

/* What a page table maps: of PTEs for level 1, of their tables for 2, ... */
unsigned long fork_fail_table_span(unsigned int level)
{
	switch (level) {
	case 1:
		return PMD_SIZE;
	case 2:
		return PUD_SIZE;
	case 3:
		return P4D_SIZE;
	default:
		return PGDIR_SIZE;
	}
}
