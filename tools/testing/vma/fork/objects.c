// SPDX-License-Identifier: GPL-2.0
/*
 * CUSTOMISED: objects that VMAs refer to (policies, userfaultfd contexts, reservations),
 * drivers, and what can make a fork fail (accounting, signals).
 */

#include "models.h"

int vma_dup_policy(struct vm_area_struct *src, struct vm_area_struct *dst)
{
	struct mempolicy *policy;

	if (!src->vm_policy)
		return 0;
	policy = fork_alloc(FORK_SITE_POLICY, sizeof(*policy));
	if (!policy)
		return -ENOMEM;
	policy->refcnt = 1;
	policy->mode = src->vm_policy->mode;
	policy->vma = dst;
	dst->vm_policy = policy;
	return 0;
}

void mpol_put(struct mempolicy *policy)
{
	if (policy && !--policy->refcnt)
		fork_free(FORK_SITE_POLICY, policy);
}

int security_vm_enough_memory_mm(struct mm_struct *mm, long pages)
{
	struct fork_result *result = &world.result;

	result->charges++;
	if (world.plan.failure == FORK_FAIL_OVERCOMMIT && result->charges == world.plan.nth) {
		result->injected++;
		return -ENOMEM;
	}
	world.committed += pages;
	return 0;
}

void vm_acct_memory(long pages)
{
	world.committed += pages;
	if (world.committed < 0)
		fork_complain("more memory unaccounted than was accounted");
}

bool fatal_signal_pending(struct task_struct *task)
{
	struct fork_result *result = &world.result;

	result->signal_looks++;
	if (world.plan.failure != FORK_FAIL_SIGNAL || result->signal_looks < world.plan.nth)
		return false;
	result->injected++;
	return true;
}

int arch_dup_mmap(struct mm_struct *oldmm, struct mm_struct *mm)
{
	mmap_assert_write_locked(oldmm);
	mmap_assert_write_locked(mm);
	if (oldmm != world.parent || mm == oldmm)
		fork_complain("%s() of other mms", __func__);
	if (world.plan.failure != FORK_FAIL_ARCH)
		return 0;
	world.result.injected++;
	/* Not as other failures */
	return -EPERM;
}

struct task_struct *get_current(void)
{
	return &world.task;
}

/* VMAs of a file have vm_ops; those of a driver count calls. */
const struct vm_operations_struct fork_file_ops;

static void driver_open(struct vm_area_struct *vma)
{
	world.result.opens++;
	mmap_assert_write_locked(vma->vm_mm);
	fork_op(FORK_OP_WRITE, &world.published, "the driver's mm");
	if (!world.in_walker)
		world.published = vma->vm_mm;
}

static void driver_close(struct vm_area_struct *vma)
{
	world.result.closes++;
	mmap_assert_write_locked(vma->vm_mm);
	/* When VMAs are closed, others have to know already that the fork has failed. */
	if (world.running && !mm_flags_test(MMF_UNSTABLE, vma->vm_mm))
		fork_complain("close() in an mm that is not marked as unstable");
	/* Others may use the parent meanwhile, and its VMAs must not go away. */
	if (world.running && !world.in_walker && world.parent->mmap_lock.dep_map.writer)
		fork_complain("close() with the parent locked for write");
	if (world.running && !world.in_walker && !rwsem_is_locked(&world.parent->mmap_lock))
		fork_complain("close() with the parent unlocked");
	/* A driver may use the mm in close(), and may drop a reference to it. */
	if (!atomic_read(&vma->vm_mm->mm_count))
		fork_complain("close() of a VMA whose mm is gone");
}

const struct vm_operations_struct fork_driver_ops = {
	.open = driver_open,
	.close = driver_close,
};

/* The VMA of a private mapping owns the reservation that was made for it. */
static void hugetlb_close(struct vm_area_struct *vma)
{
	if (vma->vm_private_data)
		fork_free(FORK_SITE_OTHER, vma->vm_private_data);
}

const struct vm_operations_struct fork_hugetlb_ops = {
	.close = hugetlb_close,
};

bool is_vm_hugetlb_page(struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_HUGETLB;
}

void hugetlb_dup_vma_private(struct vm_area_struct *vma)
{
	if (!is_vm_hugetlb_page(vma))
		fork_complain("%s() of another VMA", __func__);
	vma->vm_private_data = NULL;
}

bool userfaultfd_wp(struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_UFFD_WP;
}

void userfaultfd_reset_ctx(struct vm_area_struct *vma)
{
	vma->vm_userfaultfd_ctx.ctx = NULL;
}

void userfaultfd_ctx_get(struct userfaultfd_ctx *ctx)
{
	refcount_inc(&ctx->refcount);
}

/* No VMA may still point to a context that is freed. */
static void check_dangling(struct userfaultfd_ctx *ctx)
{
	struct vm_area_struct *vma;
	struct ma_state mas;

	mas_init(&mas, &ctx->mm->mm_mt, 0);
	rcu_read_lock();
	mas_for_each(&mas, vma, ULONG_MAX) {
		if (xa_is_zero(vma) || vma->vm_mm != ctx->mm)
			break;
		if (vma->vm_userfaultfd_ctx.ctx != ctx)
			continue;
		fork_complain("a userfaultfd context is freed that a VMA points to");
		break;
	}
	rcu_read_unlock();
}

void userfaultfd_ctx_put(struct userfaultfd_ctx *ctx)
{
	struct mm_struct *mm = ctx->mm;

	if (!refcount_dec_and_test(&ctx->refcount))
		return;
	check_dangling(ctx);
	fork_free(FORK_SITE_UFFD, ctx);
	mmdrop(mm);
}

/*
 * Delivers the event.  The reader closes the child's descriptor at once, and
 * userfaultfd_release_new() clears the pointers of the VMAs.
 */
void dup_fctx(struct userfaultfd_fork_ctx *fctx)
{
	struct userfaultfd_ctx *octx = fctx->orig;
	struct mm_struct *mm = fctx->new->mm;
	struct vm_area_struct *vma;
	struct vma_iterator vmi;

	world.result.uffd_events++;
	vma_iter_init(&vmi, mm, 0);
	mmap_write_lock(mm);
	for_each_vma(vmi, vma)
		if (vma->vm_userfaultfd_ctx.ctx == fctx->new)
			userfaultfd_reset_ctx(vma);
	mmap_write_unlock(mm);
	userfaultfd_ctx_put(fctx->new);
	atomic_dec(&octx->mmap_changing);
	userfaultfd_ctx_put(octx);
}
