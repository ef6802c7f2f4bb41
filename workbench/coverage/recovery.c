// SPDX-License-Identifier: GPL-2.0
/*
 * For "make coverage", on UML: a second set of clang's counters, for what runs
 * while a failed fork is undone.  Most of that runs at each exit as well, which
 * says nothing about forks that fail.
 *
 * dup_mmap() is made to say when it begins and ends to undo things; the two sets
 * change places then.  Both are written when the kernel, a process, exits: this
 * one to a file with .recovery after the other's name.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>

/* The C library's and the profile runtime's, which UML is linked with. */
extern u64 __start___llvm_prf_cnts[], __stop___llvm_prf_cnts[];
int __llvm_profile_write_file(void);
void __llvm_profile_set_filename(const char *name);
int atexit(void (*function)(void));
char *getenv(const char *name);

void in_recovery(bool now);

static u64 other_set[1 << 18];
static bool recovering;

void in_recovery(bool now)
{
	size_t nr = __stop___llvm_prf_cnts - __start___llvm_prf_cnts;

	if (recovering == now)
		return;
	recovering = now;
	for (size_t i = 0; i < nr; i++)
		swap(other_set[i], __start___llvm_prf_cnts[i]);
}

static void write_both(void)
{
	static char name[4096];

	snprintf(name, sizeof(name), "%s.recovery", getenv("LLVM_PROFILE_FILE") ?: "default.profraw");
	in_recovery(false);
	__llvm_profile_write_file();
	/* The runtime itself does so again, after this. */
	in_recovery(true);
	__llvm_profile_set_filename(name);
}

static int __init recovery_init(void)
{
	if (__stop___llvm_prf_cnts - __start___llvm_prf_cnts > ARRAY_SIZE(other_set))
		panic("coverage: %td counters", __stop___llvm_prf_cnts - __start___llvm_prf_cnts);
	return atexit(write_both);
}
core_initcall(recovery_init);
