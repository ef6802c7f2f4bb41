// SPDX-License-Identifier: GPL-2.0
/*
 * Processes with varied memory whose forks fail by many causes, for minutes, with racers beside.
 * Nothing may be lost in the end.
 *
 *	fork_soak MINUTES SEED [RACER|all|none [FORKERS]]
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "soak.h"

#define NS		1000000000UL
#define WARM_UP		(20 * NS)
#define LIFE		(NS / 2)
#define TURNS		40
#define FEW		20
/* How long processes may take to end that have been told to. */
#define ENDING		(120 * NS)

static struct {
	unsigned long seed, life;
	int forkers;
	bool beside[MAX_RACERS];
} run;

/* A life: an address space, forks that fail, a look at it. */
static void fork_a_while(int nr, unsigned long life)
{
	unsigned long end = now_ns() + LIFE, size;
	int turns = 0;

	seed_chance(run.seed, life);
	size = below(100);
	space_make(size < 90 ? 2 + below(22) : size < 99 ? 50 + below(100) : 1000);
	causes_begin(nr);
	/* On a slow machine, or with much memory, it takes longer. */
	while (!stopped() && (turns < TURNS || now_ns() < end)) {
		causes_turn();
		turns++;
		uprobe_here();
	}
	if (!space_is_right())
		wrong("life %lu: memory of the parent has changed", life);
	exit(0);
}

static void race(int nr)
{
	seed_chance(run.seed, -1UL - nr);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	while (!stopped()) {
		racers[nr].turn();
		add(&soak->turns[nr], 1);
	}
	exit(0);
}

static pid_t start(void (*with)(int), int nr)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		with(nr);
	if (pid < 0)
		ksft_exit_fail_perror("fork");
	return pid;
}

static void start_life(int nr)
{
	fork_a_while(nr, run.life);
}

static long failed_so_far(void)
{
	long failed = 0;

	for (int i = 0; i < nr_causes; i++)
		failed += soak->failed[i];
	return failed;
}

static void print_minute(int minute)
{
	printf("# minute %d: failed %ld, by cause", minute, failed_so_far());
	for (int i = 0; i < nr_causes; i++)
		printf(" %ld", soak->failed[i]);
	printf(", forked %ld, spaces %ld, turns", soak->forked, soak->spaces);
	for (int i = 0; i < nr_racers; i++)
		if (run.beside[i])
			printf(" %ld", soak->turns[i]);
	counters_print();
	printf("\n");
}

/* Waits for a process that has ended. Returns which forker it was, or -1. */
static int reap(void)
{
	int status;
	pid_t pid = waitpid(-1, &status, WNOHANG);

	if (pid <= 0)
		return -1;
	if (status)
		wrong("process %d: status %#x", pid, status);
	for (int nr = 0; nr < run.forkers; nr++)
		if (soak->forkers[nr].pid == pid)
			return nr;
	return -1;
}

/* Tells all to end, and waits for that. */
static void end_all(void)
{
	unsigned long end = now_ns() + ENDING;
	pid_t pid = 0;
	int status;

	__atomic_store_n(&soak->stop, 1, __ATOMIC_SEQ_CST);
	while (pid >= 0 && now_ns() < end) {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid > 0 && status)
			wrong("process %d: status %#x", pid, status);
		nap_us(2000);
	}
	if (pid >= 0)
		ksft_exit_fail_msg("processes do not end\n");
	if (ftruncate(soak_file, 0) || ftruncate(soak_file, FILE_SIZE))
		ksft_exit_fail_perror("ftruncate");
	soak->stop = 0;
}

/* All that was chosen, for so long; then all processes have ended. */
static void soak_for(unsigned long ns, bool print)
{
	unsigned long begun = now_ns(), now;
	int minute = 0;

	for (int nr = 0; nr < nr_racers; nr++)
		if (run.beside[nr])
			start(race, nr);
	for (int nr = 0; nr < run.forkers; nr++, run.life++)
		soak->forkers[nr].pid = start(start_life, nr);
	while ((now = now_ns()) < begun + ns) {
		int nr = reap();

		if (nr >= 0) {
			soak->forkers[nr].pid = start(start_life, nr);
			run.life++;
		} else {
			nap_us(2000);
		}
		if (print && now >= begun + (minute + 1) * 60 * NS)
			print_minute(++minute);
	}
	if (print && minute * 60 * NS < ns)
		print_minute(++minute);
	end_all();
}

static void choose_racers(const char *which)
{
	int chosen = 0;

	for (int nr = 0; nr < nr_racers; nr++) {
		const struct racer *racer = &racers[nr];
		bool only = !strcmp(which, racer->name);

		if (!only && strcmp(which, "all"))
			continue;
		chosen++;
		run.beside[nr] = !racer->set_up || racer->set_up();
		if (!run.beside[nr] && only)
			ksft_exit_fail_msg("%s: not on this machine\n", which);
		ksft_print_msg("beside: %s%s\n", racer->name,
			       run.beside[nr] ? "" : ": not on this machine");
	}
	if (!chosen && strcmp(which, "none"))
		ksft_exit_fail_msg("no racer %s\n", which);
}

static void end_racers(void)
{
	for (int nr = 0; nr < nr_racers; nr++)
		if (run.beside[nr] && racers[nr].end)
			racers[nr].end();
}

static bool causes_have_worked(void)
{
	bool good = true;

	for (int i = 0; i < nr_causes; i++) {
		if (causes[i].possible && !causes[i].possible())
			continue;
		ksft_print_msg("forks failed: %ld by %s\n", soak->failed[i], causes[i].name);
		/* What is rare may not have come up. */
		good &= soak->failed[i] > 0 || soak->tried[i] < FEW;
	}
	for (int nr = 0; nr < nr_racers; nr++) {
		if (!run.beside[nr])
			continue;
		ksft_print_msg("turns: %ld of %s\n", soak->turns[nr], racers[nr].name);
		good &= soak->turns[nr] > 0;
	}
	return good;
}

int main(int argc, char **argv)
{
	unsigned long minutes = argc > 2 ? atol(argv[1]) : 0;
	int grown;

	setvbuf(stdout, NULL, _IOLBF, 0);
	ksft_print_header();
	if (!minutes)
		ksft_exit_fail_msg("usage: fork_soak MINUTES SEED [RACER [FORKERS]]\n");
	run.seed = atol(argv[2]);
	run.forkers = argc > 4 ? atoi(argv[4]) : 1;
	ksft_set_plan(3);
	make_shared();
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) || run.forkers < 1 || run.forkers >= MAX_FORKERS)
		ksft_exit_fail_perror("setting up");
	if (!causes_set_up())
		ksft_exit_fail_msg("takes root, failslab, fail_page_alloc and debugfs\n");
	choose_racers(argc > 3 ? argv[3] : "none");

	soak_for(WARM_UP, false);
	end_racers();
	counters_before();
	memset(soak->failed, 0, sizeof(soak->failed));
	memset(soak->tried, 0, sizeof(soak->tried));
	memset(soak->turns, 0, sizeof(soak->turns));
	soak->forked = 0;
	soak->spaces = 0;
	soak_for(minutes * 60 * NS, true);
	end_racers();
	grown = counters_after();

	ksft_test_result(causes_have_worked(), "each cause has made forks fail\n");
	ksft_test_result(!soak->wrong, "all processes have had the memory that they made\n");
	ksft_test_result(!grown, "nothing has grown since the warm-up\n");
	ksft_finished();
}
