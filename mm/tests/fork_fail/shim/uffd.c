// SPDX-License-Identifier: GPL-2.0
/*
 * userfaultfd: memory that is watched, and the one who reads the events.
 *
 * A fork that is an event waits until somebody has read it, so there is a thread
 * that does nothing else.
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

struct fork_fail_uffd {
	struct list_head list;
	struct file *file;
	struct task_struct *reader;	/* NULL without events */
};

/* Those there are; the tests open and close them one at a time. */
static LIST_HEAD(uffds);
/* Held from reading an event to the end of what comes of it */
static DEFINE_MUTEX(reading);

/* Forks that were read of */
static unsigned long forks_read;

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
		/* The child's own, which nobody wants. */
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
		fork_fail_uffd_close(uffd);
		return NULL;
	}
	return uffd;
}

void fork_fail_uffd_close(struct fork_fail_uffd *uffd)
{
	if (uffd->reader)
		kthread_stop(uffd->reader);
	list_del(&uffd->list);
	fput(uffd->file);
	kfree(uffd);
}

/* Whether one still believes that a fork is going on, which stops its ioctls */
bool fork_fail_uffd_changing(void)
{
	struct fork_fail_uffd *uffd;

	list_for_each_entry(uffd, &uffds, list) {
		/* Without arguments that can be read it does nothing but ask. */
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

/* Wait for the end of what an event that was read has brought about. */
void fork_fail_uffd_settle(void)
{
	guard(mutex)(&reading);
}
