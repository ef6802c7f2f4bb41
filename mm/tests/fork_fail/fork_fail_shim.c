// SPDX-License-Identifier: GPL-2.0
/*
 * What the tests of failing forks need of mm/ and cannot reach from Rust.
 *
 * Nothing is decided here: a function does one thing to an address space, or
 * reads one thing off it.  shim.rs declares them for Rust, and says
 * what they return.
 */

#include <linux/anon_inodes.h>
#include <linux/debug_locks.h>
#include <linux/file.h>
#include <linux/kthread.h>
#include <linux/mempolicy.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/panic.h>
#include <linux/rcupdate.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/vmstat.h>

#include "../../internal.h"
#include "../../slab.h"
#include "fork_fail_shim.h"

/* An address space of its own for this kthread; user space is empty. */
struct mm_struct *fork_fail_attach(void)
{
	struct mm_struct *mm = mm_alloc();

	if (!mm)
		return NULL;
	mm->task_size = TASK_SIZE;
	arch_pick_mmap_layout(mm, &current->signal->rlim[RLIMIT_STACK]);
	kthread_use_mm(mm);
	return mm;
}

void fork_fail_detach(struct mm_struct *mm)
{
	kthread_unuse_mm(mm);
	mmput(mm);
	/* Files that a kthread puts are closed later, which would show in counters. */
	flush_delayed_fput();
}

struct file *fork_fail_file(unsigned long size)
{
	struct file *file = shmem_kernel_file_setup("fork_fail", size, 0);

	return IS_ERR(file) ? NULL : file;
}

void fork_fail_file_put(struct file *file)
{
	fput(file);
}

/*
 * A driver whose mappings are counted, and which may keep the mm of the first
 * copy made of one, as SGX does: others can find a child through it.
 */
static atomic_t driver_mappings;
static bool driver_keeps;
static struct mm_struct *driver_mm;
static char driver_memory[4 * PAGE_SIZE] __aligned(PAGE_SIZE);

static void driver_open(struct vm_area_struct *vma)
{
	atomic_inc(&driver_mappings);
	if (driver_keeps && !driver_mm) {
		mmget(vma->vm_mm);
		driver_mm = vma->vm_mm;
	}
}

static void driver_close(struct vm_area_struct *vma)
{
	atomic_dec(&driver_mappings);
}

static const struct vm_operations_struct driver_vm_ops = {
	.open = driver_open,
	.close = driver_close,
};

static int driver_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long size = vma->vm_end - vma->vm_start;
	int err;

	if (size > sizeof(driver_memory))
		return -EINVAL;
	err = remap_pfn_range(vma, vma->vm_start, PHYS_PFN(__pa_symbol(driver_memory)),
			      size, vma->vm_page_prot);
	if (err)
		return err;
	vma->vm_ops = &driver_vm_ops;
	atomic_inc(&driver_mappings);
	return 0;
}

static const struct file_operations driver_fops = {
	.mmap = driver_mmap,
};

struct file *fork_fail_driver(void)
{
	struct file *file = anon_inode_getfile("[fork_fail]", &driver_fops, NULL, O_RDWR);

	return IS_ERR(file) ? NULL : file;
}

/* From now on the driver keeps the first mm that it sees, or does no longer. */
void fork_fail_driver_keep(bool keep)
{
	driver_keeps = keep;
}

/* Hands over the mm, with its reference. */
struct mm_struct *fork_fail_driver_take(void)
{
	struct mm_struct *mm = driver_mm;

	driver_mm = NULL;
	return mm;
}

long fork_fail_map(struct file *file, unsigned long addr, unsigned long len,
		   unsigned int how)
{
	unsigned long flags = MAP_FIXED_NOREPLACE;

	flags |= file ? 0 : MAP_ANONYMOUS;
	flags |= how & FORK_FAIL_SHARED ? MAP_SHARED : MAP_PRIVATE;
	flags |= how & FORK_FAIL_LOCKED ? MAP_LOCKED : 0;
	return vm_mmap(file, addr, len, PROT_READ | PROT_WRITE, flags, 0);
}

/* The page at @addr, pinned for DMA: a fork copies it instead of sharing it. */
struct page *fork_fail_pin(unsigned long addr)
{
	struct page *page;

	if (pin_user_pages_fast(addr, 1, FOLL_WRITE | FOLL_LONGTERM, &page) != 1)
		return NULL;
	return page;
}

void fork_fail_unpin(struct page *page)
{
	unpin_user_page(page);
}

int fork_fail_dontfork(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	return do_madvise(mm, addr, len, MADV_DONTFORK);
}

int fork_fail_wipeonfork(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	return do_madvise(mm, addr, len, MADV_WIPEONFORK);
}

struct mm_struct *fork_fail_dup_mm(struct mm_struct *parent)
{
	return dup_mm(current, parent);
}

struct mm_struct *fork_fail_child(void)
{
	return mm_alloc();
}

void fork_fail_put(struct mm_struct *mm)
{
	mmput(mm);
}

int fork_fail_dup_mmap(struct mm_struct *child, struct mm_struct *parent)
{
	return dup_mmap(child, parent);
}

/* The word at @addr, or -EFAULT; faults in what is not there. */
long fork_fail_peek(struct mm_struct *mm, unsigned long addr)
{
	long word;

	if (access_remote_vm(mm, addr, &word, sizeof(word), FOLL_FORCE) != sizeof(word))
		return -EFAULT;
	return word;
}

int fork_fail_map_count(struct mm_struct *mm)
{
	return mm->map_count;
}

/* How many entries an iterator finds; they are not looked into. */
unsigned long fork_fail_entries(struct mm_struct *child)
{
	MA_STATE(mas, &child->mm_mt, 0, 0);
	unsigned long n = 0;
	void *entry;

	mmap_read_lock(child);
	mas_for_each(&mas, entry, ULONG_MAX)
		n++;
	mmap_read_unlock(child);
	return n;
}

/* Whether a lookup at @addr, or upwards from there, finds anything. */
bool fork_fail_finds(struct mm_struct *child, unsigned long addr)
{
	unsigned long index = addr;
	bool found;

	mmap_read_lock(child);
	found = mtree_load(&child->mm_mt, addr) ||
		mt_find(&child->mm_mt, &index, ULONG_MAX);
	mmap_read_unlock(child);
	return found;
}

static struct kmem_cache *find_cache(const char *name)
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

/*
 * Objects in use of the named cache, one that is never destroyed; exact, as the
 * CPUs give back what they have in stock.
 */
static long objects_in_use(const char *name)
{
	struct kmem_cache *s = find_cache(name);
	struct slabinfo info = {};

	if (!s)
		return -1;
	kmem_cache_shrink(s);
	mutex_lock(&slab_mutex);
	get_slabinfo(s, &info);
	mutex_unlock(&slab_mutex);
	return info.active_objs;
}

/* Exact, too: with what the CPUs have not added up yet */
static long node_pages(enum node_stat_item item)
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

/* Nodes of the tree, for one, are freed after a grace period. */
static void settle(void)
{
	rcu_barrier();
	kvfree_rcu_barrier();
}

static unsigned int copy_readings(struct fork_fail_reading *out, unsigned int max,
				  const struct fork_fail_reading *all, unsigned int nr)
{
	if (WARN_ON_ONCE(nr > max))
		return 0;
	memcpy(out, all, nr * sizeof(*all));
	return nr;
}

/* What a failed fork has to leave as it was: the parent's and the kernel's. */
static unsigned int read_settled(struct mm_struct *parent,
				 struct fork_fail_reading *out, unsigned int max)
{
	const struct fork_fail_reading all[] = {
		{ "parent's mm_users", atomic_read(&parent->mm_users) },
		{ "parent's mm_count", atomic_read(&parent->mm_count) },
		{ "parent's map_count", parent->map_count },
		{ "parent's total_vm", parent->total_vm },
		{ "parent's data_vm", parent->data_vm },
		{ "parent's exec_vm", parent->exec_vm },
		{ "parent's stack_vm", parent->stack_vm },
		{ "parent's locked_vm", parent->locked_vm },
		{ "parent's pinned_vm", atomic64_read(&parent->pinned_vm) },
		{ "parent's anonymous pages", get_mm_counter_sum(parent, MM_ANONPAGES) },
		{ "parent's file pages", get_mm_counter_sum(parent, MM_FILEPAGES) },
		{ "parent's shmem pages", get_mm_counter_sum(parent, MM_SHMEMPAGES) },
		{ "parent's swap entries", get_mm_counter_sum(parent, MM_SWAPENTS) },
		{ "parent's page tables", mm_pgtables_bytes(parent) },
		{ "committed pages", percpu_counter_sum(&vm_committed_as) },
		{ "anonymous pages mapped", node_pages(NR_ANON_MAPPED) },
		{ "file pages mapped", node_pages(NR_FILE_MAPPED) },
		{ "page table pages", node_pages(NR_PAGETABLE) },
		{ "objects of mm_struct", objects_in_use("mm_struct") },
		{ "objects of vm_area_struct", objects_in_use("vm_area_struct") },
		{ "objects of anon_vma", objects_in_use("anon_vma") },
		{ "objects of anon_vma_chain", objects_in_use("anon_vma_chain") },
		{ "objects of maple_node", objects_in_use("maple_node") },
		{ "driver's mappings", atomic_read(&driver_mappings) },
		{ "kernel taint", get_taint() },
		{ "lockdep's end", !debug_locks },
	};

	return copy_readings(out, max, all, ARRAY_SIZE(all));
}

unsigned int fork_fail_read(struct mm_struct *parent,
			    struct fork_fail_reading *out, unsigned int max)
{
	settle();
	return read_settled(parent, out, max);
}

/* The same of the VMA at @addr and of what it refers to; nothing if none is there. */
unsigned int fork_fail_read_vma(struct mm_struct *parent, unsigned long addr,
				struct fork_fail_reading *out, unsigned int max)
{
	struct vm_area_struct *vma;
	unsigned int nr = 0;

	mmap_read_lock(parent);
	vma = vma_lookup(parent, addr);
	if (vma) {
		const struct anon_vma *anon = vma->anon_vma;
		struct file *file = vma->vm_file;
		const struct fork_fail_reading all[] = {
			{ "start", vma->vm_start },
			{ "end", vma->vm_end },
			{ "pgoff", vma->vm_pgoff },
			{ "flags", vma->vm_flags },
			{ "operations", (long)vma->vm_ops },
			{ "policy", (long)vma_policy(vma) },
			{ "anon_vma", (long)anon },
			{ "anon_vma's references", anon ? atomic_read(&anon->refcount) : 0 },
			{ "anon_vma's children", anon ? anon->num_children : 0 },
			{ "anon_vma's VMAs", anon ? anon->num_active_vmas : 0 },
			{ "file", (long)file },
			{ "file's references", file ? file_count(file) : 0 },
			{ "file's writable mappings",
			  file ? atomic_read(&file->f_mapping->i_mmap_writable) : 0 },
		};

		nr = copy_readings(out, max, all, ARRAY_SIZE(all));
	}
	mmap_read_unlock(parent);
	return nr;
}
