// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault injection: let functions fail that ALLOW_ERROR_INJECTION() is for.
 *
 * A kprobe at the entry of each asks the window whether this call is to fail.  If so,
 * the function returns an error at once, as fail_function makes it.
 *
 * Built in even when KUnit is a module, as modules may not look up functions by name.
 */

#include <linux/err.h>
#include <linux/error-injection.h>
#include <linux/export.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/overflow.h>
#include <linux/ptrace.h>
#include <linux/slab.h>

#include "fault-impl.h"

struct function {
	struct kprobe probe;
	unsigned long error;		/* what it returns if it fails */
	const char * const *names;	/* the list that it is in */
};

struct kunit_fault_functions {
	unsigned int nr;
	struct function list[] __counted_by(nr);
};

static int enter(struct kprobe *probe, struct pt_regs *regs)
{
	struct function *function = container_of(probe, struct function, probe);
	unsigned long ip = kunit_fault_to_entry(regs, probe);
	bool fail = kunit_fault_hit_function(function->names, regs);

	instruction_pointer_set(regs, ip);
	if (!fail)
		return 0;
	regs_set_return_value(regs, function->error);
	override_function_with_return(regs);
	return 1;
}

NOKPROBE_SYMBOL(enter);

/* A kprobe without one may become a jump, and that cannot make its function return. */
static void after_entry(struct kprobe *probe, struct pt_regs *regs, unsigned long flags) {}

NOKPROBE_SYMBOL(after_entry);

static unsigned long error_of(int type)
{
	switch (type) {
	case EI_ETYPE_NULL:
		return 0;
	case EI_ETYPE_TRUE:
		return true;
	default:	/* a number, or a pointer that stands for one */
		return -ENOMEM;
	}
}

static int probe(struct function *function, const char *name)
{
	unsigned long addr = kallsyms_lookup_name(name);
	int type = addr ? get_injectable_error_type(addr) : -ENOENT;

	if (type < 0)
		return type;
	function->error = error_of(type);
	function->probe.addr = (kprobe_opcode_t *)addr;
	function->probe.pre_handler = enter;
	function->probe.post_handler = after_entry;
	return register_kprobe(&function->probe);
}

/*
 * Makes these functions ask the window; the last name is NULL.  Fails with -ENOENT if
 * there is no function @which, with -EINVAL if it may not be made to fail.
 */
int kunit_fault_probe(const char * const *names, struct kunit_fault_functions **functions,
		      const char **which)
{
	struct kunit_fault_functions *new;
	unsigned int nr = 0;
	int err;

	*which = names[0];
	while (names[nr])
		nr++;
	new = kzalloc(struct_size(new, list, nr), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	while (new->nr < nr) {
		struct function *function = &new->list[new->nr++];

		*which = names[new->nr - 1];
		function->names = names;
		err = probe(function, *which);
		if (err) {
			new->nr--;
			kunit_fault_unprobe(new);
			return err;
		}
	}
	*functions = new;
	return 0;
}
EXPORT_SYMBOL_GPL(kunit_fault_probe);

void kunit_fault_unprobe(struct kunit_fault_functions *functions)
{
	while (functions->nr) {
		unregister_kprobe(&functions->list[functions->nr - 1].probe);
		functions->nr--;
	}
	kfree(functions);
}
EXPORT_SYMBOL_GPL(kunit_fault_unprobe);
