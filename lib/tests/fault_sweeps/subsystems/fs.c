// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweeps of file systems: mounted, written to, unmounted.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/blkdev.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/major.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/msdos_fs.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

static const char text[] = "some text that is more than a few bytes long";

static int write_file(struct vfsmount *mnt)
{
	struct file *file = file_open_root_mnt(mnt, "file", O_CREAT | O_RDWR, 0600);
	loff_t pos = 0;
	ssize_t written = 0;
	int i;

	if (IS_ERR(file))
		return PTR_ERR(file);
	for (i = 0; i < 3 && written >= 0; i++, pos = i * 5000)
		written = kernel_write(file, text, sizeof(text), &pos);
	__fput_sync(file);
	return min(written, 0);
}

/* Mounted for the kernel only, so that it is gone at once when it is unmounted. */
static int mount_and_write(const char *name, const char *source)
{
	struct file_system_type *type = get_fs_type(name);
	struct vfsmount *mnt;
	int err;

	if (!type)
		return -ENODEV;
	mnt = vfs_kern_mount(type, SB_KERNMOUNT, source, NULL);
	put_filesystem(type);
	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	err = write_file(mnt);
	mntput(mnt);
	return err;
}

/* Who has no memory for an inode says that there is no space for it. */
static const int no_inode[] = { -ENOSPC, 0 };

static int ramfs(struct kunit *test)
{
	return mount_and_write("ramfs", "none");
}

KUNIT_DEFINE_FAULT_SWEEP(ramfs, .allow_success = true, .accept = no_inode);

#if IS_ENABLED(CONFIG_TMPFS)

static int tmpfs(struct kunit *test)
{
	return mount_and_write("tmpfs", "none");
}

KUNIT_DEFINE_FAULT_SWEEP(tmpfs, .allow_success = true, .accept = no_inode);

#endif

#if IS_BUILTIN(CONFIG_VFAT_FS) && IS_BUILTIN(CONFIG_BLK_DEV_RAM)

#define DISK_NODE	"/fault_sweep_disk"
#define SECTOR		512

/* An empty FAT12: a boot sector, one FAT of a sector, 16 names in the root directory. */
static void format(u8 *disk)
{
	struct fat_boot_sector *boot = (void *)disk;

	boot->ignored[0] = 0xeb;
	put_unaligned_le16(SECTOR, boot->sector_size);
	boot->sec_per_clus = 4;
	boot->reserved = cpu_to_le16(1);
	boot->fats = 1;
	put_unaligned_le16(16, boot->dir_entries);
	put_unaligned_le16(1024, boot->sectors);
	boot->media = 0xf8;
	boot->fat_length = cpu_to_le16(1);
	memcpy(disk + SECTOR, "\xf8\xff\xff", 3);
}

static int write_disk(struct kunit *test)
{
	struct file *file;
	loff_t pos = 0;
	ssize_t written;
	u8 *disk;
	int err;

	file = bdev_file_open_by_dev(MKDEV(RAMDISK_MAJOR, 0), BLK_OPEN_WRITE, NULL, NULL);
	if (IS_ERR(file))
		return PTR_ERR(file);
	/* All of it, so that the disk has its pages before any run. */
	disk = kunit_kzalloc(test, 1024 * SECTOR, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, disk);
	format(disk);
	written = kernel_write(file, disk, 1024 * SECTOR, &pos);
	err = vfs_fsync(file, 0);
	__fput_sync(file);
	return written == 1024 * SECTOR ? err : -EIO;
}

static int vfat(struct kunit *test)
{
	return mount_and_write("vfat", DISK_NODE);
}

/* The page cache of the disk may keep what it has read. */
KUNIT_DEFINE_FAULT_SWEEP(vfat, .allow_success = true, .ignore_leaks = true);

/* There need not be a /dev yet. */
static int make_disk(struct kunit *test)
{
	struct dentry *dentry;
	struct path path;
	int err;

	dentry = start_creating_path(AT_FDCWD, DISK_NODE, &path, 0);
	if (dentry == ERR_PTR(-EEXIST))
		return write_disk(test);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	err = vfs_mknod(mnt_idmap(path.mnt), d_inode(path.dentry), dentry, S_IFBLK | 0600,
			MKDEV(RAMDISK_MAJOR, 0));
	end_creating_path(&path, dentry);
	return err ?: write_disk(test);
}

#else

static int make_disk(struct kunit *test)
{
	return 0;
}

#endif

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(ramfs),
#if IS_ENABLED(CONFIG_TMPFS)
	KUNIT_CASE_FAULT_SWEEP(tmpfs),
#endif
#if IS_BUILTIN(CONFIG_VFAT_FS) && IS_BUILTIN(CONFIG_BLK_DEV_RAM)
	KUNIT_CASE_FAULT_SWEEP(vfat),
#endif
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_fs",
	.init = make_disk,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweeps of file systems");
MODULE_LICENSE("GPL");
