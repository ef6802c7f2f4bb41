# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The build sysroot: a Debian with the compilers and tools of one release, made
# by mmdebstrap.  It sits in the cache under a name made from all that goes
# into it, and has that name only once it is complete.  Another one, "mail", has
# what it takes to check, send and read patches.

sysroot_suite=trixie
sysroot_version=1	# raise it when what build_sysroot() does changes

sysroot_packages()
{
	sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$workbench/packages${sysroot_name:+.$sysroot_name}" | sort -u
}

sysroot_key()
{
	{
		echo "$sysroot_version $sysroot_suite $(dpkg --print-architecture 2>/dev/null || uname -m) $(id -u)"
		sysroot_packages
	} | sha256sum | cut -c1-12
}

# sysroot_set [NAME] - which one the functions here are about.
sysroot_set()
{
	sysroot_name=${1:-}
	sysroot=$cache/sysroot-$(sysroot_key)
}

sysroot_ready()
{
	[ -f "$sysroot/.complete" ]
}

# mmdebstrap itself, the only tool the host has to have.
require_mmdebstrap()
{
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg command_line missing=()

	command -v mmdebstrap >/dev/null || missing+=(mmdebstrap)
	[ -f "$keyring" ] || missing+=(debian-archive-keyring)
	[ "$(id -u)" = 0 ] || command -v newuidmap >/dev/null || missing+=(uidmap)
	[ ${#missing[@]} -gt 0 ] || return 0

	command_line="apt-get install --no-install-recommends ${missing[*]}"
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		die "${missing[*]} missing, needed to set up the build sysroot; install with: sudo $command_line"
	fi
	step host-packages "installing ${missing[*]} on this machine" install_host_packages "${missing[@]}"
}

install_host_packages()
{
	export DEBIAN_FRONTEND=noninteractive
	apt-get install -y --no-install-recommends "$@" ||
		{ apt-get update && apt-get install -y --no-install-recommends "$@"; }
}

# In PID and mount name spaces of its own, so that nothing stays mounted and
# nothing stays running, however this ends.
build_sysroot()
{
	local new=$sysroot.new options=(
		--variant=apt
		--include="$(sysroot_packages | tr '\n' ,)"
		--verbose
		--dpkgopt='path-exclude=/usr/share/doc/*'
		--dpkgopt='path-exclude=/usr/share/man/*'
		--dpkgopt='path-exclude=/usr/share/locale/*'
		--aptopt='Acquire::Retries "2"'
	)

	mkdir -p "$cache"
	at_exit_remove+=("$new")
	if [ "$(id -u)" = 0 ]; then
		unshare --mount --pid --fork --kill-child --mount-proc \
			mmdebstrap --mode=root --format=directory "${options[@]}" \
			"$sysroot_suite" "$new" "$mirror"
	else
		# By way of a tar, so that all of it belongs to the user and
		# plain rm can remove it.
		mkdir -p "$new"
		mmdebstrap --mode=unshare --format=tar "${options[@]}" \
			"$sysroot_suite" - "$mirror" |
			tar -x -C "$new" --no-same-owner --exclude='./dev/*'
	fi
	"$new/usr/bin/true"
	touch "$new/.complete"
	sync -f "$new/.complete"
	rm -rf --one-file-system -- "$sysroot"
	mv -T -- "$new" "$sysroot"
}

# What somebody who was killed left behind.  Nobody else is at work on one.
sysroot_tidy()
{
	rm -rf --one-file-system -- "$cache"/sysroot-*.new
}

# Each package is named by dpkg twice, when unpacked and when set up.
progress_sysroot()
{
	awk '/ newly installed, / { total += $3 }
	     /^(Unpacking|Setting up) / { done++ }
	     END { if (total) printf "%d", done * 49 / total }' "$1"
}

progress_sysroot-mail()
{
	progress_sysroot "$1"
}
