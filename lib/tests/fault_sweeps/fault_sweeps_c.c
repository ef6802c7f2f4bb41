// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweeps of library code in C.
 *
 * Each body calls something that allocates, and frees what it got.  The sweep makes
 * each allocation fail, and checks the error and that nothing was leaked.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/maple_tree.h>
#include <linux/mempool.h>
#include <linux/percpu-refcount.h>
#include <linux/percpu_counter.h>
#include <linux/rhashtable.h>
#include <linux/scatterlist.h>
#include <linux/string.h>
#include <linux/string_helpers.h>
#include <linux/vmalloc.h>
#include <linux/xarray.h>

static int reserve_in_an_xarray(void)
{
	unsigned long index;
	struct xarray xa;
	int err = 0;

	xa_init(&xa);
	for (index = 1; index < 1UL << 20 && !err; index *= 4)
		err = xa_reserve(&xa, index, GFP_KERNEL);
	xa_destroy(&xa);
	return err;
}

static int allocate_ids(void)
{
	int i, id = 0;
	struct ida ida;

	ida_init(&ida);
	for (i = 0; i < 200 && id >= 0; i++)
		id = ida_alloc(&ida, GFP_KERNEL);
	ida_destroy(&ida);
	return min(id, 0);
}

static int fill_an_idr(void)
{
	int i, id = 0;
	struct idr idr;

	idr_init(&idr);
	for (i = 0; i < 200 && id >= 0; i++)
		id = idr_alloc(&idr, &idr, 0, 0, GFP_KERNEL);
	idr_destroy(&idr);
	return min(id, 0);
}

static int duplicate_a_maple_tree(void)
{
	struct maple_tree from, to;
	int i, err = 0;

	mt_init(&from);
	mt_init(&to);
	for (i = 0; i < 50 && !err; i++)
		err = mtree_store_range(&from, 10 * i, 10 * i + 5, xa_mk_value(i), GFP_KERNEL);
	if (!err)
		err = mtree_dup(&from, &to, GFP_KERNEL);
	mtree_destroy(&from);
	mtree_destroy(&to);
	return err;
}

/* Erasing cannot fail: an entry that mtree_erase() returns has left the tree. */
static int erase_from_a_maple_tree(void)
{
	struct maple_tree tree;
	int i, err = 0;

	mt_init(&tree);
	for (i = 0; i < 50 && !err; i++)
		err = mtree_store(&tree, 10 * i, xa_mk_value(i), GFP_KERNEL);
	for (i = 0; i < 50 && !err; i++) {
		void *erased = mtree_erase(&tree, 10 * i);

		if (erased != xa_mk_value(i) || mtree_load(&tree, 10 * i))
			err = -EEXIST;
	}
	mtree_destroy(&tree);
	return err;
}

/* As tmpfs does it: to remove a name cannot fail, so nobody asks whether it did. */
static int remove_names_from_a_directory(void)
{
	const int nr = 50;
	struct dentry *dentries = kcalloc(nr, sizeof(*dentries), GFP_KERNEL);
	struct offset_ctx directory;
	int i, err = 0;

	if (!dentries)
		return -ENOMEM;
	simple_offset_init(&directory);
	for (i = 0; i < nr && !err; i++)
		err = simple_offset_add(&directory, &dentries[i]);
	for (i = 0; i < nr; i++)
		simple_offset_remove(&directory, &dentries[i]);
	if (!mtree_empty(&directory.mt))
		err = -ENOTEMPTY;
	simple_offset_destroy(&directory);
	kfree(dentries);
	return err;
}

static int set_up_a_mempool(void)
{
	mempool_t *pool = mempool_create_kmalloc_pool(4, 64);

	mempool_destroy(pool);
	return pool ? 0 : -ENOMEM;
}

static int set_up_counters(void)
{
	struct percpu_counter counters[4];
	int err = percpu_counter_init_many(counters, 1, GFP_KERNEL, ARRAY_SIZE(counters));

	if (!err)
		percpu_counter_destroy_many(counters, ARRAY_SIZE(counters));
	return err;
}

static void ref_is_gone(struct percpu_ref *ref) {}

static int set_up_a_percpu_ref(void)
{
	struct percpu_ref ref;
	int err = percpu_ref_init(&ref, ref_is_gone, PERCPU_REF_INIT_ATOMIC, GFP_KERNEL);

	if (!err)
		percpu_ref_exit(&ref);
	return err;
}

struct hashed {
	struct rhash_head node;
	u32 key;
};

static int fill_a_hash_table(void)
{
	static const struct rhashtable_params params = {
		.key_len = sizeof(u32),
		.key_offset = offsetof(struct hashed, key),
		.head_offset = offsetof(struct hashed, node),
	};
	struct hashed entries[4] = {};
	struct rhashtable table;
	int i, err;

	err = rhashtable_init(&table, &params);
	if (err)
		return err;
	for (i = 0; i < ARRAY_SIZE(entries) && !err; i++) {
		entries[i].key = i;
		err = rhashtable_insert_fast(&table, &entries[i].node, params);
	}
	rhashtable_destroy(&table);
	return err;
}

static int build_a_scatterlist(void)
{
	struct sg_table table;
	int err = sg_alloc_table(&table, 3 * SG_MAX_SINGLE_ALLOC, GFP_KERNEL);

	if (!err)
		sg_free_table(&table);
	return err;
}

static int split_arguments(void)
{
	char **argv = argv_split(GFP_KERNEL, "one two three", NULL);

	if (!argv)
		return -ENOMEM;
	argv_free(argv);
	return 0;
}

static int print_strings(void)
{
	char **strings = kasprintf_strarray(GFP_KERNEL, "fault", 5);

	if (!strings)
		return -ENOMEM;
	kfree_strarray(strings, 5);
	return 0;
}

/* vmalloc() allocates pages one by one, and tries some allocations twice. */
static int map_memory(void)
{
	void *p = __vmalloc(5 * PAGE_SIZE, GFP_KERNEL | __GFP_NOWARN);

	vfree(p);
	return p ? 0 : -ENOMEM;
}

static const struct library_case {
	const char *name;
	int (*body)(void);
	bool allow_success;	/* because it tries again, or does without */
	bool ignore_leaks;	/* because what it frees is cached */
	bool allow_empty;
} library_cases[] = {
	{ "xa_reserve", reserve_in_an_xarray, true },
	{ "ida_alloc", allocate_ids, true },
	{ "idr_alloc", fill_an_idr, true },
	{ "mtree_dup", duplicate_a_maple_tree, true },
	{ "mtree_erase", erase_from_a_maple_tree, true },
	{ "simple_offset_remove", remove_names_from_a_directory, true },
	{ "mempool_create", set_up_a_mempool },
	{ "percpu_counter_init_many", set_up_counters,
	  .allow_empty = !IS_ENABLED(CONFIG_SMP) },
	{ "percpu_ref_init", set_up_a_percpu_ref },
	{ "rhashtable_init", fill_a_hash_table, true },
	{ "sg_alloc_table", build_a_scatterlist },
	{ "argv_split", split_arguments },
	{ "kasprintf_strarray", print_strings },
	{ "vmalloc", map_memory, true, .ignore_leaks = true },
};

KUNIT_ARRAY_PARAM_DESC(library, library_cases, name);

static void library(struct kunit *test)
{
	const struct library_case *c = test->param_value;
	struct kunit_fault_sweep sweep = {
		.scenario = c->name,
		.allow_success = c->allow_success,
		.ignore_leaks = c->ignore_leaks,
		.allow_empty = c->allow_empty,
	};

	while (kunit_fault_sweep_next(test, &sweep)) {
		KUNIT_ASSERT_EQ(test, kunit_fault_sweep_arm(test, &sweep), 0);
		kunit_fault_sweep_disarm(test, &sweep, c->body());
	}
}

static struct kunit_case fault_sweep_cases[] = {
	KUNIT_CASE_PARAM(library, library_gen_params),
	{}
};

static struct kunit_suite fault_sweep_suite = {
	.name = "fault_sweep_library",
	.test_cases = fault_sweep_cases,
};

kunit_test_suite(fault_sweep_suite);

MODULE_DESCRIPTION("KUnit fault sweeps of library code");
MODULE_LICENSE("GPL");
