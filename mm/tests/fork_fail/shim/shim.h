/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions in C for the tests in Rust.  bindgen declares them for Rust.
 *
 * An int that is returned is 0 or a negative error, unless something else is said.
 * Without an option that it takes, a function returns -EOPNOTSUPP or NULL.
 */

#ifndef _MM_TESTS_FORK_FAIL_SHIM_H
#define _MM_TESTS_FORK_FAIL_SHIM_H

#include <linux/types.h>

struct address_space;
struct file;
struct folio;
struct kmem_cache;
struct mm_struct;
struct page;
struct vfsmount;
struct vm_area_struct;
struct fork_fail_uffd;

/* How to map, for fork_fail_map() */
#define FORK_FAIL_SHARED	0x1
#define FORK_FAIL_LOCKED	0x2
#define FORK_FAIL_HUGE		0x4

/* MADV_* of the same names, for fork_fail_advise().  Those differ by architecture. */
enum fork_fail_advice {
	FORK_FAIL_DONTFORK,
	FORK_FAIL_WIPEONFORK,
	FORK_FAIL_HUGEPAGE,
	FORK_FAIL_NOHUGEPAGE,
	FORK_FAIL_MERGEABLE,
	FORK_FAIL_DONTNEED,
};

/* How to register, for fork_fail_uffd_open() */
#define FORK_FAIL_UFFD_EVENTS	0x1
#define FORK_FAIL_UFFD_WP	0x2

/* A value that must not change, and its name for messages */
struct fork_fail_reading {
	const char *name;
	long value;
};

/* How a child was made, for fork_fail_mm_fields() */
#define FORK_FAIL_WHOLE		0x1	/* by dup_mm(), not dup_mmap() alone */
#define FORK_FAIL_DID_WITHOUT	0x2	/* although an allocation failed */

/*
 * A field that need not be as in the parent: where it is in its structure, what it
 * tells, and what that has to be. Both are 0 if it may be anything.
 */
struct fork_fail_field {
	const char *name;
	unsigned int offset;
	unsigned int size;
	long is_value;
	long wanted;
};

/* mm.c: address spaces, and forks of them */

/*
 * Makes @mm the mm of this kthread, which runs a test, and keeps the kthread on
 * its CPU. Returns 0 or a negative error: -EBUSY if a test has one attached.
 */
int fork_fail_attach(struct mm_struct *mm);
bool fork_fail_is_attached(void);
/* Makes @to this kthread's instead of @from, which is attached. */
void fork_fail_switch(struct mm_struct *from, struct mm_struct *to);
/* Undoes fork_fail_attach(). */
void fork_fail_detach(struct mm_struct *mm);
/* Makes an mm with nothing in it; NULL without memory. */
struct mm_struct *fork_fail_mm(void);
/* Calls dup_mm(); NULL if it failed. */
struct mm_struct *fork_fail_dup_mm(struct mm_struct *parent);
/* Takes a reference to an mm, by mmget(). */
void fork_fail_get(struct mm_struct *mm);
/* Drops a reference to an mm, by mmput(). */
void fork_fail_put(struct mm_struct *mm);
/*
 * Drops a reference by mmput(). Returns whether it was the last, and whether all
 * references by mmgrab() are gone as well.
 */
bool fork_fail_put_keeping(struct mm_struct *mm);
/* Calls dup_mmap(). */
int fork_fail_dup_mmap(struct mm_struct *child, struct mm_struct *parent);
/* Returns the lowest address that can be mapped. */
unsigned long fork_fail_lowest(void);
/* Returns the end of what can be mapped and read. */
unsigned long fork_fail_highest(void);
/* Returns how many bytes a page table of this level maps, PTEs being 1. */
unsigned long fork_fail_table_span(unsigned int level);

/* map.c: system calls on the address space, which the kthread has attached */

/* Makes a file in memory; NULL without memory. */
struct file *fork_fail_file(unsigned long size);
/*
 * Maps @file, or anonymous memory if it is NULL, at @addr, readable and writable.
 * Returns @addr or a negative error.
 */
long fork_fail_map(struct file *file, unsigned long addr, unsigned long len,
		   unsigned int how);
/* Maps memory of memfd_secret(). */
int fork_fail_map_secret(unsigned long addr, unsigned long len);
/* Calls madvise(). */
int fork_fail_advise(struct mm_struct *mm, unsigned long addr, unsigned long len,
		     enum fork_fail_advice advice);
/* Takes the permission to write. */
int fork_fail_read_only(unsigned long addr, unsigned long len);
/* Names anonymous memory. Uses a page at @scratch. */
int fork_fail_name(unsigned long addr, unsigned long len, unsigned long scratch);
/* Sets a memory policy. */
int fork_fail_policy(unsigned long addr, unsigned long len);
/* Gives the mm an LDT. Uses a page at @scratch. */
int fork_fail_ldt(unsigned long scratch);
/* Pins the page at @addr for DMA; NULL if that fails. */
struct page *fork_fail_pin(unsigned long addr);
/* Undoes fork_fail_pin(). */
void fork_fail_unpin(struct page *page);
/*
 * Gives a device exclusive access to the page at @addr, and keeps the page locked;
 * NULL if that fails.
 */
struct folio *fork_fail_exclusive(struct mm_struct *mm, unsigned long addr);
/* Undoes fork_fail_exclusive(), but for the entry in the page table. */
void fork_fail_exclusive_end(struct folio *folio);

/* uffd.c: userfaultfd, and a thread that reads its events */

/*
 * Registers memory with a new userfaultfd. Uses a page at @scratch. NULL if that
 * fails.
 */
struct fork_fail_uffd *fork_fail_uffd_open(unsigned long addr, unsigned long len,
					   unsigned int how, unsigned long scratch);
/* Closes it. */
void fork_fail_uffd_close(struct fork_fail_uffd *uffd);
void fork_fail_uffd_settle(void);
bool fork_fail_uffd_changing(void);
long fork_fail_uffd_count(void);
/* Returns how many events of forks there were so far. */
unsigned long fork_fail_uffd_forks(void);

/* driver.c: mappings of a driver */

/*
 * Opens a device that can be mapped, with pages that are counted or without; NULL
 * without memory.
 */
struct file *fork_fail_driver(bool mixed);
/*
 * Makes the driver keep the first mm into which a mapping of it is copied, or not.
 * Returns 0 or a negative error; it never fails to stop.
 */
int fork_fail_driver_keep(bool keep);
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
long fork_fail_driver_mappings(void);
void fork_fail_driver_disturb(int by);

/*
 * What follows is undone when the test ends, also if it aborts.  The functions that
 * undo it earlier do nothing if there is nothing to undo.
 */

/* settings.c: the pool of huge pages and KSM, for the whole machine */
struct vfsmount *fork_fail_mount(const char *fs);
int fork_fail_write_at(struct vfsmount *mnt, const char *path, const char *text);
int fork_fail_read_at(struct vfsmount *mnt, const char *path, char *text, size_t size);
long fork_fail_huge_pool_size(void);
/* Enlarges the pool until so many huge pages are free. */
int fork_fail_huge_pool(unsigned int pages);
/* Makes the pool as large as before. */
void fork_fail_huge_pool_restore(void);
long fork_fail_ksm_run(void);
long fork_fail_ksm_sleep(void);
/*
 * Runs KSM until it has merged so many pages of the mm. From then on it is
 * stopped.
 */
int fork_fail_merge(struct mm_struct *mm, unsigned long pages);

/* swap.c: swapping to the RAM disk */
bool fork_fail_swap_node(void);
int fork_fail_swap_disk(void);
/* Writes something to the RAM disk, as a user of it would do, or blanks it. */
int fork_fail_swap_disk_mark(bool marked);
/*
 * Provides a swap area: the RAM disk, which must be blank. -EBUSY if it is not, or
 * if it is used otherwise.
 */
int fork_fail_swap_on(void);
/* Takes the swap area away, and blanks the disk. */
void fork_fail_swap_off(void);
/* Swaps out all pages there. */
int fork_fail_swap_out(struct mm_struct *mm, unsigned long addr, unsigned long len);

/* memcg.c: a limit to what the test is charged */
bool fork_fail_group_exists(void);
/*
 * Puts this task into a memory cgroup that can be charged for so many pages more.
 * The kthread has an mm.
 */
int fork_fail_charge_only(unsigned long pages);
/* Takes the task out of the cgroup. */
void fork_fail_charge_again(void);

/* refuse.c: failures other than of allocations */

/* Lets the mm commit so many pages more. */
int fork_fail_commit_only(struct mm_struct *mm, unsigned long pages);
/* Undoes fork_fail_commit_only(). */
void fork_fail_commit_again(void);
/*
 * Lets another task hold the mm's mmap lock for reading. Returns 0 or a negative
 * error.
 */
int fork_fail_lock_hold(struct mm_struct *mm);
/* Undoes fork_fail_lock_hold(). */
void fork_fail_lock_release(void);
/* Makes a fatal signal pending in this kthread, or takes it back. */
void fork_fail_set_killed(bool killed);
/*
 * Gives the mm a binary format whose module is about to be unloaded, or takes it
 * away.
 */
void fork_fail_binfmt_leaves(struct mm_struct *mm, bool leaves);
/*
 * Takes all free huge pages from the pool but so many. Returns 0 or a negative
 * error.
 */
int fork_fail_huge_take(unsigned long leave);
/* Undoes fork_fail_huge_take(). */
void fork_fail_huge_give_back(void);

/* child.c: what others can find in the mm of a fork that failed */

/* Returns the number of entries in the mm's tree, of whatever kind. */
unsigned long fork_fail_entries(struct mm_struct *child);
/*
 * Returns whether a lookup at @addr, or a search from there upwards, finds an
 * entry.
 */
bool fork_fail_finds(struct mm_struct *child, unsigned long addr);
/*
 * Returns how many VMAs of the child can be reached by an rmap walk from the
 * parent's VMA at @addr.
 */
unsigned long fork_fail_linked(struct mm_struct *child, struct mm_struct *parent,
			       unsigned long addr);
/* Returns whether the mm has MMF_UNSTABLE. */
bool fork_fail_unstable(struct mm_struct *child);
unsigned long fork_fail_mappings(struct address_space *mapping, const struct mm_struct *only);

/* copy.c: what a fork that succeeded has to make of an mm and of its VMAs */

/*
 * Fills in those fields of @child, a copy of @parent, that need not be as in
 * @parent; returns how many. @how is FORK_FAIL_*.
 */
unsigned int fork_fail_mm_fields(struct mm_struct *child, struct mm_struct *parent,
				 unsigned int how, struct fork_fail_field *out,
				 unsigned int max);
/* Returns the VMA of @mm at @addr, or NULL. */
struct vm_area_struct *fork_fail_vma(struct mm_struct *mm, unsigned long addr);
/* As fork_fail_mm_fields(), for @child, which is in @mm, as the copy of @parent. */
unsigned int fork_fail_vma_fields(struct vm_area_struct *child, struct mm_struct *mm,
				  struct vm_area_struct *parent,
				  struct fork_fail_field *out, unsigned int max);
/*
 * Gives @mm, which is to be forked, values that tell whether a fork has copied
 * them. Returns 0 or a negative error.
 */
int fork_fail_mark(struct mm_struct *mm, struct file *exe_file);
/* read.c: values that a failed fork must not change */

/* Waits until everything is freed that is freed late. */
void fork_fail_settle(void);
/*
 * Reads at most @max values that a failed fork must not change; returns how many.
 */
unsigned int fork_fail_read(struct mm_struct *parent,
			    struct fork_fail_reading *out, unsigned int max);
/* Reads how many objects are in use; returns how many values these are. */
unsigned int fork_fail_read_slabs(struct fork_fail_reading *out, unsigned int max);
/* Reads the values of the VMA at @addr; returns how many, 0 if there is no VMA. */
unsigned int fork_fail_read_vma(struct mm_struct *parent, unsigned long addr,
				struct fork_fail_reading *out, unsigned int max);
struct kmem_cache *fork_fail_cache(const char *name);
unsigned int fork_fail_copy_readings(struct fork_fail_reading *out, unsigned int max,
				     const struct fork_fail_reading *all, unsigned int nr);

/* disturb.c: changes that the readings have to show */

/*
 * Makes the @nth change, counted from 0, to the mm and its VMA at @addr, or undoes
 * it. The VMA must be a private mapping of a file that was written to. Returns the
 * name of the reading that has to show the change, a static string, or NULL if
 * there are no more.
 */
const char *fork_fail_disturb(struct mm_struct *mm, unsigned long addr, unsigned int nth,
			      bool undo);
/*
 * Allocates an object of the named slab cache, or frees it. Returns whether there
 * is such a cache.
 */
bool fork_fail_disturb_slab(const char *name, bool undo);

/* spoil.c: wrong fields, which have to be noticed */

/*
 * Makes the @nth field wrong, counted from 0, of @child or its VMA, or undoes it.
 * Returns its name, a static string, or NULL if there are no more.
 */
const char *fork_fail_spoil(struct mm_struct *child, struct vm_area_struct *vma,
			    unsigned int nth, bool undo);

/* abort.c: tests that abort, and what they must not leave behind */

/* Reads what a test must leave as it was; returns how many values these are. */
unsigned int fork_fail_read_settings(struct fork_fail_reading *out, unsigned int max);
/*
 * Runs a test in a test, in a kthread of its own, and cleans up after it as KUnit
 * does.
 */
int fork_fail_run_test(void (*body)(void));
/*
 * Aborts the current test as a failed assertion does, but without a message. Does
 * not return; objtool would have to know about that.
 */
void fork_fail_abort(void);

#endif /* _MM_TESTS_FORK_FAIL_SHIM_H */
