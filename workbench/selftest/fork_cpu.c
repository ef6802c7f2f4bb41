// SPDX-License-Identifier: GPL-2.0
/*
 * Forks of a process that has used up its RLIMIT_CPU, and is killed by the timer's interrupt: the
 * kernel must undo them.  Where CONFIG_POSIX_CPU_TIMERS_TASK_WORK is set, as on x86 and arm64, the
 * kernel waits for the end of the fork.  Takes no privilege.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "kselftest.h"

#define NR_VMAS 3000

/* Shared with the forkers: forks that have begun, and children that there were. */
static struct {
	int begun, children;
} *forks;

static void fork_until_killed(void)
{
	struct rlimit second = { 1, 1 };

	setrlimit(RLIMIT_CPU, &second);
	for (;;) {
		__atomic_add_fetch(&forks->begun, 1, __ATOMIC_SEQ_CST);
		if (!syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)) {
			__atomic_add_fetch(&forks->children, 1, __ATOMIC_SEQ_CST);
			_exit(0);
		}
		wait(NULL);
	}
}

int main(int argc, char **argv)
{
	int nr = argc > 1 ? atoi(argv[1]) : 200, enough = argc > 2 ? atoi(argv[2]) : 5;
	int rw = PROT_READ | PROT_WRITE, failed = 0, status, i;
	size_t size = 2 * getpagesize();
	char *area = mmap(NULL, NR_VMAS * size, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ksft_print_header();
	ksft_set_plan(1);
	forks = mmap(NULL, size, rw, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED || forks == MAP_FAILED || (!getuid() && setreuid(1000, 1000)) ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1))
		ksft_exit_fail_perror("setting up");
	for (i = 0; i < NR_VMAS; i += 2)	/* neighbours differ, so each is a VMA */
		mprotect(area + i * size, size, PROT_READ);
	/* Pages take most of the time of a fork where the TLB is flushed page by page, as on UML. */
	for (i = 1; i < NR_VMAS; i += 32)
		area[i * size] = 1;
	/* Whether the kill comes while VMAs are copied is chance. */
	for (i = 0; i < nr && failed < enough; i++) {
		pid_t pid;

		ksft_print_msg("try %d\n", i + 1);
		pid = fork();
		if (!pid)
			fork_until_killed();
		if (waitpid(pid, &status, 0) < 0 || status != SIGKILL)
			ksft_exit_fail_msg("process %d of %d: status %#x\n", i + 1, nr, status);
		while (wait(NULL) > 0)	/* a child of the forker is ours now */
			;
		/* The last one has no child if it failed; or the kill came before the call. */
		failed += forks->begun != forks->children;
		memset(forks, 0, sizeof(*forks));
	}
	ksft_print_msg("forks failed: %d by RLIMIT_CPU, of %d processes\n", failed, i);
	(failed ? ksft_test_result_pass : ksft_test_result_skip)("fork_cpu\n");
	ksft_finished();
}
