// SPDX-License-Identifier: GPL-2.0
/*
 * Settings of the whole machine that an administrator makes through sysfs: the
 * size of the pool of huge pages, and KSM.  Tests have no other interface to
 * them.  sysfs is mounted where no other task can see it.
 */

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/jiffies.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/string.h>

#include "shim.h"
#include "undo.h"

/* Mounts a file system that only the caller can see; kern_unmount() unmounts it. */
struct vfsmount *fork_fail_mount(const char *fs)
{
	struct file_system_type *type = get_fs_type(fs);
	struct vfsmount *mnt;

	if (!type)
		return ERR_PTR(-ENODEV);
	mnt = kern_mount(type);
	module_put(type->owner);
	return mnt;
}

/* Returns 0 or a negative error. */
int fork_fail_write_at(struct vfsmount *mnt, const char *path, const char *text)
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

/* Reads a file of less than @size bytes as a string. Returns 0 or a negative error. */
int fork_fail_read_at(struct vfsmount *mnt, const char *path, char *text, size_t size)
{
	struct file *file = file_open_root_mnt(mnt, path, O_RDONLY, 0);
	ssize_t nr;
	loff_t pos = 0;

	if (IS_ERR(file))
		return PTR_ERR(file);
	nr = kernel_read(file, text, size - 1, &pos);
	fput(file);
	flush_delayed_fput();
	if (nr < 0)
		return nr;
	text[nr] = '\0';
	return 0;
}

static int __maybe_unused write_number(const char *path, unsigned long number)
{
	struct vfsmount *mnt = fork_fail_mount("sysfs");
	char text[24];
	int err;

	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	snprintf(text, sizeof(text), "%lu", number);
	err = fork_fail_write_at(mnt, path, text);
	kern_unmount(mnt);
	return err;
}

/* Returns the number in a file of sysfs, or a negative error. */
static long __maybe_unused read_number(const char *path)
{
	struct vfsmount *mnt = fork_fail_mount("sysfs");
	long number = 0;
	char text[24];
	int err;

	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	err = fork_fail_read_at(mnt, path, text, sizeof(text));
	kern_unmount(mnt);
	if (!err)
		err = kstrtol(strim(text), 0, &number);
	return err ?: number;
}

#ifdef CONFIG_HUGETLB_PAGE

static unsigned long pool_before;

static int set_pool(unsigned long pages)
{
	char path[64];

	snprintf(path, sizeof(path), "kernel/mm/hugepages/hugepages-%lukB/nr_hugepages",
		 huge_page_size(&default_hstate) / SZ_1K);
	return write_number(path, pages);
}

static void restore_pool(void *unused)
{
	WARN_ON_ONCE(set_pool(pool_before));
}

/* Pages in the pool, of the default size, as the administrator wants it */
long fork_fail_huge_pool_size(void)
{
	return default_hstate.max_huge_pages;
}

/*
 * Enlarges the pool until @pages of it are free and not reserved.  The pages that
 * were in it before stay in it.
 */
int fork_fail_huge_pool(unsigned int pages)
{
	struct hstate *h = &default_hstate;
	unsigned long in_use = h->nr_huge_pages - h->free_huge_pages + h->resv_huge_pages;
	int err;

	pool_before = h->max_huge_pages;
	err = set_pool(max(pool_before, in_use + pages));
	return err ?: fork_fail_undo_at_end(restore_pool, NULL);
}

void fork_fail_huge_pool_restore(void)
{
	fork_fail_undo_now(restore_pool, NULL);
}

#else

long fork_fail_huge_pool_size(void)
{
	return 0;
}

int fork_fail_huge_pool(unsigned int pages)
{
	return -EOPNOTSUPP;
}

void fork_fail_huge_pool_restore(void) {}

#endif /* CONFIG_HUGETLB_PAGE */

#ifdef CONFIG_KSM

#define KSM_RUN		"kernel/mm/ksm/run"
#define KSM_SLEEP	"kernel/mm/ksm/sleep_millisecs"

static struct {
	bool changed;
	long run;
	long sleep;
} ksm_before;

static void restore_ksm(void *unused)
{
	WARN_ON_ONCE(write_number(KSM_SLEEP, ksm_before.sleep));
	WARN_ON_ONCE(write_number(KSM_RUN, ksm_before.run));
	ksm_before.changed = false;
}

static int save_ksm(void)
{
	if (ksm_before.changed)
		return 0;
	ksm_before.run = read_number(KSM_RUN);
	if (ksm_before.run < 0)
		return ksm_before.run;
	ksm_before.sleep = read_number(KSM_SLEEP);
	if (ksm_before.sleep < 0)
		return ksm_before.sleep;
	ksm_before.changed = true;
	return fork_fail_undo_at_end(restore_ksm, NULL);
}

long fork_fail_ksm_run(void)
{
	return read_number(KSM_RUN);
}

long fork_fail_ksm_sleep(void)
{
	return read_number(KSM_SLEEP);
}

/*
 * Runs KSM until it has merged @pages of @mm.  It stays stopped until the test
 * ends, even if it ran before: it would change what the test compares.
 */
int fork_fail_merge(struct mm_struct *mm, unsigned long pages)
{
	unsigned long end = jiffies + 60 * HZ;
	int err = save_ksm();

	if (err)
		return err;
	err = write_number(KSM_SLEEP, 1);
	if (!err)
		err = write_number(KSM_RUN, 1);
	while (!err && READ_ONCE(mm->ksm_merging_pages) < pages) {
		if (time_after(jiffies, end))
			err = -ETIMEDOUT;
		msleep(20);
	}
	return write_number(KSM_RUN, 0) ?: err;
}

#else

long fork_fail_ksm_run(void)
{
	return 0;
}

long fork_fail_ksm_sleep(void)
{
	return 0;
}

int fork_fail_merge(struct mm_struct *mm, unsigned long pages)
{
	return -EOPNOTSUPP;
}

#endif /* CONFIG_KSM */
