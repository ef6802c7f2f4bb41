// SPDX-License-Identifier: GPL-2.0
/* The code under test, as the kernel has it. */

#include "world.h"

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

/* CUSTOMISED: the store of a copy may fail, as it would for want of memory. */
static void *fork_store(struct ma_state *mas, void *entry)
{
	struct fork_result *result = &world.result;

	result->stores++;
	if (world.plan.failure != FORK_FAIL_STORE || result->stores != world.plan.nth)
		return mas_store(mas, entry);
	result->injected++;
	mas->node = MA_ERROR(-ENOMEM);
	mas->status = ma_error;
	return NULL;
}

#define mas_store	fork_store

static DEFINE_SPINLOCK(mmlist_lock);
static struct kmem_cache *anon_vma_cachep;
static struct kmem_cache *anon_vma_chain_cachep;
static struct kmem_cache *userfaultfd_ctx_cachep;

#include <mm/vma_init.c>
#include "taken.h"
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
