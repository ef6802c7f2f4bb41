/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel around the code under test.  The order matters. */
#ifndef _FORK_KERNEL_H
#define _FORK_KERNEL_H

#include <stdlib.h>
#include <stdbool.h>

#include "generated/bit-length.h"
#include <linux/lockdep.h>
#include "maple-shared.h"
#include <linux/rwsem.h>
#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/maple_tree.h>
#include <linux/mm.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/xarray.h>

/* For vm_policy */
#define CONFIG_NUMA

struct vm_area_struct;
struct mm_struct;
struct file;
struct page;

int __anon_vma_prepare(struct vm_area_struct *vma);

#include "include/dup.h"
#include "include/custom.h"
#include "vma_internal.h"
#include "include/stubs.h"
#include <mm/vma.h>

#endif /* _FORK_KERNEL_H */
