// SPDX-License-Identifier: GPL-2.0
/* Processes that are killed while they fork: their memory is reaped, or there is none left. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "soak.h"

#define SIZE	(2UL << 20)
#define EATEN	(64UL << 20)

/* Forks until it is killed. */
static void fork_on(void)
{
	char *at = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		_exit(1);
	for (;;) {
		pid_t pid;

		memset(at, 1, SIZE);
		pid = raw_fork();
		if (!pid)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

/* Kills a process that forks, and has its memory reaped from here. */
void mrelease_turn(void)
{
	pid_t pid = fork();
	int pidfd;

	if (!pid)
		fork_on();
	if (pid < 0)
		return;
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	nap_us(1000 + below(20000));
	kill(pid, SIGKILL);
	syscall(SYS_process_mrelease, pidfd, 0);
	close(pidfd);
	waitpid(pid, NULL, 0);
	/* Its last child, if it had one then, is ours. */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* The group is there for forks, too. */
bool oom_set_up(void)
{
	return !access(TIGHT, F_OK);
}

/* Eats what the group has, beside those who fork in it. */
void oom_turn(void)
{
	pid_t pid;

	nap_us(below(1000000));
	pid = fork();
	if (!pid) {
		char *at = mmap(NULL, EATEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				-1, 0);

		if (at != MAP_FAILED && put(TIGHT "cgroup.procs", "0"))
			memset(at, 1, EATEN);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}
