/* SPDX-License-Identifier: GPL-2.0 */
/* What newer kernels have otherwise. */

#ifndef _MM_TESTS_FORK_FAIL_OLDER_H
#define _MM_TESTS_FORK_FAIL_OLDER_H

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/namei.h>
#include <linux/rmap.h>
#include <linux/sched/coredump.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <asm/syscall.h>

#define system_percpu_wq system_wq

#ifdef CONFIG_UML
extern const sys_call_ptr_t sys_call_table[];
#endif

static inline unsigned long fork_fail_flags(const struct mm_struct *mm)
{
	return READ_ONCE(mm->flags);
}

static inline unsigned long mmf_init_legacy_flags(unsigned long flags)
{
	return mmf_init_flags(flags);
}

static inline bool mm_flags_test(int flag, const struct mm_struct *mm)
{
	return test_bit(flag, &mm->flags);
}

static inline void mm_flags_set(int flag, struct mm_struct *mm)
{
	set_bit(flag, &mm->flags);
}

static inline void mm_flags_clear(int flag, struct mm_struct *mm)
{
	clear_bit(flag, &mm->flags);
}

static inline struct dentry *fork_fail_lookup(const char *name, struct dentry *parent)
{
	return lookup_one_len(name, parent, strlen(name));
}

static inline struct dentry *fork_fail_mkdir(struct inode *dir, struct dentry *dentry)
{
	int err = vfs_mkdir(&nop_mnt_idmap, dir, dentry, 0700);

	if (!err)
		return dentry;
	dput(dentry);
	return ERR_PTR(err);
}

#ifdef CONFIG_DEVICE_PRIVATE
static inline struct page *make_device_exclusive(struct mm_struct *mm, unsigned long addr,
						 void *owner, struct folio **folio)
{
	struct page *page = NULL;
	int nr = make_device_exclusive_range(mm, addr, addr + PAGE_SIZE, &page, owner);

	if (nr < 0)
		return ERR_PTR(nr);
	if (!page)
		return ERR_PTR(-EBUSY);
	*folio = page_folio(page);
	return page;
}
#endif

#endif /* _MM_TESTS_FORK_FAIL_OLDER_H */
