// SPDX-License-Identifier: GPL-2.0
/*
 * CUSTOMISED: the allocator.  Each object is a fault point, also one that is
 * allocated in bulk or for a sheaf.  Objects are counted by site (enum fork_site)
 * until they are freed.  There are no caches of free objects, so that the address
 * sanitizer finds each use after free.
 */

#include "models.h"
#include <malloc.h>

/* More than a fork meets that gives up at one of them */
#define MANY_FAILURES	1000
/* With the site of a cache: its memory stays for a grace period */
#define KEPT		0x100L

/* Decides whether an allocation succeeds, and takes note of it. */
bool fork_try(enum fork_site site)
{
	struct fork_result *result = &world.result;
	bool fails;

	if (!world.running || world.in_walker)
		return true;

	if (result->points == world.max_points) {
		world.max_points = world.max_points ? 2 * world.max_points : 256;
		world.points = realloc(world.points, world.max_points);
	}
	world.points[result->points++] = site;

	fails = (world.plan.failure == FORK_FAIL_ONCE && result->points == world.plan.nth) ||
		(world.plan.failure == FORK_FAIL_FROM && result->points >= world.plan.nth);
	if (fails && result->injected >= MANY_FAILURES) {
		fork_complain("the fork does not give up after %u failures", result->injected);
		fails = false;
	}
	result->injected += fails;
	return !fails;
}

/* The last word of an object is its site, for kfree(), which may get any object. */
static long *tag(void *object)
{
	return object + malloc_usable_size(object) / sizeof(long) * sizeof(long) - sizeof(long);
}

static void *get_memory(enum fork_site site, size_t align, size_t size)
{
	void *object = align ? memalign(align, size + 2 * sizeof(long)) :
			       malloc(size + 2 * sizeof(long));

	*tag(object) = site;
	world.live[site]++;
	return object;
}

void *fork_alloc(enum fork_site site, size_t size)
{
	return fork_try(site) ? memset(get_memory(site, 0, size), 0, size) : NULL;
}

void fork_free(enum fork_site site, void *object)
{
	if (*tag(object) != site)
		fork_complain("an object of site %ld is freed as one of site %d",
			      *tag(object), site);
	world.live[site]--;
	free(object);
}

/* The slab, as tools/include/linux/slab.h declares it; "private" is the site */
struct kmem_cache *__kmem_cache_create_args(const char *name, unsigned int size,
					    struct kmem_cache_args *args, unsigned int flags)
{
	static const struct {
		const char *name;
		enum fork_site site;
	} sites[] = {
		{ "maple_node", FORK_SITE_MAPLE },
		{ "vm_area_struct", FORK_SITE_VMA },
		{ "anon_vma", FORK_SITE_ANON_VMA },
		{ "anon_vma_chain", FORK_SITE_AVC },
		{ "userfaultfd_ctx_cache", FORK_SITE_UFFD },
	};
	struct kmem_cache *cache = calloc(1, sizeof(*cache));
	long kept = flags & SLAB_TYPESAFE_BY_RCU ? KEPT : 0;
	size_t i;

	cache->size = size;
	cache->align = args->align;
	cache->ctor = args->ctor;
	cache->sheaf_capacity = args->sheaf_capacity;
	cache->private = (void *)(FORK_SITE_OTHER | kept);
	for (i = 0; i < ARRAY_SIZE(sites); i++)
		if (!strcmp(sites[i].name, name))
			cache->private = (void *)(sites[i].site | kept);
	return cache;
}

static enum fork_site site_of(const struct kmem_cache *cache)
{
	return (long)cache->private & ~KEPT;
}

static void *get_object(struct kmem_cache *cache, gfp_t gfp)
{
	enum fork_site site = site_of(cache);
	void *object;

	if (site == FORK_SITE_AVC && !(gfp & __GFP_DIRECT_RECLAIM))
		site = FORK_SITE_AVC_NOWAIT;
	if (!fork_try(site))
		return NULL;

	object = get_memory(site_of(cache), cache->align, cache->size);
	if (gfp & __GFP_ZERO)
		memset(object, 0, cache->size);
	if (cache->ctor)
		cache->ctor(object);
	return object;
}

void *kmem_cache_alloc_lru(struct kmem_cache *cache, struct list_lru *lru, int gfp)
{
	return get_object(cache, gfp);
}

static void check_freed_anon_vma(const struct anon_vma *anon)
{
	if (!RB_EMPTY_ROOT(&anon->rb_root.rb_root))
		fork_complain("an anon_vma is freed with VMAs linked to it");
	if (rwsem_is_locked(&anon->rwsem))
		fork_complain("an anon_vma is freed with its lock held");
}

/* Frees an object whose memory stays for a grace period. */
static void free_after_grace(enum fork_site site, void *object)
{
	world.live[site]--;
	fork_op(FORK_OP_READ, &world.rcu, "RCU");
	fork_bury(object, malloc_usable_size(object));
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	if (site_of(cache) == FORK_SITE_ANON_VMA)
		check_freed_anon_vma(object);
	/* One is freed before it is stored, and one of those that are torn down. */
	if (site_of(cache) == FORK_SITE_VMA && !rcu_callback_map.writer && ++world.freed_vmas > 2)
		fork_complain("VMAs are freed without cond_resched()");
	/* Otherwise at once: the sanitizer knows more of what is really freed. */
	if (world.exploring && (long)cache->private & KEPT)
		free_after_grace(site_of(cache), object);
	else
		fork_free(site_of(cache), object);
}

void kmem_cache_free_bulk(struct kmem_cache *cache, size_t nr, void **objects)
{
	while (nr)
		kmem_cache_free(cache, objects[--nr]);
}

int kmem_cache_alloc_bulk(struct kmem_cache *cache, gfp_t gfp, size_t nr, void **objects)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		objects[i] = get_object(cache, gfp);
		if (!objects[i]) {
			kmem_cache_free_bulk(cache, i, objects);
			return 0;
		}
	}
	return nr;
}

struct slab_sheaf *kmem_cache_prefill_sheaf(struct kmem_cache *cache, gfp_t gfp,
					    unsigned int nr)
{
	unsigned int capacity = max(nr, cache->sheaf_capacity);
	struct slab_sheaf *sheaf;

	sheaf = fork_alloc(FORK_SITE_SHEAF, sizeof(*sheaf) + capacity * sizeof(void *));
	if (!sheaf)
		return NULL;
	sheaf->cache = cache;
	sheaf->capacity = capacity;
	sheaf->size = kmem_cache_alloc_bulk(cache, gfp, nr, sheaf->objects);
	if (!sheaf->size) {
		fork_free(FORK_SITE_SHEAF, sheaf);
		return NULL;
	}
	return sheaf;
}

int kmem_cache_refill_sheaf(struct kmem_cache *cache, gfp_t gfp, struct slab_sheaf **sheafp,
			    unsigned int nr)
{
	struct slab_sheaf *sheaf = *sheafp;

	if (sheaf->size >= nr)
		return 0;
	if (nr > sheaf->capacity) {
		sheaf = kmem_cache_prefill_sheaf(cache, gfp, nr);
		if (!sheaf)
			return -ENOMEM;
		kmem_cache_return_sheaf(cache, gfp, *sheafp);
		*sheafp = sheaf;
		return 0;
	}
	if (!kmem_cache_alloc_bulk(cache, gfp, nr - sheaf->size, &sheaf->objects[sheaf->size]))
		return -ENOMEM;
	sheaf->size = nr;
	return 0;
}

void kmem_cache_return_sheaf(struct kmem_cache *cache, gfp_t gfp, struct slab_sheaf *sheaf)
{
	kmem_cache_free_bulk(cache, sheaf->size, sheaf->objects);
	fork_free(FORK_SITE_SHEAF, sheaf);
}

void *kmem_cache_alloc_from_sheaf(struct kmem_cache *cache, gfp_t gfp, struct slab_sheaf *sheaf)
{
	if (!sheaf->size) {
		fork_complain("nothing left in a sheaf");
		return NULL;
	}
	return sheaf->objects[--sheaf->size];
}

/* The only kmalloc() of the code under test is that of a userfaultfd event. */
void *kmalloc(size_t size, gfp_t gfp)
{
	return fork_alloc(FORK_SITE_UFFD_FORK, size);
}

void kfree(void *object)
{
	if (object)
		fork_free(*tag(object), object);
}
