// SPDX-License-Identifier: GPL-2.0
/* CUSTOMISED: locks that check whether they are held, and per-VMA locks. */

#include "models.h"

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#else
static inline void __asan_poison_memory_region(const void *addr, size_t size)
{
}

static inline void __asan_unpoison_memory_region(const void *addr, size_t size)
{
}
#endif

/* Hiding more VMAs would take most of the time. */
#define MAX_HIDDEN	16

void init_rwsem(struct rw_semaphore *sem)
{
	memset(sem, 0, sizeof(*sem));
	sem->name = "anon_vma";
}

static void take_for_read(struct rw_semaphore *sem)
{
	if (sem->dep_map.writer)
		fork_complain("deadlock: %s is locked for write already", sem->name);
	fork_event("read lock", sem);
	sem->dep_map.readers++;
	world.locks_held++;
}

void down_read(struct rw_semaphore *sem)
{
	fork_op(FORK_OP_LOCK_READ, sem, sem->name);
	take_for_read(sem);
}

bool down_read_trylock(struct rw_semaphore *sem)
{
	fork_op(FORK_OP_TRY, sem, sem->name);
	if (sem->dep_map.writer)
		return false;
	take_for_read(sem);
	return true;
}

static void drop_for_read(struct rw_semaphore *sem)
{
	if (!sem->dep_map.readers) {
		fork_complain("%s is unlocked, but was not locked for read", sem->name);
		return;
	}
	sem->dep_map.readers--;
	world.locks_held--;
	fork_event("read unlock", sem);
}

void up_read(struct rw_semaphore *sem)
{
	fork_op(FORK_OP_UNLOCK_READ, sem, sem->name);
	drop_for_read(sem);
}

void down_write(struct rw_semaphore *sem)
{
	fork_op(FORK_OP_LOCK_WRITE, sem, sem->name);
	if (rwsem_is_locked(sem))
		fork_complain("deadlock: %s is locked already", sem->name);
	fork_event("lock", sem);
	sem->dep_map.writer = true;
	world.locks_held++;
}

static void drop_for_write(struct rw_semaphore *sem)
{
	if (!sem->dep_map.writer) {
		fork_complain("%s is unlocked, but was not locked for write", sem->name);
		return;
	}
	sem->dep_map.writer = false;
	world.locks_held--;
	fork_event("unlock", sem);
}

void up_write(struct rw_semaphore *sem)
{
	fork_op(FORK_OP_UNLOCK_WRITE, sem, sem->name);
	drop_for_write(sem);
}

static void set_hidden(const void *from, const void *to, bool hidden)
{
	if (hidden)
		__asan_poison_memory_region(from, to - from);
	else
		__asan_unpoison_memory_region(from, to - from);
}

/*
 * Poisons the fields of the parent's VMAs that only mmap_lock protects, or undoes
 * that.  Fields that rmap reads under its own locks stay accessible.
 */
static void hide_parent(bool hidden)
{
	size_t i;

	if (!world.vmas || world.nr > MAX_HIDDEN)
		return;
	for (i = 0; i < world.nr; i++) {
		struct vm_area_struct *vma = world.vmas[i];

		set_hidden(&vma->vm_flags, &vma->vm_flags + 1, hidden);
		set_hidden(&vma->anon_vma_chain, &vma->vm_pgoff, hidden);
		set_hidden(&vma->vm_file, &vma->vm_refcnt, hidden);
	}
}

void fork_hide_parent(void)
{
	hide_parent(true);
}

void fork_show_parent(void)
{
	hide_parent(false);
}

void mmap_init_lock(struct mm_struct *mm)
{
	memset(&mm->mmap_lock, 0, sizeof(mm->mmap_lock));
	mm->mmap_lock.name = "mmap_lock";
	mm->mm_lock_seq = 0;
}

void mmap_write_lock(struct mm_struct *mm)
{
	down_write(&mm->mmap_lock);
	if (mm == world.parent)
		fork_show_parent();
}

void mmap_write_lock_nested(struct mm_struct *mm, int subclass)
{
	mmap_write_lock(mm);
}

int mmap_write_lock_killable(struct mm_struct *mm)
{
	if (world.running && world.plan.failure == FORK_FAIL_LOCK) {
		world.result.injected++;
		return -EINTR;
	}
	mmap_write_lock(mm);
	return 0;
}

/* Counts what others could find in the child that is being unlocked. */
static void look_at_child(struct mm_struct *mm)
{
	struct ma_state mas;
	void *entry;

	mas_init(&mas, &mm->mm_mt, 0);
	world.unlocked_once = true;
	world.result.unstable_at_unlock = mm_flags_test(MMF_UNSTABLE, mm);
	mas_for_each(&mas, entry, ULONG_MAX)
		world.result.entries_at_unlock++;
}

/* When the parent is unlocked, its VMAs may be freed: the child must have none. */
static void look_for_parents_vmas(struct mm_struct *child)
{
	struct ma_state mas;
	struct vm_area_struct *vma;

	mas_init(&mas, &child->mm_mt, 0);
	rcu_read_lock();
	mas_for_each(&mas, vma, ULONG_MAX) {
		if (!xa_is_zero(vma) && vma->vm_mm == world.parent) {
			fork_complain("the parent is unlocked with VMAs in the child's tree");
			break;
		}
	}
	rcu_read_unlock();
}

/* Before others get the lock of @mm, its TLB must not allow to write to what was copied. */
static void look_for_stale_tlb(struct mm_struct *mm)
{
	if (mm == world.parent && world.parent_tlb_stale)
		fork_complain("the parent is unlocked before its TLB is flushed");
}

void mmap_write_unlock(struct mm_struct *mm)
{
	fork_op(FORK_OP_UNLOCK_WRITE, &mm->mmap_lock, mm->mmap_lock.name);
	look_for_stale_tlb(mm);
	if (fork_checks && world.running && !world.in_walker && mm == world.parent && world.child)
		look_for_parents_vmas(world.child);
	if (fork_checks && world.running && !world.in_walker && mm != world.parent &&
	    !world.unlocked_once)
		look_at_child(mm);
	mm->mm_lock_seq++;
	if (mm == world.parent)
		fork_hide_parent();
	drop_for_write(&mm->mmap_lock);
}

void mmap_write_downgrade(struct mm_struct *mm)
{
	fork_op(FORK_OP_DOWNGRADE, &mm->mmap_lock, mm->mmap_lock.name);
	if (!mm->mmap_lock.dep_map.writer)
		fork_complain("a lock is downgraded that is not held for write");
	look_for_stale_tlb(mm);
	mm->mm_lock_seq++;
	mm->mmap_lock.dep_map.writer = false;
	mm->mmap_lock.dep_map.readers++;
	fork_event("downgrade", &mm->mmap_lock);
}

void mmap_read_lock(struct mm_struct *mm)
{
	down_read(&mm->mmap_lock);
	if (mm == world.parent)
		fork_show_parent();
}

bool mmap_read_trylock(struct mm_struct *mm)
{
	if (!down_read_trylock(&mm->mmap_lock))
		return false;
	if (mm == world.parent)
		fork_show_parent();
	return true;
}

void mmap_read_unlock(struct mm_struct *mm)
{
	bool last;

	fork_op(FORK_OP_UNLOCK_READ, &mm->mmap_lock, mm->mmap_lock.name);
	/* There is a writer only after a deadlock. */
	last = mm->mmap_lock.dep_map.readers == 1 && !mm->mmap_lock.dep_map.writer;
	if (fork_checks && world.running && !world.in_walker && mm == world.parent && world.child)
		look_for_parents_vmas(world.child);
	if (mm == world.parent && last)
		fork_hide_parent();
	drop_for_read(&mm->mmap_lock);
}

void mmap_assert_locked(struct mm_struct *mm)
{
	if (!rwsem_is_locked(&mm->mmap_lock))
		fork_complain("mmap_lock is not held");
}

void mmap_assert_write_locked(struct mm_struct *mm)
{
	if (!mm->mmap_lock.dep_map.writer)
		fork_complain("mmap_lock is not held for write");
}

void vma_lock_init(struct vm_area_struct *vma, bool reset_refcnt)
{
	if (reset_refcnt)
		refcount_set(&vma->vm_refcnt, 0);
	vma->vm_lock_seq = UINT_MAX;
}

/* If nobody can go on, the writer goes on nevertheless. */
static void look_for_readers(const struct vm_area_struct *vma)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(world.reading); i++)
		if (world.reading[i] == vma)
			fork_complain("deadlock: a VMA is locked for read, for ever");
}

void vma_start_write(struct vm_area_struct *vma)
{
	mmap_assert_write_locked(vma->vm_mm);
	fork_op(FORK_OP_WRITE_VMA, vma, "a VMA");
	look_for_readers(vma);
	vma->vm_lock_seq = vma->vm_mm->mm_lock_seq;
}

void vma_assert_write_locked(struct vm_area_struct *vma)
{
	mmap_assert_write_locked(vma->vm_mm);
	if (vma->vm_lock_seq != vma->vm_mm->mm_lock_seq)
		fork_complain("a VMA is not locked for write");
}

void i_mmap_lock_write(struct address_space *mapping)
{
	down_write(&mapping->i_mmap_rwsem);
}

void i_mmap_unlock_write(struct address_space *mapping)
{
	up_write(&mapping->i_mmap_rwsem);
}
