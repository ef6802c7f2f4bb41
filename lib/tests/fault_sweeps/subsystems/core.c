// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweeps of resources, pools, LRU lists, workqueues and more of the core.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/genalloc.h>
#include <linux/ioport.h>
#include <linux/list_lru.h>
#include <linux/module.h>
#include <linux/sbitmap.h>
#include <linux/shrinker.h>
#include <linux/srcu.h>
#include <linux/workqueue.h>

/* Descriptions of areas of vmalloc() */
static const char * const caches[] = { "alloc_vmap_area", NULL };

#ifdef CONFIG_GENERIC_ALLOCATOR
static int gen_pool(struct kunit *test)
{
	struct gen_pool *pool = gen_pool_create(3, -1);
	unsigned long one;
	int err;

	if (!pool)
		return -ENOMEM;
	err = gen_pool_add(pool, 0x1000, 0x1000, -1);
	if (!err)
		err = gen_pool_add(pool, 0x4000, 0x1000, -1);
	if (!err) {
		one = gen_pool_alloc(pool, 100);
		if (one)
			gen_pool_free(pool, one, 100);
		else
			err = -ENOSPC;
	}
	gen_pool_destroy(pool);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(gen_pool, .allow_success = true, .kept_by = caches);
#endif

static int resource_tree(struct kunit *test)
{
	struct resource top = DEFINE_RES_MEM_NAMED(0x1000, 0x10000, "top");
	struct resource *parts[3] = {};
	int i, err = 0;

	for (i = 0; i < ARRAY_SIZE(parts) && !err; i++) {
		parts[i] = __request_region(&top, 0x1000 + i * 0x2000, 0x1000, "part", 0);
		if (!parts[i])
			err = -ENOMEM;
	}
	while (i--) {
		if (parts[i])
			__release_region(&top, parts[i]->start, 0x1000);
	}
	return err ?: (top.child ? -EBUSY : 0);
}

KUNIT_DEFINE_FAULT_SWEEP(resource_tree);

struct item {
	struct list_head list;
};

static int lru_list(struct kunit *test)
{
	struct list_lru lru;
	struct item item;
	int err = list_lru_init(&lru);

	if (err)
		return err;
	INIT_LIST_HEAD(&item.list);
	list_lru_add(&lru, &item.list, 0, NULL);
	list_lru_del(&lru, &item.list, 0, NULL);
	list_lru_destroy(&lru);
	return 0;
}

KUNIT_DEFINE_FAULT_SWEEP(lru_list);

static int shrinker(struct kunit *test)
{
	struct shrinker *shrinker = shrinker_alloc(SHRINKER_NUMA_AWARE, "fault-sweep-%d", 1);

	if (!shrinker)
		return -ENOMEM;
	shrinker_register(shrinker);
	shrinker_free(shrinker);
	return 0;
}

KUNIT_DEFINE_FAULT_SWEEP(shrinker, .allow_success = true);

static int srcu(struct kunit *test)
{
	struct srcu_struct srcu;
	int err = init_srcu_struct(&srcu);

	if (!err)
		cleanup_srcu_struct(&srcu);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(srcu, .allow_empty = true);

static int bitmap_queue(struct kunit *test)
{
	struct sbitmap_queue queue;
	int err = sbitmap_queue_init_node(&queue, 200, -1, false, GFP_KERNEL, NUMA_NO_NODE);

	if (!err)
		sbitmap_queue_free(&queue);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(bitmap_queue);

static int workqueue_bound(struct kunit *test)
{
	struct workqueue_struct *wq;

	wq = alloc_workqueue("fault-sweep-bound", WQ_MEM_RECLAIM | WQ_PERCPU, 0);
	if (!wq)
		return -ENOMEM;
	destroy_workqueue(wq);
	return 0;
}

KUNIT_DEFINE_FAULT_SWEEP(workqueue_bound, .allow_success = true);

static int workqueue_unbound(struct kunit *test)
{
	struct workqueue_struct *wq;

	wq = alloc_workqueue("fault-sweep-unbound", WQ_UNBOUND | WQ_SYSFS, 0);
	if (!wq)
		return -ENOMEM;
	destroy_workqueue(wq);
	return 0;
}

KUNIT_DEFINE_FAULT_SWEEP(workqueue_unbound, .allow_success = true);

static struct kunit_case cases[] = {
#ifdef CONFIG_GENERIC_ALLOCATOR
	KUNIT_CASE_FAULT_SWEEP(gen_pool),
#endif
	KUNIT_CASE_FAULT_SWEEP(resource_tree),
	KUNIT_CASE_FAULT_SWEEP(lru_list),
	KUNIT_CASE_FAULT_SWEEP(shrinker),
	KUNIT_CASE_FAULT_SWEEP(srcu),
	KUNIT_CASE_FAULT_SWEEP(bitmap_queue),
	KUNIT_CASE_FAULT_SWEEP(workqueue_bound),
	KUNIT_CASE_FAULT_SWEEP(workqueue_unbound),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_core",
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweeps of the kernel's core");
MODULE_LICENSE("GPL");
