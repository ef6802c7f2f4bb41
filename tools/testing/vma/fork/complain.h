/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _FORK_COMPLAIN_H
#define _FORK_COMPLAIN_H

#include <linux/compiler.h>

/* Reports that something is wrong.  fork_complaint() returns the first of a run. */
void fork_complain(const char *format, ...) __printf(1, 2);

/* Complains of a warning, or counts one that is as it should be. */
void fork_warn(const char *condition, const char *function);

#endif /* _FORK_COMPLAIN_H */
