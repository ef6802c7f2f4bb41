// SPDX-License-Identifier: GPL-2.0
/*
 * Forks that the commit limit refuses half-way, in its default mode, "heuristic": two mappings that
 * touch are one VMA, and may be larger than all memory, which mmap() did not look at but fork()
 * does.  RLIMITs do not matter to it: none is looked at while the VMAs are copied.  Takes no
 * privilege, and no time has to be right.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include "kselftest.h"

static const struct {
	const char *name;
	int limit;
} limits[] = {
	{ "RLIMIT_AS", RLIMIT_AS },		{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_STACK", RLIMIT_STACK },	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_RSS", RLIMIT_RSS },		{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
};

/* Returns 0, or the error. */
static int try_to_fork(void)
{
	pid_t pid = fork();

	if (pid < 0)
		return errno;
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	return 0;
}

/* Forks with no more of a resource than 0, in a process that may lose it. */
static void fork_without(int limit, const char *name)
{
	struct rlimit none = { 0, 0 };
	pid_t pid = fork();
	int status = 0;

	if (!pid)
		_exit(setrlimit(limit, &none) ? 255 : try_to_fork());
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		ksft_exit_fail_perror(name);
	status = WEXITSTATUS(status);
	/* RLIMIT_NPROC is looked at before there is an mm. */
	ksft_test_result(status == (limit == RLIMIT_NPROC ? EAGAIN : 0), "%s: fork() %s\n", name,
			 status ? strerror(status) : "succeeds");
}

int main(int argc, char **argv)
{
	int nr = argc > 1 ? atoi(argv[1]) : 1000, rw = PROT_READ | PROT_WRITE, failed = 0;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	struct sysinfo info;
	size_t size, i;
	char *area;

	ksft_print_header();
	if (sysinfo(&info) || (!getuid() && setreuid(1000, 1000)))
		ksft_exit_fail_perror("setting up");
	ksft_set_plan(ARRAY_SIZE(limits) + 1);
	for (i = 0; i < ARRAY_SIZE(limits); i++)
		fork_without(limits[i].limit, limits[i].name);

	/* Each is three quarters of what there is. */
	size = (info.totalram + info.totalswap) / 4 * info.mem_unit / getpagesize();
	size *= 3 * getpagesize();
	area = mmap(NULL, 2 * size, PROT_NONE, flags | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED ||
	    mmap(area, size, rw, flags | MAP_FIXED, -1, 0) == MAP_FAILED ||
	    mmap(area + size, size, rw, flags | MAP_FIXED, -1, 0) == MAP_FAILED)
		ksft_exit_fail_perror("mmap");
	for (int n = 0; n < nr; n++)
		failed += try_to_fork() == ENOMEM;
	ksft_print_msg("forks failed: %d by the commit limit, of %d\n", failed, nr);
	ksft_test_result(failed == nr, "fork_limit\n");
	ksft_finished();
}
