// SPDX-License-Identifier: GPL-2.0
/* Builds a parent, and frees it. */

#include "code.h"
#include "models.h"
#include "run.h"
#include <pthread.h>

u64 fork_task_size(void)
{
	return TASK_SIZE;
}

bool fork_looks_in_vmas(void)
{
#ifdef FORK_LOOKS_AT_VMAS_ONLY
	return false;
#else
	return true;
#endif
}

/* One that nobody knows of */
struct mm_struct *fork_new_mm(void)
{
	struct mm_struct *mm = allocate_mm();

	return mm_init(mm, &world.task, NULL);
}

static vm_flags_t vm_flags_of(u32 flags)
{
	static const struct {
		u32 from;
		vm_flags_t to;
	} map[] = {
		{ FORK_SHARED, VM_SHARED },
		{ FORK_DONTCOPY, VM_DONTCOPY },
		{ FORK_WIPEONFORK, VM_WIPEONFORK },
		{ FORK_LOCKED, VM_LOCKED },
		{ FORK_ACCOUNT, VM_ACCOUNT },
		{ FORK_HUGETLB, VM_HUGETLB },
		{ FORK_PFNMAP, VM_PFNMAP | VM_IO },
	};
	vm_flags_t vm_flags = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(map); i++)
		if (flags & map[i].from)
			vm_flags |= map[i].to;
	return vm_flags;
}

/* Makes a VMA in @mm, without pages. */
static struct vm_area_struct *map_vma(struct mm_struct *mm, const struct fork_vma *desc, size_t nr)
{
	struct vm_area_struct *vma = vm_area_alloc(mm);
	vm_flags_t vm_flags = vm_flags_of(desc->flags);

	/* Different offsets, so that no two VMAs share an anon_vma. */
	vma_set_range(vma, desc->start, desc->start + desc->pages * PAGE_SIZE,
		      (desc->start >> PAGE_SHIFT) + nr);
	vm_flags_init(vma, vm_flags);
	vma->vm_ops = NULL;
	if (desc->flags & (FORK_FILE | FORK_SHARED)) {
		vma->vm_file = get_file(desc->flags & FORK_FILE ? world.file : world.shmem);
		vma->vm_ops = &fork_file_ops;
	}
	if (desc->flags & FORK_DRIVER)
		vma->vm_ops = &fork_driver_ops;
	if (desc->flags & FORK_HUGETLB) {
		vma->vm_ops = &fork_hugetlb_ops;
		if (!(desc->flags & FORK_SHARED))
			vma->vm_private_data = fork_alloc(FORK_SITE_OTHER, 1);
	}
	if (desc->flags & FORK_POLICY) {
		vma->vm_policy = fork_alloc(FORK_SITE_POLICY, sizeof(*vma->vm_policy));
		vma->vm_policy->refcnt = 1;
		vma->vm_policy->mode = nr + 1;
		vma->vm_policy->vma = vma;
	}
	if (desc->flags & FORK_UFFD)
		vma->vm_userfaultfd_ctx.ctx = world.uffd;
	if (vma_link(mm, vma))
		abort();
	vm_stat_account(mm, vm_flags, desc->pages);
	if (vm_flags & VM_LOCKED)
		mm->locked_vm += desc->pages;
	if (vm_flags & VM_ACCOUNT)
		world.committed += desc->pages;
	return vma;
}

/* Links the VMA to the anon_vmas of its ancestors, and to its own. */
static void inherit(struct vm_area_struct *vma, const struct fork_vma *desc, size_t nr)
{
	struct fork_vma plain = { .start = desc->start, .pages = desc->pages };
	struct vm_area_struct *ancestor, *between;

	if (!world.grandparent) {
		world.grandparent = fork_new_mm();
		mmap_write_lock(world.grandparent);
	}
	ancestor = map_vma(world.grandparent, &plain, nr);
	__anon_vma_prepare(ancestor);
	if (!(desc->flags & FORK_ORPHAN)) {
		anon_vma_fork(vma, ancestor);
		return;
	}

	between = vm_area_alloc(world.grandparent);
	vma_set_range(between, vma->vm_start, vma->vm_end, vma->vm_pgoff);
	anon_vma_fork(between, ancestor);
	anon_vma_fork(vma, between);
	unlink_anon_vmas(between);
	vm_area_free(between);
}

static void new_vma(const struct fork_vma *desc, size_t nr)
{
	struct vm_area_struct *vma = map_vma(world.parent, desc, nr);
	unsigned long addr;

	world.vmas[nr] = vma;
	fork_let_others_run();
	if (desc->flags & (FORK_CHILD | FORK_ORPHAN))
		inherit(vma, desc, nr);
	if (!(desc->flags & FORK_WRITTEN))
		return;

	if (!(desc->flags & FORK_SHARED) && !vma->anon_vma)
		__anon_vma_prepare(vma);
	world.anon[nr] = vma->anon_vma;
	for (addr = vma->vm_start; addr < vma->vm_end; addr += PAGE_SIZE)
		fork_write_page(vma, addr, (addr >> PAGE_SHIFT) * 31 + nr,
				desc->flags & FORK_PINNED);
}

static struct userfaultfd_ctx *new_uffd(void)
{
	struct userfaultfd_ctx *ctx = fork_alloc(FORK_SITE_UFFD, sizeof(*ctx));

	refcount_set(&ctx->refcount, 1);
	init_rwsem(&ctx->map_changing_lock);
	ctx->map_changing_lock.name = "map_changing_lock";
	ctx->features = UFFD_FEATURE_EVENT_FORK;
	ctx->mm = world.parent;
	mmgrab(ctx->mm);
	return ctx;
}

void fork_world_new(const struct fork_vma *vmas, size_t nr)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	size_t i;

	pthread_once(&once, fork_code_init);
	world.file = fork_open();
	world.shmem = fork_open();
	world.parent = fork_new_mm();
	mm_flags_set(MMF_HAS_UPROBES, world.parent);
	mm_flags_set(MMF_VM_MERGEABLE, world.parent);
	mm_flags_set(MMF_VM_HUGEPAGE, world.parent);
	world.task.mm = world.parent;
	world.parent->exe_file = get_file(world.file);
	world.uffd = new_uffd();
	world.vmas = calloc(nr + 1, sizeof(*world.vmas));
	world.anon = calloc(nr + 1, sizeof(*world.anon));

	mmap_write_lock(world.parent);
	for (i = 0; i < nr; i++)
		new_vma(&vmas[i], i);
	world.nr = nr;
	if (world.grandparent)
		mmap_write_unlock(world.grandparent);
	mmap_write_unlock(world.parent);
	fork_grace_period();
}

static void check_nothing_left(void)
{
	static const char *const names[FORK_SITES] = {
		"mm_struct", "pgd", "counters", "sheaf", "maple_node", "vm_area_struct",
		"mempolicy", "userfaultfd_fork_ctx", "userfaultfd_ctx", "anon_vma_chain",
		"anon_vma_chain", "anon_vma", "p4d", "pud", "pmd", "pte", "page", "file", "other",
	};
	enum fork_site site;

	for (site = 0; site < FORK_SITES; site++) {
		if (world.live[site])
			fork_complain("%ld of %s leaked", world.live[site], names[site]);
		world.live[site] = 0;
	}
	if (world.committed)
		fork_complain("%ld pages of committed memory left", world.committed);
	world.committed = 0;
}

void fork_world_free(void)
{
	struct mm_struct *parent = world.parent;
	size_t i;

	if (world.child)
		fork_child_put();
	fork_show_parent();
	for (i = 0; i < world.nr; i++)
		userfaultfd_reset_ctx(world.vmas[i]);
	userfaultfd_ctx_put(world.uffd);
	free(world.vmas);
	world.vmas = NULL;
	free(world.anon);
	world.nr = 0;
	world.parent = NULL;
	mmput(parent);
	if (world.grandparent)
		mmput(world.grandparent);
	world.grandparent = NULL;
	fput(world.file);
	fput(world.shmem);
	fork_grace_period();
	check_nothing_left();
	fork_free_stacks();
	free(world.graves);
	world.graves = NULL;
	world.max_graves = 0;
	free(world.points);
	free(world.events);
	world.points = NULL;
	world.max_points = 0;
	world.events = NULL;
	world.nr_events = 0;
	world.max_events = 0;
}
