// SPDX-License-Identifier: GPL-2.0
/*
 * Forks that fail, by a process with memory of all kinds.
 *
 * Each of fork(2), vfork(2), clone(2) and clone3(2) is called again and again: the first
 * allocation that it makes fails, then the second and so on, until a call in which none has.
 * Then all fail from the first one on, from the second one on and so on.  See
 * Documentation/fault-injection/fault-injection.rst for how.  After each failure the parent must
 * be what it was; after many the system must be; and the child of the call that succeeds must have
 * what it is to have.
 *
 *	fork_fail_nth [alone] [EVERY]
 *
 * "alone" says that nothing else runs, so that no counter of the system may have grown.  EVERY is
 * for who has little time: only the first of so many points is tried.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "../kselftest.h"
#include "fork_fail.h"

#define DEBUGFS		"/sys/kernel/debug/"
/* For a fork this is forever.  Faults of user space are tried again until they succeed. */
#define MANY_TIMES	20
/* A sweep that is as long as this does not end. */
#define MAX_POINTS	100000

static int pidfd;
static long every = 1;

/* That of a libc may do more, and newer machines have no system call for it. */
static pid_t call_fork(void)
{
#ifdef __NR_fork
	return syscall(__NR_fork);
#else
	return syscall(__NR_clone, SIGCHLD, 0, 0, 0, 0);
#endif
}

static pid_t call_clone(void)
{
	return syscall(__NR_clone, SIGCHLD, 0, 0, 0, 0);
}

static pid_t call_clone_shared(void)
{
	return syscall(__NR_clone, CLONE_FILES | CLONE_FS | CLONE_SYSVSEM | SIGCHLD, 0, 0, 0, 0);
}

static pid_t call_clone3(void)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (unsigned long)&pidfd,
		.exit_signal = SIGCHLD,
	};

	return syscall(__NR_clone3, &args, sizeof(args));
}

static const struct call {
	const char *name;
	/* NULL is vfork(), which has to be called where its child ends. */
	pid_t (*call)(void);
	/* To store the pidfd takes a page: the copy has write protected that of the caller. */
	bool may_fault;
} calls[] = {
	{ "fork", call_fork },
	{ "vfork" },
	{ "clone", call_clone },
	{ "clone, files shared", call_clone_shared },
	{ "clone3", call_clone3, true },
};

/* Files of /proc and debugfs that stay open, so that to write them takes no allocation. */
static int fail_nth, make_it_fail;

struct attribute {
	const char *name;
	int space, times;
	/* Of its unit, bytes or pages: how much more is granted each time. */
	int step;
};

static struct attribute slab = { "failslab", .step = 64 };
static struct attribute pages = { "fail_page_alloc", .step = 1 };

static void write_number(int fd, long number)
{
	char text[24];
	int length = snprintf(text, sizeof(text), "%ld", number);

	/* A task that fails its allocations may fail this, too. */
	for (int try = 0; try < 1000; try++) {
		if (write(fd, text, length) == length)
			return;
	}
	ksft_exit_fail_perror("writing to a file of fault injection");
}

static long read_number(int fd)
{
	char text[24] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		ksft_exit_fail_perror("reading a file of fault injection");
	return atol(text);
}

/* Calls, and waits for the child if there is one. Returns 0, or the error. */
static int fork_once(const struct call *call, bool *child_is_right)
{
	int error, status = 0;
	pid_t pid;

	pidfd = -1;
	if (call->call) {
		pid = call->call();
		/* What fails the calls of the parent may be the child's, too. */
		if (!pid)
			_exit(child_is_right ? !memory_of_child() : 0);
	} else {
		pid = vfork();
		if (!pid)
			_exit(0);
	}
	error = pid < 0 ? errno : 0;
	if (pid > 0) {
		write_number(make_it_fail, 0);
		if (waitpid(pid, &status, 0) != pid)
			ksft_exit_fail_perror("waitpid");
	}
	if (child_is_right)
		*child_is_right = !status;
	if (pidfd >= 0 && error)
		ksft_print_msg("%s: failed, and left a pidfd\n", call->name);
	if (pidfd >= 0)
		close(pidfd);
	return error;
}

struct sweep {
	long points;
	long failed;
	/* What failed was no reason for the call to fail. */
	long tolerated;
	bool good;
};

/* Judges what a call has left.  @error is 0 if it has succeeded. */
static bool is_unchanged(const struct call *call, const char *how, long n, int error)
{
	const char *change = memory_of_parent();

	if (error && error != ENOMEM && !(call->may_fault && error == EFAULT)) {
		ksft_print_msg("%s, %s %ld: %s\n", call->name, how, n, strerror(error));
		return false;
	}
	if (change) {
		ksft_print_msg("%s, %s %ld: memory changed: %s\n", call->name, how, n, change);
		return false;
	}
	change = readings_after();
	if (change)
		ksft_print_msg("%s, %s %ld: %s\n", call->name, how, n, change);
	return !change;
}

static struct sweep sweep_once(const struct call *call)
{
	struct sweep sweep = { .good = true };

	while (sweep.good && sweep.points < MAX_POINTS) {
		long nth = sweep.points * every + 1, left;
		bool right = true;
		int error;

		write_number(fail_nth, nth);
		error = fork_once(call, &right);
		left = read_number(fail_nth);
		write_number(fail_nth, 0);
		if (!right)
			ksft_print_msg("%s, once %ld: the child has other memory\n", call->name,
				       nth);
		sweep.good = right && is_unchanged(call, "once", nth, error);
		if (left) {
			sweep.good &= !error;
			break;
		}
		sweep.points++;
		sweep.failed += !!error;
		sweep.tolerated += !error;
	}
	return sweep;
}

static struct sweep sweep_forever(const struct call *call, const struct attribute *attribute)
{
	const struct attribute *other = attribute == &slab ? &pages : &slab;
	struct sweep sweep = { .good = true };

	while (sweep.good && sweep.points < MAX_POINTS) {
		long nth = sweep.points * every;
		int error;

		write_number(other->times, 0);
		write_number(attribute->times, MANY_TIMES);
		write_number(attribute->space, nth * attribute->step);
		write_number(make_it_fail, 1);
		error = fork_once(call, NULL);
		write_number(make_it_fail, 0);
		sweep.good = is_unchanged(call, attribute->name, nth, error);
		if (!error)
			break;
		sweep.points++;
		sweep.failed++;
	}
	return sweep;
}

static int set(const char *attribute, const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), DEBUGFS "%s/%s", attribute, name);
	return write_text(path, value);
}

/* GFP_KERNEL and the pages of users are spared unless one says otherwise. */
static bool open_attribute(struct attribute *attribute)
{
	static const char * const values[][2] = {
		{ "ignore-gfp-wait", "N" }, { "task-filter", "Y" }, { "probability", "100" },
		{ "interval", "1" }, { "verbose", "0" },
	};
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		if (set(attribute->name, values[i][0], values[i][1]))
			return false;
	}
	snprintf(path, sizeof(path), DEBUGFS "%s/space", attribute->name);
	attribute->space = open(path, O_RDWR | O_CLOEXEC);
	snprintf(path, sizeof(path), DEBUGFS "%s/times", attribute->name);
	attribute->times = open(path, O_RDWR | O_CLOEXEC);
	return attribute->space >= 0 && attribute->times >= 0;
}

static void open_files(void)
{
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	make_it_fail = open("/proc/thread-self/make-it-fail", O_RDWR | O_CLOEXEC);
	if (fail_nth < 0 || make_it_fail < 0 || !open_attribute(&slab) ||
	    !open_attribute(&pages) || set(pages.name, "ignore-gfp-highmem", "N") ||
	    set(pages.name, "min-order", "0"))
		ksft_exit_skip("takes root, CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC and debugfs\n");
}

static void report(const struct call *call, const char *how, struct sweep sweep)
{
	ksft_print_msg("%s, %s: %ld points, tolerated %ld\n", call->name, how, sweep.points,
		       sweep.tolerated);
	ksft_print_msg("forks failed: %ld by %s, %s\n", sweep.failed, call->name, how);
	/* It shares the address space, and with a stack from the kernel's cache takes no page. */
	if (!call->call && sweep.good && !sweep.points) {
		ksft_test_result_skip("%s, %s: it allocates nothing\n", call->name, how);
		return;
	}
	/* A sweep without a failure shows nothing. */
	ksft_test_result(sweep.good && sweep.failed && sweep.points < MAX_POINTS, "%s, %s\n",
			 call->name, how);
}

int main(int argc, char **argv)
{
	bool alone = argc > 1 && !strcmp(argv[1], "alone");
	const char *change;
	long failed = 0;

	ksft_print_header();
	if (argc > 1 + alone)
		every = atol(argv[1 + alone]);
	if (every < 1)
		ksft_exit_fail_msg("usage: fork_fail_nth [alone] [EVERY]\n");
	open_files();
	ksft_set_plan(ARRAY_SIZE(calls) * 3 + 1);
	ksft_print_msg("%d areas\n", memory_make());
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		bool right;

		/* Forks once before, so that all is there that the first fork makes. */
		if (fork_once(&calls[i], &right) || !right)
			ksft_exit_fail_msg("%s without a failure: %s\n", calls[i].name,
					   right ? strerror(errno) : "the child has other memory");
	}
	/* What is read takes memory of this process, too: the first time is for that. */
	readings_before();
	readings_after();
	system_before();
	/* Nor need all of the program's own pages have been mapped by then. */
	for (int tries = 0; tries < 10; tries++) {
		if (readings_before())
			ksft_exit_fail_perror("reading /proc/self");
		change = readings_after();
		if (!change)
			break;
	}
	if (change)
		ksft_exit_fail_msg("the process does not stay as it is: %s\n", change);

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		const struct call *call = &calls[i];
		struct sweep sweep = sweep_once(call);

		report(call, "once", sweep);
		failed += sweep.failed;
		sweep = sweep_forever(call, &slab);
		report(call, "slab forever", sweep);
		failed += sweep.failed;
		sweep = sweep_forever(call, &pages);
		report(call, "pages forever", sweep);
		failed += sweep.failed;
	}
	ksft_test_result(!system_after(alone, failed), "counters of the system\n");
	set(slab.name, "probability", "0");
	set(pages.name, "probability", "0");
	ksft_finished();
}
