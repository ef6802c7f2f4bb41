// SPDX-License-Identifier: GPL-2.0
/* A process that forks while another thread of it watches its memory by userfaultfd. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "soak.h"

#define SIZE		(64UL << 10)
#define FORKER		(MAX_FORKERS - 1)

static int uffd;
static char *area;

/* What the child of a fork gets is not wanted. */
static void *monitor(void *unused)
{
	struct uffd_msg message;

	while (read(uffd, &message, sizeof(message)) == sizeof(message)) {
		struct uffdio_zeropage zero = { .range = { .len = getpagesize() } };

		if (message.event == UFFD_EVENT_FORK)
			close(message.arg.fork.ufd);
		if (message.event != UFFD_EVENT_PAGEFAULT)
			continue;
		zero.range.start = message.arg.pagefault.address & -(unsigned long)getpagesize();
		/* While memory is being copied it is to be tried again, at the next fault. */
		if (ioctl(uffd, UFFDIO_ZEROPAGE, &zero))
			ioctl(uffd, UFFDIO_WAKE, &zero.range);
	}
	return unused;
}

bool monitor_set_up(void)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_EVENT_REMOVE,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	bool good = fd >= 0 && !ioctl(fd, UFFDIO_API, &api);

	if (fd >= 0)
		close(fd);
	return good;
}

static void begin(void)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_EVENT_REMOVE,
	};
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	pthread_t thread;

	area = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	range.range.start = (unsigned long)area;
	range.range.len = SIZE;
	if (area == MAP_FAILED || uffd < 0 || ioctl(uffd, UFFDIO_API, &api) ||
	    ioctl(uffd, UFFDIO_REGISTER, &range) || pthread_create(&thread, NULL, monitor, NULL))
		wrong("a monitor");
	causes_begin(FORKER);
}

void monitor_turn(void)
{
	if (!area)
		begin();
	madvise(area, SIZE, MADV_DONTNEED);
	for (int i = 0; i < 16; i++) {
		area[below(SIZE)] = 1;
		/* The first cause */
		add(&soak->failed[0], fail_at_random());
	}
}
