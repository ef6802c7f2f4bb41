// SPDX-License-Identifier: GPL-2.0
/* Address spaces of processes that fork: areas of all kinds, in any order. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>
#include "soak.h"

#define MAX_AREAS	3000
#define MAX_PAGES	6
/* Now and then one is so large that its page tables are more than one page. */
#define MANY_PAGES	700
#define PIECES		4

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23
#endif

struct kind {
	int flags, prot, advice;
	bool file, touched;
	/* Nobody else changes what is in it. */
	bool own;
};

#define RW	(PROT_READ | PROT_WRITE)
#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)

/* An advice that a kernel does not know changes nothing. */
static const struct kind kinds[] = {
	{ ANON, RW, .touched = true, .own = true },
	{ ANON, RW, .advice = MADV_PAGEOUT, .touched = true, .own = true },
	{ ANON, PROT_READ, .touched = true, .own = true },
	{ ANON, RW },
	{ ANON, RW, .advice = MADV_DONTFORK, .touched = true, .own = true },
	{ ANON, RW, .advice = MADV_WIPEONFORK, .touched = true, .own = true },
	{ ANON, RW, .advice = MADV_MERGEABLE, .touched = true, .own = true },
	{ ANON, RW, .advice = MADV_HUGEPAGE, .touched = true, .own = true },
	{ ANON | MAP_LOCKED, RW, .touched = true, .own = true },
	{ MAP_SHARED | MAP_ANONYMOUS, RW, .touched = true },
	{ MAP_PRIVATE, RW, .file = true, .touched = true },
	{ MAP_PRIVATE, PROT_READ | PROT_EXEC, .file = true },
	{ MAP_SHARED, RW, .file = true, .touched = true },
};

static struct area {
	const struct kind *kind;
	char *at;
	size_t size;
	char value;
} areas[MAX_AREAS];

static int nr_areas;
static char *refused;
static size_t piece;

static void make_area(struct area *area)
{
	const struct kind *kind = &kinds[below(ARRAY_SIZE(kinds))];
	size_t page = getpagesize();
	size_t size = (1 + below(below(64) ? MAX_PAGES : MANY_PAGES)) * page;
	char *at;

	if (kind->file && size > FILE_SIZE)
		size = FILE_SIZE;
	at = mmap(NULL, size + page, kind->flags & MAP_ANONYMOUS ? RW : kind->prot,
		  kind->flags, kind->file ? soak_file : -1, 0);
	if (at == MAP_FAILED)
		return;
	/* With a hole behind, no two become one. */
	munmap(at + size, page);
	*area = (struct area){ kind, at, size, 1 + below(100) };
	if (kind->touched && kind->own)
		memset(at, area->value, size);
	else if (kind->touched)
		/* A racer may truncate the file: that is no reason to end. */
		madvise(at, size, MADV_POPULATE_WRITE);
	if (kind->prot == PROT_READ)
		mprotect(at, size, kind->prot);
	if (kind->advice)
		madvise(at, size, kind->advice);
}

static void make_refused(void)
{
	struct sysinfo info;
	void *at;

	sysinfo(&info);
	piece = (info.totalram + info.totalswap) * info.mem_unit / 2 & -0x200000UL;
	at = mmap(NULL, PIECES * piece, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
	refused = at == MAP_FAILED ? NULL : at;
}

/* Makes so many areas, and somewhere between them one that can be made too large to be copied. */
void space_make(int number)
{
	int where;

	if (number > MAX_AREAS)
		number = MAX_AREAS;
	where = below(number);
	for (int i = 0; i < number; i++) {
		if (i == where)
			make_refused();
		make_area(&areas[i]);
	}
	nr_areas = number;
	add(&soak->spaces, 1);
}

/* Whether all of it is as it was made */
bool space_is_right(void)
{
	size_t page = getpagesize();

	for (int i = 0; i < nr_areas; i++) {
		const struct area *area = &areas[i];

		if (!area->kind || !area->kind->own)
			continue;
		for (size_t at = 0; at < area->size; at += page)
			if (area->at[at] != area->value)
				return false;
	}
	return true;
}

/*
 * The commit limit refuses what is larger than the machine, and asks VMA by VMA.  Each piece is
 * small enough to be mapped; they become one VMA that is too large to be copied.
 */
void space_refuse(bool refuse)
{
	int count = refuse ? PIECES : 1;
	size_t size = refuse ? piece : PIECES * piece;

	if (!refused)
		return;
	for (int i = 0; i < count; i++)
		mmap(refused + i * piece, size, refuse ? RW : PROT_NONE,
		     ANON | MAP_FIXED | (refuse ? 0 : MAP_NORESERVE), -1, 0);
}
