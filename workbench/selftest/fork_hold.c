// SPDX-License-Identifier: GPL-2.0
/*
 * How long a fork holds its parent's mmap_lock for write, and how long a reader waits that begins
 * meanwhile.  Forks in pairs: one succeeds, which only copies, and one is refused its last large
 * VMA by the commit limit, which has to undo what it has copied.  Times are from the tracepoints of
 * mmap_lock.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include "kselftest.h"

#define TRACING		"/sys/kernel/tracing/"
#define KBYTES		"/proc/sys/vm/overcommit_kbytes"
#define MIB		0x100000UL
#define REFUSED		(1024 * MIB)	/* size of the VMA whose copy is refused */

/* What is forked: VMAs, each of so many pages.  The last one has the memory asked for. */
static struct {
	long vmas, pages;
} cases[] = { { 1, 2 }, { 1000, 2 }, { 30000, 2 }, { 1, 0 } };

/* A thread that wants the lock for read, some time after it is told to. */
static struct {
	pid_t tid;
	int go[2], done[2];	/* pipes */
} reader;

/* Times of a fork and its lock, in us. */
struct held {
	long before;		/* until the fork has the lock of its parent */
	long write;		/* held for write */
	long read;		/* then held for read */
	long reader;		/* since the fork has it, until the reader has; -1: did not wait */
};

static long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		ksft_exit_fail_perror(path);
	close(fd);
}

static void set_limit(unsigned long kbytes)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu", kbytes);
	write_to(KBYTES, text);
}

/* What all tasks have committed, in kB */
static unsigned long committed(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	unsigned long kbytes = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file) &&
	       sscanf(line, "Committed_AS: %lu", &kbytes) != 1)
		;
	if (file)
		fclose(file);
	return kbytes;
}

static void *read_later(void *area)
{
	struct sched_param first = { .sched_priority = 1 };
	struct timespec delay;
	unsigned char page;
	long us;

	/* So that one CPU is enough. */
	if (sched_setscheduler(0, SCHED_FIFO, &first))
		ksft_exit_fail_perror("sched_setscheduler");
	reader.tid = gettid();
	do {
		if (write(reader.done[1], "", 1) != 1)
			ksft_exit_fail_perror("write");
		if (read(reader.go[0], &us, sizeof(us)) != sizeof(us))
			ksft_exit_fail_perror("read");
		delay.tv_sec = us / 1000000;
		delay.tv_nsec = us % 1000000 * 1000;
		nanosleep(&delay, NULL);
	} while (!mincore(area, getpagesize(), &page));
	ksft_exit_fail_perror("mincore");
}

static void wait_for_reader(void)
{
	char byte;

	if (read(reader.done[0], &byte, 1) != 1)
		ksft_exit_fail_perror("read");
}

static void start_reader(void *area)
{
	pthread_t thread;

	if (pipe(reader.go) || pipe(reader.done) || pthread_create(&thread, NULL, read_later, area))
		ksft_exit_fail_perror("a reader");
	wait_for_reader();
}

/* A line of the trace: somebody waits for the lock of @mm, has it, or has released it. */
struct event {
	pid_t tid;
	char mm[32];
	long us;
	bool waits, taken, write;
};

static bool parse(const char *line, struct event *event)
{
	const char *name = strstr(line, ": mmap_lock_"), *mm = strstr(line, "mm=");
	const char *time = name, *tid = strstr(line, " [");
	long s, us;

	if (!name || !mm || !tid || strstr(line, "success=false"))
		return false;
	while (time > line && time[-1] != ' ')
		time--;
	while (tid > line && tid[-1] != '-')
		tid--;
	if (sscanf(time, "%ld.%6ld", &s, &us) != 2 || sscanf(mm, "mm=%31s", event->mm) != 1)
		return false;
	event->tid = atoi(tid);
	event->us = s * 1000000 + us;
	event->waits = strstr(name, "start_locking");
	event->taken = strstr(name, "acquire_returned");
	event->write = strstr(name, "write=true");
	return true;
}

/* Reads the next line that is about a lock. */
static bool next_event(FILE *file, struct event *event)
{
	char line[512];

	while (fgets(line, sizeof(line), file))
		if (parse(line, event))
			return true;
	return false;
}

/*
 * A fork takes the lock of the parent, and with that the child's, for write.  If it takes the
 * parent's once more, for read, that is a downgrade.
 */
static bool read_trace(struct held *held, long begun)
{
	FILE *file = fopen(TRACING "trace", "r");
	struct event event, last = {}, parent = {};
	long read_at = 0, released = 0, waits = 0;

	*held = (struct held){ .reader = -1 };
	while (file && next_event(file, &event)) {
		bool parents = parent.taken && !strcmp(event.mm, parent.mm);

		if (event.tid == reader.tid) {
			if (parents && event.waits && !read_at && !released)
				waits = event.us;
			else if (parents && event.taken && waits && held->reader < 0)
				held->reader = event.us - parent.us;
			continue;
		}
		if (event.waits || released)
			continue;
		if (!parent.taken && event.taken && event.write && last.taken && last.write &&
		    strcmp(event.mm, last.mm))
			parent = last;
		last = event;
		if (!parents)
			continue;
		if (event.taken)
			read_at = event.us;
		else
			released = event.us;
	}
	if (file)
		fclose(file);
	held->before = parent.us - begun;
	held->write = (read_at ?: released) - parent.us;
	held->read = read_at ? released - read_at : 0;
	return released;
}

/* Forks once, with a reader that asks @delay us later.  Returns whether the fork was possible. */
static bool fork_once(struct held *held, long delay)
{
	long begun;
	pid_t pid;

	write_to(TRACING "trace", "");
	write_to(TRACING "tracing_on", "1");
	begun = now_us();
	if (write(reader.go[1], &delay, sizeof(delay)) != sizeof(delay))
		ksft_exit_fail_perror("write");
	pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (!pid)
		_exit(0);
	wait_for_reader();
	write_to(TRACING "tracing_on", "0");
	if (pid > 0)
		waitpid(pid, NULL, 0);
	if (!read_trace(held, begun))
		ksft_exit_fail_msg("a fork cannot be found in the trace\n");
	return pid > 0;
}

/* Forks after a write to each page of @area: a fork before has write protected them. */
static void fork_written(char *area, size_t size, bool refuse, struct held *held, long delay)
{
	static char value;
	size_t at;

	value++;
	for (at = 0; at < size; at += getpagesize())
		area[at] = value;
	set_limit(committed() + (size + (refuse ? REFUSED / 2 : 4 * REFUSED)) / 1024);
	if (fork_once(held, delay) == refuse)
		ksft_exit_fail_msg("a fork %s\n", refuse ? "succeeds" : "fails");
}

static void measure(long vmas, long pages, int pairs)
{
	size_t size = pages * getpagesize(), all = vmas * size;
	int rw = PROT_READ | PROT_WRITE;
	struct held copy, failed, least;
	char tids[32], *area;
	long i;

	/* What is refused comes above the rest, with a hole between; only the stack is higher. */
	area = mmap(NULL, all + getpagesize() + REFUSED, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED || munmap(area + all, getpagesize()))
		ksft_exit_fail_perror("mmap");
	madvise(area, all, MADV_NOHUGEPAGE);
	/* Neighbours differ, so each is a VMA. */
	for (i = 0; vmas > 1 && i < vmas; i += 2)
		if (mprotect(area + i * size, size, rw | PROT_EXEC))
			ksft_exit_fail_perror("mprotect");
	start_reader(area);
	snprintf(tids, sizeof(tids), "%d %d", getpid(), reader.tid);
	write_to(TRACING "set_event_pid", tids);

	printf("# hold: vmas %ld pages %ld\n", vmas, vmas * pages);
	fork_written(area, all, false, &least, 0);
	for (i = 0; i < pairs; i++) {
		/* The reader is to begin while a fork copies, also if that is a fast one. */
		long delay = least.before + least.write / 2;

		fork_written(area, all, false, &copy, delay);
		fork_written(area, all, true, &failed, delay);
		if (copy.before + copy.write < least.before + least.write)
			least = copy;
		printf("# pair: copy %ld reader %ld failed %ld reader %ld read %ld\n",
		       copy.write, copy.reader, failed.write, failed.reader, failed.read);
	}
}

int main(int argc, char **argv)
{
	int pairs = argc == 3 ? atoi(argv[1]) : 0, status;
	long mib = argc == 3 ? atol(argv[2]) : 0;
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	ksft_print_header();
	if (pairs < 1 || mib < 1)
		ksft_exit_fail_msg("usage: fork_hold PAIRS MIB\n");
	ksft_set_plan(ARRAY_SIZE(cases));
	cases[ARRAY_SIZE(cases) - 1].pages = mib * MIB / getpagesize();
	mkdir("/sys/kernel/tracing", 0755);
	mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	write_to(TRACING "trace_clock", "mono");
	write_to(TRACING "tracing_on", "0");
	write_to(TRACING "events/mmap_lock/enable", "1");
	write_to("/proc/sys/vm/overcommit_memory", "2");
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		long vmas = cases[i].vmas, pages = cases[i].pages;
		pid_t pid;

		/* The last fork's limit may be too low for what comes now. */
		set_limit(64 * REFUSED / 1024);
		pid = fork();	/* each begins with a small address space */
		if (!pid) {
			measure(vmas, pages, pairs);
			_exit(0);
		}
		ksft_test_result(waitpid(pid, &status, 0) == pid && !status,
				 "%ld VMAs, %ld pages\n", vmas, vmas * pages);
	}
	ksft_finished();
}
