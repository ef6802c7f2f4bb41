/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _FORK_COMPLAIN_H
#define _FORK_COMPLAIN_H

#include <linux/compiler.h>
#include "fork.h"

/* Reports that something is wrong, from one of the places that can.  See fork_complain(). */
void fork_complain_at(const struct fork_place *const *place, const char *format, ...)
	__printf(2, 3);

/* All uses of fork_complain(); the linker puts them together. */
extern const struct fork_place *const __start_fork_complaints[];
extern const struct fork_place *const __stop_fork_complaints[];

/*
 * Reports that something is wrong.  fork_complaint() returns the first of a run.  Each
 * use is listed, and needs a mistake in mistakes/ that is reported there.
 */
#define fork_complain(format_, ...)					\
do {									\
	static const struct fork_place __place = {			\
		.format = (format_), .file = __FILE__, .line = __LINE__,	\
	};								\
	static const struct fork_place *const __entry			\
		__attribute__((used, retain, section("fork_complaints"))) = &__place;	\
									\
	fork_complain_at(&__entry, format_, ##__VA_ARGS__);		\
} while (0)

/* Complains of a warning, or counts one that is as it should be. */
void fork_warn(const char *condition, const char *function);

#endif /* _FORK_COMPLAIN_H */
