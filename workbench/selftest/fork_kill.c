// SPDX-License-Identifier: GPL-2.0
/*
 * Forks whose process is killed by another one, after many delays: the kernel must undo them.
 * Takes no privilege.
 *
 *	fork_kill [TRIES] [thread]
 *
 * "thread" has the process killed by a thread of its own.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include "kselftest.h"

#define NR_VMAS 3000

enum { IDLE, FORKING, DONE };

static int *state;	/* shared with the forkers */

/* Nothing but time that passes, by a count. */
static void spin(long count)
{
	while (count-- > 0)
		__asm__ volatile("");
}

static long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void set_state(int new)
{
	__atomic_store_n(state, new, __ATOMIC_SEQ_CST);
}

static void kill_later(pid_t pid, long after)
{
	while (__atomic_load_n(state, __ATOMIC_SEQ_CST) == IDLE)
		sched_yield();
	spin(after);
	kill(pid, SIGKILL);
}

static void *kill_own_process(void *after)
{
	kill_later(getpid(), *(long *)after);
	return NULL;
}

/* One forker, killed a while after it begins to fork.  True if that made its fork fail. */
static bool kill_a_fork(long before, long after, bool by_thread)
{
	pthread_t thread;
	int status, orphans = 0;
	pid_t pid;

	set_state(IDLE);
	pid = fork();
	if (pid < 0)
		ksft_exit_fail_perror("fork");
	if (!pid) {
		if (by_thread && pthread_create(&thread, NULL, kill_own_process, &after))
			_exit(1);
		/* With one CPU it matters how much of a time slice is left. */
		spin(before);
		set_state(FORKING);
		/* That of a libc takes its locks first. */
		pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
		if (pid)
			set_state(DONE);
		_exit(0);
	}
	if (!by_thread)
		kill_later(pid, after);
	if (waitpid(pid, &status, 0) != pid)
		ksft_exit_fail_perror("waitpid");
	if (status && status != SIGKILL)
		ksft_exit_fail_msg("before %ld after %ld: status %#x\n", before, after, status);
	/* A child of the forker is ours now. */
	while (wait(NULL) > 0)
		orphans++;
	return status && !orphans && *state == FORKING;
}

int main(int argc, char **argv)
{
	int nr = argc > 1 ? atoi(argv[1]) : 200, rw = PROT_READ | PROT_WRITE, hits = 0, i;
	size_t size = 2 * getpagesize();
	char *area = mmap(NULL, NR_VMAS * size, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool by_thread = argc > 2 && !strcmp(argv[2], "thread");
	long us, per_fork;
	pid_t pid;

	ksft_print_header();
	ksft_set_plan(1);
	state = mmap(NULL, size, rw, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED || state == MAP_FAILED || (!getuid() && setreuid(1000, 1000)) ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1))
		ksft_exit_fail_perror("setting up");
	memset(area, 1, NR_VMAS * size);
	for (i = 0; i < NR_VMAS; i += 2)	/* neighbours differ, so each is a VMA */
		mprotect(area + i * size, size, PROT_READ);

	us = now_us();
	pid = fork();
	if (!pid)
		_exit(0);
	us = now_us() - us;
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		ksft_exit_fail_perror("fork");
	per_fork = now_us();
	spin(1000000);
	per_fork = us * 1000000 / (now_us() - per_fork + 1);

	for (i = 0; i < nr; i++)
		hits += kill_a_fork(per_fork * (i % 16) / 8, per_fork * (i * 7 % 20) / 20,
				    by_thread);
	ksft_print_msg("fork() takes %ld us, which is a count of %ld\n", us, per_fork);
	ksft_print_msg("forks failed: %d by SIGKILL%s, of %d\n", hits,
		       by_thread ? " from a thread" : "", nr);
	(hits ? ksft_test_result_pass : ksft_test_result_skip)("fork_kill\n");
	ksft_finished();
}
