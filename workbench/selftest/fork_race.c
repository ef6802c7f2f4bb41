// SPDX-License-Identifier: GPL-2.0
/*
 * Forks that are killed while somebody else waits to look at the child's mm: swapoff, by the list
 * of mms with memory in swap, or who removes a uprobe, by the rmap of this program.  Takes root and
 * a kernel with no-stopgap applied, as released ones test for such an mm in both places.
 *
 *	fork_race swapoff|uprobes [TRIES]
 *
 * swapoff begins with the mm that came into its list last.  Reclaim puts one there when it takes
 * its first page, and a child after its parent.  So while a process forks, some of its memory is
 * reclaimed: what it has had longest, and has copied already.  Nothing of it may have been in swap
 * before.
 *
 * To remove a uprobe has to wait until no fork is going on.  So somebody has to keep the mm of the
 * one that failed: a swapoff, which must not get to run before the uprobe's remover has found the
 * mm.  Both share a CPU with this process, and the three have different priorities.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include "setup.h"

/* A fork has to last until the helpers wait for it. */
#define LONG_ENOUGH_US	100000
#define MAX_VMAS	24000
#define EVENT		"race/probed"
/* Of those who fork, so that it is their memory that is reclaimed. */
#define GROUP		CGROUPS "race/"
#define FAILED_FORKS	"/sys/module/swapfile/parameters/failed_forks"

enum { SETTING_UP, READY, FORKING, FORKED };

/* A process that does what may take long, for one that looks whether it waits. */
struct helper {
	/* The function in which it waits for the fork */
	const char *waits_in;
	void (*act)(char order);
	int priority;
	/* Shared with it */
	int *busy;
	int orders;
	pid_t pid;
};

static int *state;	/* of the forker, shared */
static int nr_vmas = 6000;

static int look(const int *value)
{
	return __atomic_load_n(value, __ATOMIC_SEQ_CST);
}

static void set(int *value, int to)
{
	__atomic_store_n(value, to, __ATOMIC_SEQ_CST);
}

static void nap_us(long us)
{
	struct timespec time = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&time, NULL);
}

static long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);

	if (length < 0)
		ksft_exit_fail_perror(path);
	text[length] = 0;
	close(fd);
}

static long failed_forks_met(void)
{
	char text[24];

	read_text(FAILED_FORKS, text, sizeof(text));
	return atol(text);
}

/* @priority 0 is that of any process. */
static void run_on(int cpu, int priority)
{
	struct sched_param param = { .sched_priority = priority };
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) ||
	    sched_setscheduler(0, priority ? SCHED_FIFO : SCHED_OTHER, &param))
		ksft_exit_fail_perror("scheduling");
}

static void start(struct helper *helper)
{
	int pipes[2];
	char order;

	if (pipe(pipes))
		ksft_exit_fail_perror("pipe");
	helper->orders = pipes[1];
	helper->pid = fork();
	if (helper->pid < 0)
		ksft_exit_fail_perror("fork");
	if (helper->pid)
		return;
	close(pipes[1]);
	run_on(0, helper->priority);
	while (read(pipes[0], &order, 1) == 1) {
		helper->act(order);
		set(helper->busy, 0);
	}
	_exit(0);
}

static void tell(struct helper *helper, char order)
{
	set(helper->busy, 1);
	if (write(helper->orders, &order, 1) != 1)
		ksft_exit_fail_perror("a helper");
}

static void finish(struct helper *helper)
{
	while (look(helper->busy))
		nap_us(1000);
}

/* Waits until it waits for the fork that is going on. False if the fork is over before. */
static bool is_seen_waiting(struct helper *helper)
{
	char path[64], where[64];

	snprintf(path, sizeof(path), "/proc/%d/wchan", helper->pid);
	while (look(state) == FORKING) {
		read_text(path, where, sizeof(where));
		if (!strcmp(where, helper->waits_in))
			return true;
		nap_us(500);
	}
	return false;
}

static void take_swap_away(char order)
{
	swapoff(DISK);
}

static void switch_uprobe(char order)
{
	put(TRACING "events/" EVENT "/enable", "%c", order);
}

static struct helper swapper = { "unuse_mm", take_swap_away };
static struct helper prober = { "register_for_each_vma", switch_uprobe, .priority = 2 };

/* Where the uprobe is.  It is in the first VMAs of all who run this program. */
static void probed(void)
{
	__asm__ volatile("nop; nop; nop; nop");
}

static void fork_once(void)
{
	int rw = PROT_READ | PROT_WRITE, i;
	size_t size = 2 * getpagesize();
	pid_t pid = -1;
	char *area;

	run_on(1, 0);
	setpgid(0, 0);
	area = mmap(NULL, nr_vmas * size, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (put(GROUP "cgroup.procs", "0") && area != MAP_FAILED) {
		memset(area, 1, nr_vmas * size);
		for (i = 0; i < nr_vmas; i += 2)	/* neighbours differ, so each is a VMA */
			mprotect(area + i * size, size, PROT_READ);
		set(state, READY);
		while (look(state) == READY)
			nap_us(100);
		pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	}
	if (pid)
		set(state, FORKED);
	_exit(pid < 0);
}

static pid_t start_forker(void)
{
	char path[64];
	pid_t pid;

	set(state, SETTING_UP);
	pid = fork();
	if (!pid)
		fork_once();
	if (pid < 0)
		ksft_exit_fail_perror("fork");
	setpgid(pid, pid);
	while (look(state) == SETTING_UP)
		nap_us(500);
	/* Reclaim takes at once what has not been used since. */
	snprintf(path, sizeof(path), "/proc/%d/clear_refs", pid);
	if (!put(path, "1"))
		ksft_exit_fail_perror(path);
	if (look(state) == READY)
		set(state, FORKING);
	return pid;
}

/* Waits for the forker, and for its child.  Returns whether it was killed before it had one. */
static bool end_forker(pid_t pid)
{
	int status, nr = 0, killed = 0;

	for (; waitpid(-pid, &status, 0) > 0; nr++)
		killed += status == SIGKILL;
	return nr == 1 && killed && look(state) == FORKING;
}

/* How long a fork takes, without a helper. */
static long measure_fork(void)
{
	pid_t pid = start_forker();
	long us = now_us();

	while (look(state) == FORKING)
		nap_us(500);
	us = now_us() - us;
	end_forker(pid);
	return us;
}

/* Only memory that has to go to swap.  6.12 has no word for that, just a number for "nearly". */
static void reclaim_some(void)
{
	if (!put(GROUP "memory.reclaim", "256K swappiness=max"))
		put(GROUP "memory.reclaim", "256K swappiness=200");
}

struct result {
	int failed, waited, met;
};

/* Kills a forker once the helpers wait.  @uprobes: two of them, else swapoff only. */
static void race(bool uprobes, long after_us, struct result *result)
{
	long met = failed_forks_met();
	siginfo_t info = { };
	bool waited;
	pid_t pid;

	/* There is one already if a swapoff was given up. */
	if (swapon(DISK, 0) && errno != EBUSY)
		ksft_exit_fail_perror("swapon");
	if (uprobes)
		tell(&prober, '1');
	finish(&prober);
	pid = start_forker();
	nap_us(after_us);
	if (uprobes)
		tell(&prober, '0');
	reclaim_some();
	tell(&swapper, 0);
	waited = is_seen_waiting(&swapper) && (!uprobes || is_seen_waiting(&prober));

	/* swapoff gets the lock now, but no CPU; the prober is more urgent than this process. */
	if (uprobes)
		run_on(0, 1);
	kill(pid, SIGKILL);
	while (uprobes && !info.si_pid)
		if (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT))
			ksft_exit_fail_perror("waitid");
	run_on(0, 0);
	result->failed += end_forker(pid);
	finish(&swapper);
	finish(&prober);
	result->waited += waited;
	result->met += waited && failed_forks_met() > met;
}

static void set_up(bool uprobes)
{
	int *words = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0);

	if (access(FAILED_FORKS, R_OK))
		ksft_exit_fail_msg("this is for kernels with no-stopgap applied\n");
	mount("cgroup2", CGROUPS, "cgroup2", 0, NULL);
	put(CGROUPS "cgroup.subtree_control", "+memory");
	mkdir(GROUP, 0755);
	if (words == MAP_FAILED || prctl(PR_SET_CHILD_SUBREAPER, 1) || !make_swap() ||
	    (uprobes && !make_uprobe(EVENT, probed)) ||
	    !put("/proc/sys/kernel/sched_rt_runtime_us", "-1"))
		ksft_exit_fail_perror("setting up");
	state = words;
	swapper.busy = words + 1;
	prober.busy = words + 2;
	run_on(0, 0);
	start(&swapper);
	start(&prober);
}

int main(int argc, char **argv)
{
	bool uprobes = argc > 1 && !strcmp(argv[1], "uprobes");
	int nr = argc > 2 ? atoi(argv[2]) : 10;
	struct result result = { };
	long us;

	ksft_print_header();
	if (argc < 2 || (!uprobes && strcmp(argv[1], "swapoff")))
		ksft_exit_fail_msg("usage: fork_race swapoff|uprobes [TRIES]\n");
	ksft_set_plan(1);
	set_up(uprobes);
	for (us = measure_fork(); us < LONG_ENOUGH_US && nr_vmas < MAX_VMAS; us = measure_fork())
		nr_vmas *= 2;
	ksft_print_msg("fork() of %d VMAs takes %ld us\n", nr_vmas, us);
	for (int i = 0; i < nr; i++) {
		ksft_print_msg("try %d\n", i + 1);
		/* After 1/16 to 1/4 of it: the first VMAs are copied, most are still to come. */
		race(uprobes, us * (1 + i % 4) / 16, &result);
	}
	/* With a uprobe it is the swapoff that tells of a meeting: see above. */
	ksft_print_msg("forks failed: %d by SIGKILL beside %s, of %d; waited for: %d, met: %d\n",
		       result.failed, argv[1], nr, result.waited, result.met);
	/* If they never meet, nothing is shown. */
	ksft_test_result(result.failed && result.met, "fork_race %s\n", argv[1]);
	ksft_finished();
}
