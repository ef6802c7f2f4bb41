# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For the tests of the workbench: a copy of the project to spoil, and what is
# expected of a command.  To be sourced.

# shellcheck source=workbench/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# A project like this one, without what was built, in $project.
copy_project()
{
	temporary_dir scratch "$build"
	project=$scratch/project
	mkdir "$project"
	(cd "$top" && tar -c --exclude=./build --exclude=./.git .) | tar -x -C "$project"
	plain_git -C "$project" init -q
	commit_all
	# A command of the project is one of its own, with its own locks.
	unset WORKBENCH_LOCKS ARCH KDIR TOOLCHAIN V FORCE UPDATE
	export BASE=$base
}

commit_all()
{
	plain_git -C "$project" add -A
	plain_git -C "$project" -c user.name=test -c user.email=test@localhost commit -q --allow-empty -m test
}

expect_clean()
{
	local status
	status=$(plain_git -C "$project" status --porcelain)
	[ -z "$status" ] || fail "$1: the project changed: $status"
}

fail()
{
	printf 'failed: %s\n' "$*" >&2
	exit 1
}

# in_project COMMAND... - output to the log and to $said.
in_project()
{
	local status=0
	echo "+ $*"
	(cd "$project" && "$@") >"$scratch/said" 2>&1 </dev/null || status=$?
	cat "$scratch/said"
	said=$(cat "$scratch/said")
	return "$status"
}

expect_success()
{
	in_project "$@" || fail "$*: exit $?"
}

# expect_error PATTERN COMMAND... - fails, with one line "error: ..." that
# matches PATTERN.
expect_error()
{
	local pattern=$1
	shift
	if in_project "$@"; then
		fail "$*: ends well, expected was: $pattern"
	fi
	[ "$(grep -c '^error: ' <<<"$said")" = 1 ] || fail "$*: not one line of error"
	grep '^error: ' <<<"$said" | grep -Eq -- "$pattern" || fail "$*: expected was: $pattern"
}

expect_said()
{
	grep -Eq -- "$1" <<<"$said" || fail "expected was: $1"
}
