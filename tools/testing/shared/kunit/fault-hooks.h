/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TOOLS_KUNIT_FAULT_HOOKS_H
#define _TOOLS_KUNIT_FAULT_HOOKS_H

/* No KUnit test runs in userspace: as without CONFIG_KUNIT_FAULT_INJECTION. */
enum kunit_fault_allocator { KUNIT_FAULT_SLAB };

#define kunit_fault_armed()		false
#define kunit_fault_hit(kind, gfp)	((void)(kind), (void)(gfp), false)
#define kunit_fault_mask_scope()	do { } while (0)

#endif /* _TOOLS_KUNIT_FAULT_HOOKS_H */
