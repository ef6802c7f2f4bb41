// SPDX-License-Identifier: GPL-2.0
/*
 * What a process does to its own address space: by functions of the kernel where
 * they can be called, else by the system call.
 */

#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/mempolicy.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <linux/shmem_fs.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <asm/syscall.h>
#ifdef CONFIG_X86_64
#include <asm/ldt.h>
#endif

#include "call.h"
#include "shim.h"
#include "undo.h"

struct file *fork_fail_file(unsigned long size)
{
	struct file *file = shmem_kernel_file_setup("fork_fail", size, 0);

	return IS_ERR(file) ? NULL : file;
}

long fork_fail_map(struct file *file, unsigned long addr, unsigned long len,
		   unsigned int how)
{
	unsigned long flags = MAP_FIXED_NOREPLACE;

	flags |= file ? 0 : MAP_ANONYMOUS;
	flags |= how & FORK_FAIL_SHARED ? MAP_SHARED : MAP_PRIVATE;
	flags |= how & FORK_FAIL_LOCKED ? MAP_LOCKED : 0;
	if (how & FORK_FAIL_HUGE)
		return ksys_mmap_pgoff(addr, len, PROT_READ | PROT_WRITE,
				       flags | MAP_HUGETLB, -1, 0);
	return vm_mmap(file, addr, len, PROT_READ | PROT_WRITE, flags, 0);
}

/* Memory that is not in the kernel's direct map */
int fork_fail_map_secret(unsigned long addr, unsigned long len)
{
#ifdef __NR_memfd_secret
	long fd = fork_fail_call(__NR_memfd_secret, O_CLOEXEC);
	long err;

	if (fd < 0)
		return fd;
	err = fork_fail_call(__NR_ftruncate, fd, len);
	if (!err)
		err = ksys_mmap_pgoff(addr, len, PROT_READ | PROT_WRITE,
				      MAP_FIXED_NOREPLACE | MAP_SHARED, fd, 0);
	close_fd(fd);
	return err < 0 ? err : 0;
#else
	return -EOPNOTSUPP;
#endif
}

int fork_fail_advise(struct mm_struct *mm, unsigned long addr, unsigned long len,
		     enum fork_fail_advice advice)
{
	static const int values[] = {
		[FORK_FAIL_DONTFORK] = MADV_DONTFORK,
		[FORK_FAIL_WIPEONFORK] = MADV_WIPEONFORK,
		[FORK_FAIL_HUGEPAGE] = MADV_HUGEPAGE,
		[FORK_FAIL_NOHUGEPAGE] = MADV_NOHUGEPAGE,
		[FORK_FAIL_MERGEABLE] = MADV_MERGEABLE,
		[FORK_FAIL_DONTNEED] = MADV_DONTNEED,
	};

	return do_madvise(mm, addr, len, values[advice]);
}

int fork_fail_read_only(unsigned long addr, unsigned long len)
{
	return fork_fail_call(__NR_mprotect, addr, len, PROT_READ);
}

int fork_fail_name(unsigned long addr, unsigned long len, unsigned long scratch)
{
	static const char name[] = "fork_fail";

	if (copy_to_user((void __user *)scratch, name, sizeof(name)))
		return -EFAULT;
	return set_anon_vma_name(addr, len, (const char __user *)scratch);
}

/* A memory policy of the VMA, which a fork has to copy */
int fork_fail_policy(unsigned long addr, unsigned long len)
{
#ifdef __NR_mbind
	return fork_fail_call(__NR_mbind, addr, len, MPOL_LOCAL);
#else
	return -EOPNOTSUPP;
#endif
}

/* A local descriptor table.  A fork copies it last, in arch_dup_mmap(). */
int fork_fail_ldt(unsigned long scratch)
{
#ifdef CONFIG_MODIFY_LDT_SYSCALL
	struct user_desc desc = { .entry_number = 0, .limit = 0xfffff, .seg_32bit = 1,
				  .limit_in_pages = 1, .useable = 1 };

	if (copy_to_user((void __user *)scratch, &desc, sizeof(desc)))
		return -EFAULT;
	return fork_fail_call(__NR_modify_ldt, 0x11, scratch, sizeof(desc));
#else
	return -EOPNOTSUPP;
#endif
}

static void unpin(void *page)
{
	unpin_user_page(page);
}

/* Pins the page at @addr for DMA.  A fork copies such a page instead of sharing it. */
struct page *fork_fail_pin(unsigned long addr)
{
	struct page *page;

	if (pin_user_pages_fast(addr, 1, FOLL_WRITE | FOLL_LONGTERM, &page) != 1)
		return NULL;
	return fork_fail_undo_at_end(unpin, page) ? NULL : page;
}

void fork_fail_unpin(struct page *page)
{
	fork_fail_undo_now(unpin, page);
}

#ifdef CONFIG_DEVICE_PRIVATE
static void end_exclusive(void *exclusive)
{
	struct folio *folio = exclusive;

	folio_unlock(folio);
	folio_put(folio);
}
#endif

/*
 * Gives a device exclusive access to the page at @addr.  A fork has to take that
 * back, and fails with -EBUSY while the folio is locked, as it is here.
 */
struct folio *fork_fail_exclusive(struct mm_struct *mm, unsigned long addr)
{
#ifdef CONFIG_DEVICE_PRIVATE
	struct folio *folio;
	struct page *page;

	mmap_read_lock(mm);
	page = make_device_exclusive(mm, addr, NULL, &folio);
	mmap_read_unlock(mm);
	if (IS_ERR(page))
		return NULL;
	return fork_fail_undo_at_end(end_exclusive, folio) ? NULL : folio;
#else
	return NULL;
#endif
}

void fork_fail_exclusive_end(struct folio *folio)
{
#ifdef CONFIG_DEVICE_PRIVATE
	fork_fail_undo_now(end_exclusive, folio);
#endif
}
