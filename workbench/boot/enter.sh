#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
#	[SYSROOT=mail] [ENTER_KVM=1] enter.sh [NAME=VALUE...] COMMAND [ARGUMENT...]
#
# Runs a command in a sysroot, with the project and the cache where they are outside, or
# with TOOLCHAIN=host on this machine.  All its children end with the caller.  /dev has no
# kvm unless ENTER_KVM says so: one in a virtual machine may open but never run a guest.

# Second stage: in the new name spaces, builds the root directory.
if [ "${1:-}" = --inside ]; then
	set -euo pipefail
	sysroot=$2 new=$2/mnt
	mount -t tmpfs -o mode=755 tmpfs "$new"
	mkdir -p "$new"/{dev/shm,etc,proc,run/home,tmp,usr,var/tmp}
	(cd "$new" && ln -s usr/{bin,lib,lib64,sbin} . && ln -s /proc/self/fd dev/fd)
	for dir in $ENTER_SHARED; do mkdir -p "$new$dir" && mount --bind "$dir" "$new$dir"; done
	# Where the cache's disk has the last two options, they can only be repeated.
	for dir in usr etc; do
		mount --bind "$sysroot/$dir" "$new/$dir"
		mount -o remount,bind,ro,nosuid,nodev "$new/$dir"
	done
	(cd "$new/dev" && touch null zero full random urandom tty ${ENTER_KVM:+kvm})
	for file in "$new"/dev/* /etc/hosts /etc/resolv.conf; do
		file=${file#"$new"}
		[ ! -e "$file" ] || [ -d "$file" ] || mount --bind "$file" "$new$file"
	done
	mount -t proc proc "$new/proc"
	# UML maps its memory from there, executable.
	mount -t tmpfs -o mode=1777 tmpfs "$new/dev/shm"
	# Packages have no byte code of Python: it is kept beside the sysroot's files.
	exec /usr/sbin/chroot "$new" /usr/bin/env -i PATH=/usr/bin:/usr/sbin:/usr/lib/llvm-19/bin HOME=/run/home \
		TMPDIR=/run LC_ALL=C.UTF-8 TERM="${TERM:-dumb}" PYTHONPYCACHEPREFIX="$sysroot/pycache" \
		/bin/sh -c 'cd "$1" && shift && exec /usr/bin/env "$@"' sh "${@:3}"
fi
. "$(dirname "$0")/lib.sh"
trap - EXIT HUP INT TERM
[ -z "${WORKBENCH_BARE:-}" ] || exec env "$@"
[ "$toolchain" != host ] || exec "${spaces[@]/map-root-user/map-current-user}" --keep-caps --mount-proc sh -c \
	'[ -n "${ENTER_KVM:-}" ] || [ ! -e /dev/kvm ] || mount --bind /dev/null /dev/kvm; exec env "$@"' sh "$@"
sysroot=$("$boot/sysroot.sh" --path "${SYSROOT:-build}") || die "the ${SYSROOT:-build} sysroot is missing: run make"
ENTER_SHARED="$top $cache" exec "${spaces[@]}" "$boot/enter.sh" --inside "$sysroot" "$PWD" "$@"
