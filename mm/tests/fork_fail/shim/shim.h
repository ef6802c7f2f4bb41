/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the C side offers to the tests in Rust; shim.rs has the same as Rust
 * declarations, and says what each returns.
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
struct fork_fail_uffd;

/* How to map, for fork_fail_map() */
#define FORK_FAIL_SHARED	0x1
#define FORK_FAIL_LOCKED	0x2
#define FORK_FAIL_HUGE		0x4

/* For fork_fail_advise(), as MADV_* of the same names: these differ by architecture. */
enum fork_fail_advice {
	FORK_FAIL_DONTFORK,
	FORK_FAIL_WIPEONFORK,
	FORK_FAIL_HUGEPAGE,
	FORK_FAIL_NOHUGEPAGE,
	FORK_FAIL_MERGEABLE,
	FORK_FAIL_DONTNEED,
};

/* How to watch, for fork_fail_uffd_open() */
#define FORK_FAIL_UFFD_EVENTS	0x1
#define FORK_FAIL_UFFD_WP	0x2

/* Something that can be read off, and what it is called in a message */
struct fork_fail_reading {
	const char *name;
	long value;
};

/* mm.c: address spaces, and forks of them */
int fork_fail_attach(struct mm_struct *mm);
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

/* map.c: what user space would do to its own */
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

/* uffd.c: userfaultfd, and who reads its events */
struct fork_fail_uffd *fork_fail_uffd_open(unsigned long addr, unsigned long len,
					   unsigned int how, unsigned long scratch);
void fork_fail_uffd_close(struct fork_fail_uffd *uffd);
void fork_fail_uffd_settle(void);
bool fork_fail_uffd_changing(void);
unsigned long fork_fail_uffd_forks(void);

/* driver.c: a driver's mappings */
struct file *fork_fail_driver(bool mixed);
void fork_fail_driver_keep(bool keep);
struct mm_struct *fork_fail_driver_take(void);
long fork_fail_driver_mappings(void);
void fork_fail_driver_disturb(int by);

/* system.c: what is set up once, for the whole machine */
int fork_fail_huge_pool(unsigned int pages);
int fork_fail_swap_on(void);
void fork_fail_swap_off(void);
int fork_fail_swap_out(struct mm_struct *mm, unsigned long addr, unsigned long len);
int fork_fail_merge(struct mm_struct *mm, unsigned long pages);
int fork_fail_charge_only(unsigned long pages);
void fork_fail_charge_again(void);

/* refuse.c: failures that are no allocations */
int fork_fail_commit_only(struct mm_struct *mm, unsigned long pages);
void fork_fail_commit_again(void);
int fork_fail_lock_hold(struct mm_struct *mm);
void fork_fail_lock_release(void);
void fork_fail_binfmt_leaves(struct mm_struct *mm, bool leaves);
void fork_fail_huge_take(unsigned long leave);
void fork_fail_huge_give_back(void);

/* child.c: who finds what in the mm of a fork that failed */
unsigned long fork_fail_entries(struct mm_struct *child);
bool fork_fail_finds(struct mm_struct *child, unsigned long addr);
unsigned long fork_fail_linked(struct mm_struct *child, struct mm_struct *parent,
			       unsigned long addr);
bool fork_fail_unstable(struct mm_struct *child);
unsigned long fork_fail_mappings(struct address_space *mapping, const struct mm_struct *only);

/* read.c: what a failed fork must not change */
void fork_fail_settle(void);
unsigned int fork_fail_read(struct mm_struct *parent,
			    struct fork_fail_reading *out, unsigned int max);
unsigned int fork_fail_read_slabs(struct fork_fail_reading *out, unsigned int max);
unsigned int fork_fail_read_vma(struct mm_struct *parent, unsigned long addr,
				struct fork_fail_reading *out, unsigned int max);
struct kmem_cache *fork_fail_cache(const char *name);

/* disturb.c: what the readings have to show */
const char *fork_fail_disturb(struct mm_struct *mm, unsigned long addr, unsigned int nth,
			      bool undo);
bool fork_fail_disturb_slab(const char *name, bool undo);

#endif /* _MM_TESTS_FORK_FAIL_SHIM_H */
