// SPDX-License-Identifier: GPL-2.0
/* What other tasks must not find */

#include "mistakes/mistakes.h"

static void walk(enum fork_walker how, struct mm_struct *mm)
{
	world.plan.walker = how;
	world.plan.walk_at = 1;
	world.got = mm;
	fork_walk_at(1);
	world.got = NULL;
	memset(&world.plan, 0, sizeof(world.plan));
}

static void set_entry(struct mm_struct *mm, void *entry)
{
	struct ma_state mas;

	mas_init(&mas, &mm->mm_mt, 0);
	mas_set_range(&mas, PAGE_SIZE, 2 * PAGE_SIZE - 1);
	mmap_write_lock(mm);
	if (mas_store_gfp(&mas, entry, GFP_KERNEL))
		abort();
	mmap_write_unlock(mm);
}

/* A child that has @entry in its tree is flushed, walked, or read. */
static void meet(void *entry, enum fork_walker how)
{
	struct mm_struct *mm = fork_new_mm();
	struct fork_vma_state state;

	set_entry(mm, entry);
	mmap_write_lock(mm);
	flush_tlb_mm(mm);
	mmap_write_unlock(mm);
	if (how) {
		walk(how, mm);
	} else {
		world.child = mm;
		fork_read_vmas(true, &state, 1);
		world.child = NULL;
	}
	set_entry(mm, NULL);
	mmput(mm);
}

static void meet_marker(struct vm_area_struct *vma)
{
	meet(XA_ZERO_ENTRY, FORK_WALK_ITERATE);
}

static void flush_marker(struct vm_area_struct *vma)
{
	meet_marker(vma);
}

static void meet_parent(struct vm_area_struct *vma)
{
	meet(vma, FORK_WALK_ITERATE);
}

static void flush_parent(struct vm_area_struct *vma)
{
	meet_parent(vma);
}

static void read_parent(struct vm_area_struct *vma)
{
	meet(vma, FORK_WALK_NOT);
}

static void meet_stray(struct vm_area_struct *vma)
{
	struct mm_struct *mm = fork_new_mm();
	struct vm_area_struct *stray = vm_area_alloc(mm);

	meet(stray, FORK_WALK_ITERATE);
	vm_area_free(stray);
	mmdrop(mm);
}

static void meet_orphan_by_rmap(struct vm_area_struct *vma)
{
	vma->vm_mm = fork_new_mm();
	walk(FORK_WALK_RMAP, NULL);
	mmdrop(vma->vm_mm);
	vma->vm_mm = world.parent;
}

static void meet_nothing_by_rmap(struct vm_area_struct *vma)
{
	unsigned long end = vma->vm_end;

	vma->vm_end = vma->vm_start;
	walk(FORK_WALK_RMAP, NULL);
	vma->vm_end = end;
}

/* Those who look for it compare its address. */
void fork_replace_first(void (*f)(enum fork_walker how), enum fork_walker how)
{
	struct vm_area_struct *vma = world.vmas[0];
	struct vm_area_struct *copy;

	fork_show_parent();
	copy = vm_area_dup(vma);
	world.vmas[0] = copy;
	f(how);
	fork_show_parent();
	world.vmas[0] = vma;
	vm_area_free(copy);
	fork_show_parent();
}

static void walk_parent(enum fork_walker how)
{
	walk(how, NULL);
}

static void fault_on_another(struct vm_area_struct *vma)
{
	fork_replace_first(walk_parent, FORK_WALK_VMA_LOCK);
}

static void find_another(struct vm_area_struct *vma)
{
	fork_replace_first(walk_parent, FORK_WALK_PARENT);
}

const struct mistake fork_walker_mistakes[] = {
	MISTAKE(meet_marker, "for_each_vma() finds the zero marker"),
	MISTAKE(flush_marker, "flush_tlb_mm() runs into the zero marker"),
	MISTAKE(meet_parent, "for_each_vma() finds a VMA of the parent in the child"),
	MISTAKE(flush_parent, "flush_tlb_mm() finds the VMA of another mm"),
	MISTAKE(read_parent, "something else than its VMAs in the tree of an mm"),
	MISTAKE(meet_stray, "finds a stray VMA"),
	MISTAKE(meet_orphan_by_rmap, "rmap finds a VMA of an mm that is gone"),
	MISTAKE(meet_nothing_by_rmap, "rmap finds a VMA without addresses"),
	MISTAKE(fault_on_another, "a fault of the parent does not find its VMA"),
	MISTAKE(find_another, "the parent has other VMAs than before"),
	NO_MORE_MISTAKES,
};
