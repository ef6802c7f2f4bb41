// SPDX-License-Identifier: GPL-2.0
/* How forks are made to fail. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "soak.h"

/* Forks in a turn, of those that take little time */
#define MANY		64
/* More points than any fork has */
#define NEVER		1000000

static int fail_nth, make_it_fail;
static struct forker *me;
/* Of a fork that succeeds */
static long points, fork_ns;

static void write_number(int fd, long number)
{
	char text[24];
	int length = snprintf(text, sizeof(text), "%ld", number);

	/* A task that fails its allocations may fail this, too. */
	for (int try = 0; try < 1000; try++)
		if (write(fd, text, length) == length)
			return;
	wrong("fault injection: %s", strerror(errno));
}

/* Returns whether the fork failed; its child is waited for. */
static bool has_failed(pid_t pid)
{
	if (pid < 0) {
		if (errno != ENOMEM)
			wrong("fork: %s", strerror(errno));
		return true;
	}
	add(&soak->forked, 1);
	if (waitpid(pid, NULL, 0) != pid)
		wrong("waitpid: %s", strerror(errno));
	return false;
}

static bool fork_fails(void)
{
	pid_t pid = raw_fork();

	if (!pid)
		_exit(0);
	return has_failed(pid);
}

/* One fork, with one allocation that fails. */
long fail_at_random(void)
{
	bool failed;

	write_number(fail_nth, 1 + below(points));
	failed = fork_fails();
	/* It may have had fewer points than the one that was measured. */
	if (!failed)
		write_number(fail_nth, 0);
	return failed;
}

static long by_nth(void)
{
	long failed = 0;

	for (int i = 0; i < MANY; i++)
		failed += fail_at_random();
	return failed;
}

static long by_chance(void)
{
	long failed = 0;

	for (int i = 0; i < MANY; i++) {
		pid_t pid;

		write_number(make_it_fail, 1);
		pid = raw_fork();
		if (!pid)
			_exit(0);
		write_number(make_it_fail, 0);
		failed += has_failed(pid);
	}
	return failed;
}

static long by_commit_limit(void)
{
	long failed = 0;

	space_refuse(true);
	for (int i = 0; i < MANY; i++)
		failed += fork_fails();
	space_refuse(false);
	return failed;
}

static void set_state(int state)
{
	__atomic_store_n(&me->state, state, __ATOMIC_SEQ_CST);
}

/* Forks in a process that is to be killed meanwhile; does not return. */
static void fork_as_victim(void)
{
	pid_t pid;

	set_state(FORKING);
	pid = raw_fork();
	if (!pid)
		_exit(0);
	set_state(FORKED);
	_exit(0);
}

/* The children of a victim are ours when it has ended. Returns how many there were. */
static long reap_orphans(void)
{
	long number = 0;

	while (wait(NULL) > 0)
		number++;
	return number;
}

/* Waits for a victim. Returns whether it was killed in a fork, which has failed. */
static bool was_killed(pid_t victim)
{
	int status;
	long orphans;

	if (waitpid(victim, &status, 0) != victim)
		wrong("waitpid: %s", strerror(errno));
	orphans = reap_orphans();
	add(&soak->forked, 1 + orphans);
	return WIFSIGNALED(status) && me->state == FORKING && !orphans;
}

/* The signal comes some time after the fork has begun, or after it has ended. */
static long by_timer(int signal)
{
	long ns = 1 + below(fork_ns * 5 / 4);
	struct itimerspec when = { .it_value = { ns / 1000000000, ns % 1000000000 } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = signal };
	timer_t timer;
	pid_t victim;

	set_state(IDLE);
	victim = raw_fork();
	if (!victim) {
		if (timer_create(CLOCK_MONOTONIC, &event, &timer) ||
		    timer_settime(timer, 0, &when, NULL))
			_exit(1);
		fork_as_victim();
	}
	return victim > 0 && was_killed(victim);
}

static long by_alarm(void)
{
	return by_timer(SIGALRM);
}

static long by_sigkill(void)
{
	return by_timer(SIGKILL);
}

static long by_other(void)
{
	unsigned long end;
	pid_t victim;

	set_state(IDLE);
	victim = raw_fork();
	if (!victim)
		fork_as_victim();
	if (victim < 0)
		return 0;
	while (__atomic_load_n(&me->state, __ATOMIC_SEQ_CST) == IDLE && !stopped())
		sched_yield();
	end = now_ns() + below(fork_ns);
	while (now_ns() < end)
		;
	kill(victim, SIGKILL);
	return was_killed(victim);
}

static bool has_tight(void)
{
	return !access(TIGHT, F_OK);
}

/* Forks, and keeps the children, until there is no memory for the next one: all are killed. */
static long by_memory_cgroup(void)
{
	long orphans;
	pid_t victim;
	int status;

	set_state(IDLE);
	me->forked = 0;
	victim = raw_fork();
	if (!victim) {
		if (!put(TIGHT "cgroup.procs", "0"))
			_exit(1);
		for (;;) {
			pid_t pid;

			set_state(FORKING);
			pid = raw_fork();
			if (!pid) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				nap_us(5000000);
				_exit(0);
			}
			set_state(FORKED);
			if (pid < 0)
				_exit(0);
			me->forked++;
		}
	}
	if (victim < 0)
		return 0;
	if (waitpid(victim, &status, 0) != victim)
		wrong("waitpid: %s", strerror(errno));
	orphans = reap_orphans();
	add(&soak->forked, 1 + orphans);
	return me->state == FORKING && orphans == me->forked;
}

const struct cause causes[] = {
	{ "fail-nth at random", 120, by_nth },
	{ "failslab and fail_page_alloc by chance", 24, by_chance },
	{ "the commit limit", 12, by_commit_limit },
	{ "an alarm", 20, by_alarm },
	{ "SIGKILL from a timer", 20, by_sigkill },
	{ "SIGKILL from another process", 10, by_other },
	{ "an OOM kill in a memory cgroup", 1, by_memory_cgroup, has_tight },
};

const int nr_causes = ARRAY_SIZE(causes);

/* GFP_KERNEL and the pages of users are spared unless one says otherwise. */
static bool set_attribute(const char *name, int probability)
{
	static const char * const values[][2] = {
		{ "ignore-gfp-wait", "N" }, { "task-filter", "Y" }, { "interval", "1" },
		{ "times", "-1" }, { "space", "0" }, { "verbose", "0" },
	};
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", name, values[i][0]);
		if (!put(path, "%s", values[i][1]))
			return false;
	}
	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/probability", name);
	return put(path, "%d", probability);
}

/* A group with so little memory that all in it are killed now and then */
static void make_tight(void)
{
	mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL);
	put("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	put("/proc/sys/vm/oom_dump_tasks", "0");
	mkdir(TIGHT, 0755);
	if (!put(TIGHT "memory.max", "3M") || !put(TIGHT "memory.oom.group", "1"))
		rmdir(TIGHT);
}

/* Of the whole machine, once */
bool causes_set_up(void)
{
	make_tight();
	return set_attribute("failslab", 2) && set_attribute("fail_page_alloc", 2) &&
	       put("/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "N") &&
	       put("/sys/kernel/debug/fail_page_alloc/min-order", "0");
}

static long read_number(int fd)
{
	char text[24] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? atol(text) : 0;
}

/* Of a process that will fork: what a fork takes */
void causes_begin(int forker)
{
	me = &soak->forkers[forker];
	me->pid = getpid();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	make_it_fail = open("/proc/thread-self/make-it-fail", O_RDWR | O_CLOEXEC);
	if (fail_nth < 0 || make_it_fail < 0)
		wrong("fault injection: %s", strerror(errno));
	for (int i = 0; i < 2; i++) {
		long begun = now_ns();

		write_number(fail_nth, NEVER);
		fork_fails();
		fork_ns = now_ns() - begun;
		points = NEVER - read_number(fail_nth);
		write_number(fail_nth, 0);
	}
	if (points < 1)
		points = 1;
}

/* Makes forks fail, by a cause that is chosen. Returns how many have. */
long causes_turn(void)
{
	long failed, sum = 0;
	int i;

	for (i = 0; i < nr_causes; i++)
		sum += causes[i].weight;
	sum = below(sum);
	for (i = 0; sum >= causes[i].weight; i++)
		sum -= causes[i].weight;
	if (causes[i].possible && !causes[i].possible())
		return 0;
	add(&soak->tried[i], 1);
	failed = causes[i].turn();
	add(&soak->failed[i], failed);
	return failed;
}
