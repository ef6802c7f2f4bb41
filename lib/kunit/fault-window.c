// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault injection: the window in which a task's allocations fail.
 *
 * This is what the allocators call, so it is built in even when KUnit is a module.
 *
 * There is one window, as KUnit runs one test at a time.  What is in it belongs
 * to the task that armed, its owner: nobody else reads or writes the plan or the
 * report, so they need no lock.  Others look at window.task and at who is followed
 * only, find that it is not them, and go on.
 *
 * Who is followed passes points while the owner waits for it, and what they wait by
 * orders what they do to the window.  If they do not wait, that is noticed when two
 * of them are at a point, or in an allocator, at the same time; then the report says
 * so, and nothing else in it is worth anything.
 *
 * The owner has the window until it disarms.  If it cannot, because an assertion,
 * a skip or an oops ended it, the end of the test does that in another task.
 */

#include <kunit/fault.h>
#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/hash.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "fault-impl.h"

/* Whose allocations count */
struct participant {
	struct task_struct *task;
	const struct work_struct *work;	/* the task is the worker that does it */
	unsigned int masked;		/* how deep in allocators */
	bool asked;			/* has passed a point, and is not in the allocator yet */
	bool allocating;		/* is in it; not so where it frees */
};

static struct {
	struct task_struct *owner;	/* has armed; NULL: nobody has */
	struct task_struct *task;	/* the owner while allocations count, or NULL */
	struct participant self;	/* that is the owner */
	struct participant followed[KUNIT_FAULT_MOST_FOLLOWED];
	unsigned int nr_followed;
	atomic_t busy;			/* participants at a point, or in an allocator */
	struct kunit_fault_plan plan;
	struct kunit_fault_report report;
	bool kill_due;			/* at the next point */
	const char * const *kept_by;	/* whose allocations are no leaks, or NULL */
	const char * const *functions;	/* that may fail, too, or NULL */
	const struct kunit_fault_dma *dma;	/* so may mappings, by its probes, or NULL */
} window;

/* Which of those that are followed the current task is, or NULL */
static struct participant *followed_here(void)
{
	/* Pairs with the release in kunit_fault_follow(). */
	unsigned int nr = smp_load_acquire(&window.nr_followed);
	const struct work_struct *work = nr ? current_work() : NULL;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct participant *p = &window.followed[i];

		if (p->work ? p->work == work : p->task == current)
			return p;
	}
	return NULL;
}

/* Which participant the current task is, or NULL if it is none or nothing is armed */
static struct participant *participant(void)
{
	const struct task_struct *task = READ_ONCE(window.task);

	/* What a task allocates on its way out is not what a test is about. */
	if (!task || current->flags & PF_EXITING)
		return NULL;
	return task == current ? &window.self : followed_here();
}

bool __kunit_fault_armed(void)
{
	return in_task() && participant();
}

/* Around what only one participant at a time may be in */
static void enter(void)
{
	if (atomic_inc_return(&window.busy) > 1)
		WRITE_ONCE(window.report.overlapped, true);
}

static void leave(void)
{
	atomic_dec(&window.busy);
}

void __kunit_fault_mask(void)
{
	struct participant *p = in_task() ? participant() : NULL;

	if (!p || p->masked++ || !p->asked)
		return;
	p->asked = false;
	p->allocating = true;
	enter();
}

void __kunit_fault_unmask(void)
{
	struct participant *p = in_task() ? participant() : NULL;

	/* A task may have been in an allocator when it began to be followed. */
	if (!p || !p->masked || --p->masked || !p->allocating)
		return;
	p->allocating = false;
	leave();
}

static bool plan_says_fail(const struct kunit_fault_plan *plan, unsigned long point)
{
	if (!plan->nth || point < plan->nth)
		return false;
	if (plan->forever || point == plan->nth)
		return true;
	return plan->again && point - plan->nth == plan->again;
}

/* By the start of their names: not where a failure is explained. */
static const char * const allocator_names[] = {
	"__alloc_", "__folio_alloc", "__get_free", "__kmalloc", "__kmem_cache_",
	"__kunit_fault_", "__kvmalloc", "___kmalloc", "___slab", "alloc_frozen_",
	"alloc_pages", "folio_alloc", "get_free_pages", "get_zeroed_page",
	"kmalloc", "kmem_cache_", "krealloc", "kvmalloc", "kvrealloc",
	"mas_alloc_", "mt_alloc_", "new_slab", "pcpu_alloc", "prepare_alloc_",
	"should_fail", "slab_", "vma_alloc_folio", "__vmalloc", "vmalloc",
	"dma_map_",
	/* what copies from and to user space */
	"_copy_", "_inline_copy_", "copy_from_user", "copy_to_user", "strncpy_from_user",
	/* and the unwinders */
	"__save_stack", "arch_stack_walk", "dump_trace", "save_stack", "stack_trace_",
};

static bool name_is_allocator(unsigned long addr)
{
	char name[KSYM_SYMBOL_LEN];
	unsigned int i;

	/* A return address may be past the end of a function that ends in a call. */
	if (sprint_symbol_no_offset(name, addr - 1) <= 0)
		return false;
	for (i = 0; i < ARRAY_SIZE(allocator_names); i++) {
		if (str_has_prefix(name, allocator_names[i]))
			return true;
	}
	return false;
}

/*
 * Looking up a name takes long, and the same few callers come again and again.  An
 * address and its answer are one word, so they need no lock.
 */
static bool is_allocator(unsigned long addr)
{
	static unsigned long known[2][256];
	unsigned int slot = hash_long(addr, ilog2(ARRAY_SIZE(known[0])));
	bool answer;

	if (READ_ONCE(known[false][slot]) == addr)
		return false;
	if (READ_ONCE(known[true][slot]) == addr)
		return true;
	answer = name_is_allocator(addr);
	WRITE_ONCE(known[answer][slot], addr);
	return answer;
}

/* The first frame that is not part of an allocator, or 0 */
static unsigned long caller(const unsigned long *frames, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!is_allocator(frames[i]))
			return frames[i];
	}
	return 0;
}

/**
 * kunit_fault_site() - Who asked for what was made to fail last
 * @report: The report
 *
 * Return: An address for %pS, or 0 if nothing failed or the architecture has no
 * stack traces.
 */
unsigned long kunit_fault_site(const struct kunit_fault_report *report)
{
	return caller(report->frames, report->nr_frames);
}
EXPORT_SYMBOL_GPL(kunit_fault_site);

/* Who asks the allocator that calls this */
static unsigned long site_here(void)
{
	unsigned long frames[KUNIT_FAULT_FRAMES];
	unsigned int nr = stack_trace_save(frames, KUNIT_FAULT_FRAMES, 1);

	return caller(frames, nr);
}

/*
 * Where calls leave the address to return to in a register, it is still there at the
 * entry of a function, and unwinders do not look.  Return: that address, or 0.
 */
static unsigned long link_at_entry(struct pt_regs *regs)
{
#ifdef procedure_link_pointer
	unsigned long link = procedure_link_pointer(regs);
	struct llist_node *cur = NULL;

	/* A kretprobe of the same function may have been first. */
	if (is_kretprobe_trampoline(link))
		link = kretprobe_find_ret_addr(current, (void *)frame_pointer(regs), &cur);
	return link;
#else
	return 0;
#endif
}

/*
 * The trace from the entry of a function, where a kprobe was hit.  As callers are told
 * by the address after the call, so is the function: by the one after its entry.
 */
static unsigned int trace_of_entry(struct pt_regs *regs, unsigned long *frames)
{
	unsigned long link = link_at_entry(regs);
	unsigned int nr = 0;

	frames[nr++] = instruction_pointer(regs) + 1;
	if (link)
		frames[nr++] = link;
	return nr + stack_trace_save_regs(regs, frames + nr, KUNIT_FAULT_FRAMES - nr, 1);
}

/* With the siglock of current held */
static void set_killed(bool killed)
{
	if (killed) {
		sigaddset(&current->pending.signal, SIGKILL);
		set_thread_flag(TIF_SIGPENDING);
	} else {
		sigdelset(&current->pending.signal, SIGKILL);
		recalc_sigpending();
	}
}

/* current's sighand cannot go away, so no RCU is needed. */
static spinlock_t *siglock_of_current(void)
{
	return &rcu_dereference_protected(current->sighand, true)->siglock;
}

/*
 * For callers that may hold any lock, siglock included.  Since it does not wait,
 * lockdep derives no order of locks from it.
 *
 * current is a kthread, which no signal ever ends: all that happens is what is made
 * of a fatal signal that is pending.
 */
static bool try_set_killed(bool killed)
{
	unsigned long flags;

	if (spin_trylock_irqsave(siglock_of_current(), flags)) {
		set_killed(killed);
		spin_unlock_irqrestore(siglock_of_current(), flags);
		return true;
	}
	return false;
}

/*
 * Whether the point that is passed is to fail.  The trace is that of @regs or, if that
 * is NULL, begins after the caller.
 */
static __always_inline bool pass_point_alone(struct pt_regs *regs)
{
	struct kunit_fault_report *report = &window.report;

	report->points++;
	if (!plan_says_fail(&window.plan, report->points) && !window.kill_due)
		return false;
	if (window.plan.limit && report->fired >= window.plan.limit) {
		report->relented++;
		return false;
	}

	if (window.plan.signal) {
		/* Signals are sent with the lock held, and that allocates, too. */
		window.kill_due = !try_set_killed(true);
		if (window.kill_due)
			return false;
	}

	report->fired++;
	if (regs)
		report->nr_frames = trace_of_entry(regs, report->frames);
	else
		report->nr_frames = stack_trace_save(report->frames, KUNIT_FAULT_FRAMES, 1);
	return !window.plan.signal;
}

static __always_inline bool pass_point(struct pt_regs *regs)
{
	bool fail;

	enter();
	fail = pass_point_alone(regs);
	leave();
	return fail;
}

/* Whose point it is that the current task passes, in task context, or NULL if it is none */
static struct participant *at_point(void)
{
	struct participant *p = participant();

	if (!p || p->masked)
		return NULL;
	/* Only the owner is killed, so only it has points where it may be. */
	return p == &window.self || !window.plan.signal ? p : NULL;
}

static bool counts(enum kunit_fault_allocator allocator)
{
	return !window.plan.allocators || window.plan.allocators & BIT(allocator);
}

bool __kunit_fault_hit(enum kunit_fault_allocator allocator, gfp_t gfp)
{
	struct participant *p = in_task() ? at_point() : NULL;
	bool fail;

	if (!p || !counts(allocator))
		return false;
	if (gfp & __GFP_NOFAIL) {
		window.report.nofail++;
		window.report.nofail_site = site_here();
		return false;
	}
	fail = pass_point(NULL);
	p->asked = !fail;
	return fail;
}

bool __kunit_fault_hit_user_copy(void)
{
	if (!in_task() || !at_point() || !window.plan.user_copies)
		return false;
	if (!pass_point(NULL))
		return false;
	window.report.user_copies++;
	return true;
}

/* Whether a kprobe was hit in task context: its breakpoint counts as an NMI. */
static bool probed_in_task(void)
{
	return hardirq_count() == (in_nmi() ? HARDIRQ_OFFSET : 0) && !in_serving_softirq();
}

/* In a kprobe of a function of this list: whether it is to fail */
bool kunit_fault_hit_function(const char * const *names, struct pt_regs *regs)
{
	if (!probed_in_task() || !at_point() || window.functions != names)
		return false;
	return pass_point(regs);
}

/* In a kprobe of a function that maps for DMA: whether it is to fail */
bool kunit_fault_hit_mapping(const struct kunit_fault_dma *dma, struct pt_regs *regs)
{
	if (!probed_in_task() || !at_point() || window.dma != dma)
		return false;
	return pass_point(regs);
}

/* Whether an address is in one of these functions, whose list ends with NULL */
static bool site_is_one_of(unsigned long site, const char * const *names)
{
	char name[KSYM_SYMBOL_LEN];

	if (!names || !site || sprint_symbol_no_offset(name, site - 1) <= 0)
		return false;
	for (; *names; names++) {
		if (!strcmp(name, *names))
			return true;
	}
	return false;
}

void __kunit_fault_track(enum kunit_fault_allocator allocator, const void *object,
			 unsigned long site)
{
	const struct participant *p = in_task() ? participant() : NULL;

	/* The allocator that was asked is masked once, those it asks are deeper. */
	if (!object || !p || p->masked != 1 || !counts(allocator))
		return;
	site = site ?: site_here();
	if (!site_is_one_of(site, window.kept_by))
		kunit_fault_track_add(object, site);
}

/* In another kprobe there: whether what it maps has to be unmapped, and who asks for it */
bool kunit_fault_notes_mapping(const struct kunit_fault_dma *dma, struct pt_regs *regs,
			       unsigned long *site)
{
	unsigned long frames[KUNIT_FAULT_FRAMES];
	unsigned int nr;

	if (!probed_in_task() || !at_point() || window.dma != dma)
		return false;
	nr = trace_of_entry(regs, frames);
	*site = caller(frames, nr);
	return !site_is_one_of(*site, window.kept_by);
}

/* The current task's from here on: -EBUSY if it is another's, or -ENOMEM */
int kunit_fault_claim(void)
{
	int err;

	if (cmpxchg(&window.owner, NULL, current))
		return -EBUSY;
	/* Else a later task might have its address, and be taken for it. */
	get_task_struct(current);
	err = kunit_fault_track_start();
	if (err)
		kunit_fault_release();
	return err;
}
EXPORT_SYMBOL_GPL(kunit_fault_claim);

/* Nobody's any more; in the owner, or at the end of its test, when it is gone */
void kunit_fault_release(void)
{
	struct task_struct *owner = window.owner;
	unsigned int nr = window.nr_followed;

	WRITE_ONCE(window.task, NULL);
	WRITE_ONCE(window.nr_followed, 0);
	while (nr--) {
		if (window.followed[nr].task)
			put_task_struct(window.followed[nr].task);
	}
	/* Whoever arms next sees what was written to the window before. */
	smp_store_release(&window.owner, NULL);
	put_task_struct(owner);
}
EXPORT_SYMBOL_GPL(kunit_fault_release);

bool kunit_fault_is_owner(void)
{
	return READ_ONCE(window.owner) == current;
}
EXPORT_SYMBOL_GPL(kunit_fault_is_owner);

/* Whether the current task is the owner, or followed */
bool kunit_fault_takes_part(void)
{
	return kunit_fault_is_owner() || followed_here();
}
EXPORT_SYMBOL_GPL(kunit_fault_takes_part);

/* In the owner: let allocations fail. */
void kunit_fault_open(const struct kunit_fault_plan *plan)
{
	window.plan = *plan;
	memset(&window.report, 0, sizeof(window.report));
	window.self = (struct participant) { .task = current };
	atomic_set(&window.busy, 0);
	window.kill_due = false;
	window.kept_by = NULL;
	window.functions = NULL;
	window.dma = NULL;
	WRITE_ONCE(window.task, current);
}
EXPORT_SYMBOL_GPL(kunit_fault_open);

/*
 * Let what @task allocates, or whichever worker does @work, count as well: -EPERM if
 * the current task is not the owner, or -ENOSPC.
 */
int kunit_fault_follow(struct task_struct *task, const struct work_struct *work)
{
	unsigned int nr = window.nr_followed;
	unsigned int i;

	if (!kunit_fault_is_owner())
		return -EPERM;
	for (i = 0; i < nr; i++) {
		if (window.followed[i].task == task && window.followed[i].work == work)
			return 0;
	}
	if (nr == ARRAY_SIZE(window.followed))
		return -ENOSPC;
	/* Else a later task might have its address.  A work item is up to the test. */
	if (task)
		get_task_struct(task);
	window.followed[nr] = (struct participant) { .task = task, .work = work };
	/* Pairs with the acquire in followed_here(). */
	smp_store_release(&window.nr_followed, nr + 1);
	return 0;
}
EXPORT_SYMBOL_GPL(kunit_fault_follow);

/* In the owner: let them succeed again. */
void kunit_fault_close(void)
{
	unsigned long flags;

	WRITE_ONCE(window.task, NULL);
	/* One of those that are followed goes on. */
	if (atomic_read(&window.busy) && !window.report.aborted)
		window.report.overlapped = true;
	if (!window.plan.signal)
		return;
	/* Interrupts that the code has left off stay so, to be noticed. */
	spin_lock_irqsave(siglock_of_current(), flags);
	set_killed(false);
	spin_unlock_irqrestore(siglock_of_current(), flags);
}
EXPORT_SYMBOL_GPL(kunit_fault_close);

/* The same because the test has failed, in whoever takes part, with any lock held */
void kunit_fault_close_aborted(void)
{
	if (!READ_ONCE(window.task))
		return;
	WRITE_ONCE(window.task, NULL);
	window.report.aborted = true;
	/* If that cannot be had, kunit_fault_close() does it. */
	if (window.plan.signal && kunit_fault_is_owner())
		try_set_killed(false);
}
EXPORT_SYMBOL_GPL(kunit_fault_close_aborted);

/* What has happened so far, if the current task takes part */
void kunit_fault_peek(struct kunit_fault_report *report)
{
	if (kunit_fault_takes_part())
		*report = window.report;
}
EXPORT_SYMBOL_GPL(kunit_fault_peek);

/* In the owner: functions, by name; the last is NULL */
void kunit_fault_set_kept_by(const char * const *names)
{
	window.kept_by = names;
}
EXPORT_SYMBOL_GPL(kunit_fault_set_kept_by);

/* The same, of functions that kunit_fault_probe() has been called for */
void kunit_fault_set_functions(const char * const *names)
{
	window.functions = names;
}
EXPORT_SYMBOL_GPL(kunit_fault_set_functions);

/* The same, of mappings for DMA */
void kunit_fault_set_dma(const struct kunit_fault_dma *dma)
{
	window.dma = dma;
}
EXPORT_SYMBOL_GPL(kunit_fault_set_dma);
