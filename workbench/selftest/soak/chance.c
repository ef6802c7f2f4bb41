// SPDX-License-Identifier: GPL-2.0
/* Numbers that look random and follow from a seed; and time. */
#include <time.h>
#include "soak.h"

static unsigned long state;

static unsigned long next(void)
{
	unsigned long z;

	/* splitmix64: any seed will do. */
	state += 0x9e3779b97f4a7c15UL;
	z = state;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9UL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebUL;
	return z ^ (z >> 31);
}

/* The numbers of one process of a soak */
void seed_chance(unsigned long seed, unsigned long which)
{
	state = seed;
	state = next() ^ which;
}

unsigned long below(unsigned long number)
{
	return next() % number;
}

unsigned long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000UL + now.tv_nsec;
}

void nap_us(unsigned long us)
{
	struct timespec time = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&time, NULL);
}
