#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# run.sh TARGET... - sees to it that there is a toolchain and the program, workbench/src,
# and becomes the program.  It gets, beside make's variables: TOOLCHAIN, never empty;
# WORKBENCH_TOP, the checkout; WORKBENCH_SYSROOT; WORKBENCH_TOOLCHAIN_IDENTITY;
# WORKBENCH_BARE=1 without name spaces; WORKBENCH_HOST_PACKAGES=1 if sysroot.sh installs
# packages on this machine instead.
. "$(dirname "$0")/sysroot.sh"

# Containers mostly allow no name spaces.  Then there is only the machine's toolchain.
check_name_spaces()
{
	local why='users may not make them: see sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone'
	"${spaces[@]}" sh -c 'mount -t tmpfs tmpfs /tmp && mount -t proc proc /proc' 2>/dev/null && return
	export WORKBENCH_BARE=1
	if [ -z "${TOOLCHAIN:-}" ] && grep -qs '^VERSION_CODENAME=trixie$' /etc/os-release; then
		say "no name spaces here: with this machine's own toolchain, as TOOLCHAIN=host does"
		export WORKBENCH_HOST_PACKAGES=1 toolchain=host
	fi
	[ "$toolchain" != host ] || return 0
	[ "$(id -u)" != 0 ] || why='this container lacks CAP_SYS_ADMIN: start it with --privileged'
	! grep -qs 1 /proc/sys/kernel/apparmor_restrict_unprivileged_userns ||
		why='AppArmor takes their rights away: sysctl kernel.apparmor_restrict_unprivileged_userns=0'
	die "a sysroot takes mounts in name spaces; $why; or run make in Debian 13, or with TOOLCHAIN=host"
}

check_tools()
{
	local kinds=all column=2 command='apt-get install --no-install-recommends' word missing=''
	[ -e /etc/debian_version ] || ! type dnf >/dev/null 2>&1 || column=3 command='dnf install'
	[ -e /etc/debian_version ] || ! type pacman >/dev/null 2>&1 || column=4 command='pacman -S'
	[[ $toolchain = sysroot || ${WORKBENCH_HOST_PACKAGES:-} ]] || kinds+=' host'
	[[ $toolchain = host && ${KDIR:-} ]] || kinds+=' apt'
	while read -ra word; do
		[[ " $kinds " != *" ${word[0]} "* || " $missing " = *" ${word[column]} "* || -e ${word[1]} ]] ||
			type "${word[1]}" >/dev/null 2>&1 || missing+="${missing:+ }${word[column]}"
	done < <(grep -v '^#' "$boot/tools")
	[ -z "$missing" ] || install "$command" "$missing"
}

build_program()
{
	"$boot/enter.sh" CARGO_TARGET_DIR="$cache/cargo/$identity" "$boot/cargo.sh" build ${JOBS:+--jobs "$JOBS"}
	find "$cache/cargo/$identity" -path '*/debug/workbench' -type f -exec cp -t "$1" {} +
}

[ "$(uname -sm)" = 'Linux x86_64' ] || die "this is $(uname -sm): toolchain and kernels are for x86-64 Linux only"
[[ ! $top$cache =~ [[:space:]:] ]] || die "$top or $cache has a space or a colon in its path: kernel builds cannot cope"
[[ $toolchain =~ ^(sysroot|host)$ ]] || die "unknown TOOLCHAIN=$toolchain: known are sysroot host"
[[ ${ARCH:-um} =~ ^(um|x86_64|arm64|ppc32)$ ]] || die "unknown ARCH=$ARCH: known are um x86_64 arm64 ppc32"
[[ ${JOBS:-1} =~ ^[1-9][0-9]*$ ]] || die "JOBS=$JOBS is not a number of jobs"
[[ -d ${KDIR:-/} ]] || die "KDIR=$KDIR is not a directory"
[[ ${BASE:-6.18} != */* && -d $top/patches/${BASE:-6.18} ]] || die "unknown BASE=$BASE: known are $(cd "$top/patches" && echo [0-9]*)"
check_name_spaces; check_tools
mkdir -p -- "$cache" "$top/build"
# A kernel tree, its objects for both machines, and sysroots.
low=$(df -BG --output=avail,target "$cache" "$top/build" | awk 'NR > 1 && $1 + 0 < 12 { print $2 ": " $1; exit }')
sysroot_find build || [ -z "$low" ] || die "12 GiB are needed, free on $low: make room, or set XDG_CACHE_HOME"
sysroot_make build
identity=$(cat "$sysroot/.identity" 2>/dev/null ||
	for tool in cargo rustc bindgen clang ld.lld; do "$tool" --version 2>&1 || :; done | sha256sum | cut -c1-16)
export TOOLCHAIN=$toolchain WORKBENCH_TOP=$top WORKBENCH_SYSROOT=$sysroot WORKBENCH_TOOLCHAIN_IDENTITY=$identity
# A folder for each state of the source and each compiler: what is there is up to date.
program=$cache/program/$(cd "$workbench" && { echo "$identity"; find Cargo.toml Cargo.lock help src -type f -print0 |
	sort -z | xargs -0 sha256sum; } | sha256sum | cut -c1-16)
make_once "$program/workbench" "program (workbench/src)" build_program
trap - EXIT HUP INT TERM
exec "$program/workbench" "$@"
