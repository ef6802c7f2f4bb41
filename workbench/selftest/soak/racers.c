// SPDX-License-Identifier: GPL-2.0
/* What runs beside the forks. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "soak.h"

#define KSM	"/sys/kernel/mm/ksm/"
#define HUGE	"/sys/kernel/mm/transparent_hugepage/"

static pid_t a_forker(void)
{
	return soak->forkers[below(MAX_FORKERS)].pid;
}

/* The nodes of a machine with two; with one it is refused. */
static void migrate(pid_t pid)
{
	unsigned long from = 1UL << below(2), to = from ^ 3;

	syscall(SYS_migrate_pages, pid, 8 * sizeof(from), &from, &to);
}

static bool reclaim_set_up(void)
{
	return !access("/sys/fs/cgroup/memory.reclaim", F_OK) &&
	       !access("/proc/sys/vm/compact_memory", F_OK);
}

static void reclaim_turn(void)
{
	nap_us(below(20000));
	switch (below(3)) {
	case 0:
		put("/sys/fs/cgroup/memory.reclaim", "%luM", 1 + below(8));
		break;
	case 1:
		put("/proc/sys/vm/compact_memory", "1");
		break;
	default:
		migrate(a_forker());
	}
}

static bool ksm_set_up(void)
{
	return put(KSM "run", "1") && put(KSM "pages_to_scan", "2000") &&
	       put(KSM "sleep_millisecs", "1");
}

static void ksm_turn(void)
{
	nap_us(below(200000));
	/* All that was merged is taken apart. */
	put(KSM "run", "2");
	put(KSM "run", "1");
}

static void ksm_end(void)
{
	put(KSM "run", "2");
}

static bool khugepaged_set_up(void)
{
	return put(HUGE "enabled", "madvise") && put(HUGE "khugepaged/pages_to_scan", "4096") &&
	       put(HUGE "khugepaged/scan_sleep_millisecs", "1") &&
	       put(HUGE "khugepaged/alloc_sleep_millisecs", "1");
}

static void khugepaged_turn(void)
{
	nap_us(below(100000));
	put(HUGE "enabled", below(2) ? "madvise" : "always");
}

static void khugepaged_end(void)
{
	put(HUGE "enabled", "never");
}

static void file_turn(void)
{
	nap_us(below(2000));
	if (below(2)) {
		fallocate(soak_file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  below(FILE_SIZE), 1 + below(FILE_SIZE));
		return;
	}
	if (ftruncate(soak_file, below(FILE_SIZE)) || ftruncate(soak_file, FILE_SIZE))
		wrong("ftruncate");
}

static void read_and_forget(pid_t pid, const char *name)
{
	static char text[65536];
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* It may have ended, that is no error. */
	while (fd >= 0 && read(fd, text, sizeof(text)) > 0)
		;
	if (fd >= 0)
		close(fd);
}

static void reader_turn(void)
{
	static const char * const names[] = { "maps", "smaps", "smaps_rollup", "status" };
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)) && !stopped())
		if (isdigit(entry->d_name[0]))
			read_and_forget(atoi(entry->d_name),
					names[below(ARRAY_SIZE(names))]);
	if (dir)
		closedir(dir);
	nap_us(1000);
}

const struct racer racers[] = {
	{ "swapoff", swap_set_up, swap_turn },
	{ "uprobes", uprobe_set_up, uprobe_turn },
	{ "reclaim", reclaim_set_up, reclaim_turn },
	{ "ksm", ksm_set_up, ksm_turn, ksm_end },
	{ "khugepaged", khugepaged_set_up, khugepaged_turn, khugepaged_end },
	{ "truncate", NULL, file_turn },
	{ "mrelease", NULL, mrelease_turn },
	{ "oom", oom_set_up, oom_turn },
	{ "readers", NULL, reader_turn },
	{ "monitor", monitor_set_up, monitor_turn },
};

const int nr_racers = ARRAY_SIZE(racers);
