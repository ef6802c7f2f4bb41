// SPDX-License-Identifier: GPL-2.0
/*
 * CUSTOMISED: tasks, as far as they exist.  Each has a stack of its own, and one of
 * them runs.  Before it does something that others can notice, an operation, the Rust
 * side chooses who goes on.  What a task does between two operations, it does at once.
 */

#include "models.h"
#include <ucontext.h>

#if __has_feature(address_sanitizer)
#include <sanitizer/common_interface_defs.h>
#else
static inline void __sanitizer_start_switch_fiber(void **fake, const void *bottom, size_t size)
{
}

static inline void __sanitizer_finish_switch_fiber(void *fake, const void **bottom, size_t *size)
{
}
#endif

#define STACK_SIZE	(256 * 1024)

struct task {
	ucontext_t context;
	struct fork_op next;
	u32 (*choose)(void *context, const struct fork_op *ops);
	void *chooser;
	void (*body)(u32 how);
	u32 how;
	int rcu_depth;
	/* Another one runs. */
	bool away;
	/* Its stack, as the sanitizer wants it */
	char *stack;
	const void *bottom;
	size_t size;
	void *fake_stack;
};

static __thread struct task tasks[FORK_TASKS];
/* Which task ran before the present one */
static __thread u32 last;

static bool rcu_is_read(void)
{
	u32 i;

	for (i = 0; i < FORK_TASKS; i++)
		if (i == world.turn ? world.rcu_depth : tasks[i].rcu_depth)
			return true;
	return false;
}

static bool grace_is_awaited(void)
{
	return world.rcu || (world.nr_graves && !world.graves[world.nr_graves - 1].gone);
}

static bool is_read(const void *vma)
{
	u32 i;

	for (i = 0; i < FORK_TASKS; i++)
		if (vma && world.reading[i] == vma)
			return true;
	return false;
}

static bool all_have_ended(void)
{
	return tasks[FORK_TASK_FIRST].next.kind == FORK_OP_NONE &&
	       tasks[FORK_TASK_SECOND].next.kind == FORK_OP_NONE &&
	       (world.plan.no_grace || !grace_is_awaited());
}

static bool is_enabled(const struct fork_op *op)
{
	const struct rw_semaphore *sem = (const void *)op->object;

	switch (op->kind) {
	case FORK_OP_NONE:
		return false;
	case FORK_OP_LOCK_READ:
		return !sem->dep_map.writer;
	case FORK_OP_LOCK_WRITE:
		return !rwsem_is_locked(sem);
	case FORK_OP_WRITE_VMA:
		return !is_read(sem);
	case FORK_OP_GRACE:
		return !rcu_is_read();
	case FORK_OP_JOIN:
		return all_have_ended();
	default:
		return true;
	}
}

/* Returns whose operation is done next. */
static u32 choose(void)
{
	struct fork_op ops[FORK_TASKS];
	bool any = false;
	u32 i;

	tasks[FORK_TASK_RCU].next = (struct fork_op) {
		.kind = grace_is_awaited() && !world.plan.no_grace ? FORK_OP_GRACE : FORK_OP_NONE,
		.object = (u64)&world.rcu,
		.name = "RCU",
	};
	for (i = 0; i < FORK_TASKS; i++) {
		ops[i] = tasks[i].next;
		/* Locks for RCU are counted, and not held. */
		ops[i].enabled = ops[i].object == (u64)&world.rcu && ops[i].kind != FORK_OP_GRACE ?
				 ops[i].kind != FORK_OP_NONE : is_enabled(&ops[i]);
		any |= ops[i].enabled;
	}
	/* If nobody can go on, one that waits does, which complains of it; the fork last. */
	for (i = FORK_TASKS; !any && i; i--) {
		any = ops[i - 1].kind != FORK_OP_NONE;
		ops[i - 1].enabled = any;
	}
	return tasks[0].choose(tasks[0].chooser, ops);
}

static void enter_task(void *fake_stack)
{
	__sanitizer_finish_switch_fiber(fake_stack, &tasks[last].bottom, &tasks[last].size);
	world.in_walker = world.turn != FORK_TASK_FORK;
	world.rcu_depth = tasks[world.turn].rcu_depth;
	fork_guard_graves();
}

static void switch_to(u32 to, bool ends)
{
	struct task *from = &tasks[world.turn];

	last = world.turn;
	from->rcu_depth = world.rcu_depth;
	world.turn = to;
	__sanitizer_start_switch_fiber(ends ? NULL : &from->fake_stack, tasks[to].bottom,
				       tasks[to].size);
	/* Of swapcontext() the sanitizer would say that it does not know all about it. */
	from->away = false;
	getcontext(&from->context);
	if (!from->away) {
		from->away = true;
		setcontext(&tasks[to].context);
	}
	enter_task(from->fake_stack);
}

static void go_on(bool ends)
{
	u32 next = choose();

	while (next == FORK_TASK_RCU) {
		/* It does nothing but free. */
		world.exploring = false;
		world.end_grace();
		world.exploring = true;
		next = choose();
	}
	if (next != world.turn)
		switch_to(next, ends);
}

/* A task calls this before each operation that others can notice. */
void fork_op(enum fork_op_kind kind, const void *object, const char *name)
{
	const struct rw_semaphore *sem = object;

	if (!world.exploring)
		return;
	tasks[world.turn].next = (struct fork_op) {
		.kind = kind,
		.object = (u64)object,
		.name = name,
		.owner = world.parent && sem == &world.parent->mmap_lock ? 1 :
			 world.child && sem == &world.child->mmap_lock ? 2 : 0,
	};
	go_on(false);
}

static void run_task(void)
{
	struct task *task;

	enter_task(NULL);
	task = &tasks[world.turn];
	task->body(task->how);
	if (world.rcu_depth)
		fork_complain("a task ends with rcu_read_lock() held");
	world.rcu_depth = 0;
	task->next = (struct fork_op) { .kind = FORK_OP_NONE };
	go_on(true);
}

/* Adds a task, which begins when it is chosen for the first time. */
void fork_start_task(u32 nr, void (*body)(u32 how), u32 how)
{
	struct task *task = &tasks[nr];

	task->next = (struct fork_op) { .kind = how ? FORK_OP_START : FORK_OP_NONE };
	task->body = body;
	task->how = how;
	task->rcu_depth = 0;
	task->fake_stack = NULL;
	if (!how)
		return;
	if (!task->stack)
		task->stack = malloc(STACK_SIZE);
	task->bottom = task->stack;
	task->size = STACK_SIZE;
	getcontext(&task->context);
	task->context.uc_stack.ss_sp = task->stack;
	task->context.uc_stack.ss_size = STACK_SIZE;
	task->context.uc_link = NULL;
	makecontext(&task->context, run_task, 0);
}

/* From here on there are several tasks: the present one, and those that were added. */
void fork_explore_begin(u32 (*choose_task)(void *context, const struct fork_op *ops), void *context)
{
	tasks[FORK_TASK_FORK].choose = choose_task;
	tasks[FORK_TASK_FORK].chooser = context;
	tasks[FORK_TASK_FORK].rcu_depth = 0;
	world.turn = FORK_TASK_FORK;
	world.exploring = true;
}

/* Waits for the others. */
void fork_explore_end(void)
{
	fork_op(FORK_OP_JOIN, NULL, "the other tasks");
	world.exploring = false;
	world.in_walker = false;
}

void fork_free_stacks(void)
{
	u32 i;

	for (i = 0; i < FORK_TASKS; i++) {
		free(tasks[i].stack);
		tasks[i].stack = NULL;
	}
}
