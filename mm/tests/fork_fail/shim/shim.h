/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests in Rust need of the kernel: its headers, of which bindgen takes
 * what shim/bindgen_parameters lists, and functions in C for what is a macro, or
 * for each CPU, or has to be called back.  A function that is inline is called
 * through a wrapper, which bindgen makes.
 */

#ifndef _MM_TESTS_FORK_FAIL_SHIM_H
#define _MM_TESTS_FORK_FAIL_SHIM_H

#include <kunit/resource.h>
#include <kunit/test.h>
#include <kunit/test-bug.h>
#include <linux/anon_inodes.h>
#include <linux/binfmts.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/debug_locks.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/jiffies.h>
#include <linux/kdev_t.h>
#include <linux/ksm.h>
#include <linux/kthread.h>
#include <linux/maple_tree.h>
#include <linux/memcontrol.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/page_counter.h>
#include <linux/pagemap.h>
#include <linux/pagewalk.h>
#include <linux/panic.h>
#include <linux/percpu_counter.h>
#include <linux/prctl.h>
#include <linux/rcupdate.h>
#include <linux/rmap.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/security.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <linux/unistd.h>
#include <linux/userfaultfd.h>
#include <linux/userfaultfd_k.h>
#include <linux/vmstat.h>
#include <uapi/linux/major.h>
#ifdef CONFIG_X86_64
#include <asm/ldt.h>
#endif

#include "../../../internal.h"
#include "../../../slab.h"

/* calls.c: as user space, or as an administrator */

/*
 * Makes a system call with @args, as this kthread, which has an mm.  Returns
 * -EOPNOTSUPP where the kernel has no function for that.
 */
long fork_fail_call(unsigned int nr, const unsigned long args[6]);
/* Returns whether there is a file of this name. */
bool fork_fail_path_exists(const char *path);
/* Makes a directory at the root of a mount, or removes it. */
int fork_fail_change_directory(struct vfsmount *mnt, const char *name, bool make);

/* counters.c: what is counted for each CPU, or in what has no functions for it */

/* Returns how many pages are counted so, with the differences of each CPU. */
long fork_fail_node_pages(enum node_stat_item item);
/* Returns the slab cache of this name, which must never be destroyed, or NULL. */
struct kmem_cache *fork_fail_cache(const char *name);
/* Returns how many of its objects are in use: exactly, as the per-CPU slabs are flushed. */
long fork_fail_objects_in_use(struct kmem_cache *s);
/* Returns how many kthreads the tests have started that have not ended. */
long fork_fail_threads(void);

/* driver.c: mappings of a driver */

/*
 * Opens a device that can be mapped, with pages that are counted or without.
 * Returns it or an ERR_PTR().
 */
struct file *fork_fail_driver(bool mixed);
/* Makes the driver keep the first mm into which a mapping of it is copied, or not. */
void fork_fail_driver_keep(bool keep);
/* Returns the mm that the driver has kept, with its reference, or NULL. */
struct mm_struct *fork_fail_driver_take(void);
/*
 * Returns how often, since it was made to keep an mm, the driver has closed a
 * mapping of an mm that did not have MMF_UNSTABLE.
 */
long fork_fail_driver_unmarked(void);
/*
 * Returns how often it has closed one while the lock of the current mm could not
 * be taken for read.
 */
long fork_fail_driver_locked(void);
/* How many mappings there are */
extern atomic_t fork_fail_driver_mappings;

/* pages.c: what page tables say */

/* Sums over the pages of a VMA */
struct fork_fail_pages {
	long present;
	long writable;
	long exclusive;
	long watched;
	long references;
	long mappings;
	long swapped;
	long swap_users;
	long other;
};

/* Adds up the pages of @vma, whose mm is locked. */
struct fork_fail_pages fork_fail_pages_of(struct vm_area_struct *vma);
/* Returns how many bytes a page table of this level maps, PTEs being 1. */
unsigned long fork_fail_table_span(unsigned int level);

/* rmap.c: VMAs that are found by what they map */

/* Returns how many VMAs map @mapping: those of @only, or all if that is NULL. */
unsigned long fork_fail_mappings(struct address_space *mapping,
				 const struct mm_struct *only);
/* Returns whether @vma is found by the file, and the offset, of the VMA @beside. */
bool fork_fail_is_mapped(const struct vm_area_struct *vma,
			 const struct vm_area_struct *beside);
/* Returns how many VMAs of @mm an rmap walk from @anon_vma finds. */
unsigned long fork_fail_anon_mappings(struct anon_vma *anon_vma,
				      const struct mm_struct *mm);

/* task.c: this kthread, and formats of programs */

/* Keeps this kthread on the CPU on which it is, or lets it run on any. */
int fork_fail_stay_on_cpu(bool stay);
/* Waits for all work that is queued on the kernel's general workqueue. */
void fork_fail_flush_work(void);
/* Makes a fatal signal pending in this kthread, or takes it back. */
void fork_fail_set_killed(bool killed);
/* A format, and one whose module is about to be unloaded */
extern struct linux_binfmt fork_fail_binfmt;
extern struct linux_binfmt fork_fail_leaving_binfmt;

/* Macros */

static inline struct task_struct *fork_fail_current(void)
{
	return current;
}

static inline long fork_fail_swap_pages(void)
{
	return total_swap_pages;
}

static inline long fork_fail_free_swap_pages(void)
{
	return get_nr_swap_pages();
}

static inline long fork_fail_file_count(struct file *file)
{
	return file_count(file);
}

/* Without the type __user, which bindgen does not know */
static inline bool fork_fail_copy_to_user(unsigned long addr, const void *from, size_t len)
{
	return !copy_to_user((void __user *)addr, from, len);
}

/* Whoever has this lock for read need not be the task that drops it. */
static inline void fork_fail_lock_hold(struct mm_struct *mm)
{
	down_read_non_owner(&mm->mmap_lock);
}

static inline void fork_fail_lock_release(struct mm_struct *mm)
{
	up_read_non_owner(&mm->mmap_lock);
}

/* The lowest address that can be mapped */
static inline unsigned long fork_fail_lowest(void)
{
	return max_t(unsigned long, PAGE_ALIGN(mmap_min_addr), FIRST_USER_ADDRESS) ?: PAGE_SIZE;
}

static inline unsigned long fork_fail_task_size(void)
{
	return TASK_SIZE;
}

static inline unsigned long fork_fail_flags(const struct mm_struct *mm)
{
	return *__mm_flags_get_bitmap(mm);
}

#ifdef CONFIG_HUGETLB_PAGE
static inline struct hstate *fork_fail_default_hstate(void)
{
	return &default_hstate;
}
#endif

#ifdef CONFIG_MEMCG
/* The group of this task, which cannot go away while the task is in it */
static inline struct mem_cgroup *fork_fail_own_memcg(void)
{
	guard(rcu)();
	return mem_cgroup_from_task(current);
}
#endif

/* As if there were so many pages more */
static inline void fork_fail_add_pages(enum node_stat_item item, long by)
{
	mod_node_page_state(NODE_DATA(first_online_node), item, by);
}

static inline void fork_fail_warn(void)
{
	WARN_ON_ONCE(true);
}

/*
 * Constants that bindgen cannot tell from their macros, or would name after the enum they
 * are in; it drops the prefix.
 */
#ifdef __BINDGEN__
#define FORK_FAIL_CONST(name)	const unsigned long FORK_FAIL_CONST_##name = name

FORK_FAIL_CONST(BLK_OPEN_READ);
FORK_FAIL_CONST(BLK_OPEN_WRITE);
const unsigned int FORK_FAIL_CONST_MPOL_LOCAL = MPOL_LOCAL;
FORK_FAIL_CONST(VM_HUGETLB);
FORK_FAIL_CONST(VM_INIT_DEF_MASK);
FORK_FAIL_CONST(VM_LOCKED);
FORK_FAIL_CONST(VM_LOCKED_MASK);
FORK_FAIL_CONST(VM_LOCKONFAULT);
FORK_FAIL_CONST(VM_MAYSHARE);
FORK_FAIL_CONST(VM_SEQ_READ);
FORK_FAIL_CONST(VM_SHARED);
FORK_FAIL_CONST(VM_UFFD_WP);
FORK_FAIL_CONST(VM_WIPEONFORK);
FORK_FAIL_CONST(__VM_UFFD_FLAGS);
#ifdef CONFIG_MEMCG
FORK_FAIL_CONST(PAGE_COUNTER_MAX);
#endif
FORK_FAIL_CONST(UFFDIO_API);
FORK_FAIL_CONST(UFFDIO_REGISTER);
FORK_FAIL_CONST(UFFDIO_REGISTER_MODE_MISSING);
FORK_FAIL_CONST(UFFDIO_REGISTER_MODE_WP);
FORK_FAIL_CONST(UFFDIO_WRITEPROTECT);
FORK_FAIL_CONST(UFFDIO_WRITEPROTECT_MODE_WP);
FORK_FAIL_CONST(UFFD_API);
#endif /* __BINDGEN__ */

#endif /* _MM_TESTS_FORK_FAIL_SHIM_H */
