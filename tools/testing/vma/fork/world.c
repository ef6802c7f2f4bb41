// SPDX-License-Identifier: GPL-2.0
/* The world, and what is wrong with it: all else is above this. */

#include "world.h"
#include <stdarg.h>

__thread struct fork_world world;

void fork_complain(const char *format, ...)
{
	va_list args;

	if (world.complaints++)
		return;
	va_start(args, format);
	vsnprintf(world.complaint, sizeof(world.complaint), format, args);
	va_end(args);
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
