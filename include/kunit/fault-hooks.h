/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hooks for the allocators: where KUnit may fail an allocation, and where it
 * learns what became of those that did not fail; and for copies of user memory.
 *
 * Tests use <kunit/fault.h>.  This header is for mm/, and is as small as
 * <kunit/test-bug.h> is: without CONFIG_KUNIT_FAULT_INJECTION nothing of it is
 * left in the object code, with it a static key is all that is tested while no
 * KUnit test runs.
 */

#ifndef _KUNIT_FAULT_HOOKS_H
#define _KUNIT_FAULT_HOOKS_H

#include <linux/cleanup.h>
#include <linux/types.h>

/**
 * enum kunit_fault_allocator - The allocators that can be made to fail
 * @KUNIT_FAULT_SLAB: kmalloc() and kmem_cache_alloc(), the bulk variants and
 *		      prefilled sheaves; each request is one point, whatever
 *		      its number of objects
 * @KUNIT_FAULT_PAGE: The page allocator; each request is one point, whatever
 *		      its order; bulk requests are served page by page
 * @KUNIT_FAULT_PERCPU: alloc_percpu() and friends
 * @KUNIT_FAULT_ALLOCATORS: The number of allocators
 */
enum kunit_fault_allocator {
	KUNIT_FAULT_SLAB,
	KUNIT_FAULT_PAGE,
	KUNIT_FAULT_PERCPU,
	KUNIT_FAULT_ALLOCATORS
};

#ifdef CONFIG_KUNIT_FAULT_INJECTION

#include <kunit/test-bug.h>

bool __kunit_fault_armed(void);
bool __kunit_fault_hit(enum kunit_fault_allocator allocator, gfp_t gfp);
bool __kunit_fault_hit_user_copy(void);
void __kunit_fault_mask(void);
void __kunit_fault_unmask(void);
void __kunit_fault_track(enum kunit_fault_allocator allocator, const void *object,
			 unsigned long site);
void __kunit_fault_untrack(const void *object);

/**
 * kunit_fault_armed() - Does what the current task allocates count?
 *
 * For fast paths that serve part of a request only, depending on what is at
 * hand: they step aside, so that each request is a point of its own.
 *
 * Return: true in the task that is armed and in those that are followed, in task context.
 */
static inline bool kunit_fault_armed(void)
{
	return static_branch_unlikely(&kunit_running) && __kunit_fault_armed();
}

/**
 * kunit_fault_hit() - Pass a fault point
 * @allocator: The allocator that is asked
 * @gfp: The flags of the request
 *
 * Return: true if the request is to fail.
 */
static inline bool kunit_fault_hit(enum kunit_fault_allocator allocator, gfp_t gfp)
{
	return static_branch_unlikely(&kunit_running) &&
	       __kunit_fault_hit(allocator, gfp);
}

/**
 * kunit_fault_hit_user_copy() - Pass a point at which user memory is accessed
 *
 * Return: true if the access is to fail.
 */
static inline bool kunit_fault_hit_user_copy(void)
{
	return static_branch_unlikely(&kunit_running) &&
	       __kunit_fault_hit_user_copy();
}

static inline void kunit_fault_mask(void)
{
	if (static_branch_unlikely(&kunit_running))
		__kunit_fault_mask();
}

static inline void kunit_fault_unmask(void)
{
	if (static_branch_unlikely(&kunit_running))
		__kunit_fault_unmask();
}

/**
 * kunit_fault_track() - An allocation succeeded
 * @allocator: The allocator
 * @object: What it handed out, or NULL; for the page allocator the struct page
 * @site: The caller, or 0 if the allocator does not know it
 *
 * Context: In the scope of the allocator's kunit_fault_mask_scope().
 */
static inline void kunit_fault_track(enum kunit_fault_allocator allocator,
				     const void *object, unsigned long site)
{
	if (static_branch_unlikely(&kunit_running))
		__kunit_fault_track(allocator, object, site);
}

/**
 * kunit_fault_untrack() - Something is being freed, by whomever
 * @object: What kunit_fault_track() may have been told
 */
static inline void kunit_fault_untrack(const void *object)
{
	if (static_branch_unlikely(&kunit_running))
		__kunit_fault_untrack(object);
}

/*
 * kunit_fault_mask_scope() - Up to the end of the scope, what an allocator
 * allocates for itself is no fault point
 *
 * Nested allocations depend on the state of caches: a slab needs a new page or
 * not, a sheaf a refill, a mapping a page table of the kernel, a detector a
 * record.  Only the outermost request is counted or failed.
 */
DEFINE_LOCK_GUARD_0(kunit_fault_masked, kunit_fault_mask(), kunit_fault_unmask())
#define kunit_fault_mask_scope()	guard(kunit_fault_masked)()

#else /* !CONFIG_KUNIT_FAULT_INJECTION */

/*
 * Macros, since even empty inline functions have an effect on what the compiler
 * makes of the allocators' fast paths.
 */
#define kunit_fault_armed()			false
#define kunit_fault_hit(allocator, gfp)		((void)(allocator), (void)(gfp), false)
#define kunit_fault_hit_user_copy()		false
#define kunit_fault_mask()			do { } while (0)
#define kunit_fault_unmask()			do { } while (0)
#define kunit_fault_mask_scope()		do { } while (0)
#define kunit_fault_track(allocator, object, site)			\
	do { (void)(allocator); (void)(object); (void)(site); } while (0)
#define kunit_fault_untrack(object)		((void)(object))

#endif /* CONFIG_KUNIT_FAULT_INJECTION */

#endif /* _KUNIT_FAULT_HOOKS_H */
