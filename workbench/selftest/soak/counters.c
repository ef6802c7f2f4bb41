// SPDX-License-Identifier: GPL-2.0
/* What failed forks would leak, as the system counts it. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "soak.h"

/* Lists of free pages that a CPU keeps are given back in seconds. */
#define TRIES		80
#define TRY_US		500000
/* So often in a row nothing has become less. */
#define AT_REST		8
#define SHRINK_EACH	5

/*
 * A line of /proc/meminfo, in kB, or a slab cache, in objects.  It may be @room more than before:
 * what is kept for the next user of it.
 */
static struct counter {
	const char *name;
	long room;
	bool slab;
	/* It becomes less when something leaks. */
	bool is_free;
	long before, now;
} counters[] = {
	{ "MemFree:", 8192, .is_free = true },
	{ "Slab:", 2048 },
	{ "SUnreclaim:", 2048 },
	/*
	 * Those for vmalloc(), as swapon does it, are counted, too, and stay.  Those of an mm are
	 * checked by the kernel when that is freed.
	 */
	{ "PageTables:", 256 },
	{ "Committed_AS:", 256 },
	{ "mm_struct", 16, true },
	{ "vm_area_struct", 128, true },
	{ "anon_vma", 128, true },
	{ "KernelStack:", 512 },
	{ "anon_vma_chain", 128, true },
	{ "maple_node", 128, true },
	/* Kernel threads come and go. */
	{ "task_struct", 32, true },
	{ "signal_cache", 32, true },
	{ "sighand_cache", 32, true },
	{ "files_cache", 16, true },
	{ "filp", 64, true },
	{ "pid", 32, true },
};

#define NR_COUNTERS	ARRAY_SIZE(counters)
/* The first ones are told each minute. */
#define NR_TOLD		8

static char text[16384];

static bool read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[length > 0 ? length : 0] = '\0';
	return length > 0;
}

static long read_counter(const struct counter *counter)
{
	char path[128];
	const char *at;

	if (counter->slab) {
		/* What is free in caches of CPUs counts as used until then. */
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", counter->name);
		put(path, "1");
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/objects", counter->name);
		return read_file(path) ? atol(text) : -1;
	}
	if (!read_file("/proc/meminfo"))
		return -1;
	at = strstr(text, counter->name);
	return at ? atol(at + strlen(counter->name)) : -1;
}

static void shrink_all(void)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *entry;
	char path[320];

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", entry->d_name);
		if (entry->d_name[0] != '.')
			put(path, "1");
	}
	if (dir)
		closedir(dir);
	/* 4: without a word in the log */
	put("/proc/sys/vm/drop_caches", "7");
}

static void read_all(void)
{
	for (size_t i = 0; i < NR_COUNTERS; i++)
		counters[i].now = read_counter(&counters[i]);
}

/* How much more of it is in use than @then */
static long growth(const struct counter *counter, long then)
{
	return counter->is_free ? then - counter->now : counter->now - then;
}

/* What has ended goes away with a grace period: waits until nothing becomes less any more. */
static void settle(void)
{
	long least[NR_COUNTERS];

	for (int try = 0, same = 0; try < TRIES && same < AT_REST; try++) {
		/* It takes its time with KASAN. */
		if (!(try % SHRINK_EACH))
			shrink_all();
		read_all();
		same++;
		for (size_t i = 0; i < NR_COUNTERS; i++) {
			if (try && growth(&counters[i], least[i]) >= 0)
				continue;
			least[i] = counters[i].now;
			same = 0;
		}
		nap_us(TRY_US);
	}
	for (size_t i = 0; i < NR_COUNTERS; i++)
		counters[i].now = least[i];
}

void counters_before(void)
{
	settle();
	for (size_t i = 0; i < NR_COUNTERS; i++)
		counters[i].before = counters[i].now;
}

/* Returns how many of them have grown. */
int counters_after(void)
{
	int grown = 0;

	settle();
	for (size_t i = 0; i < NR_COUNTERS; i++) {
		const struct counter *counter = &counters[i];
		bool leaked = growth(counter, counter->before) > counter->room;

		printf("# counter %s before %ld after %ld room %ld%s\n", counter->name,
		       counter->before, counter->now, counter->room, leaked ? " LEAKED" : "");
		if (counter->before < 0)
			wrong("%s cannot be read", counter->name);
		grown += leaked;
	}
	return grown;
}

/* The rest of a line: what there is now */
void counters_print(void)
{
	read_all();
	for (size_t i = 0; i < NR_TOLD; i++)
		printf(" %s %ld", counters[i].name, counters[i].now);
}
