# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the scripts here share, to be sourced.  All messages go to stderr.
set -euo pipefail
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES	# builds shall not talk to the caller's make
export LC_ALL=C.UTF-8
boot=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
workbench=${boot%/*} top=${boot%/*/*}
cache=${XDG_CACHE_HOME:-${HOME:?HOME or XDG_CACHE_HOME must be set}/.cache}/fork-failure
toolchain=${TOOLCHAIN:-sysroot} mirror=${MIRROR:-http://deb.debian.org/debian}
# Mounts in there are nobody else's and go away with the command, as do its children.
spaces=(unshare --mount --pid --fork --kill-child --propagation private)
[ "$(id -u)" = 0 ] || spaces+=(--map-root-user)

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 2; }

# However a script ends, its step ends first, then what is half done goes away.
step_group='' half_done=''
undo()
{
	[ $? -lt 129 ] || say 'interrupted: nothing is left half done, the same command starts again'
	trap '' HUP INT TERM
	kill -TERM -- "-${step_group:-none}" 2>/dev/null &&
		for _ in {1..50}; do kill -0 -- "-$step_group" 2>/dev/null || break; sleep 0.1; done
	kill -KILL -- "-${step_group:-none}" 2>/dev/null || :
	[ -z "$half_done" ] || rm -rf --one-file-system -- "$half_done"
}
trap undo EXIT; trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM

# step TITLE COMMAND... - a long one, with its output in a log named by the title's first
# word.  In a process group of its own, so that one signal reaches all of it.
step()
{
	local log=$top/build/logs/boot-${1%% *}.log title=$1 begun=$SECONDS status=0 pattern advice
	mkdir -p -- "${log%/*}"
	say "  $(date +%H:%M:%S) $title ..."
	set -m
	( set +m; trap - EXIT HUP INT TERM; "${@:2}" ) >"$log" 2>&1 </dev/null & step_group=$!
	set +m
	wait "$step_group" || status=$?; step_group=
	[ "$status" -ne 0 ] || { say "  $title: $((SECONDS - begun)) s"; return; }
	while IFS=$'\t' read -r pattern advice; do
		[[ ! $(tail -n 60 -- "$log") =~ $pattern ]] || break
	done <"$boot/advice"
	say "error: $title failed: ${advice/@MIRROR@/$mirror}; log: ${log#"$top"/}"
	tail -n 15 -- "$log" | sed 's/^/    | /' >&2
	exit 1
}

# install COMMAND "PACKAGE..." - root of Debian and its kin does, others are told.
install()
{
	[ "$(id -u)${1%% *}" = 0apt-get ] || die "missing on this machine: $2; install with, as root: $1 $2"
	step "installing $(wc -w <<<"$2") packages on this machine" sh -c 'apt-get update
		exec apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=600 "$@"' sh $2
}

# make_once FILE TITLE COMMAND... - unless FILE is there, COMMAND fills its folder, which
# it gets the name of as its last argument.  Others who want the same wait.
make_once()
{
	[ ! -s "$1" ] || return 0
	local folder=${1%/*}
	mkdir -p -- "${folder%/*}"
	exec 9>"${folder%/*}/lock"
	flock -n 9 || { say "waiting: another make is at work on the $2"; flock 9; }
	half_done=$folder.new
	[ -s "$1" ] || {
		rm -rf --one-file-system -- "$folder" "$half_done"
		mkdir -- "$half_done"
		step "$2" "${@:3}" "$half_done"
		sync -f "$half_done"
		mv -T -- "$half_done" "$folder"
	}
	half_done='' && exec 9>&-
}
