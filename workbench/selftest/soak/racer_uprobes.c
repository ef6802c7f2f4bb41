// SPDX-License-Identifier: GPL-2.0
/* A breakpoint in the program that forks, set and taken away. */
#include "soak.h"

/* Where the breakpoint is */
void uprobe_here(void)
{
	__asm__ volatile("nop; nop; nop; nop");
}

bool uprobe_set_up(void)
{
	return make_uprobe("soak/probed", uprobe_here);
}

void uprobe_turn(void)
{
	nap_us(below(2000));
	put(TRACING "events/soak/probed/enable", "1");
	nap_us(below(2000));
	put(TRACING "events/soak/probed/enable", "0");
}
