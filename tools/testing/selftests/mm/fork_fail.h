/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FORK_FAIL_H
#define FORK_FAIL_H

#include <stdbool.h>
#include <stddef.h>

/* fork_fail_memory.c: an address space with memory of all kinds */
int memory_make(void);
const char *memory_of_parent(void);
bool memory_of_child(void);

/* fork_fail_readings.c: what a failed fork must leave as it was */
int readings_before(void);
const char *readings_after(void);
void system_before(void);
int system_after(bool alone, long forks);

int read_text(const char *path, char *buf, size_t size);
int write_text(const char *path, const char *text);

#endif /* FORK_FAIL_H */
