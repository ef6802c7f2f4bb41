// SPDX-License-Identifier: GPL-2.0
/*
 * A memory cgroup that the test's task can be charged in up to a limit.  It is
 * made by the files that an administrator would write to; the file system is
 * mounted where no other task can see it.
 */

#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/memcontrol.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/swap.h>
#include <linux/uaccess.h>

#include "shim.h"
#include "undo.h"

#ifdef CONFIG_MEMCG

#define CONTROLLERS	"cgroup.subtree_control"
#define GROUP		"fork_fail"

static struct {
	struct vfsmount *mnt;	/* NULL: the group does not exist */
	bool enabled_memory;	/* by the test */
	bool entered;
} group;

bool fork_fail_group_exists(void)
{
	return group.mnt;
}

/* Makes the group's directory, or removes it. */
static int change_directory(struct vfsmount *mnt, bool make)
{
	struct dentry *root = mnt->mnt_root, *dentry;
	int err = 0;

	inode_lock_nested(d_inode(root), I_MUTEX_PARENT);
	dentry = lookup_noperm(&QSTR(GROUP), root);
	if (!IS_ERR(dentry) && make)
		dentry = vfs_mkdir(&nop_mnt_idmap, d_inode(root), dentry, 0700);
	else if (!IS_ERR(dentry))
		err = vfs_rmdir(&nop_mnt_idmap, d_inode(root), dentry);
	inode_unlock(d_inode(root));
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	dput(dentry);
	return err;
}

static int enable_memory(struct vfsmount *mnt, bool *enabled)
{
	char text[128];
	int err = fork_fail_read_at(mnt, CONTROLLERS, text, sizeof(text));

	if (err || strstr(text, "memory"))
		return err;
	err = fork_fail_write_at(mnt, CONTROLLERS, "+memory");
	*enabled = !err;
	return err;
}

static void disable_memory(struct vfsmount *mnt)
{
	if (group.enabled_memory)
		WARN_ON_ONCE(fork_fail_write_at(mnt, CONTROLLERS, "-memory"));
	group.enabled_memory = false;
}

static void remove_group(void *unused)
{
	unsigned int tries;
	int err;

	/* A task that aborted its test leaves the group late in its exit. */
	for (tries = 0; tries < 100; tries++) {
		err = change_directory(group.mnt, false);
		if (err != -EBUSY)
			break;
		msleep(20);
	}
	WARN_ON_ONCE(err);
	disable_memory(group.mnt);
	kern_unmount(group.mnt);
	group.mnt = NULL;
	group.entered = false;
}

static int make_group(void)
{
	struct vfsmount *mnt = fork_fail_mount("cgroup2");
	int err;

	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	err = enable_memory(mnt, &group.enabled_memory);
	if (!err)
		err = change_directory(mnt, true);
	if (err) {
		disable_memory(mnt);
		kern_unmount(mnt);
		return err;
	}
	group.mnt = mnt;
	return fork_fail_undo_at_end(remove_group, NULL);
}

/* This task's pages are charged to the group from here on. */
static int enter_group(void)
{
	int err = group.mnt ? 0 : make_group();

	if (!err)
		err = fork_fail_write_at(group.mnt, GROUP "/cgroup.procs", "0");
	group.entered = !err;
	return err;
}

/* The task's cgroup, which cannot go away while the task is in it */
static struct mem_cgroup *own_group(void)
{
	guard(rcu)();
	return mem_cgroup_from_task(current);
}

#define MOST_STOCKED	128

/*
 * Uses up what this CPU has charged in advance, by filling memory until there is
 * no more: then the limit is exact.
 */
static int empty_stock(struct mem_cgroup *memcg)
{
	unsigned long len = MOST_STOCKED * PAGE_SIZE, done;
	unsigned long addr = vm_mmap(NULL, 0, len, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, 0);

	if (IS_ERR_VALUE(addr))
		return addr;
	page_counter_set_max(&memcg->memory, page_counter_read(&memcg->memory));
	for (done = 0; done < len; done += PAGE_SIZE) {
		if (copy_to_user((void __user *)addr + done, "", 1))
			break;
	}
	vm_munmap(addr, len);
	lru_add_drain_all();
	return done < len ? 0 : -E2BIG;
}

/* The task has to stay on its CPU, which has a stock of its own. */
int fork_fail_charge_only(unsigned long pages)
{
	struct mem_cgroup *memcg;
	int err = enter_group();

	if (err)
		return err;
	memcg = own_group();
	err = empty_stock(memcg);
	if (!err)
		err = page_counter_set_max(&memcg->memory,
					   page_counter_read(&memcg->memory) + pages);
	if (err)
		fork_fail_charge_again();
	return err;
}

void fork_fail_charge_again(void)
{
	if (!group.entered)
		return;
	page_counter_set_max(&own_group()->memory, PAGE_COUNTER_MAX);
	WARN_ON_ONCE(fork_fail_write_at(group.mnt, "cgroup.procs", "0"));
	group.entered = false;
}

#else

bool fork_fail_group_exists(void)
{
	return false;
}

int fork_fail_charge_only(unsigned long pages)
{
	return -EOPNOTSUPP;
}

void fork_fail_charge_again(void) {}

#endif
