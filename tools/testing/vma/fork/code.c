// SPDX-License-Identifier: GPL-2.0
/* The code under test, as the kernel has it. */

#include "code.h"
#include "models.h"

#define CONFIG_DEFAULT_MMAP_MIN_ADDR 65536

unsigned long mmap_min_addr = CONFIG_DEFAULT_MMAP_MIN_ADDR;
unsigned long dac_mmap_min_addr = CONFIG_DEFAULT_MMAP_MIN_ADDR;
unsigned long stack_guard_gap = 256UL << PAGE_SHIFT;
const struct vm_operations_struct vma_dummy_vm_ops;

/* STUBBED: only mmap() uses it. */
unsigned long rlimit(unsigned int limit)
{
	return -1UL;
}

/* Nobody else can read the tree of a copy that is made or undone. */
void fork_check_not_in_rcu(struct maple_tree *mt, const char *what)
{
	if (mt_in_rcu(mt) && xa_is_node(mt->ma_root))
		fork_complain("%s a tree whose nodes stay for a grace period", what);
}

/* CUSTOMISED: the store of a copy may fail, as it would for want of memory. */
static void *fork_store(struct ma_state *mas, void *entry)
{
	struct fork_result *result = &world.result;

	fork_op(FORK_OP_WRITE, mas->tree, "the tree");
	fork_check_not_in_rcu(mas->tree, "a copy is stored in");
	result->stores++;
	if (world.plan.failure != FORK_FAIL_STORE || result->stores != world.plan.nth)
		return mas_store(mas, entry);
	result->injected++;
	mas->node = MA_ERROR(-ENOMEM);
	mas->status = ma_error;
	return NULL;
}

/* CUSTOMISED: so may the removal of a VMA, which needs memory in large trees only. */
static int fork_clear(struct vma_iterator *vmi, unsigned long start, unsigned long end, gfp_t gfp)
{
	struct fork_result *result = &world.result;

	fork_op(FORK_OP_WRITE, vmi->mas.tree, "the tree");
	result->clears++;
	if (world.plan.failure != FORK_FAIL_CLEAR || result->clears != world.plan.nth)
		return vma_iter_clear_gfp(vmi, start, end, gfp);
	result->injected++;
	return -ENOMEM;
}

static void fork_destroy_tree(struct maple_tree *mt)
{
	fork_op(FORK_OP_WRITE, mt, "the tree");
	fork_check_not_in_rcu(mt, "an mm frees");
	__mt_destroy(mt);
}

/* Says which allocations are those of the copy of the tree. */
static int fork_dup_tree(struct maple_tree *mt, struct maple_tree *new, gfp_t gfp)
{
	int error = __mt_dup(mt, new, gfp);

	world.result.dup_points = world.result.points;
	return error;
}

/* What it finds depends on others. */
static bool fork_is_locked(struct rw_semaphore *sem)
{
	fork_op(FORK_OP_READ, sem, sem->name);
	return rwsem_is_locked(sem);
}

/* around.h */
static int fork_dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm);
static void fork_free_pgd_range(struct mmu_gather *tlb, unsigned long addr, unsigned long end,
				unsigned long floor, unsigned long ceiling);

#define __mt_dup	fork_dup_tree
#define mas_store	fork_store
#define vma_iter_clear_gfp	fork_clear
#define __mt_destroy	fork_destroy_tree
#define rwsem_is_locked	fork_is_locked

static DEFINE_SPINLOCK(mmlist_lock);
static struct kmem_cache *anon_vma_cachep;
static struct kmem_cache *anon_vma_chain_cachep;
static struct kmem_cache *userfaultfd_ctx_cachep;

#include <mm/vma_init.c>
#include "taken.h"
#include "around.h"
#include <mm/vma.c>

/* dup_mm() is static in some kernels. */
struct mm_struct *fork_dup_mm(void)
{
	return dup_mm(&world.task, world.parent);
}

void fork_code_init(void)
{
	vma_state_init();
	anon_vma_init();
	maple_tree_init();
	userfaultfd_ctx_cachep = kmem_cache_create("userfaultfd_ctx_cache",
						   sizeof(struct userfaultfd_ctx),
						   0, 0, NULL);
}
