// SPDX-License-Identifier: GPL-2.0
/* All mistakes: tests of the checks. */

#include "mistakes/mistakes.h"

static const struct mistake *const lists[] = {
	fork_memory_mistakes, fork_lock_mistakes, fork_rmap_mistakes, fork_mm_mistakes,
	fork_object_mistakes, fork_table_mistakes, fork_walker_mistakes,
	fork_task_mistakes,
};

/* Returns how many there are, or the one of that number if there are more. */
static size_t count(size_t nr, const struct mistake **found)
{
	const struct mistake *mistake;
	size_t all = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lists); i++)
		for (mistake = lists[i]; mistake->make; mistake++)
			if (all++ == nr && found)
				*found = mistake;
	return all;
}

static const struct mistake *get(size_t nr)
{
	const struct mistake *mistake = NULL;

	count(nr, &mistake);
	return mistake;
}

size_t fork_mistakes(void)
{
	return count(0, NULL);
}

struct fork_mistake fork_mistake(size_t nr)
{
	return get(nr)->what;
}

void fork_make_mistake(size_t nr)
{
	const struct mistake *mistake = get(nr);

	world.expected = mistake->what.words;
	world.noticed_by = 0;
	mistake->make(world.vmas[0]);
}

size_t fork_noticed_by(void)
{
	world.expected = NULL;
	return world.noticed_by;
}
