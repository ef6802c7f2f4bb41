// SPDX-License-Identifier: GPL-2.0
/*
 * What a failed fork must leave as it was: of the process, read after each, and of the system,
 * read after many.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <time.h>
#include "../kselftest.h"
#include "fork_fail.h"

#define SIZE		(256 * 1024)
#define TRIES		100
/* A grace period takes seconds where a busy machine emulates another one. */
#define MANY_TRIES	1500
#define TRY_MS		20

/* Static, since to allocate would change what is read. */
static char smaps[2][SIZE], status[2][SIZE];

int read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got;

	if (fd < 0)
		return -1;
	while (length < size - 1) {
		got = read(fd, buf + length, size - 1 - length);
		if (got <= 0)
			break;
		length += got;
	}
	buf[length] = '\0';
	close(fd);
	return length;
}

int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t length = strlen(text), written;

	if (fd < 0)
		return -1;
	written = write(fd, text, length);
	close(fd);
	return written == length ? 0 : -1;
}

static int lowest_free_fd(void)
{
	int fd = dup(0);

	if (fd >= 0)
		close(fd);
	return fd;
}

static int read_process(int which)
{
	if (read_text("/proc/self/smaps", smaps[which], SIZE) <= 0 ||
	    read_text("/proc/self/status", status[which], SIZE) <= 0)
		return -1;
	return 0;
}

static void wait_a_while(void)
{
	struct timespec time = { .tv_nsec = TRY_MS * 1000000 };

	nanosleep(&time, NULL);
}

static int free_fd;

/**
 * readings_before() - Read what a failed fork is not to change
 *
 * Return: 0, or -1 if it cannot be read
 */
int readings_before(void)
{
	free_fd = lowest_free_fd();
	return free_fd < 0 ? -1 : read_process(0);
}

/* Whether a line may change without a fork. */
static bool is_fickle(const char *line)
{
	return !strncmp(line, "Referenced:", 11) || strstr(line, "ctxt_switches:") ||
	       !strncmp(line, "State:", 6) || !strncmp(line, "Cpus_allowed", 12);
}

/* Returns the first line of @now that is not as in @then, or NULL. */
static const char *first_change(const char *then, const char *now)
{
	static char line[512];

	while (*then && *now) {
		size_t then_length = strcspn(then, "\n"), length = strcspn(now, "\n");

		if (!is_fickle(now) &&
		    (then_length != length || memcmp(then, now, length))) {
			snprintf(line, sizeof(line), "\"%.*s\" became \"%.*s\"",
				 (int)then_length, then, (int)length, now);
			return line;
		}
		then += then_length + !!then[then_length];
		now += length + !!now[length];
	}
	if (!*then != !*now)
		return "there are more lines in one than in the other";
	return NULL;
}

static const char *changed(void)
{
	const char *change;

	if (lowest_free_fd() != free_fd)
		return "a file descriptor is not free any more, or is again";
	if (read_process(1))
		return "smaps or status in /proc/self cannot be read";
	change = first_change(smaps[0], smaps[1]);
	return change ?: first_change(status[0], status[1]);
}

/**
 * readings_after() - Compare with what was read before
 *
 * Threads that watch forks may have a file open or a child's memory for a moment, so that one
 * change is looked at again.
 *
 * Return: what has changed, NULL if nothing has
 */
const char *readings_after(void)
{
	const char *change = changed();

	for (int try = 0; change && try < TRIES; try++) {
		wait_a_while();
		change = changed();
	}
	return change;
}

/* Counters of the system: a line of /proc/meminfo, or a slab cache. */
static struct {
	const char *name;
	bool slab;
	/* Others may take some of it at any time. */
	bool shared;
	long before;
} counters[] = {
	{ "Committed_AS:" },
	/* Those of the kernel count, too, as for the stack of a new kernel thread. */
	{ "PageTables:", false, true },
	{ "vm_area_struct", true },
	{ "maple_node", true },
	{ "anon_vma", true },
	{ "anon_vma_chain", true },
	/* A CPU that is idle keeps that of the process it ran last. */
	{ "mm_struct", true, true },
	{ "files_cache", true },
	{ "fs_cache", true },
	{ "sighand_cache", true, true },
	{ "signal_cache", true, true },
	{ "task_struct", true, true },
	{ "pid", true, true },
	{ "cred_jar", true, true },
	{ "mempolicy", true },
	{ "numa_policy", true },
	{ "userfaultfd_ctx_cache", true },
	{ "ksm_mm_slot", true },
};

static long read_counter(const char *name, bool slab)
{
	static char text[SIZE];
	char path[128];
	const char *at;

	if (!slab) {
		if (read_text("/proc/meminfo", text, sizeof(text)) <= 0)
			return -1;
		at = strstr(text, name);
		return at ? atol(at + strlen(name)) : -1;
	}
	/* Objects that are free in caches of CPUs count as used until then. */
	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", name);
	write_text(path, "1");
	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/objects", name);
	return read_text(path, text, sizeof(text)) > 0 ? atol(text) : -1;
}

/**
 * system_before() - Read the counters of the system
 *
 * What earlier processes have left goes away with a grace period, so wait until nothing becomes
 * less any more.
 */
void system_before(void)
{
	for (int try = 0, same = 0; try < TRIES && same < 5; try++) {
		same++;
		for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
			long now = read_counter(counters[i].name, counters[i].slab);

			if (try && now >= counters[i].before)
				continue;
			counters[i].before = now;
			same = 0;
		}
		wait_a_while();
	}
}

/**
 * system_after() - Compare with what was read before
 * @alone: nothing else runs, so that nothing may have grown
 * @forks: so many have failed in between; one object for ten of them is taken for others'
 *
 * Return: number of counters that have grown
 */
int system_after(bool alone, long forks)
{
	int grown = 0;

	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		const char *name = counters[i].name;
		long now = 0, more = 0, room = alone ? 0 : forks / 10;

		if (counters[i].before < 0) {
			ksft_print_msg("not to be read here: %s\n", name);
			continue;
		}
		if (counters[i].shared)
			room += 8;
		for (int try = 0; try < MANY_TRIES; try++) {
			now = read_counter(name, counters[i].slab);
			more = now - counters[i].before;
			if (more <= room)
				break;
			wait_a_while();
		}
		ksft_print_msg("%s %ld, was %ld\n", name, now, counters[i].before);
		grown += more > room;
	}
	return grown;
}
