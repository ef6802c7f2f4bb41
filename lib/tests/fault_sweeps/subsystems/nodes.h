/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who allocates nodes for the tree of all interrupts, which may keep them.
 */

#ifndef _FAULT_SWEEPS_NODES_H
#define _FAULT_SWEEPS_NODES_H

#include <linux/stddef.h>

static const char * const nodes[] = {
	"dst_setup", "mas_alloc_nodes", "mas_spanning_rebalance",
	"mas_split_final_node", "mas_store_gfp", "mas_wr_store_entry", NULL
};

#endif /* _FAULT_SWEEPS_NODES_H */
