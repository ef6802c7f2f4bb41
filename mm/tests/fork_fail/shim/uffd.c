// SPDX-License-Identifier: GPL-2.0
/*
 * userfaultfd.  With UFFD_FEATURE_EVENT_FORK a fork waits until its event has been
 * read, so there is a thread that reads the events.
 */

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/userfaultfd.h>

#include "call.h"
#include "shim.h"
#include "undo.h"

struct fork_fail_uffd {
	struct list_head list;
	struct file *file;
	struct task_struct *reader;	/* NULL without events */
};

/* All that are open.  Only the test's kthread opens and closes them. */
static LIST_HEAD(uffds);
/* Held from reading an event until it has been handled */
static DEFINE_MUTEX(reading);

/* How many events of forks were read */
static unsigned long forks_read;

long fork_fail_uffd_count(void)
{
	return list_count_nodes(&uffds);
}

unsigned long fork_fail_uffd_forks(void)
{
	return READ_ONCE(forks_read);
}

#ifdef CONFIG_USERFAULTFD

static bool read_event(struct file *file)
{
	struct uffd_msg msg = {};
	loff_t pos = 0;

	guard(mutex)(&reading);
	if (kernel_read(file, &msg, sizeof(msg), &pos) != sizeof(msg))
		return false;
	if (msg.event == UFFD_EVENT_FORK) {
		WRITE_ONCE(forks_read, forks_read + 1);
		/* The userfaultfd of the child, which is not used */
		close_fd(msg.arg.fork.ufd);
	}
	return true;
}

static int read_events(void *file)
{
	while (!kthread_should_stop()) {
		if (!read_event(file))
			usleep_range(50, 200);
	}
	return 0;
}

static long ask(struct file *file, unsigned int cmd, unsigned long scratch, void *arg,
		size_t size)
{
	if (copy_to_user((void __user *)scratch, arg, size))
		return -EFAULT;
	return file->f_op->unlocked_ioctl(file, cmd, scratch);
}

static long watch(struct file *file, unsigned long addr, unsigned long len,
		  unsigned int how, unsigned long scratch)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = how & FORK_FAIL_UFFD_EVENTS ? UFFD_FEATURE_EVENT_FORK : 0,
	};
	struct uffdio_register reg = {
		.range = { addr, len },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_writeprotect protect = {
		.range = { addr, len },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	long err;

	if (how & FORK_FAIL_UFFD_WP)
		reg.mode |= UFFDIO_REGISTER_MODE_WP;
	err = ask(file, UFFDIO_API, scratch, &api, sizeof(api));
	if (!err)
		err = ask(file, UFFDIO_REGISTER, scratch, &reg, sizeof(reg));
	if (!err && how & FORK_FAIL_UFFD_WP)
		err = ask(file, UFFDIO_WRITEPROTECT, scratch, &protect, sizeof(protect));
	return err;
}

static struct file *open_file(void)
{
	long fd = fork_fail_call(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	struct file *file;

	if (fd < 0)
		return ERR_PTR(fd);
	file = fget(fd);
	close_fd(fd);
	return file ?: ERR_PTR(-EBADF);
}

static void close_uffd(void *opened)
{
	struct fork_fail_uffd *uffd = opened;

	if (uffd->reader)
		kthread_stop(uffd->reader);
	list_del(&uffd->list);
	fput(uffd->file);
	kfree(uffd);
}

struct fork_fail_uffd *fork_fail_uffd_open(unsigned long addr, unsigned long len,
					   unsigned int how, unsigned long scratch)
{
	struct fork_fail_uffd *uffd = kzalloc(sizeof(*uffd), GFP_KERNEL);
	long err;

	if (!uffd)
		return NULL;
	uffd->file = open_file();
	if (IS_ERR(uffd->file)) {
		kfree(uffd);
		return NULL;
	}
	list_add(&uffd->list, &uffds);
	err = watch(uffd->file, addr, len, how, scratch);
	if (!err && how & FORK_FAIL_UFFD_EVENTS) {
		uffd->reader = kthread_run(read_events, uffd->file, "fork_fail_uffd");
		err = PTR_ERR_OR_ZERO(uffd->reader);
	}
	if (err) {
		pr_warn("fork_fail: userfaultfd: %ld\n", err);
		uffd->reader = NULL;
		close_uffd(uffd);
		return NULL;
	}
	return fork_fail_undo_at_end(close_uffd, uffd) ? NULL : uffd;
}

void fork_fail_uffd_close(struct fork_fail_uffd *uffd)
{
	fork_fail_undo_now(close_uffd, uffd);
}

/* Whether one of them still waits for a fork to end (mmap_changing) */
bool fork_fail_uffd_changing(void)
{
	struct fork_fail_uffd *uffd;

	list_for_each_entry(uffd, &uffds, list) {
		/* Checks mmap_changing first, then fails, as its argument is no address. */
		if (uffd->file->f_op->unlocked_ioctl(uffd->file, UFFDIO_WRITEPROTECT,
						     ULONG_MAX) == -EAGAIN)
			return true;
	}
	return false;
}

#else /* !CONFIG_USERFAULTFD */

struct fork_fail_uffd *fork_fail_uffd_open(unsigned long addr, unsigned long len,
					   unsigned int how, unsigned long scratch)
{
	return NULL;
}

void fork_fail_uffd_close(struct fork_fail_uffd *uffd) {}

bool fork_fail_uffd_changing(void)
{
	return false;
}

#endif /* CONFIG_USERFAULTFD */

/* Waits until the event has been handled that was read last. */
void fork_fail_uffd_settle(void)
{
	guard(mutex)(&reading);
}
