#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs a command where the compilers are.
#
#	[SYSROOT=mail] enter.sh [NAME=VALUE...] COMMAND [ARGUMENT...]
#
# With TOOLCHAIN=sysroot that is the build sysroot, in which the project and
# the cache have the paths they have outside.  All mounts are in a name space
# of their own and go away with the command, as do all its children.  /dev has
# no kvm: where virtual machines are nested there is a /dev/kvm that opens but
# never runs a guest, and QEMU would hang on it.

set -euo pipefail

# Second stage: in the new name spaces, builds the root directory.
if [ "${1:-}" = --inside ]; then
	sysroot=$2 cwd=$3
	shift 3
	new=$sysroot/mnt
	mount -t tmpfs -o mode=755 tmpfs "$new"
	mkdir "$new"/{dev,etc,proc,run,usr,var}
	for dir in bin lib lib64 sbin; do
		ln -s "usr/$dir" "$new/$dir"
	done
	for dir in usr etc; do
		mount --bind "$sysroot/$dir" "$new/$dir"
	done
	for dir in $ENTER_SHARED; do
		mkdir -p "$new$dir"
		mount --bind "$dir" "$new$dir"
	done
	for dir in usr etc; do
		mount -o remount,bind,ro "$new/$dir"
	done
	mount -t proc proc "$new/proc"
	mkdir -p "$new"/dev/shm "$new/run/home" "$new/var/tmp"
	# UML maps its memory from there, executable.
	mount -t tmpfs -o mode=1777 tmpfs "$new/dev/shm"
	for node in null zero full random urandom tty; do
		: >"$new/dev/$node"
		mount --bind "/dev/$node" "$new/dev/$node"
	done
	ln -s /proc/self/fd "$new/dev/fd"
	# shellcheck disable=SC2016
	exec chroot "$new" /usr/bin/env -i \
		PATH=/usr/bin:/usr/sbin:/usr/lib/llvm-19/bin HOME=/run/home TMPDIR=/run \
		LC_ALL=C.UTF-8 TERM="${TERM:-dumb}" \
		/bin/sh -c 'cd "$1" && shift && exec /usr/bin/env "$@"' sh "$cwd" "$@"
fi

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/sysroot.sh
. "$workbench/sysroot.sh"
trap - EXIT HUP INT TERM

if [ "$toolchain" = host ]; then
	hide_kvm=
	[ ! -e /dev/kvm ] || hide_kvm='mount --bind /dev/null /dev/kvm;'
	user=()
	[ "$(id -u)" = 0 ] || user=(--map-current-user --keep-caps)
	# shellcheck disable=SC2016
	exec unshare "${user[@]}" --mount --pid --fork --kill-child --mount-proc \
		/bin/sh -c "$hide_kvm"' exec env "$@"' sh "$@"
fi

sysroot_set "${SYSROOT:-}"
sysroot_ready || die "the ${SYSROOT:-build} sysroot is missing: run make"
user=()
[ "$(id -u)" = 0 ] || user=(--map-root-user)
export ENTER_SHARED="$top $cache"
exec unshare "${user[@]}" --mount --pid --fork --kill-child --propagation private \
	"$0" --inside "$sysroot" "$PWD" "$@"
