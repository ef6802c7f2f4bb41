// SPDX-License-Identifier: GPL-2.0
/* Swap on a RAM disk, taken away and given back. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "soak.h"

#define DISK	"/dev/ram0"
#define BOOT	1024	/* bytes that belong to a boot loader */

/* As mkswap(8) does it */
static bool make_swap(void)
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

bool swap_set_up(void)
{
	return make_swap() && !swapon(DISK, 0);
}

void swap_turn(void)
{
	nap_us(below(20000));
	/* There may be too little memory for what is in it. */
	if (swapoff(DISK))
		return;
	nap_us(below(2000));
	if (swapon(DISK, 0))
		wrong("swapon");
}
