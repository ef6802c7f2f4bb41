// SPDX-License-Identifier: GPL-2.0
/* Forks that a fatal alarm interrupts: the kernel must undo them.  Takes no privilege. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include "kselftest.h"

#define NR_VMAS 3000
static int *forks;	/* shared with the forkers */

/* Forks, with an alarm after that many us if any.  fork() of a libc may block signals. */
static void fork_with_alarm(long us)
{
	struct itimerval timer = { .it_value = { us / 1000000, us % 1000000 } };

	setitimer(ITIMER_REAL, &timer, NULL);
	__atomic_add_fetch(forks, 1, __ATOMIC_SEQ_CST);
	if (!syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) || us)
		_exit(0);
}

int main(int argc, char **argv)
{
	int nr = argc > 1 ? atoi(argv[1]) : 200, rw = PROT_READ | PROT_WRITE, status, i;
	size_t size = 2 * getpagesize();
	char *area = mmap(NULL, NR_VMAS * size, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long us;

	ksft_print_header();
	ksft_set_plan(1);
	forks = mmap(NULL, size, rw, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED || forks == MAP_FAILED || (!getuid() && setreuid(1000, 1000)) ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1))
		ksft_exit_fail_perror("setting up");
	memset(area, 1, NR_VMAS * size);
	for (i = 0; i < NR_VMAS; i += 2)	/* neighbours differ, so each is a VMA */
		mprotect(area + i * size, size, PROT_READ);
	us = clock();
	fork_with_alarm(0);
	us = clock() - us;	/* how long a fork takes, if nothing disturbs it */
	for (i = 0; i < nr; i++) {
		pid_t pid = fork();

		if (!pid)	/* after 1/256 to 2 times that */
			fork_with_alarm((us * (i * 7 % 16 + 1) / 8 >> i % 6) + 1);
		if (waitpid(pid, &status, 0) < 0 || (status && status != SIGALRM))
			ksft_exit_fail_msg("alarm %d of %d: status %#x\n", i + 1, nr, status);
	}
	for (i = *forks; wait(NULL) > 0; i--)	/* forks that did not fail */
		;
	ksft_print_msg("forks failed: %d by an alarm, of %d\n", i, nr);
	(i ? ksft_test_result_pass : ksft_test_result_skip)("fork_alarm\n");
	ksft_finished();
}
