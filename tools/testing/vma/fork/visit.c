// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that meet the child or the parent of a fork.  They do as those in the kernel,
 * or wrong on purpose, and can be preempted at each of their operations.
 */

#include "code.h"
#include "models.h"
#include "run.h"

/* As those of walker.c */
static struct mm_struct *get_child(void)
{
	struct mm_struct *mm;

	fork_op(FORK_OP_READ, &world.published, "the driver's mm");
	mm = world.published;
	if (!mm) {
		fork_walk_rmap();
		return world.got_by[world.turn];
	}
	fork_op(FORK_OP_WRITE, &mm->mm_users, "&mm->mm_users");
	/* The driver knows when it is gone. */
	if (world.published != mm || !atomic_read(&mm->mm_users))
		return NULL;
	atomic_inc(&mm->mm_users);
	return mm;
}

static void visit_child(enum fork_walker how)
{
	struct mm_struct *mm = get_child();

	if (!mm)
		return;
	world.result.walked = true;
	if (how != FORK_WALK_PUT) {
		mmap_read_lock(mm);
		fork_walk_tree(mm, how);
		mmap_read_unlock(mm);
	}
	mmput(mm);
}

static void visit_rmap(void)
{
	/* No reference is needed for that. */
	fork_walk_rmap();
	if (world.got_by[world.turn])
		mmput(world.got_by[world.turn]);
	world.result.walked = true;
}

/* As vma_start_read(): the VMA stays as it is until it is unlocked. */
static bool lock_vma(struct mm_struct *mm, struct vm_area_struct *vma)
{
	fork_op(FORK_OP_READ_VMA, vma, "a VMA");
	world.reading[world.turn] = vma;
	fork_op(FORK_OP_READ, &mm->mmap_lock, mm->mmap_lock.name);
	return vma->vm_lock_seq != mm->mm_lock_seq;
}

static void unlock_vma(struct vm_area_struct *vma)
{
	fork_op(FORK_OP_UNLOCK_READ, vma, "a VMA");
	world.reading[world.turn] = NULL;
}

/* As a fault of another thread of the parent, on its first VMA */
static void read_lock_vma(void)
{
	struct mm_struct *mm = world.parent;
	struct vm_area_struct *vma;
	bool locked;

	rcu_read_lock();
	vma = mtree_load(&mm->mm_mt, world.vmas[0]->vm_start);
	locked = lock_vma(mm, vma);
	rcu_read_unlock();
	if (vma != world.vmas[0])
		fork_complain("a fault of another thread does not find the VMA");
	unlock_vma(vma);
	if (!locked)
		fork_walk_parent();
	world.result.walked = true;
}

/* Never unlocks the VMA: a writer waits for ever. */
static void forget_to_unlock(void)
{
	fork_op(FORK_OP_READ_VMA, world.vmas[0], "a VMA");
	world.reading[world.turn] = world.vmas[0];
}

/*
 * As folio_lock_anon_vma_read(): an anon_vma that is freed meanwhile stays for a grace
 * period.  Who has no read lock, or keeps the pointer until the next one, is wrong.
 */
static void lock_anon(enum fork_walker how)
{
	bool rcu = how != FORK_WALK_ANON_BARE;
	struct anon_vma *anon, *root;

	if (rcu)
		rcu_read_lock();
	fork_op(FORK_OP_READ, &world.page_anon, "a page");
	anon = world.page_anon;
	if (!anon)
		goto out;
	world.result.walked = true;
	if (how == FORK_WALK_ANON_KEEP) {
		rcu_read_unlock();
		rcu_read_lock();
	}
	fork_op(FORK_OP_READ, &world.rcu, "RCU");
	if (!fork_may_use(anon, "an anon_vma"))
		goto out;
	root = anon->root;
	if (!down_read_trylock(&root->rwsem))
		goto out;
	fork_op(FORK_OP_READ, &world.page_anon, "a page");
	/* It was mapped with the lock held: it is not freed now. */
	if (world.page_anon == anon)
		fork_walk_avcs(anon);
	up_read(&root->rwsem);
out:
	if (rcu)
		rcu_read_unlock();
}

/* The wrong order: fork takes the parent's lock first. */
static void invert_locks(void)
{
	if (!world.anon[0])
		return;
	down_read(&world.anon[0]->root->rwsem);
	mmap_read_lock(world.parent);
	mmap_read_unlock(world.parent);
	up_read(&world.anon[0]->root->rwsem);
}

void fork_visit(u32 how)
{
	switch (how) {
	case FORK_WALK_RMAP:
		return visit_rmap();
	case FORK_WALK_VMA_LOCK:
		return read_lock_vma();
	case FORK_WALK_PARENT:
		fork_walk_parent();
		world.result.walked = true;
		return;
	case FORK_WALK_ANON:
	case FORK_WALK_ANON_BARE:
	case FORK_WALK_ANON_KEEP:
		return lock_anon(how);
	case FORK_WALK_INVERTED:
		return invert_locks();
	case FORK_WALK_FORGET:
		return forget_to_unlock();
	default:
		return visit_child(how);
	}
}
