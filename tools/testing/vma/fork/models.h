/* SPDX-License-Identifier: GPL-2.0 */
/* What the models have for each other, and for what is above them */
#ifndef _FORK_MODELS_H
#define _FORK_MODELS_H

#include "world.h"

/* grave.c */
void fork_guard_graves(void);
void fork_bury(void *object, size_t size);
void fork_close_graves(void);
void fork_empty_graves(void);
bool fork_may_use(const void *object, const char *what);

/* task.c */
void fork_start_task(u32 nr, void (*body)(u32 how), u32 how);
void fork_explore_begin(u32 (*choose_task)(void *context, const struct fork_op *ops),
			void *context);
void fork_explore_end(void);
void fork_free_stacks(void);

/* rcu.c */
void fork_grace_period(void);

/* alloc.c */
bool fork_try(enum fork_site site);
void *fork_alloc(enum fork_site site, size_t size);
void fork_free(enum fork_site site, void *object);

/* event.c */
void fork_event(const char *what, const struct rw_semaphore *sem);

/* lock.c */
void fork_hide_parent(void);
void fork_show_parent(void);

/* file.c */
struct file *fork_open(void);

/* pgtable.c */
struct page;
void fork_write_page(struct vm_area_struct *vma, unsigned long addr, u64 content, bool pinned);
void fork_read_pages(struct vm_area_struct *vma, struct fork_vma_state *out);

/* objects.c */
extern const struct vm_operations_struct fork_file_ops, fork_driver_ops, fork_hugetlb_ops;

/* death.c */
void fork_complain_of_report(const char *report);

#endif /* _FORK_MODELS_H */
