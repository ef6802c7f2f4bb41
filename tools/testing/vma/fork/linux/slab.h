/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DUPLICATED: tools/include of older kernels declares a slab cache but does not
 * define it.  alloc.c needs the definition of later kernels.
 */
#ifndef _FORK_SLAB_H
#define _FORK_SLAB_H

#include <tools/include/linux/slab.h>

#ifndef SLAB_TYPESAFE_BY_RCU
#define SLAB_TYPESAFE_BY_RCU	BIT(3)
#define SLAB_ACCOUNT		0
#define FORK_OLD_SLAB

struct kmem_cache {
	unsigned int size;
	unsigned int align;
	unsigned int sheaf_capacity;
	void (*ctor)(void *object);
	void *private;
};

struct kmem_cache_args {
	unsigned int align;
	unsigned int sheaf_capacity;
	void (*ctor)(void *object);
};
#endif

#endif /* _FORK_SLAB_H */
