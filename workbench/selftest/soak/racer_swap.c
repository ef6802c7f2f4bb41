// SPDX-License-Identifier: GPL-2.0
/* Swap on a RAM disk, taken away and given back. */
#include <sys/swap.h>
#include "soak.h"

bool swap_set_up(void)
{
	return make_swap() && !swapon(DISK, 0);
}

void swap_turn(void)
{
	nap_us(below(20000));
	/* There may be too little memory for what is in it. */
	if (swapoff(DISK))
		return;
	nap_us(below(2000));
	if (swapon(DISK, 0))
		wrong("swapon");
}
