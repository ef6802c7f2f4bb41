// SPDX-License-Identifier: GPL-2.0
/*
 * The interval trees of rmap, as the kernel has them, with checks: what is removed
 * must be in the tree, and the tree's lock must be held for write.
 */

#include "world.h"

#define vma_interval_tree_insert	__vma_interval_tree_insert
#define vma_interval_tree_insert_after	__vma_interval_tree_insert_after
#define vma_interval_tree_remove	__vma_interval_tree_remove
#define anon_vma_interval_tree_insert	__avc_interval_tree_insert
#define anon_vma_interval_tree_remove	__avc_interval_tree_remove
#include <mm/interval_tree.c>
#undef vma_interval_tree_insert
#undef vma_interval_tree_insert_after
#undef vma_interval_tree_remove
#undef anon_vma_interval_tree_insert
#undef anon_vma_interval_tree_remove

/* A copy of a node also has a parent pointer, but its parent does not point to it. */
static bool in_tree(const struct rb_node *node, const struct rb_root_cached *root)
{
	const struct rb_node *parent;

	for (parent = rb_parent(node); parent; node = parent, parent = rb_parent(node))
		if (parent->rb_left != node && parent->rb_right != node)
			return false;
	return root->rb_root.rb_node == node;
}

static void check_mapping(struct vm_area_struct *vma, struct rb_root_cached *root,
			  const char *what)
{
	struct address_space *mapping = container_of(root, struct address_space, i_mmap);

	if (!mapping->i_mmap_rwsem.dep_map.writer)
		fork_complain("%s i_mmap without its lock", what);
	if (!mapping->dcache_locked)
		fork_complain("%s i_mmap without flush_dcache_mmap_lock()", what);
	if (vma->vm_file && vma->vm_file->f_mapping != mapping)
		fork_complain("%s the i_mmap of another file", what);
}

/* Keeps flush_dcache_folio() away, where caches go by virtual addresses. */
void fork_dcache_lock(struct address_space *mapping)
{
	if (mapping->dcache_locked)
		fork_complain("deadlock: flush_dcache_mmap_lock() twice");
	mapping->dcache_locked = true;
}

void fork_dcache_unlock(struct address_space *mapping)
{
	if (!mapping->dcache_locked)
		fork_complain("flush_dcache_mmap_unlock() twice");
	mapping->dcache_locked = false;
}

void vma_interval_tree_insert(struct vm_area_struct *node, struct rb_root_cached *root)
{
	check_mapping(node, root, "insertion into");
	__vma_interval_tree_insert(node, root);
}

void vma_interval_tree_insert_after(struct vm_area_struct *node,
				    struct vm_area_struct *prev,
				    struct rb_root_cached *root)
{
	check_mapping(node, root, "insertion into");
	if (!in_tree(&prev->shared.rb, root))
		fork_complain("insertion into i_mmap after what is not in it");
	else
		__vma_interval_tree_insert_after(node, prev, root);
}

void vma_interval_tree_remove(struct vm_area_struct *node, struct rb_root_cached *root)
{
	check_mapping(node, root, "removal from");
	if (!in_tree(&node->shared.rb, root))
		fork_complain("removal from i_mmap of what is not in it");
	else
		__vma_interval_tree_remove(node, root);
}

static void check_anon(struct anon_vma_chain *avc, struct rb_root_cached *root, const char *what)
{
	struct anon_vma *anon = container_of(root, struct anon_vma, rb_root);

	if (!anon->root->rwsem.dep_map.writer)
		fork_complain("%s an anon_vma without its lock", what);
	if (avc->anon_vma != anon)
		fork_complain("%s another anon_vma", what);
}

void anon_vma_interval_tree_insert(struct anon_vma_chain *node, struct rb_root_cached *root)
{
	check_anon(node, root, "insertion into");
	__avc_interval_tree_insert(node, root);
}

void anon_vma_interval_tree_remove(struct anon_vma_chain *node, struct rb_root_cached *root)
{
	check_anon(node, root, "removal from");
	if (!in_tree(&node->rb, root))
		fork_complain("removal from an anon_vma of what is not in it");
	else
		__avc_interval_tree_remove(node, root);
}
