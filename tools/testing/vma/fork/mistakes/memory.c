// SPDX-License-Identifier: GPL-2.0
/* Mistakes with memory and RCU */

#include "mistakes/mistakes.h"

#ifndef FORK_VMA_LOCKS
#define __vm_area_free	vm_area_free
#endif

static void leak(struct vm_area_struct *vma)
{
	fork_alloc(FORK_SITE_OTHER, 1);
}

static void leak_until_the_end(struct vm_area_struct *vma)
{
	leak(vma);
}

static void retry_for_ever(struct vm_area_struct *vma)
{
	world.plan.failure = FORK_FAIL_FROM;
	world.running = true;
	while (!fork_try(FORK_SITE_OTHER))
		;
	world.running = false;
}

static void free_to_another_cache(struct vm_area_struct *vma)
{
	fork_free(FORK_SITE_OTHER, fork_alloc(FORK_SITE_PAGE, 1));
	world.live[FORK_SITE_OTHER]++;
	world.live[FORK_SITE_PAGE]--;
}

static struct anon_vma *new_anon_vma(struct kmem_cache **cache)
{
	struct anon_vma *anon;

	*cache = kmem_cache_create("anon_vma", sizeof(*anon), 0, 0, NULL);
	anon = kmem_cache_alloc(*cache, GFP_KERNEL);
	memset(anon, 0, sizeof(*anon));
	init_rwsem(&anon->rwsem);
	return anon;
}

static void free_linked_anon_vma(struct vm_area_struct *vma)
{
	struct kmem_cache *cache;
	struct anon_vma *anon = new_anon_vma(&cache);

	anon->rb_root.rb_root.rb_node = &vma->shared.rb;
	kmem_cache_free(cache, anon);
	free(cache);
}

static void free_locked_anon_vma(struct vm_area_struct *vma)
{
	struct kmem_cache *cache;
	struct anon_vma *anon = new_anon_vma(&cache);

	down_write(&anon->rwsem);
	kmem_cache_free(cache, anon);
	world.locks_held--;
	free(cache);
}

static void free_without_resched(struct vm_area_struct *vma)
{
	int i;

	fork_let_others_run();
	for (i = 0; i < 3; i++)
		__vm_area_free(vm_area_alloc(world.parent));
}

static void empty_sheaf(struct vm_area_struct *vma)
{
	struct kmem_cache *cache = kmem_cache_create("maple_node", 256, 0, 0, NULL);
	struct slab_sheaf *sheaf = kmem_cache_prefill_sheaf(cache, GFP_KERNEL, 1);

	kmem_cache_free(cache, kmem_cache_alloc_from_sheaf(cache, GFP_KERNEL, sheaf));
	kmem_cache_alloc_from_sheaf(cache, GFP_KERNEL, sheaf);
	kmem_cache_return_sheaf(cache, GFP_KERNEL, sheaf);
	free(cache);
}

static void unlock_rcu_twice(struct vm_area_struct *vma)
{
	rcu_read_unlock();
	rcu_read_lock();
}

static void stay_in_rcu(struct vm_area_struct *vma)
{
	rcu_read_lock();
}

static void read_tree_unlocked(struct vm_area_struct *vma)
{
	struct ma_state mas;

	mas_init(&mas, &world.parent->mm_mt, 0);
	mas_find(&mas, ULONG_MAX);
}

static void keep_nodes(struct vm_area_struct *vma)
{
	fork_check_not_in_rcu(&world.parent->mm_mt, "a mistake frees");
}

static void warn(struct vm_area_struct *vma)
{
	WARN_ON_ONCE(true);
}

#if __has_feature(address_sanitizer)
/* Not a real one: that would be printed, and look like a failure. */
static void anger_the_sanitizer(struct vm_area_struct *vma)
{
	fork_complain_of_report("ERROR: AddressSanitizer: a-mistake on address 0\n"
				"    #0 0x0 in a_test /\n");
}
#endif

const struct mistake fork_memory_mistakes[] = {
	MISTAKE(leak, "number of objects"),
	MISTAKE(leak_until_the_end, "1 of other leaked"),
	MISTAKE(retry_for_ever, "does not give up"),
	MISTAKE(free_to_another_cache, "is freed as one of site"),
	MISTAKE(free_linked_anon_vma, "an anon_vma is freed with VMAs"),
	MISTAKE(free_locked_anon_vma, "an anon_vma is freed with its lock"),
	MISTAKE(free_without_resched, "without cond_resched()"),
	MISTAKE(empty_sheaf, "nothing left in a sheaf"),
	MISTAKE(unlock_rcu_twice, "without rcu_read_lock()"),
	MISTAKE(stay_in_rcu, "rcu_read_lock() is still held"),
	MISTAKE(read_tree_unlocked, "a tree is read without"),
	MISTAKE(keep_nodes, "stay for a grace period"),
	MISTAKE(warn, "WARN_ON("),
#if __has_feature(address_sanitizer)
	MISTAKE(anger_the_sanitizer, "a-mistake"),
#endif
	NO_MORE_MISTAKES,
};
