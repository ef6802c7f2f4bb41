// SPDX-License-Identifier: GPL-2.0
/*
 * What is set up for the whole machine: a pool of huge pages, a place to swap to,
 * the search for equal pages, a memory cgroup.  By the files that an administrator would write to,
 * since there is no other interface; nothing is mounted where others could see it.
 */

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/jiffies.h>
#include <linux/ksm.h>
#include <linux/memcontrol.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/swap.h>
#include <linux/uaccess.h>
#include <uapi/linux/major.h>

#include "../../../internal.h"
#include "call.h"
#include "shim.h"

static struct vfsmount *mount(const char *fs)
{
	struct file_system_type *type = get_fs_type(fs);
	struct vfsmount *mnt;

	if (!type)
		return ERR_PTR(-ENODEV);
	mnt = kern_mount(type);
	module_put(type->owner);
	return mnt;
}

static int write_at(struct vfsmount *mnt, const char *path, const char *text)
{
	struct file *file = file_open_root_mnt(mnt, path, O_WRONLY, 0);
	ssize_t written;
	loff_t pos = 0;

	if (IS_ERR(file))
		return PTR_ERR(file);
	written = kernel_write(file, text, strlen(text), &pos);
	fput(file);
	flush_delayed_fput();
	return min(written, 0);
}

static int write_to(const char *fs, const char *path, const char *text)
{
	struct vfsmount *mnt = mount(fs);
	int err;

	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	err = write_at(mnt, path, text);
	kern_unmount(mnt);
	return err;
}

/* Makes the pool hold as many huge pages, of the default size. */
int fork_fail_huge_pool(unsigned int pages)
{
#ifdef CONFIG_HUGETLB_PAGE
	char path[64], text[16];

	snprintf(path, sizeof(path), "kernel/mm/hugepages/hugepages-%lukB/nr_hugepages",
		 huge_page_size(&default_hstate) / SZ_1K);
	snprintf(text, sizeof(text), "%u", pages);
	return write_to("sysfs", path, text);
#else
	return -EOPNOTSUPP;
#endif
}

/*
 * Lets the kernel find equal pages until @pages of @mm have been merged, and no
 * longer: the search would change what is compared.
 */
int fork_fail_merge(struct mm_struct *mm, unsigned long pages)
{
#ifdef CONFIG_KSM
	unsigned long end = jiffies + 60 * HZ;
	int err;

	err = write_to("sysfs", "kernel/mm/ksm/sleep_millisecs", "1");
	if (!err)
		err = write_to("sysfs", "kernel/mm/ksm/run", "1");
	while (!err && READ_ONCE(mm->ksm_merging_pages) < pages) {
		if (time_after(jiffies, end))
			err = -ETIMEDOUT;
		msleep(20);
	}
	write_to("sysfs", "kernel/mm/ksm/run", "0");
	return err;
#else
	return -EOPNOTSUPP;
#endif
}

#define SWAP_PATH	"/fork_fail_swap"
#define SWAP_PAGES	256

static char swap_path[] = SWAP_PATH;

static int make_node(void)
{
	struct dentry *dentry;
	struct path path;
	int err;

	dentry = start_creating_path(AT_FDCWD, swap_path, &path, 0);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	err = vfs_mknod(mnt_idmap(path.mnt), d_inode(path.dentry), dentry,
			S_IFBLK | 0600, MKDEV(RAMDISK_MAJOR, 0));
	end_creating_path(&path, dentry);
	return err;
}

/* What mkswap does */
static int write_header(void)
{
	struct file *file = filp_open(swap_path, O_WRONLY, 0);
	union swap_header *header;
	ssize_t written = -ENOMEM;
	loff_t pos = 0;

	if (IS_ERR(file))
		return PTR_ERR(file);
	header = (union swap_header *)get_zeroed_page(GFP_KERNEL);
	if (header) {
		header->info.version = 1;
		header->info.last_page = SWAP_PAGES - 1;
		memcpy(header->magic.magic, "SWAPSPACE2", 10);
		written = kernel_write(file, header, PAGE_SIZE, &pos);
		if (written > 0)
			written = vfs_fsync(file, 0);
		free_page((unsigned long)header);
	}
	fput(file);
	flush_delayed_fput();
	return min(written, 0);
}

static long swap_call(unsigned int nr)
{
	/* The name has to be in user space. */
	unsigned long scratch = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, 0);
	long err = -EFAULT;

	if (IS_ERR_VALUE(scratch))
		return scratch;
	if (!copy_to_user((void __user *)scratch, swap_path, sizeof(swap_path)))
		err = fork_fail_call(nr, scratch);
	vm_munmap(scratch, PAGE_SIZE);
	return err;
}

/* Swaps to a RAM disk from now on.  The caller has an mm. */
int fork_fail_swap_on(void)
{
	int err;

	if (!IS_BUILTIN(CONFIG_BLK_DEV_RAM) || !IS_ENABLED(CONFIG_SWAP))
		return -EOPNOTSUPP;
	err = make_node();
	if (err && err != -EEXIST)
		return err;
	err = write_header();
	return err ?: swap_call(__NR_swapon);
}

void fork_fail_swap_off(void)
{
	WARN_ON_ONCE(swap_call(__NR_swapoff));
}

/* Swaps the pages there out, and waits until they are. */
int fork_fail_swap_out(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	unsigned long want = get_mm_counter_sum(mm, MM_SWAPENTS) + PHYS_PFN(len);
	int tries, err;

	for (tries = 0; tries < 100; tries++) {
		lru_add_drain_all();
		err = do_madvise(mm, addr, len, MADV_PAGEOUT);
		if (err || get_mm_counter_sum(mm, MM_SWAPENTS) == want)
			return err;
		msleep(20);
	}
	return -ETIMEDOUT;
}

#ifdef CONFIG_MEMCG

static struct vfsmount *cgroups;

static int make_group(const char *name)
{
	struct dentry *root = cgroups->mnt_root, *dentry;

	inode_lock_nested(d_inode(root), I_MUTEX_PARENT);
	dentry = lookup_noperm(&QSTR(name), root);
	if (!IS_ERR(dentry))
		dentry = vfs_mkdir(&nop_mnt_idmap, d_inode(root), dentry, 0700);
	inode_unlock(d_inode(root));
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	dput(dentry);
	return 0;
}

/* This task's pages are charged to a group of its own from here on. */
static int enter_group(void)
{
	int err = 0;

	if (!cgroups) {
		cgroups = mount("cgroup2");
		err = PTR_ERR_OR_ZERO(cgroups);
		if (!err)
			err = write_at(cgroups, "cgroup.subtree_control", "+memory");
		if (!err)
			err = make_group("fork_fail");
	}
	return err ?: write_at(cgroups, "fork_fail/cgroup.procs", "0");
}

/* Its group, which it holds as long as it is in it */
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

/* Lets this task, which stays on this CPU, be charged for so many pages more. */
int fork_fail_charge_only(unsigned long pages)
{
	struct mem_cgroup *memcg;
	int err = enter_group();

	if (err)
		return err;
	memcg = own_group();
	err = empty_stock(memcg);
	if (err)
		return err;
	return page_counter_set_max(&memcg->memory, page_counter_read(&memcg->memory) + pages);
}

void fork_fail_charge_again(void)
{
	if (!IS_ERR_OR_NULL(cgroups)) {
		page_counter_set_max(&own_group()->memory, PAGE_COUNTER_MAX);
		WARN_ON_ONCE(write_at(cgroups, "cgroup.procs", "0"));
	}
}

#else

int fork_fail_charge_only(unsigned long pages)
{
	return -EOPNOTSUPP;
}

void fork_fail_charge_again(void) {}

#endif
