// SPDX-License-Identifier: GPL-2.0
/*
 * Another task that finds the child's mm while it is forked.
 *
 * It finds the mm as other tasks in the kernel do: by rmap from a page of the
 * parent, or because a driver's open() has kept it.  The plan says at which events
 * it takes a reference, walks VMAs, and drops the reference.  If it would have to
 * wait for a lock, it does nothing: that is the same as a later event.
 */

#include "code.h"
#include "models.h"
#include "run.h"

static void complain_about(const void *entry, const char *how)
{
	world.result.found = true;
	if (xa_is_zero(entry))
		fork_complain("%s finds the zero marker", how);
	else if (((const struct vm_area_struct *)entry)->vm_mm == world.parent)
		fork_complain("%s finds a VMA of the parent in the child", how);
	else
		fork_complain("%s finds a stray VMA", how);
}

static void check_entry(struct mm_struct *mm, struct vm_area_struct *vma, const char *how)
{
	if (xa_is_zero(vma) || vma->vm_mm != mm)
		complain_about(vma, how);
}

static void iterate(struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	struct vma_iterator vmi;

	vma_iter_init(&vmi, mm, 0);
	for_each_vma(vmi, vma) {
		check_entry(mm, vma, "for_each_vma()");
		if (world.complaints)
			break;
	}
}

static void look_up(struct mm_struct *mm, enum fork_walker how)
{
	size_t i;

	for (i = 0; i < world.nr; i++) {
		/* vm_start is never hidden, and only the parent's task frees its VMAs. */
		unsigned long addr = world.vmas[i]->vm_start;
		struct vm_area_struct *vma;
		const char *name;

		if (how == FORK_WALK_LOOKUP) {
			vma = vma_lookup(mm, addr);
			name = "vma_lookup()";
		} else {
			vma = find_vma_intersection(mm, addr, ULONG_MAX);
			name = "find_vma()";
		}
		if (vma)
			check_entry(mm, vma, name);
	}
}

/* Its lock has to be held. */
void fork_walk_tree(struct mm_struct *mm, enum fork_walker how)
{
	if (how == FORK_WALK_ITERATE)
		iterate(mm);
	else
		look_up(mm, how);
}

static void check_linked(struct vm_area_struct *vma)
{
	if (vma->vm_mm != world.parent && vma->vm_mm != world.child &&
	    vma->vm_mm != world.grandparent)
		fork_complain("rmap finds a VMA of an mm that is gone");
	else if (vma->vm_start >= vma->vm_end)
		fork_complain("rmap finds a VMA without addresses");
	else if (vma->vm_mm == world.child)
		world.met = vma->vm_mm;
}

/* As a task of its own, it waits. */
static bool lock_to_walk(struct rw_semaphore *sem)
{
	if (!world.exploring)
		return down_read_trylock(sem);
	down_read(sem);
	return true;
}

/* Takes a reference to the child if it was met, before rmap is unlocked. */
static void get_what_was_met(void)
{
	struct mm_struct *mm = world.met;

	if (!world.exploring || !mm || world.got_by[world.turn])
		return;
	fork_op(FORK_OP_WRITE, &mm->mm_users, "&mm->mm_users");
	if (!atomic_read(&mm->mm_users))
		return;
	atomic_inc(&mm->mm_users);
	world.got_by[world.turn] = mm;
}

static bool walk_file(struct file *file)
{
	struct vm_area_struct *vma;

	/* The parent, which maps it, does so all the time. */
	if (world.exploring && RB_EMPTY_ROOT(&file->mapping.i_mmap.rb_root))
		return false;
	if (!lock_to_walk(&file->mapping.i_mmap_rwsem))
		return false;
	if (world.exploring)
		world.met = NULL;
	for (vma = vma_interval_tree_iter_first(&file->mapping.i_mmap, 0, ULONG_MAX); vma;
	     vma = vma_interval_tree_iter_next(vma, 0, ULONG_MAX))
		check_linked(vma);
	get_what_was_met();
	up_read(&file->mapping.i_mmap_rwsem);
	return true;
}

/* Its root has to be locked. */
void fork_walk_avcs(struct anon_vma *anon)
{
	struct anon_vma_chain *avc;

	for (avc = anon_vma_interval_tree_iter_first(&anon->rb_root, 0, ULONG_MAX); avc;
	     avc = anon_vma_interval_tree_iter_next(avc, 0, ULONG_MAX))
		check_linked(avc->vma);
}

static bool walk_anon(struct anon_vma *anon)
{
	/* The parent, which owns it, does not free it meanwhile. */
	if (!lock_to_walk(&anon->root->rwsem))
		return false;
	if (world.exploring)
		world.met = NULL;
	fork_walk_avcs(anon);
	get_what_was_met();
	up_read(&anon->root->rwsem);
	return true;
}

/* Sets world.met to the child's mm if it finds a VMA of the child. */
bool fork_walk_rmap(void)
{
	bool walked;
	size_t i;

	world.met = NULL;
	walked = walk_file(world.file);
	walked |= walk_file(world.shmem);
	for (i = 0; i < world.nr; i++)
		if (world.anon[i])
			walked |= walk_anon(world.anon[i]);
	return walked;
}

/* As lock_vma_under_rcu() for a fault of another thread of the parent */
static bool read_vma_under_rcu(struct mm_struct *mm)
{
	size_t i;

	for (i = 0; i < world.nr; i++) {
		struct vm_area_struct *vma;

		rcu_read_lock();
		vma = mtree_load(&mm->mm_mt, world.vmas[i]->vm_start);
		if (vma != world.vmas[i])
			fork_complain("a fault of the parent does not find its VMA");
		rcu_read_unlock();
	}
	return true;
}

/* As a fault of another thread of the parent, or the OOM reaper */
bool fork_walk_parent(void)
{
	struct vm_area_struct *vma;
	struct vma_iterator vmi;
	size_t i = 0;

	if (world.exploring)
		mmap_read_lock(world.parent);
	else if (!mmap_read_trylock(world.parent))
		return false;
	vma_iter_init(&vmi, world.parent, 0);
	for_each_vma(vmi, vma) {
		if (i == world.nr || vma != world.vmas[i]) {
			fork_complain("the parent has other VMAs than before");
			break;
		}
		i++;
	}
	mmap_read_unlock(world.parent);
	return true;
}

/* Takes a reference to the mm that a driver or rmap knows. */
static struct mm_struct *get_child(void)
{
	struct mm_struct *mm = world.published;

	if (!mm) {
		fork_walk_rmap();
		mm = world.met;
	}
	if (!mm || !atomic_read(&mm->mm_users))
		return NULL;
	atomic_inc(&mm->mm_users);
	return mm;
}

static bool walk(enum fork_walker how)
{
	struct mm_struct *mm = world.got;

	if (how == FORK_WALK_RMAP)
		return fork_walk_rmap();
	if (how == FORK_WALK_VMA_LOCK)
		return read_vma_under_rcu(world.parent);
	if (how == FORK_WALK_PARENT)
		return fork_walk_parent();
	if (!mm)
		return false;
	if (how == FORK_WALK_PUT)
		return true;
	if (!mmap_read_trylock(mm))
		return false;
	fork_walk_tree(mm, how);
	mmap_read_unlock(mm);
	return true;
}

static void put_child(void)
{
	struct mm_struct *mm = world.got;

	world.got = NULL;
	if (mm)
		mmput(mm);
}

/* Returns a bit for each thing that the walker has done. */
u8 fork_walk_at(unsigned int now)
{
	const struct fork_plan *plan = &world.plan;
	u8 done = 0;

	if (!plan->walker || (now != plan->get_at && now != plan->walk_at && now != plan->put_at))
		return 0;

	world.in_walker = true;
	if (now == plan->get_at) {
		world.got = get_child();
		done |= world.got ? 1 : 0;
	}
	if (now == plan->walk_at && walk(plan->walker)) {
		world.result.walked = true;
		done |= 2;
	}
	if (now == plan->put_at && world.got) {
		put_child();
		done |= 4;
	}
	world.in_walker = false;
	return done;
}

/* What the walker does after the fork */
void fork_walk_after(void)
{
	const struct fork_plan *plan = &world.plan;

	world.in_walker = true;
	if (world.got && !plan->walk_at)
		world.result.walked = walk(plan->walker);
	put_child();
	world.in_walker = false;
}
