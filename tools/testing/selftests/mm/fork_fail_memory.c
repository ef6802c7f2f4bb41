// SPDX-License-Identifier: GPL-2.0
/*
 * An address space with memory of all kinds that a process can have, as far as the kernel has
 * them, and what is to be in it in the parent and in the child of a fork.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include "../kselftest.h"
#include "fork_fail.h"

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE		0x08
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA		0x53564d41
#define PR_SET_VMA_ANON_NAME	0
#endif
#ifndef __NR_memfd_secret
#define __NR_memfd_secret	447
#endif

#define ROUNDS		2	/* so many areas of each kind */
#define NR_PAGES	4
#define HUGE_SIZE	(2UL << 20)
#define HUGE_PAGES	16

#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS)
#define SHARED_ANON	(MAP_SHARED | MAP_ANONYMOUS)
#define RW		(PROT_READ | PROT_WRITE)

enum source { NO_FILE, A_FILE, A_MEMFD, A_SECRET, A_SEGMENT };

struct kind {
	const char *name;
	enum source source;
	int flags;
	/* Not written to before the forks. */
	bool untouched;
	/* When it has been written to; 0 leaves it readable and writable. */
	int advice;
	int (*then)(void *start, size_t size);
	/* Pages have the size of huge ones. */
	bool huge;
	/* The parent does not see what it has written, or may not. */
	bool unseen;
};

static int lock(void *start, size_t size)
{
	return mlock(start, size);
}

static int lock_on_fault(void *start, size_t size)
{
	return mlock2(start, size, MLOCK_ONFAULT);
}

static int read_only(void *start, size_t size)
{
	return mprotect(start, size, PROT_READ);
}

static int no_access(void *start, size_t size)
{
	return mprotect(start, size, PROT_NONE);
}

static int name(void *start, size_t size)
{
	return prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, start, size, "fork_fail");
}

static int bind_to_node(void *start, size_t size)
{
	unsigned long nodes = 1;

	return syscall(__NR_mbind, start, size, 2 /* MPOL_BIND */, &nodes, 8, 0);
}

static int guard_last_page(void *start, size_t size)
{
	size_t page = getpagesize();

	return madvise((char *)start + size - page, page, MADV_GUARD_INSTALL);
}

/* The kernel waits for it to learn of each fork. */
static void *watch_forks(void *arg)
{
	int fd = (long)arg;
	struct uffd_msg msg;

	while (read(fd, &msg, sizeof(msg)) == sizeof(msg)) {
		if (msg.event == UFFD_EVENT_FORK)
			close(msg.arg.fork.ufd);
	}
	return NULL;
}

static int watch(void *start, size_t size)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_EVENT_FORK };
	struct uffdio_register range = {
		.range = { .start = (unsigned long)start, .len = size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC);
	pthread_t thread;

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range))
		return -1;
	errno = pthread_create(&thread, NULL, watch_forks, (void *)(long)fd);
	return errno ? -1 : 0;
}

static const struct kind kinds[] = {
	{ "anonymous, untouched", .flags = ANON, .untouched = true },
	{ "anonymous", .flags = ANON },
	{ "anonymous, read-only", .flags = ANON, .then = read_only },
	{ "anonymous, without access", .flags = ANON, .then = no_access, .unseen = true },
	{ "anonymous, not copied", .flags = ANON, .advice = MADV_DONTFORK },
	{ "anonymous, wiped", .flags = ANON, .advice = MADV_WIPEONFORK },
	{ "anonymous, merged", .flags = ANON, .advice = MADV_MERGEABLE },
	{ "anonymous, locked", .flags = ANON, .then = lock },
	{ "anonymous, locked when touched", .flags = ANON, .then = lock_on_fault },
	{ "anonymous, named", .flags = ANON, .then = name },
	{ "anonymous, watched", .flags = ANON, .then = watch },
	{ "anonymous, on a node", .flags = ANON, .then = bind_to_node },
	{ "anonymous, guarded", .flags = ANON, .then = guard_last_page, .unseen = true },
	{ "anonymous, huge", .flags = ANON, .advice = MADV_HUGEPAGE, .huge = true },
	{ "anonymous, unreserved", .flags = ANON | MAP_NORESERVE },
	{ "droppable", .flags = MAP_DROPPABLE | MAP_ANONYMOUS, .unseen = true },
	{ "stack", .flags = ANON | MAP_GROWSDOWN | MAP_STACK },
	{ "huge, private", .flags = ANON | MAP_HUGETLB, .huge = true },
	{ "huge, shared", .flags = SHARED_ANON | MAP_HUGETLB, .huge = true },
	{ "private file, untouched", A_FILE, .flags = MAP_PRIVATE, .untouched = true },
	{ "private file", A_FILE, .flags = MAP_PRIVATE },
	{ "private file, read-only", A_FILE, .flags = MAP_PRIVATE, .then = read_only },
	{ "shared file, untouched", A_FILE, .flags = MAP_SHARED, .untouched = true },
	{ "shared file", A_FILE, .flags = MAP_SHARED },
	{ "shared file, not copied", A_FILE, .flags = MAP_SHARED, .advice = MADV_DONTFORK },
	{ "shared", .flags = SHARED_ANON },
	{ "memfd, private", A_MEMFD, .flags = MAP_PRIVATE },
	{ "memfd, shared", A_MEMFD, .flags = MAP_SHARED },
	{ "secret", A_SECRET, .flags = MAP_SHARED },
	{ "segment of System V", A_SEGMENT },
};

static struct area {
	const struct kind *kind;
	char *start;
	size_t size;
	int byte;
} areas[ROUNDS * ARRAY_SIZE(kinds)];

static int nr_areas;

static int open_file(enum source source, size_t size)
{
	char path[] = "/tmp/fork_fail.XXXXXX";
	int fd = -1;

	switch (source) {
	case A_FILE:
		fd = mkstemp(path);
		if (fd >= 0)
			unlink(path);
		break;
	case A_MEMFD:
		fd = memfd_create("fork_fail", 0);
		break;
	case A_SECRET:
		fd = syscall(__NR_memfd_secret, 0);
		break;
	default:
		break;
	}
	if (fd >= 0 && ftruncate(fd, size)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void *map_segment(size_t size)
{
	int id = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600);
	void *start;

	if (id < 0)
		return MAP_FAILED;
	start = shmat(id, NULL, 0);
	shmctl(id, IPC_RMID, NULL);
	return start;
}

/* At a distance from others, so that no two are one VMA. */
static void *map_area(const struct kind *kind, size_t size)
{
	size_t align = kind->huge ? HUGE_SIZE : getpagesize();
	unsigned long room;
	void *start;
	int fd = -1;

	if (kind->source == A_SEGMENT)
		return map_segment(size);
	if (kind->source != NO_FILE) {
		fd = open_file(kind->source, size);
		if (fd < 0)
			return MAP_FAILED;
	}
	room = (unsigned long)mmap(NULL, size + 2 * align, PROT_NONE, ANON, -1, 0);
	if ((void *)room == MAP_FAILED)
		return MAP_FAILED;
	munmap((void *)room, size + 2 * align);
	start = mmap((void *)((room + 2 * align - 1) / align * align), size, RW,
		     kind->flags | MAP_FIXED, fd, 0);
	if (fd >= 0)
		close(fd);
	return start;
}

static bool make_area(const struct kind *kind, int byte)
{
	size_t size = kind->huge ? HUGE_SIZE : NR_PAGES * getpagesize();
	char *start = map_area(kind, size);

	if (start == MAP_FAILED)
		return false;
	if (kind->advice && madvise(start, size, kind->advice))
		goto unmap;
	if (!kind->untouched)
		memset(start, byte, size);
	if (kind->then && kind->then(start, size))
		goto unmap;
	areas[nr_areas++] = (struct area){ kind, start, size, byte };
	return true;
unmap:
	munmap(start, size);
	return false;
}

/* Huge pages of the machine before there were more */
static char huge_pages[32];

static void give_huge_pages_back(void)
{
	write_text("/proc/sys/vm/nr_hugepages", huge_pages);
}

/* Has some, until this process exits. */
static void want_huge_pages(void)
{
	char wanted[16];

	if (read_text("/proc/sys/vm/nr_hugepages", huge_pages, sizeof(huge_pages)) <= 0 ||
	    atol(huge_pages) >= HUGE_PAGES)
		return;
	atexit(give_huge_pages_back);
	snprintf(wanted, sizeof(wanted), "%d", HUGE_PAGES);
	write_text("/proc/sys/vm/nr_hugepages", wanted);
}

/**
 * memory_make() - Make all of it, and say what this kernel does not have
 *
 * Return: number of areas
 */
int memory_make(void)
{
	want_huge_pages();
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
			if (!make_area(&kinds[i], 1 + nr_areas) && !round)
				ksft_print_msg("not here: %s: %s\n", kinds[i].name,
					       strerror(errno));
		}
	}
	return nr_areas;
}

static bool has_only(const struct area *area, int byte)
{
	/* The last byte of a page tells as much of it as all of them. */
	for (size_t i = 0; i < area->size; i += 512) {
		if (area->start[i] != byte || area->start[i + 511] != byte)
			return false;
	}
	return true;
}

/**
 * memory_of_parent() - See whether the parent has what it had
 *
 * Return: the kind of memory that has changed, NULL if none has
 */
const char *memory_of_parent(void)
{
	for (int i = 0; i < nr_areas; i++) {
		const struct area *area = &areas[i];

		if (area->kind->untouched || area->kind->unseen)
			continue;
		if (!has_only(area, area->byte))
			return area->kind->name;
	}
	return NULL;
}

/**
 * memory_of_child() - In a child: see whether it has what it is to have
 *
 * Return: true if so
 */
bool memory_of_child(void)
{
	for (int i = 0; i < nr_areas; i++) {
		const struct area *area = &areas[i];
		int advice = area->kind->advice;
		unsigned char present;

		if (advice == MADV_DONTFORK) {
			if (!mincore(area->start, getpagesize(), &present) || errno != ENOMEM)
				return false;
			continue;
		}
		if (area->kind->untouched || area->kind->unseen)
			continue;
		if (!has_only(area, advice == MADV_WIPEONFORK ? 0 : area->byte))
			return false;
	}
	return true;
}
