// SPDX-License-Identifier: GPL-2.0
/* The kthread of a test, what is done for it in the background, and formats of programs. */

#include <linux/workqueue.h>

#include "shim.h"

int fork_fail_stay_on_cpu(bool stay)
{
	return set_cpus_allowed_ptr(current, stay ? cpumask_of(raw_smp_processor_id()) :
						    cpu_possible_mask);
}

/*
 * flush_workqueue() warns of this queue, as others wait for what is none of theirs.
 * Here that is what is wanted.
 */
void fork_fail_flush_work(void)
{
	__flush_workqueue(system_percpu_wq);
}

/* No signal ends a kthread: it only looks killed to what it calls. */
void fork_fail_set_killed(bool killed)
{
	/* current's cannot go away. */
	struct sighand_struct *sighand = rcu_dereference_protected(current->sighand, true);

	spin_lock_irq(&sighand->siglock);
	if (killed) {
		sigaddset(&current->pending.signal, SIGKILL);
		set_thread_flag(TIF_SIGPENDING);
	} else {
		sigdelset(&current->pending.signal, SIGKILL);
		recalc_sigpending();
	}
	spin_unlock_irq(&sighand->siglock);
}

struct linux_binfmt fork_fail_binfmt;

#ifdef CONFIG_MODULES
/*
 * The module of a binary format, which is being unloaded.  If a test aborts, its mm
 * still has the format when it ends, which drops a reference to the module.
 */
static struct module leaving_module = {
	.state = MODULE_STATE_GOING,
#ifdef CONFIG_MODULE_UNLOAD
	.refcnt = ATOMIC_INIT(INT_MAX / 2),
#endif
};

struct linux_binfmt fork_fail_leaving_binfmt = { .module = &leaving_module };
#else
struct linux_binfmt fork_fail_leaving_binfmt;
#endif
