/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions in C for the tests in Rust.  shim.rs declares them for Rust, and says
 * what each returns.
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

/* mm.c: address spaces, and forks of them */
int fork_fail_attach(struct mm_struct *mm);
bool fork_fail_is_attached(void);
void fork_fail_switch(struct mm_struct *from, struct mm_struct *to);
void fork_fail_detach(struct mm_struct *mm);
struct mm_struct *fork_fail_mm(void);
struct mm_struct *fork_fail_dup_mm(struct mm_struct *parent);
void fork_fail_get(struct mm_struct *mm);
void fork_fail_put(struct mm_struct *mm);
bool fork_fail_put_keeping(struct mm_struct *mm);
int fork_fail_dup_mmap(struct mm_struct *child, struct mm_struct *parent);
long fork_fail_peek(struct mm_struct *mm, unsigned long addr);
int fork_fail_map_count(struct mm_struct *mm);
unsigned long fork_fail_lowest(void);
unsigned long fork_fail_highest(void);
unsigned long fork_fail_table_span(unsigned int level);

/* map.c: system calls on the address space, which the kthread has attached */
struct file *fork_fail_file(unsigned long size);
void fork_fail_file_put(struct file *file);
long fork_fail_map(struct file *file, unsigned long addr, unsigned long len,
		   unsigned int how);
int fork_fail_unmap(unsigned long addr, unsigned long len);
int fork_fail_map_secret(unsigned long addr, unsigned long len);
int fork_fail_advise(struct mm_struct *mm, unsigned long addr, unsigned long len,
		     enum fork_fail_advice advice);
int fork_fail_read_only(unsigned long addr, unsigned long len);
int fork_fail_name(unsigned long addr, unsigned long len, unsigned long scratch);
int fork_fail_policy(unsigned long addr, unsigned long len);
int fork_fail_ldt(unsigned long scratch);
struct page *fork_fail_pin(unsigned long addr);
void fork_fail_unpin(struct page *page);
struct folio *fork_fail_exclusive(struct mm_struct *mm, unsigned long addr);
void fork_fail_exclusive_end(struct folio *folio);

/* uffd.c: userfaultfd, and a thread that reads its events */
struct fork_fail_uffd *fork_fail_uffd_open(unsigned long addr, unsigned long len,
					   unsigned int how, unsigned long scratch);
void fork_fail_uffd_close(struct fork_fail_uffd *uffd);
void fork_fail_uffd_settle(void);
bool fork_fail_uffd_changing(void);
long fork_fail_uffd_count(void);
unsigned long fork_fail_uffd_forks(void);

/* driver.c: mappings of a driver */
struct file *fork_fail_driver(bool mixed);
int fork_fail_driver_keep(bool keep);
struct mm_struct *fork_fail_driver_take(void);
long fork_fail_driver_unmarked(void);
long fork_fail_driver_locked(void);
long fork_fail_driver_mappings(void);
void fork_fail_driver_disturb(int by);

/* settings.c: the pool of huge pages and KSM, for the whole machine */
struct vfsmount *fork_fail_mount(const char *fs);
int fork_fail_write_at(struct vfsmount *mnt, const char *path, const char *text);
int fork_fail_read_at(struct vfsmount *mnt, const char *path, char *text, size_t size);
long fork_fail_huge_pool_size(void);
int fork_fail_huge_pool(unsigned int pages);
void fork_fail_huge_pool_restore(void);
long fork_fail_ksm_run(void);
long fork_fail_ksm_sleep(void);
int fork_fail_merge(struct mm_struct *mm, unsigned long pages);

/* swap.c: swapping to the RAM disk */
bool fork_fail_swap_node(void);
int fork_fail_swap_disk(void);
int fork_fail_swap_disk_mark(bool marked);
int fork_fail_swap_on(void);
void fork_fail_swap_off(void);
int fork_fail_swap_out(struct mm_struct *mm, unsigned long addr, unsigned long len);

/* memcg.c: a limit to what the test is charged */
bool fork_fail_group_exists(void);
int fork_fail_charge_only(unsigned long pages);
void fork_fail_charge_again(void);

/* refuse.c: failures other than of allocations */
int fork_fail_commit_only(struct mm_struct *mm, unsigned long pages);
void fork_fail_commit_again(void);
int fork_fail_lock_hold(struct mm_struct *mm);
void fork_fail_lock_release(void);
void fork_fail_binfmt_leaves(struct mm_struct *mm, bool leaves);
int fork_fail_huge_take(unsigned long leave);
void fork_fail_huge_give_back(void);

/* child.c: what others can find in the mm of a fork that failed */
unsigned long fork_fail_entries(struct mm_struct *child);
bool fork_fail_finds(struct mm_struct *child, unsigned long addr);
unsigned long fork_fail_linked(struct mm_struct *child, struct mm_struct *parent,
			       unsigned long addr);
bool fork_fail_unstable(struct mm_struct *child);
unsigned long fork_fail_mappings(struct address_space *mapping, const struct mm_struct *only);

/* read.c: values that a failed fork must not change */
void fork_fail_settle(void);
unsigned int fork_fail_read(struct mm_struct *parent,
			    struct fork_fail_reading *out, unsigned int max);
unsigned int fork_fail_read_slabs(struct fork_fail_reading *out, unsigned int max);
unsigned int fork_fail_read_vma(struct mm_struct *parent, unsigned long addr,
				struct fork_fail_reading *out, unsigned int max);
struct kmem_cache *fork_fail_cache(const char *name);
unsigned int fork_fail_copy_readings(struct fork_fail_reading *out, unsigned int max,
				     const struct fork_fail_reading *all, unsigned int nr);

/* disturb.c: changes that the readings have to show */
const char *fork_fail_disturb(struct mm_struct *mm, unsigned long addr, unsigned int nth,
			      bool undo);
bool fork_fail_disturb_slab(const char *name, bool undo);

/* abort.c: tests that abort, and what they must not leave behind */
unsigned int fork_fail_read_settings(struct fork_fail_reading *out, unsigned int max);
int fork_fail_run_test(void (*body)(void));
void fork_fail_abort(void);

#endif /* _MM_TESTS_FORK_FAIL_SHIM_H */
