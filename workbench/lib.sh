# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What every script of the workbench shares: settings, messages, long steps,
# locks and what has to be undone when a script ends.  To be sourced.

set -euo pipefail
shopt -s inherit_errexit

# A kernel build started by "make" must not talk to that make's job server.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
export LC_ALL=C.UTF-8

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
workbench=$top/workbench
build=$top/build
logs=$build/logs
cache=${XDG_CACHE_HOME:-${HOME:?HOME or XDG_CACHE_HOME must be set}/.cache}/fork-failure

base=${BASE:-6.18}
arch=${ARCH:-um}
kdir=${KDIR:-}
toolchain=${TOOLCHAIN:-sysroot}
mirror=${MIRROR:-http://deb.debian.org/debian}
jobs=${JOBS:-$(nproc)}
verbose=${V:-}
force=${FORCE:-}

# ---------------------------------------------------------------------------
# Messages

say()
{
	printf '%s\n' "$*"
}

# die WHAT - one line, saying what, where and what to do, and out.
die()
{
	tick_erase
	printf 'error: %s\n' "$*" >&2
	exit 1
}

shown()
{
	# Paths below the project as the user would type them.
	printf '%s' "${1/#"$top"\//}"
}

clock()
{
	printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}

# ---------------------------------------------------------------------------
# Undoing: process groups to stop and directories to remove at the end

at_exit_groups=()
at_exit_remove=()

stop_group()
{
	# TERM first for those who tidy up, KILL for those who do not.  A PID
	# name space inside the group dies with its first process.
	kill -TERM -- "-$1" 2>/dev/null || return 0
	local i
	for ((i = 0; i < 100; i++)); do
		kill -0 -- "-$1" 2>/dev/null || return 0
		sleep 0.1
	done
	kill -KILL -- "-$1" 2>/dev/null || :
}

undo()
{
	local group dir
	trap '' INT TERM HUP
	for group in ${at_exit_groups[@]+"${at_exit_groups[@]}"}; do
		stop_group "$group"
	done
	for dir in ${at_exit_remove[@]+"${at_exit_remove[@]}"}; do
		rm -rf --one-file-system -- "$dir"
	done
}

interrupted()
{
	tick_erase
	printf 'interrupted: nothing is left half done, the same command starts again\n' >&2
	exit $((128 + $1))
}

trap undo EXIT
trap 'interrupted 1' HUP
trap 'interrupted 2' INT
trap 'interrupted 15' TERM

# temporary_dir VARIABLE PARENT - a directory that goes away with the script.
temporary_dir()
{
	local -n result=$1
	mkdir -p -- "$2"
	result=$(mktemp -d -- "$2/.tmp.XXXXXXXX")
	at_exit_remove+=("$result")
}

# lock FILE WHAT - held until the script ends; waits for whoever has it.
# A script called by a script that holds the lock does not take it again.
lock()
{
	local file=$1 what=$2 fd
	case ":${WORKBENCH_LOCKS:-}:" in
	*":$file:"*) return 0 ;;
	esac
	mkdir -p -- "$(dirname -- "$file")"
	exec {fd}>"$file"
	if ! flock -n "$fd"; then
		say "waiting: another make is at work on $what"
		flock "$fd"
	fi
	export WORKBENCH_LOCKS="${WORKBENCH_LOCKS:-}:$file"
}

# ---------------------------------------------------------------------------
# Long steps
#
# step_begin NAME TITLE COMMAND... starts COMMAND, output to build/logs/NAME.log
# step_wait                        waits for all that were started
# step NAME TITLE COMMAND...       both
#
# A function progress_NAME, if there is one, prints how many percent are done.

step_names=()
declare -A step_pid step_title step_start step_log

on_tty=
tty_columns=80
[ -t 1 ] && [ -z "${CI:-}" ] && [ "${TERM:-dumb}" != dumb ] && {
	on_tty=y
	tty_columns=$(tput cols 2>/dev/null || echo 80)
}

tick_erase()
{
	[ -z "${on_tty:-}" ] || printf '\r\033[K'
}

tick()
{
	[ -n "$on_tty" ] || return 0
	local name line='' percent
	for name in "${step_names[@]}"; do
		percent=
		if declare -F "progress_$name" >/dev/null; then
			percent=$("progress_$name" "${step_log[$name]}" 2>/dev/null) || percent=
		fi
		line+="${line:+ | }${step_title[$name]} $(clock $((SECONDS - step_start[$name])))${percent:+ ${percent}%}"
	done
	printf '\r\033[K  %s' "${line:0:$((tty_columns - 3))}"
}

step_begin()
{
	local name=$1 title=$2
	shift 2
	mkdir -p -- "$logs"
	step_names+=("$name")
	step_title[$name]=$title
	step_start[$name]=$SECONDS
	step_log[$name]=$logs/$name.log
	[ -n "$on_tty" ] || say "  $(date +%H:%M:%S) $title ..."
	[ -z "$verbose" ] || say "  + $*"
	# A process group of its own: one signal reaches all of the step.
	set -m
	(
		set +m
		at_exit_groups=() at_exit_remove=()
		trap undo EXIT
		trap 'exit 143' HUP INT TERM
		"$@"
	) >"${step_log[$name]}" 2>&1 </dev/null &
	set +m
	step_pid[$name]=$!
	at_exit_groups+=("$!")
}

# What the last lines of a log say about the cause, in terms of what to do.  A
# step that knows prints a line "advice: ...".
advice()
{
	local last
	last=$(tail -n 60 -- "$1")
	# Whatever was tried, a full disk explains it.
	if ! grep -q 'No space left on device\|have enough free space' <<<"$last" &&
		grep -q '^advice: ' <<<"$last"; then
		sed -n 's/^advice: //p' <<<"$last" | tail -n 1
		return
	fi
	case $last in
	*'No space left on device'* | *"You don't have enough free space"*)
		printf 'the disk is full: make room, or set XDG_CACHE_HOME to another one' ;;
	*'Could not resolve'* | *'Could not connect'* | *'Unable to connect'* | *'Connection refused'* | \
	*'Network is unreachable'* | *'Connection timed out'* | *'Temporary failure resolving'*)
		printf 'no answer from %s: check the network, or set MIRROR' "$mirror" ;;
	*'Cannot allocate memory'* | *'out of memory'* | *'Killed'*)
		printf 'not enough memory: try a lower JOBS' ;;
	*)	printf 'see the log' ;;
	esac
}

step_failed()
{
	local name=$1 status=$2 log=${step_log[$1]}
	tick_erase
	{
		printf 'error: %s failed (exit %d): %s; log: %s\n' "${step_title[$name]}" "$status" \
			"$(advice "$log")" "$(shown "$log")"
		tail -n 15 -- "$log" | sed 's/^/    | /'
	} >&2
	exit 1
}

step_wait()
{
	local name status running
	while [ ${#step_names[@]} -gt 0 ]; do
		running=()
		for name in "${step_names[@]}"; do
			if kill -0 "${step_pid[$name]}" 2>/dev/null; then
				running+=("$name")
				continue
			fi
			status=0
			wait "${step_pid[$name]}" || status=$?
			# Its process group is gone; the number may be reused.
			forget_group "${step_pid[$name]}"
			[ "$status" -eq 0 ] || step_failed "$name" "$status"
			tick_erase
			say "  ${step_title[$name]}: $((SECONDS - step_start[$name])) s"
		done
		step_names=(${running[@]+"${running[@]}"})
		[ ${#step_names[@]} -gt 0 ] || break
		tick
		sleep 0.3
	done
}

forget_group()
{
	local group left=()
	for group in "${at_exit_groups[@]}"; do
		[ "$group" = "$1" ] || left+=("$group")
	done
	at_exit_groups=(${left[@]+"${left[@]}"})
}

# The one step that was begun, as a condition: did it end well?
step_outcome()
{
	local name=${step_names[0]} status=0
	while kill -0 "${step_pid[$name]}" 2>/dev/null; do
		tick
		sleep 0.3
	done
	wait "${step_pid[$name]}" || status=$?
	forget_group "${step_pid[$name]}"
	step_names=()
	tick_erase
	return "$status"
}

step()
{
	step_begin "$@"
	step_wait
}

# ---------------------------------------------------------------------------
# Settings, checked once

known_bases()
{
	(cd "$workbench/bases" && printf "%s\n" [0-9]*) | sort -V | tr '\n' ' ' | sed 's/ $//'
}

check_settings()
{
	case $top$cache in
	*[[:space:]:]*) die "$top or $cache has a space or a colon in its path: kernel builds cannot cope, move it" ;;
	esac
	case $jobs in
	'' | *[!0-9]* | 0) die "JOBS=$jobs is not a number of jobs" ;;
	esac
	case $toolchain in
	sysroot | host) ;;
	*) die "unknown TOOLCHAIN=$toolchain: known are sysroot host" ;;
	esac
	[ -f "$workbench/kunit/$arch.config" ] ||
		die "unknown ARCH=$arch: known are $(cd "$workbench/kunit" && echo *.config | sed 's/\.config//g')"
	if [ -n "$kdir" ]; then
		# shellcheck source=workbench/kdir.sh
		. "$workbench/kdir.sh"
		kdir_check
	fi
	case $base in
	*/* | .* | '') die "unknown BASE=$base: known are $(known_bases)" ;;
	esac
	[ -f "$workbench/bases/$base" ] ||
		die "unknown BASE=$base: known are $(known_bases)"
	# shellcheck source=workbench/bases/6.18
	. "$workbench/bases/$base"
	patches=$top/patches/$base
	base_build=$build/$base${kdir:+-kdir}
	objects=$base_build/$arch
	repo=$base_build/repo.git
	run_tree=$base_build/run
}

# Git as it is everywhere, whatever the user's configuration says.
plain_git()
{
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 git -c gc.auto=0 -c maintenance.auto=false \
		-c core.fsync=none -c advice.detachedHead=false "$@"
}
