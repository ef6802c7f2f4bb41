// SPDX-License-Identifier: GPL-2.0
/*
 * What would it take to trim the tree of a failed fork, rather than to destroy it?
 *
 * The kernel's maple tree, in userspace.  A tree like that of a process with N
 * VMAs is copied with __mt_dup(), and then cut off at a point of failure:
 *
 * store	store NULL over all above, as the maple tree is.  How many nodes does
 *		that ask for, and does it work without memory?
 * cut		cut_off() below, which a maple tree could have: allocates nothing
 * destroy	what dup_mmap() does now, for comparison
 *
 * With any argument, fewer points of failure are tried.
 */

/* Before all others: how large a node is depends on it. */
#include "generated/bit-length.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "../shared/maple-shim.c"

/*
 * Removes all at or above @index, which has to be the start of an entry or of a gap.
 * Allocates nothing, since no node gets fuller.  The nodes along the cut may have
 * fewer slots in use than the tree allows otherwise; it can be read, searched and
 * destroyed.  Not for a tree in RCU mode: nodes are changed in place.
 */
static void cut_off(struct maple_tree *mt, unsigned long index)
{
	MA_STATE(mas, mt, index, index);
	unsigned char offset, end, i;
	enum maple_type type;
	struct maple_node *node;
	unsigned long *pivots;
	void __rcu **slots;

	mas_start(&mas);
	if (!mas_is_active(&mas))
		return;
	for (;;) {
		node = mas_mn(&mas);
		type = mte_node_type(mas.node);
		pivots = ma_pivots(node, type);
		slots = ma_slots(node, type);
		end = ma_data_end(node, type, pivots, mas.max);
		for (offset = 0; offset < end; offset++)
			if (mas_safe_pivot(&mas, pivots, offset, type) >= index)
				break;
		for (i = offset + 1; i <= end; i++) {
			if (!ma_is_leaf(type))
				mte_destroy_walk(slots[i], mt);
			RCU_INIT_POINTER(slots[i], NULL);
			if (ma_gaps(node, type))
				ma_gaps(node, type)[i] = 0;
		}
		/* The last range in use reaches up to the end of the node. */
		for (i = offset; i < mt_pivots[type]; i++)
			pivots[i] = i == offset ? mas.max : 0;
		if (ma_is_leaf(type)) {
			RCU_INIT_POINTER(slots[offset], NULL);
			mas_leaf_set_meta(node, type, offset);
			break;
		}
		/* Nothing below is as large as the gap above: user space ends before half. */
		if (ma_gaps(node, type))
			ma_gaps(node, type)[offset] = ULONG_MAX - index + 1;
		ma_set_meta(node, type, offset, offset);
		mas.min = offset ? pivots[offset - 1] + 1 : mas.min;
		mas.node = slots[offset];
	}
}

/* N VMAs of 1 to 16 pages; every third has a gap before it, as libraries have. */
static void build(struct maple_tree *mt, unsigned long n)
{
	MA_STATE(mas, mt, 0, 0);
	unsigned long i, address = 0x400000;

	for (i = 0; i < n; i++) {
		if (i % 3 == 0)
			address += 0x10000;
		mas_set_range(&mas, address, address + 0x1000 * (i % 16 + 1) - 1);
		/* Anything that is not a number in disguise. */
		mas_store_gfp(&mas, (void *)(0x100000 + i * 16), GFP_KERNEL);
		address = mas.last + 1;
	}
}

static void new_tree(struct maple_tree *mt)
{
	mt_init_flags(mt, MT_FLAGS_ALLOC_RANGE | MT_FLAGS_LOCK_EXTERN);
	mt_on_stack(*mt);
}

/* Where the child's part ends if all up to the Kth entry was copied. */
static unsigned long failure_point(struct maple_tree *mt, unsigned long k)
{
	MA_STATE(mas, mt, 0, 0);

	while (k--)
		mas_find(&mas, ULONG_MAX);
	return mas.last + 1;
}

static unsigned long count(struct maple_tree *mt)
{
	MA_STATE(mas, mt, 0, 0);
	unsigned long n = 0;

	while (mas_find(&mas, ULONG_MAX))
		n++;
	return n;
}

static unsigned long count_nodes(struct maple_enode *enode, unsigned long max)
{
	struct maple_node *node = mte_to_node(enode);
	enum maple_type type = mte_node_type(enode);
	unsigned long *pivots = ma_pivots(node, type), n = 1;
	unsigned char i, end;

	if (mte_is_leaf(enode))
		return n;
	end = ma_data_end(node, type, pivots, max);
	for (i = 0; i <= end; i++)
		n += count_nodes(ma_slots(node, type)[i], i < end ? pivots[i] : max);
	return n;
}

/* What storing NULL from @end on asks for. */
static unsigned int nodes_to_store(struct maple_tree *mt, unsigned long end)
{
	MA_STATE(mas, mt, end, ULONG_MAX);
	MA_WR_STATE(wr_mas, &mas, NULL);

	mas_wr_prealloc_setup(&wr_mas);
	mas.store_type = mas_wr_store_type(&wr_mas);
	mas_prealloc_calc(&wr_mas, NULL);
	return mas.node_request;
}

/* The same without memory: does it work? */
static bool store(struct maple_tree *mt, unsigned long end, gfp_t gfp)
{
	MA_STATE(mas, mt, end, ULONG_MAX);
	MA_WR_STATE(wr_mas, &mas, NULL);

	mas_wr_prealloc_setup(&wr_mas);
	mas.store_type = mas_wr_store_type(&wr_mas);
	mas_prealloc_calc(&wr_mas, NULL);
	if (mas.node_request)
		mas_alloc_nodes(&mas, gfp);
	if (mas_is_err(&mas)) {
		mas_destroy(&mas);
		return false;
	}
	mas_wr_store_entry(&wr_mas);
	mas_destroy(&mas);
	return true;
}

static double microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static void check(bool good, const char *what, unsigned long n, unsigned long k)
{
	if (good)
		return;
	fprintf(stderr, "%s is wrong, %lu of %lu\n", what, k, n);
	exit(1);
}

enum way { DESTROY, STORE, CUT, WAYS };

/* How long one way takes for a copy: the part under the locks, and all of it. */
static void measure(struct maple_tree *parent, unsigned long n, unsigned long k, enum way way,
		    double *locked, double *all)
{
	unsigned long end = failure_point(parent, k);
	int i;

	*locked = *all = 1e9;
	for (i = 0; i < 9; i++) {
		struct maple_tree child;
		double begin, middle, stop;

		new_tree(&child);
		check(!__mt_dup(parent, &child, GFP_KERNEL), "__mt_dup()", n, k);
		mt_clear_in_rcu(&child);
		begin = microseconds();
		if (way == STORE)
			check(store(&child, end, GFP_KERNEL), "the store", n, k);
		if (way == CUT)
			cut_off(&child, end);
		middle = microseconds();
		__mt_destroy(&child);
		stop = microseconds();
		if (way == DESTROY)
			middle = stop;
		*locked = middle - begin < *locked ? middle - begin : *locked;
		*all = stop - begin < *all ? stop - begin : *all;
	}
}

int main(int argc, char **argv)
{
	static const unsigned long sizes[] = { 1, 10, 100, 1000, 10000, 60000 };
	unsigned int s;

	rcu_register_thread();
	BUILD_BUG_ON(sizeof(long) == 8 && MAPLE_RANGE64_SLOTS != 16);
	maple_tree_init();
	printf("%45s%s\n", "", "us, failing half-way: in all, or before destroying");
	printf("%6s %6s %7s %7s %6s %6s %9s %15s %15s\n", "VMAs", "nodes", "height", "points", "need", "most",
	       "destroy", "store", "cut");
	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		unsigned long n = sizes[s], k, step = n / (argc > 1 ? 20 : 200) + 1, points = 0, need = 0;
		unsigned long nodes;
		unsigned int most = 0;
		struct maple_tree parent;
		double locked[WAYS], all[WAYS];
		enum way way;

		new_tree(&parent);
		build(&parent, n);
		nodes = xa_is_node(parent.ma_root) ? count_nodes(mt_root_locked(&parent), ULONG_MAX) : 0;
		unsigned int height = mt_height(&parent);

		for (k = 1; k < n || k == 1; k += step) {
			unsigned long end = failure_point(&parent, k), left;
			struct maple_tree child;
			unsigned int nodes_needed;
			bool works;

			new_tree(&child);
			check(!__mt_dup(&parent, &child, GFP_KERNEL), "__mt_dup()", n, k);
			mt_clear_in_rcu(&child);
			nodes_needed = nodes_to_store(&child, end);
			works = store(&child, end, GFP_NOWAIT);
			/* GFP_NOWAIT never gets anything from the shared harness. */
			check(works == !nodes_needed, "what the store needs", n, k);
			if (!works) {
				check(count(&child) == n, "the tree after a failed store", n, k);
				check(store(&child, end, GFP_KERNEL), "the store", n, k);
			}
			check(count(&child) == k, "the tree after the store", n, k);
			mt_validate(&child);
			__mt_destroy(&child);

			new_tree(&child);
			check(!__mt_dup(&parent, &child, GFP_KERNEL), "__mt_dup()", n, k);
			mt_clear_in_rcu(&child);
			left = kmem_cache_nr_tallocated(maple_node_cache);
			cut_off(&child, end);
			check(kmem_cache_nr_tallocated(maple_node_cache) == left, "memory of cut_off()", n, k);
			check(count(&child) == k, "the tree after cut_off()", n, k);
			__mt_destroy(&child);

			points++;
			need += nodes_needed > 0;
			most = nodes_needed > most ? nodes_needed : most;
		}
		/* What the store replaces is freed after a grace period. */
		rcu_barrier();
		for (way = 0; way < WAYS; way++)
			measure(&parent, n, n / 2 + 1, way, &locked[way], &all[way]);
		printf("%6lu %6lu %7u %7lu %6lu %6u %9.1f %8.1f %6.1f %8.1f %6.1f\n", n, nodes, height, points, need,
		       most, all[DESTROY], all[STORE], locked[STORE], all[CUT], locked[CUT]);
		__mt_destroy(&parent);
	}
	return 0;
}
