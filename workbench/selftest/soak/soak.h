/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SOAK_H
#define SOAK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "../setup.h"

#define MAX_CAUSES	16
#define MAX_RACERS	16
#define MAX_FORKERS	8	/* workers, and racers that fork */

/* Where a process that is to be killed has got to. */
enum { IDLE, FORKING, FORKED };

/* What all processes of a soak share. */
struct soak {
	int stop;
	long wrong;			/* findings */
	long spaces;			/* address spaces that were made */
	long forked;			/* forks that succeeded */
	long failed[MAX_CAUSES];	/* forks that failed, by cause */
	long tried[MAX_CAUSES];		/* how often a cause was chosen */
	long turns[MAX_RACERS];		/* of racers */
	struct forker {
		pid_t pid;
		int state;
		long forked;
	} forkers[MAX_FORKERS];
};

extern struct soak *soak;
/* A file of FILE_SIZE bytes that some areas map. */
extern int soak_file;
#define FILE_SIZE	(256 * 1024)
/* A group that has little memory, if there are memory cgroups. */
#define TIGHT		"/sys/fs/cgroup/tight/"

/* common.c */
void make_shared(void);
pid_t raw_fork(void);
void add(long *counter, long number);
bool stopped(void);
void wrong(const char *format, ...) __printf(1, 2);

/* chance.c */
void seed_chance(unsigned long seed, unsigned long which);
unsigned long below(unsigned long number);
unsigned long now_ns(void);
void nap_us(unsigned long us);

/* space.c: the address space of a process that forks */
void space_make(int areas);
bool space_is_right(void);
void space_refuse(bool refuse);

/* causes.c: how its forks fail */
struct cause {
	const char *name;
	/* How often, against others */
	int weight;
	/* Makes forks fail. Returns how many have. */
	long (*turn)(void);
	/* NULL: on all machines */
	bool (*possible)(void);
};

extern const struct cause causes[];
extern const int nr_causes;
bool causes_set_up(void);
void causes_begin(int forker);
long causes_turn(void);
long fail_at_random(void);

/* counters.c: of the system */
void counters_before(void);
int counters_after(void);
void counters_print(void);

/* racers.c: what runs beside */
struct racer {
	const char *name;
	/* Returns whether this machine has it. NULL: no need to ask */
	bool (*set_up)(void);
	/* One turn, in a process of its own */
	void (*turn)(void);
	/* As it was before the set-up */
	void (*end)(void);
};

extern const struct racer racers[];
extern const int nr_racers;

bool swap_set_up(void);
void swap_turn(void);
bool uprobe_set_up(void);
void uprobe_turn(void);
void uprobe_here(void);
bool monitor_set_up(void);
void monitor_turn(void);
bool oom_set_up(void);
void oom_turn(void);
void mrelease_turn(void);

#endif /* SOAK_H */
