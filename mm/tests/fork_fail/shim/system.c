// SPDX-License-Identifier: GPL-2.0
/*
 * What is set up for the whole machine: a pool of huge pages, a place to swap to,
 * the search for equal pages.  By the files that an administrator would write to,
 * since there is no other interface; nothing is mounted where others could see it.
 */

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/jiffies.h>
#include <linux/ksm.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/pagemap.h>
#include <linux/swap.h>
#include <linux/uaccess.h>
#include <uapi/linux/major.h>

#include "../../../internal.h"
#include "call.h"
#include "shim.h"

static int write_to(const char *fs, const char *path, const char *text)
{
	struct file_system_type *type = get_fs_type(fs);
	struct vfsmount *mnt;
	struct file *file;
	ssize_t written;
	loff_t pos = 0;

	if (!type)
		return -ENODEV;
	mnt = kern_mount(type);
	module_put(type->owner);
	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	file = file_open_root_mnt(mnt, path, O_WRONLY, 0);
	written = PTR_ERR_OR_ZERO(file);
	if (!written) {
		written = kernel_write(file, text, strlen(text), &pos);
		fput(file);
		flush_delayed_fput();
	}
	kern_unmount(mnt);
	return min(written, 0);
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
	return -ENOSYS;
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
	return -ENOSYS;
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
		return -ENOSYS;
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
		msleep(10);
	}
	return -ETIMEDOUT;
}
