// SPDX-License-Identifier: GPL-2.0
/* Mistakes with the trees by which rmap finds VMAs */

#include "mistakes/mistakes.h"

static void link_vma(struct vm_area_struct *vma, struct file *file)
{
	vma_interval_tree_insert(vma, &file->mapping.i_mmap);
}

static void insert_after(struct vm_area_struct *vma, struct vm_area_struct *prev,
			 struct file *file)
{
	vma_interval_tree_insert_after(vma, prev, &file->mapping.i_mmap);
}

static void unlink_vma(struct vm_area_struct *vma, struct file *file)
{
	vma_interval_tree_remove(vma, &file->mapping.i_mmap);
}

static void insert_avc(struct anon_vma_chain *avc, struct anon_vma *anon)
{
	anon_vma_interval_tree_insert(avc, &anon->rb_root);
}

static void remove_avc(struct anon_vma_chain *avc, struct anon_vma *anon)
{
	anon_vma_interval_tree_remove(avc, &anon->rb_root);
}

static void lock(struct file *file)
{
	fork_show_parent();
	i_mmap_lock_write(&file->mapping);
	fork_dcache_lock(&file->mapping);
}

static void unlock(struct file *file)
{
	fork_dcache_unlock(&file->mapping);
	i_mmap_unlock_write(&file->mapping);
}

static void link_unlocked(struct vm_area_struct *vma)
{
	fork_show_parent();
	unlink_vma(vma, world.file);
	link_vma(vma, world.file);
}

static void link_without_dcache_lock(struct vm_area_struct *vma)
{
	i_mmap_lock_write(&world.file->mapping);
	link_unlocked(vma);
	i_mmap_unlock_write(&world.file->mapping);
}

static void link_to_another_file(struct vm_area_struct *vma)
{
	lock(world.file);
	unlink_vma(vma, world.file);
	lock(world.shmem);
	link_vma(vma, world.shmem);
	unlink_vma(vma, world.shmem);
	unlock(world.shmem);
	link_vma(vma, world.file);
	unlock(world.file);
}

static void link_after_stranger(struct vm_area_struct *vma)
{
	lock(world.file);
	insert_after(world.vmas[1], world.vmas[1], world.file);
	unlock(world.file);
}

static void unlink_twice(struct vm_area_struct *vma)
{
	lock(world.file);
	unlink_vma(vma, world.file);
	unlink_vma(vma, world.file);
	link_vma(vma, world.file);
	unlock(world.file);
}

static void lock_dcache_twice(struct vm_area_struct *vma)
{
	fork_dcache_lock(&world.file->mapping);
	fork_dcache_lock(&world.file->mapping);
	fork_dcache_unlock(&world.file->mapping);
}

static void unlock_dcache_twice(struct vm_area_struct *vma)
{
	fork_dcache_unlock(&world.file->mapping);
}

/* That of the second VMA */
static struct anon_vma_chain *its_avc(void)
{
	fork_show_parent();
	return list_first_entry(&world.vmas[1]->anon_vma_chain, struct anon_vma_chain, same_vma);
}

static void link_anon_unlocked(struct vm_area_struct *vma)
{
	struct anon_vma_chain *avc = its_avc();

	remove_avc(avc, avc->anon_vma);
	insert_avc(avc, avc->anon_vma);
}

static void link_to_another_anon(struct vm_area_struct *vma)
{
	struct anon_vma_chain avc = *its_avc();
	struct anon_vma other = { .root = &other };

	init_rwsem(&other.rwsem);
	down_write(&other.rwsem);
	insert_avc(&avc, &other);
	up_write(&other.rwsem);
}

static void unlink_anon_twice(struct vm_area_struct *vma)
{
	struct anon_vma_chain *avc = its_avc();
	struct anon_vma_chain copy = *avc;

	anon_vma_lock_write(avc->anon_vma);
	remove_avc(&copy, avc->anon_vma);
	anon_vma_unlock_write(avc->anon_vma);
}

const struct mistake fork_rmap_mistakes[] = {
	MISTAKE(link_unlocked, "i_mmap without its lock"),
	MISTAKE(link_without_dcache_lock, "i_mmap without flush_dcache_mmap_lock()"),
	MISTAKE(link_to_another_file, "the i_mmap of another file"),
	MISTAKE(link_after_stranger, "after what is not in it"),
	MISTAKE(unlink_twice, "removal from i_mmap of what is not in it"),
	MISTAKE(lock_dcache_twice, "flush_dcache_mmap_lock() twice"),
	MISTAKE(unlock_dcache_twice, "flush_dcache_mmap_unlock() twice"),
	MISTAKE(link_anon_unlocked, "an anon_vma without its lock"),
	MISTAKE(link_to_another_anon, "insertion into another anon_vma"),
	MISTAKE(unlink_anon_twice, "removal from an anon_vma of what is not in it"),
	NO_MORE_MISTAKES,
};
