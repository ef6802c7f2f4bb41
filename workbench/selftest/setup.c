// SPDX-License-Identifier: GPL-2.0
/* Swap on a RAM disk, a breakpoint in the program itself. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "setup.h"

#define BOOT	1024	/* bytes that belong to a boot loader */

bool put(const char *path, const char *format, ...)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	char text[256];
	va_list args;
	int length;
	bool good;

	if (fd < 0)
		return false;
	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	good = write(fd, text, length) == length;
	close(fd);
	return good;
}

/* As mkswap(8) does it */
bool make_swap(void)
{
	size_t page = getpagesize();
	static char first[65536];
	__u32 header[3] = { 1 };	/* version, last page, bad pages */
	__u64 size;
	int fd;

	mknod(DISK, S_IFBLK | 0600, makedev(1, 0));
	fd = open(DISK, O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &size))
		return false;
	header[1] = size / page - 1;
	memcpy(first + BOOT, header, sizeof(header));
	memcpy(first + page - 10, "SWAPSPACE2", 10);
	if (write(fd, first, page) != (ssize_t)page || fsync(fd))
		return false;
	close(fd);
	return true;
}

/* Where a function is in the file of this program, 0 if that cannot be found */
static unsigned long offset_in_file(void (*function)(void))
{
	unsigned long at = (unsigned long)function, start, end, offset, found = 0;
	FILE *file = fopen("/proc/self/maps", "r");
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%lx-%lx %*s %lx", &start, &end, &offset) == 3 &&
		    at >= start && at < end)
			found = at - start + offset;
	if (file)
		fclose(file);
	return found;
}

bool make_uprobe(const char *event, void (*function)(void))
{
	unsigned long offset = offset_in_file(function);
	char program[64] = "";

	if (!offset || readlink("/proc/self/exe", program, sizeof(program) - 1) <= 0)
		return false;
	mkdir(TRACING, 0755);
	mount("tracefs", TRACING, "tracefs", 0, NULL);
	return put(TRACING "uprobe_events", "p:%s %s:0x%lx(0x2)\n", event, program, offset);
}
