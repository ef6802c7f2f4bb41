/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of KUnit's fault injection share.
 */

#ifndef _KUNIT_FAULT_IMPL_H
#define _KUNIT_FAULT_IMPL_H

#include <linux/errno.h>
#include <linux/kprobes.h>
#include <linux/ptrace.h>
#include <linux/types.h>

/**
 * struct kunit_fault_leak - What a run left allocated
 * @count: Number of allocations
 * @site: Caller of one of them
 * @lost: Allocations that there was no room to track
 */
struct kunit_fault_leak {
	unsigned int count;
	unsigned long site;
	unsigned int lost;
};

/* fault-track.c, which is built in */
int kunit_fault_track_start(void);
void kunit_fault_track_add(const void *object, unsigned long site);
void kunit_fault_track_end(struct kunit_fault_leak *leak, bool judged);

struct kunit;
struct kunit_fault_plan;
struct kunit_fault_report;
struct task_struct;
struct work_struct;

/* fault-window.c, which is built in */
int kunit_fault_claim(void);
void kunit_fault_release(void);
bool kunit_fault_is_owner(void);
bool kunit_fault_takes_part(void);
int kunit_fault_follow(struct task_struct *task, const struct work_struct *work);
void kunit_fault_open(const struct kunit_fault_plan *plan);
void kunit_fault_close(void);
void kunit_fault_close_aborted(void);
void kunit_fault_peek(struct kunit_fault_report *report);
void kunit_fault_set_kept_by(const char * const *names);
struct pt_regs;
void kunit_fault_set_functions(const char * const *names);
bool kunit_fault_hit_function(const char * const *names, struct pt_regs *regs);
struct kunit_fault_dma;
void kunit_fault_set_dma(const struct kunit_fault_dma *dma);
bool kunit_fault_hit_mapping(const struct kunit_fault_dma *dma, struct pt_regs *regs);
bool kunit_fault_notes_mapping(const struct kunit_fault_dma *dma, struct pt_regs *regs,
			       unsigned long *site);

#ifdef CONFIG_KPROBES
/*
 * A kprobe is hit one byte after the entry of a function.  If that begins with a push
 * of one byte, an unwinder would take it for done, and find no caller.  So this sets
 * @regs back, for as long as the window may look at them.  Return: where they were.
 */
static __always_inline unsigned long kunit_fault_to_entry(struct pt_regs *regs,
							  const struct kprobe *probe)
{
	unsigned long ip = instruction_pointer(regs);

	instruction_pointer_set(regs, (unsigned long)probe->addr);
	return ip;
}
#endif

/* fault-function.c, which is built in, if at all */
struct kunit_fault_functions;
#ifdef CONFIG_FUNCTION_ERROR_INJECTION
int kunit_fault_probe(const char * const *names, struct kunit_fault_functions **functions,
		      const char **which);
void kunit_fault_unprobe(struct kunit_fault_functions *functions);
#else
static inline int kunit_fault_probe(const char * const *names,
				    struct kunit_fault_functions **functions,
				    const char **which)
{
	return -EOPNOTSUPP;
}

static inline void kunit_fault_unprobe(struct kunit_fault_functions *functions) {}
#endif

/* fault-dma.c, which is built in, if at all */
#ifdef CONFIG_KUNIT_FAULT_INJECTION_DMA
int kunit_fault_probe_dma(struct kunit_fault_dma **dma);
void kunit_fault_unprobe_dma(struct kunit_fault_dma *dma);
#else
static inline int kunit_fault_probe_dma(struct kunit_fault_dma **dma)
{
	return -EOPNOTSUPP;
}

static inline void kunit_fault_unprobe_dma(struct kunit_fault_dma *dma) {}
#endif

/* fault.c */
void kunit_fault_name_run(struct kunit *test, const char *name);

#endif /* _KUNIT_FAULT_IMPL_H */
