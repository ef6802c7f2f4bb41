/* SPDX-License-Identifier: GPL-2.0 */
/* What several programs set up that take root. */
#ifndef SETUP_H
#define SETUP_H

#include <stdbool.h>
#include "kselftest.h"

/* A RAM disk */
#define DISK	"/dev/ram0"
#define TRACING	"/sys/kernel/tracing/"
#define CGROUPS	"/sys/fs/cgroup/"

/* Writes a text to a file, in one piece.  Returns whether it was taken. */
bool put(const char *path, const char *format, ...) __printf(2, 3);
/* Makes DISK a swap space. */
bool make_swap(void);
/*
 * A uprobe in a function of this program: group/event of tracefs.  It has a reference counter, for
 * which the kernel looks in all VMAs of a process; this one cannot be found in any.
 */
bool make_uprobe(const char *event, void (*function)(void));

#endif /* SETUP_H */
