/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What fork_fail_shim.c offers to the tests in Rust; shim.rs has the same as
 * Rust declarations, and says what each returns.
 */

#ifndef _MM_TESTS_FORK_FAIL_SHIM_H
#define _MM_TESTS_FORK_FAIL_SHIM_H

#include <linux/types.h>

struct file;
struct mm_struct;
struct page;

/* How to map, for fork_fail_map() */
#define FORK_FAIL_SHARED	0x1
#define FORK_FAIL_LOCKED	0x2

/* Something that can be read off, and what it is called in a message */
struct fork_fail_reading {
	const char *name;
	long value;
};

struct mm_struct *fork_fail_attach(void);
void fork_fail_detach(struct mm_struct *mm);
struct file *fork_fail_file(unsigned long size);
void fork_fail_file_put(struct file *file);
struct file *fork_fail_driver(void);
void fork_fail_driver_keep(bool keep);
struct mm_struct *fork_fail_driver_take(void);
long fork_fail_map(struct file *file, unsigned long addr, unsigned long len,
		   unsigned int how);
struct page *fork_fail_pin(unsigned long addr);
void fork_fail_unpin(struct page *page);
int fork_fail_dontfork(struct mm_struct *mm, unsigned long addr, unsigned long len);
int fork_fail_wipeonfork(struct mm_struct *mm, unsigned long addr, unsigned long len);
struct mm_struct *fork_fail_dup_mm(struct mm_struct *parent);
struct mm_struct *fork_fail_child(void);
void fork_fail_put(struct mm_struct *mm);
int fork_fail_dup_mmap(struct mm_struct *child, struct mm_struct *parent);
long fork_fail_peek(struct mm_struct *mm, unsigned long addr);
int fork_fail_map_count(struct mm_struct *mm);
unsigned long fork_fail_entries(struct mm_struct *child);
bool fork_fail_finds(struct mm_struct *child, unsigned long addr);
unsigned int fork_fail_read(struct mm_struct *parent,
			    struct fork_fail_reading *out, unsigned int max);
unsigned int fork_fail_read_vma(struct mm_struct *parent, unsigned long addr,
				struct fork_fail_reading *out, unsigned int max);

#endif /* _MM_TESTS_FORK_FAIL_SHIM_H */
