// SPDX-License-Identifier: GPL-2.0
/* The world, and what is wrong with it: all else is above this. */

#include "world.h"
#include <stdarg.h>

__thread struct fork_world world;

void fork_complain_at(const struct fork_place *const *place, const char *format, ...)
{
	char text[sizeof(world.complaint)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (world.expected && !world.noticed_by && strstr(text, world.expected))
		world.noticed_by = place - __start_fork_complaints + 1;
	if (!world.complaints++)
		strcpy(world.complaint, text);
}

size_t fork_places(void)
{
	return __stop_fork_complaints - __start_fork_complaints;
}

const struct fork_place *fork_place(size_t nr)
{
	return __start_fork_complaints[nr];
}

void fork_warn(const char *condition, const char *function)
{
	const struct fork_result *result = &world.result;
	bool store_failed = world.plan.failure == FORK_FAIL_STORE && result->injected;

	if (store_failed && !strcmp(function, "dup_mmap"))
		world.result.warnings++;
	else
		fork_complain("WARN_ON(%s) in %s()", condition, function);
}

const char *fork_complaint(void)
{
	return world.complaints ? world.complaint : NULL;
}

void fork_forget_complaints(void)
{
	world.complaints = 0;
}
