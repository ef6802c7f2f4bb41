/* SPDX-License-Identifier: GPL-2.0 */
/* What the Rust side can call: builds address spaces, forks them, reads the result. */
#ifndef _FORK_FORK_H
#define _FORK_FORK_H

#include <linux/types.h>

/* Properties of a VMA, in any combination */
enum fork_vma_flag {
	FORK_WRITTEN	= 1 << 0,	/* its pages were written, one by one */
	FORK_SHARED	= 1 << 1,
	FORK_FILE	= 1 << 2,	/* maps the file that all of these share */
	FORK_DONTCOPY	= 1 << 3,
	FORK_WIPEONFORK	= 1 << 4,
	FORK_LOCKED	= 1 << 5,
	FORK_ACCOUNT	= 1 << 6,
	FORK_POLICY	= 1 << 7,
	FORK_UFFD	= 1 << 8,	/* userfaultfd, with fork events */
	FORK_DRIVER	= 1 << 9,	/* counts open and close, open publishes the mm */
	FORK_HUGETLB	= 1 << 10,	/* with a reservation, if private */
	FORK_CHILD	= 1 << 11,	/* was itself forked, from an ancestor */
	FORK_PINNED	= 1 << 12,	/* pages are copied by fork */
	FORK_PFNMAP	= 1 << 13,	/* page tables are always copied */
	FORK_ORPHAN	= 1 << 14,	/* as FORK_CHILD, and an ancestor between is gone */
};

struct fork_vma {
	u64 start;
	u32 pages;
	u32 flags;
};

/* Sites: what is allocated */
enum fork_site {
	FORK_SITE_MM,
	FORK_SITE_PGD,
	FORK_SITE_COUNTERS,
	FORK_SITE_SHEAF,
	FORK_SITE_MAPLE,
	FORK_SITE_VMA,
	FORK_SITE_POLICY,
	FORK_SITE_UFFD_FORK,
	FORK_SITE_UFFD,
	FORK_SITE_AVC_NOWAIT,
	FORK_SITE_AVC,
	FORK_SITE_ANON_VMA,
	FORK_SITE_P4D,
	FORK_SITE_PUD,
	FORK_SITE_PMD,
	FORK_SITE_PTE,
	FORK_SITE_PAGE,
	FORK_SITE_FILE,
	FORK_SITE_OTHER,
	FORK_SITES,
};

enum fork_failure {
	FORK_FAIL_NOTHING,
	FORK_FAIL_ONCE,		/* the nth allocation */
	FORK_FAIL_FROM,		/* the nth allocation and all after it */
	FORK_FAIL_SIGNAL,	/* a fatal signal from the nth look for one on */
	FORK_FAIL_OVERCOMMIT,	/* the nth charge */
	FORK_FAIL_ARCH,		/* arch_dup_mmap() */
	FORK_FAIL_LOCK,		/* killed while waiting for the parent's lock */
	FORK_FAIL_POISON,	/* memory error in the nth copy of a page */
	FORK_FAIL_STORE,	/* the nth store of a copy in the tree */
	FORK_FAIL_CLEAR,	/* the nth removal of what is not copied, from the tree */
};

/* What the other task does with the mm that it has found */
enum fork_walker {
	FORK_WALK_NOT,
	FORK_WALK_ITERATE,
	FORK_WALK_FIND_VMA,
	FORK_WALK_LOOKUP,
	FORK_WALK_RMAP,
	FORK_WALK_VMA_LOCK,
	FORK_WALK_PARENT,	/* reads the VMAs of the parent under its lock */
	FORK_WALK_PUT,		/* only drops its reference, the last one */
	/* Only as tasks of their own, see fork_explore() */
	FORK_WALK_ANON,		/* locks the anon_vma of a page of the child */
	FORK_WALK_ANON_BARE,	/* the same without rcu_read_lock(): wrong */
	FORK_WALK_ANON_KEEP,	/* keeps its pointer from one read section to the next: wrong */
	FORK_WALK_INVERTED,	/* locks rmap and then the parent: wrong */
	FORK_WALK_FORGET,	/* does not unlock a VMA: wrong */
};

/* Tasks: the one that forks, walkers, and what ends grace periods */
enum fork_task {
	FORK_TASK_FORK,
	FORK_TASK_FIRST,
	FORK_TASK_SECOND,
	FORK_TASK_RCU,
	FORK_TASKS,
};

/* What a task does next: one operation on one object */
enum fork_op_kind {
	FORK_OP_NONE,		/* it has ended */
	FORK_OP_START,
	FORK_OP_READ,
	FORK_OP_WRITE,
	FORK_OP_LOCK_READ,
	FORK_OP_LOCK_WRITE,
	FORK_OP_TRY,		/* to lock for read */
	FORK_OP_UNLOCK_READ,
	FORK_OP_UNLOCK_WRITE,
	FORK_OP_DOWNGRADE,
	FORK_OP_READ_VMA,	/* vma_start_read() */
	FORK_OP_WRITE_VMA,	/* vma_start_write(): waits for readers */
	FORK_OP_GRACE,		/* the end of a grace period: waits for readers */
	FORK_OP_JOIN,		/* the end of the fork: waits for the other tasks */
};

struct fork_op {
	u32 kind;
	bool enabled;		/* it need not wait */
	u64 object;
	const char *name;	/* of the object */
	u8 owner;		/* as in struct fork_event */
};

/* Numbers count events from 1; 0 is never. */
struct fork_plan {
	u32 failure;
	u32 nth;
	u32 walker;
	u32 get_at;	/* takes a reference to the child */
	u32 walk_at;	/* uses it: walks VMAs */
	u32 put_at;	/* drops the reference; 0 is after the fork */
	u32 tasks[2];	/* walkers that can be preempted; only for fork_explore() */
	bool no_grace;	/* no grace period ends while they run */
};

struct fork_result {
	bool succeeded;
	bool walked;		/* the walker could walk VMAs */
	bool found;		/* and found one that must not be there */
	u32 points;	/* allocations tried */
	u32 dup_points;	/* up to the end of the tree's copy */
	u32 injected;	/* operations made to fail, allocations or others */
	u32 signal_looks;
	u32 charges;
	u32 copies;	/* pages */
	u32 stores;	/* VMAs that were copied, into the tree */
	u32 clears;	/* VMAs that were not copied, out of it */
	u32 warnings;	/* of a failed store */
	u32 error;	/* of dup_mmap(), positive */
	u32 uffd_events;	/* delivered */
	u32 opens;
	u32 closes;
	u32 events;
	u32 entries_at_unlock;	/* in the child's tree, of whatever kind */
	bool unstable_at_unlock;	/* has it MMF_UNSTABLE? */
	u32 mms_freed;
};

/* An address space, for the parent or the child. */
struct fork_mm {
	s64 users, count, map_count, total_vm, data_vm, exec_vm, stack_vm;
	s64 locked_vm, rss, tables, write_protect_seq;
	u64 flags;
	bool in_rcu, locked;
};

struct fork_vma_state {
	u64 start, end, pgoff, vm_flags;
	u64 content;	/* sum over the pages, with their addresses */
	u64 rss;
	u32 chain;		/* anon_vmas linked to */
	u32 anon_refs, anon_children, anon_vmas;	/* of its own one */
	u32 policy_refs, policy_mode;
	bool anon, file, file_linked, uffd, uffd_own, reserved, attached;
};

/* State that does not belong to one mm */
struct fork_world_state {
	s64 committed;
	s64 file_refs, file_maps, file_writable;
	s64 shmem_refs, shmem_maps, shmem_writable;
	s64 uffd_refs, uffd_changing;
	s64 locks_held;
	s64 live[FORK_SITES];
};

struct fork_event {
	const char *what;
	const char *lock;
	u8 owner;		/* 0: none, 1: the parent, 2: the child */
	u8 walker;		/* what the walker did then, if anything */
};

/*
 * A world belongs to the thread that made it, which has but one.  In the order
 * of an address space; VMAs neither overlap nor lie above fork_task_size().
 */
void fork_world_new(const struct fork_vma *vmas, size_t nr);
void fork_world_free(void);
u64 fork_task_size(void);
/* Whether fork looks for a signal at each page table, and not only at each VMA */
bool fork_looks_in_vmas(void);

/* Forks.  If that succeeds, the child stays until it is put or the world is freed. */
void fork_run(const struct fork_plan *plan, struct fork_result *result);
/*
 * Forks with walkers as tasks of their own.  Before each operation of a task, @choose
 * gets what each would do next, and says whose is done.
 */
void fork_explore(const struct fork_plan *plan, struct fork_result *result,
		  u32 (*choose)(void *context, const struct fork_op *ops), void *context);
void fork_child_put(void);
const char *fork_complaint(void);

/*
 * In the parent, at once and outside of a fork: a driver's mmap() that maps pages and
 * fails; a VMA for each page, unmapped together.  They return whether that went so.
 */
bool fork_mmap_fails(u64 start, u32 pages);
bool fork_map_and_unmap(u64 start, u32 pages, bool downgrade);
void fork_forget_complaints(void);

/* The allocations of the last run, by site */
size_t fork_points(u8 *sites, size_t max);
size_t fork_events(struct fork_event *events, size_t max);
void fork_log_events(bool on);

void fork_read_mm(bool child, struct fork_mm *out);
size_t fork_read_vmas(bool child, struct fork_vma_state *out, size_t max);
void fork_read_world(struct fork_world_state *out);

/* A place in the C side that can complain */
struct fork_place {
	const char *format;
	const char *file;
	u32 line;
};

size_t fork_places(void);
const struct fork_place *fork_place(size_t nr);

/*
 * Mistakes that can be made on purpose, outside of a fork, to test that they are
 * reported.  The first VMA has to map the file that all FORK_FILE VMAs share, and the
 * second one has to be written to.
 */
struct fork_mistake {
	const char *name;
	/* A part of the complaint about it, or of what the Rust side finds */
	const char *words;
};

size_t fork_mistakes(void);
struct fork_mistake fork_mistake(size_t nr);
void fork_make_mistake(size_t nr);
/* The number of the place, from 1, that has said the words since; or 0 */
size_t fork_noticed_by(void);

/* Sets a function to call before a sanitizer or a signal ends the process. */
void fork_on_death(void (*say_what_ran)(void));

#endif /* _FORK_FORK_H */
