// SPDX-License-Identifier: GPL-2.0
/* Reads the state of a parent, a child and the world, for the Rust side. */

#include "models.h"

void fork_read_mm(bool child, struct fork_mm *out)
{
	const struct mm_struct *mm = child ? world.child : world.parent;

	*out = (struct fork_mm) {
		.users = atomic_read(&mm->mm_users),
		.count = atomic_read(&mm->mm_count),
		.map_count = mm->map_count,
		.total_vm = mm->total_vm,
		.data_vm = mm->data_vm,
		.exec_vm = mm->exec_vm,
		.stack_vm = mm->stack_vm,
		.locked_vm = mm->locked_vm,
		.rss = mm->rss,
		.tables = mm->nr_tables,
		.write_protect_seq = mm->write_protect_seq % 2,
		.flags = mm->flags.__mm_flags[0],
		.in_rcu = mt_in_rcu((struct maple_tree *)&mm->mm_mt),
		.locked = rwsem_is_locked(&mm->mmap_lock),
	};
}

static bool linked_to_file(const struct vm_area_struct *vma)
{
	struct rb_root_cached *root = &vma->vm_file->mapping.i_mmap;
	struct vm_area_struct *other;

	for (other = vma_interval_tree_iter_first(root, vma->vm_pgoff, vma->vm_pgoff); other;
	     other = vma_interval_tree_iter_next(other, vma->vm_pgoff, vma->vm_pgoff))
		if (other == vma)
			return true;
	return false;
}

static void read_vma(struct vm_area_struct *vma, struct fork_vma_state *out)
{
	const struct anon_vma *anon = vma->anon_vma;
	const struct anon_vma_chain *avc;

	*out = (struct fork_vma_state) {
		.start = vma->vm_start,
		.end = vma->vm_end,
		.pgoff = vma->vm_pgoff,
		.vm_flags = vma->vm_flags,
		.anon = anon,
		.anon_refs = anon ? atomic_read(&anon->refcount) : 0,
		.anon_children = anon ? anon->num_children : 0,
		.anon_vmas = anon ? anon->num_active_vmas : 0,
		.policy_refs = vma->vm_policy ? vma->vm_policy->refcnt : 0,
		.policy_mode = vma->vm_policy ? vma->vm_policy->mode : 0,
		.file = vma->vm_file,
		.file_linked = vma->vm_file && linked_to_file(vma),
		.uffd = vma->vm_userfaultfd_ctx.ctx,
		.uffd_own = vma->vm_userfaultfd_ctx.ctx == world.uffd,
		.reserved = vma->vm_private_data,
		.attached = refcount_read(&vma->vm_refcnt),
	};
	if (vma->vm_policy && vma->vm_policy->vma != vma)
		fork_complain("a VMA has the policy of another");
	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma)
		out->chain++;
	fork_read_pages(vma, out);
}

size_t fork_read_vmas(bool child, struct fork_vma_state *out, size_t max)
{
	struct mm_struct *mm = child ? world.child : world.parent;
	struct vm_area_struct *vma;
	size_t nr = 0;
	struct vma_iterator vmi;

	vma_iter_init(&vmi, mm, 0);
	mmap_read_lock(mm);
	for_each_vma(vmi, vma) {
		if (xa_is_zero(vma) || vma->vm_mm != mm) {
			fork_complain("something else than its VMAs in the tree of an mm");
			break;
		}
		if (nr < max)
			read_vma(vma, &out[nr]);
		nr++;
	}
	mmap_read_unlock(mm);
	return nr;
}

static long mapped(struct file *file)
{
	struct vm_area_struct *vma;
	long nr = 0;

	for (vma = vma_interval_tree_iter_first(&file->mapping.i_mmap, 0, ULONG_MAX); vma;
	     vma = vma_interval_tree_iter_next(vma, 0, ULONG_MAX))
		nr++;
	return nr;
}

void fork_read_world(struct fork_world_state *out)
{
	*out = (struct fork_world_state) {
		.committed = world.committed,
		.file_refs = world.file->count,
		.file_maps = mapped(world.file),
		.file_writable = atomic_read(&world.file->mapping.i_mmap_writable),
		.shmem_refs = world.shmem->count,
		.shmem_maps = mapped(world.shmem),
		.shmem_writable = atomic_read(&world.shmem->mapping.i_mmap_writable),
		.uffd_refs = refcount_read(&world.uffd->refcount),
		.uffd_changing = atomic_read(&world.uffd->mmap_changing),
		.locks_held = world.locks_held,
	};
	memcpy(out->live, world.live, sizeof(out->live));
}
