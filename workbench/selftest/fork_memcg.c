// SPDX-License-Identifier: GPL-2.0
/*
 * Forks in a memory cgroup that has not enough left for the copies, as that of a container: the
 * kernel must undo them.  The forker takes no privilege; to make the cgroup takes root.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "kselftest.h"

#define CGROUPS		"/tmp/cgroup"
#define LIMITED		CGROUPS "/limited"
#define NR_VMAS		3000
/* The copies of so many VMAs take more. */
#define LEFT		(512 * 1024)

static void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		ksft_exit_fail_perror(path);
	close(fd);
}

static long read_number(const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		ksft_exit_fail_perror(path);
	close(fd);
	return atol(text);
}

/* Forks once it is told that the limit is there.  Exits with 1 if that fails. */
static void fork_in_cgroup(int ready, int go)
{
	int rw = PROT_READ | PROT_WRITE, i;
	size_t size = 2 * getpagesize();
	char *area, byte;
	pid_t pid;

	write_to(LIMITED "/cgroup.procs", "0");
	area = mmap(NULL, NR_VMAS * size, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED || setreuid(1000, 1000))
		_exit(2);
	memset(area, 1, NR_VMAS * size);
	for (i = 0; i < NR_VMAS; i += 2)	/* neighbours differ, so each is a VMA */
		mprotect(area + i * size, size, PROT_READ);
	if (write(ready, "", 1) != 1 || read(go, &byte, 1) != 1)
		_exit(2);
	pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	_exit(pid < 0);
}

int main(int argc, char **argv)
{
	int nr = argc > 1 ? atoi(argv[1]) : 100, killed = 0, failed = 0, status, i;
	char text[32], byte;
	int go[2];

	ksft_print_header();
	mkdir(CGROUPS, 0755);
	if (mount("cgroup2", CGROUPS, "cgroup2", 0, NULL))
		ksft_exit_skip("takes root and CONFIG_MEMCG\n");
	ksft_set_plan(1);
	write_to(CGROUPS "/cgroup.subtree_control", "+memory");
	if ((mkdir(LIMITED, 0755) && errno != EEXIST) || pipe(go) ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1))
		ksft_exit_fail_perror("setting up");
	for (i = 0; i < nr; i++) {
		int orphans = 0, ready[2];
		pid_t pid;

		write_to(LIMITED "/memory.max", "max");
		if (pipe(ready))
			ksft_exit_fail_perror("a pipe");
		pid = fork();
		if (!pid)
			fork_in_cgroup(ready[1], go[0]);
		/* So that read() ends if the forker does. */
		close(ready[1]);
		if (pid < 0 || read(ready[0], &byte, 1) != 1)
			ksft_exit_fail_msg("forker %d of %d did not get ready\n", i + 1, nr);
		close(ready[0]);
		snprintf(text, sizeof(text), "%ld", read_number(LIMITED "/memory.current") + LEFT);
		write_to(LIMITED "/memory.max", text);
		if (write(go[1], "", 1) != 1 || waitpid(pid, &status, 0) != pid)
			ksft_exit_fail_perror("a forker");
		if (status && status != SIGKILL && status != W_EXITCODE(1, 0))
			ksft_exit_fail_msg("fork %d of %d: status %#x\n", i + 1, nr, status);
		/* A child of the forker is ours now. */
		while (wait(NULL) > 0)
			orphans++;
		killed += status == SIGKILL && !orphans;
		failed += status == W_EXITCODE(1, 0);
	}
	ksft_print_msg("forks failed: %d by the limit of a memory cgroup, of %d; killed: %d\n",
		       killed + failed, nr, killed);
	(killed + failed ? ksft_test_result_pass : ksft_test_result_skip)("fork_memcg\n");
	ksft_finished();
}
