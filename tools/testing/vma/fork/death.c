// SPDX-License-Identifier: GPL-2.0
/* Turns reports of the sanitizers into complaints, and prints the seed after a crash. */

#include "models.h"
#include <signal.h>
#include <unistd.h>

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

const char *__asan_default_options(void);

/* Report each error, not only the first; alloc.c finds leaks. */
const char *__asan_default_options(void)
{
	return "halt_on_error=0:suppress_equal_pcs=0:detect_leaks=0:handle_segv=0";
}

void fork_complain_of_report(const char *report)
{
	const char *what = strstr(report, "AddressSanitizer: ");
	const char *where = strstr(report, " in ");

	fork_complain("%.*s%.*s", what ? (int)strcspn(what, "\n(") - 11 : 0, what,
		      where ? (int)strcspn(where, "\n/") : 0, where);
}
#endif

static void (*say)(void);

static void die(int signal_nr)
{
	signal(signal_nr, SIG_DFL);
	if (say)
		say();
	raise(signal_nr);
}

void fork_on_death(void (*say_what_ran)(void))
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE };
	size_t i;

	say = say_what_ran;
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], die);
#if __has_feature(address_sanitizer)
	__asan_set_error_report_callback(fork_complain_of_report);
	__sanitizer_set_death_callback(say_what_ran);
#endif
}
