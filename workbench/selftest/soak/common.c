// SPDX-License-Identifier: GPL-2.0
/* What the processes of a soak share. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "soak.h"

#define SHOWN	20

struct soak *soak;
int soak_file;

/* To be called before any process is started */
void make_shared(void)
{
	soak = mmap(NULL, sizeof(*soak), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	soak_file = memfd_create("soak", MFD_CLOEXEC);
	if (soak == MAP_FAILED || soak_file < 0 || ftruncate(soak_file, FILE_SIZE))
		ksft_exit_fail_perror("no shared memory");
}

/* That of a libc may block signals, and do more. */
pid_t raw_fork(void)
{
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

void add(long *counter, long number)
{
	__atomic_add_fetch(counter, number, __ATOMIC_RELAXED);
}

bool stopped(void)
{
	return __atomic_load_n(&soak->stop, __ATOMIC_SEQ_CST);
}

/* Says what is wrong; the soak fails of it. */
void wrong(const char *format, ...)
{
	va_list args;

	add(&soak->wrong, 1);
	if (soak->wrong > SHOWN)
		return;
	printf("# found: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}
