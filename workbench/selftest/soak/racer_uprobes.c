// SPDX-License-Identifier: GPL-2.0
/* A breakpoint in the program that forks, set and taken away. */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "soak.h"

#define TRACING	"/sys/kernel/tracing/"

/* Where the breakpoint is */
void uprobe_here(void)
{
	__asm__ volatile("nop; nop; nop; nop");
}

/* The same in the file of this program, 0 if that cannot be found */
unsigned long uprobe_offset(void)
{
	unsigned long at = (unsigned long)uprobe_here, start, end, offset, found = 0;
	FILE *file = fopen("/proc/self/maps", "r");
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%lx-%lx %*s %lx", &start, &end, &offset) == 3 &&
		    at >= start && at < end)
			found = at - start + offset;
	if (file)
		fclose(file);
	return found;
}

bool uprobe_set_up(void)
{
	unsigned long offset = uprobe_offset();
	char program[64] = "";

	if (!offset || readlink("/proc/self/exe", program, sizeof(program) - 1) <= 0)
		return false;
	mkdir(TRACING, 0755);
	mount("tracefs", TRACING, "tracefs", 0, NULL);
	/* A counter is looked for in all VMAs of a process; this one cannot be found in any. */
	return put(TRACING "uprobe_events", "p:soak/probed %s:0x%lx(0x2)\n", program, offset);
}

void uprobe_turn(void)
{
	nap_us(below(2000));
	put(TRACING "events/soak/probed/enable", "1");
	nap_us(below(2000));
	put(TRACING "events/soak/probed/enable", "0");
}
