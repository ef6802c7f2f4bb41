// SPDX-License-Identifier: GPL-2.0
/*
 * Swapping to the RAM disk /dev/ram0.  The disk must be blank and unused before,
 * and is blank afterwards.
 */

#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/kthread.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/namei.h>
#include <linux/sched/mm.h>
#include <linux/string.h>
#include <linux/swap.h>
#include <linux/uaccess.h>
#include <uapi/linux/major.h>

#include "../../../internal.h"
#include "call.h"
#include "shim.h"
#include "undo.h"

/* A node of the test's own: /dev may not be there yet. */
static const char swap_path[] = "/fork_fail_swap";

/* Whether the file system has the node */
bool fork_fail_swap_node(void)
{
	struct path path;

	if (kern_path(swap_path, 0, &path))
		return false;
	path_put(&path);
	return true;
}

#if defined(CONFIG_SWAP) && IS_BUILTIN(CONFIG_BLK_DEV_RAM) && defined(__NR_mknod)

#define SWAP_PAGES	256
#define DISK		MKDEV(RAMDISK_MAJOR, 0)

/* Fails with -EBUSY if anybody else has the disk for himself, or has mounted it. */
static struct file *open_disk(void)
{
	return bdev_file_open_by_dev(DISK, BLK_OPEN_READ | BLK_OPEN_WRITE, &open_disk, NULL);
}

static int read_page(struct file *disk, void *page, unsigned long nr)
{
	loff_t pos = nr * PAGE_SIZE;

	return kernel_read(disk, page, PAGE_SIZE, &pos) == PAGE_SIZE ? 0 : -EIO;
}

static int write_page(struct file *disk, const void *page, unsigned long nr)
{
	loff_t pos = nr * PAGE_SIZE;

	return kernel_write(disk, page, PAGE_SIZE, &pos) == PAGE_SIZE ? 0 : -EIO;
}

/* Returns -EBUSY if there is anything on the disk. */
static int check_blank(struct file *disk, void *page)
{
	unsigned long nr;
	int err = 0;

	for (nr = 0; !err && nr < SWAP_PAGES; nr++) {
		err = read_page(disk, page, nr);
		if (!err && memchr_inv(page, 0, PAGE_SIZE))
			err = -EBUSY;
	}
	return err;
}

static int erase(struct file *disk, void *page)
{
	unsigned long nr;
	int err = 0;

	memset(page, 0, PAGE_SIZE);
	for (nr = 0; !err && nr < SWAP_PAGES; nr++)
		err = write_page(disk, page, nr);
	return err ?: vfs_fsync(disk, 0);
}

/* What mkswap does, unless the disk is in use */
static int make_swap(struct file *disk, void *page)
{
	union swap_header *header = page;
	int err = check_blank(disk, page);

	if (err)
		return err;
	header->info.version = 1;
	header->info.last_page = SWAP_PAGES - 1;
	memcpy(header->magic.magic, "SWAPSPACE2", 10);
	err = write_page(disk, page, 0);
	return err ?: vfs_fsync(disk, 0);
}

static int on_disk(int (*what)(struct file *disk, void *page))
{
	void *page = (void *)get_zeroed_page(GFP_KERNEL);
	struct file *disk;
	int err;

	if (!page)
		return -ENOMEM;
	disk = open_disk();
	err = PTR_ERR_OR_ZERO(disk);
	if (!err) {
		err = what(disk, page);
		bdev_fput(disk);
		flush_delayed_fput();
	}
	free_page((unsigned long)page);
	return err;
}

/* Returns 0 if the disk is blank, else a negative error. */
int fork_fail_swap_disk(void)
{
	return on_disk(check_blank);
}

static int mark(struct file *disk, void *page)
{
	memset(page, 0xa5, PAGE_SIZE);
	return write_page(disk, page, SWAP_PAGES - 1) ?: vfs_fsync(disk, 0);
}

/* Writes something to the disk, as its user would, or erases it. */
int fork_fail_swap_disk_mark(bool marked)
{
	return on_disk(marked ? mark : erase);
}

/* A system call on swap_path, which has to be in user space for that */
static long path_call(unsigned int nr, unsigned long a, unsigned long b)
{
	struct mm_struct *own = NULL;
	unsigned long scratch;
	long err = -EFAULT;

	/* KUnit's kthread that cleans up after a test has no mm. */
	if (!current->mm) {
		own = fork_fail_mm();
		if (!own)
			return -ENOMEM;
		kthread_use_mm(own);
	}
	scratch = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(scratch)) {
		err = scratch;
	} else {
		if (!copy_to_user((void __user *)scratch, swap_path, sizeof(swap_path)))
			err = fork_fail_call(nr, scratch, a, b);
		vm_munmap(scratch, PAGE_SIZE);
	}
	flush_delayed_fput();
	if (own) {
		kthread_unuse_mm(own);
		mmput(own);
	}
	return err;
}

/* The file that swapoff() has closed may be released late. */
static int erase_disk(void)
{
	unsigned int tries;
	int err = -EBUSY;

	for (tries = 0; err == -EBUSY && tries < 100; tries++) {
		if (tries)
			msleep(20);
		err = on_disk(erase);
	}
	return err;
}

static void swap_off(void *unused)
{
	WARN_ON_ONCE(path_call(__NR_swapoff, 0, 0));
	WARN_ON_ONCE(path_call(__NR_unlink, 0, 0));
	WARN_ON_ONCE(erase_disk());
}

int fork_fail_swap_on(void)
{
	long err = path_call(__NR_mknod, S_IFBLK | 0600, new_encode_dev(DISK));

	if (err)
		return err;
	err = on_disk(make_swap);
	if (!err) {
		err = path_call(__NR_swapon, 0, 0);
		if (!err)
			return fork_fail_undo_at_end(swap_off, NULL);
		WARN_ON_ONCE(erase_disk());
	}
	if (err == -EBUSY)
		pr_warn("fork_fail: the RAM disk /dev/ram0 is in use or not blank, nothing is swapped to it\n");
	WARN_ON_ONCE(path_call(__NR_unlink, 0, 0));
	return err;
}

void fork_fail_swap_off(void)
{
	fork_fail_undo_now(swap_off, NULL);
}

#else

int fork_fail_swap_disk(void)
{
	return 0;
}

int fork_fail_swap_disk_mark(bool marked)
{
	return -EOPNOTSUPP;
}

int fork_fail_swap_on(void)
{
	return -EOPNOTSUPP;
}

void fork_fail_swap_off(void) {}

#endif

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
