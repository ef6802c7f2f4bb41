// SPDX-License-Identifier: GPL-2.0
/* What is counted for each CPU, or in lists that have no functions for it. */

#include "shim.h"

long fork_fail_node_pages(enum node_stat_item item)
{
	long pages = 0;
	int nid, cpu;

	for_each_online_node(nid) {
		pg_data_t *pgdat = NODE_DATA(nid);

		pages += atomic_long_read(&pgdat->vm_stat[item]);
		for_each_online_cpu(cpu) {
			struct per_cpu_nodestat *stat = per_cpu_ptr(pgdat->per_cpu_nodestats, cpu);

			pages += stat->vm_node_stat_diff[item];
		}
	}
	return pages;
}

struct kmem_cache *fork_fail_cache(const char *name)
{
	struct kmem_cache *s, *found = NULL;

	mutex_lock(&slab_mutex);
	list_for_each_entry(s, &slab_caches, list) {
		if (!strcmp(s->name, name))
			found = s;
	}
	mutex_unlock(&slab_mutex);
	return found;
}

long fork_fail_objects_in_use(struct kmem_cache *s)
{
	struct slabinfo info = {};

	kmem_cache_shrink(s);
	mutex_lock(&slab_mutex);
	get_slabinfo(s, &info);
	mutex_unlock(&slab_mutex);
	return info.active_objs;
}

long fork_fail_threads(void)
{
	struct task_struct *task;
	long nr = 0;

	rcu_read_lock();
	for_each_process(task)
		nr += !task->exit_state && str_has_prefix(task->comm, "fork_fail_");
	rcu_read_unlock();
	return nr;
}
