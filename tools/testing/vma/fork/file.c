// SPDX-License-Identifier: GPL-2.0
/* CUSTOMISED: files, by their references and who maps them. */

#include "models.h"

struct file *fork_open(void)
{
	struct file *file = fork_alloc(FORK_SITE_FILE, sizeof(*file));

	file->count = 1;
	file->mapping.i_mmap = RB_ROOT_CACHED;
	file->mapping.i_mmap_rwsem.name = "i_mmap";
	file->f_mapping = &file->mapping;
	return file;
}

struct file *get_file(struct file *file)
{
	if (!file->count++)
		fork_complain("%s() of a file without references", __func__);
	return file;
}

void fput(struct file *file)
{
	if (--file->count > 0)
		return;
	if (!RB_EMPTY_ROOT(&file->mapping.i_mmap.rb_root))
		fork_complain("a file is freed with VMAs linked to it");
	if (atomic_read(&file->mapping.i_mmap_writable))
		fork_complain("a file is freed with writable mappings");
	fork_free(FORK_SITE_FILE, file);
}

void mapping_unmap_writable(struct address_space *mapping)
{
	if (atomic_read(&mapping->i_mmap_writable) <= 0)
		fork_complain("more writable mappings removed than there were");
	atomic_dec(&mapping->i_mmap_writable);
}
