// SPDX-License-Identifier: GPL-2.0
/* What takes a file name or a system call, where the kernel has no function for it. */

#include <asm/syscall.h>

#include "shim.h"

long fork_fail_call(unsigned int nr, const unsigned long args[6])
{
#if defined(CONFIG_UML)
	return sys_call_table[nr](args[0], args[1], args[2], args[3], args[4], args[5]);
#elif defined(CONFIG_X86_64)
	const struct pt_regs regs = {
		.orig_ax = nr, .di = args[0], .si = args[1], .dx = args[2],
		.r10 = args[3], .r8 = args[4], .r9 = args[5],
	};

	return x64_sys_call(&regs, nr);
#elif defined(CONFIG_ARM64)
	const struct pt_regs regs = {
		.regs = { args[0], args[1], args[2], args[3], args[4], args[5] },
		.syscallno = nr,
	};

	return sys_call_table[nr](&regs);
#else
	return -EOPNOTSUPP;
#endif
}

bool fork_fail_path_exists(const char *name)
{
	struct path path;

	if (kern_path(name, 0, &path))
		return false;
	path_put(&path);
	return true;
}

int fork_fail_change_directory(struct vfsmount *mnt, const char *name, bool make)
{
	struct dentry *root = mnt->mnt_root, *dentry;
	int err = 0;

	inode_lock_nested(d_inode(root), I_MUTEX_PARENT);
	dentry = lookup_noperm(&QSTR(name), root);
	if (!IS_ERR(dentry) && make)
		dentry = vfs_mkdir(&nop_mnt_idmap, d_inode(root), dentry, 0700);
	else if (!IS_ERR(dentry))
		err = vfs_rmdir(&nop_mnt_idmap, d_inode(root), dentry);
	inode_unlock(d_inode(root));
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	dput(dentry);
	return err;
}
