# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Checks of patches that "make bisect" and "make lint" have in common.  Needs
# suites.sh and kbuild.sh.

# What checkpatch must not ask for: the sign-off is the submitter's, a tarball has
# no commits to be known, and whether new files are in MAINTAINERS is looked up, by
# "make lint", instead of guessed.  The line that stable wants a backport to begin
# with, "commit ID upstream.", it takes for a reference that lacks a title.
checkpatch_ignores=MISSING_SIGN_OFF,NO_AUTHOR_SIGN_OFF,UNKNOWN_COMMIT_ID,FILE_PATH_CHANGES,GIT_COMMIT_ID

# run_checkpatch TREE COMMIT [IGNORED]
run_checkpatch()
{
	plain_git --git-dir="$repo" format-patch -1 --stdout --no-signature "$2" >"$work/patch"
	(cd "$1" && in_toolchain scripts/checkpatch.pl --strict --no-summary --show-types \
		--ignore "$checkpatch_ignores${3:+,$3}" "$work/patch")
}

# explained SLUG CHECK - what patches/BASE/lint has a reason for, in a patch or, with a
# section's name as SLUG, in all of them.
explained()
{
	[ ! -f "$patches/lint" ] || sed -n "s/^$1 $2 \([^:]*\):.*/\1/p" "$patches/lint"
}

# slug COMMIT - its subject as it is in a file's name.
slug()
{
	plain_git --git-dir="$repo" log -1 --format=%f "$1"
}

# places_out - without the places in files, which move.
places_out()
{
	sed -E -e 's/^(Warning: |Error: )?([^ :]+):[0-9]+(:[0-9]+)?:? /\1\2: /' | sort
}

# new_in BEFORE AFTER - lines only AFTER has; fails if there are any.
new_in()
{
	comm -13 <(places_out <"$1") <(places_out <"$2") >"$work/new"
	cat "$work/new"
	[ ! -s "$work/new" ]
}

# The configuration that the suites have, as far as there are the options.
suites_config()
{
	[ ! -f "$work/$1/.config" ] || return 0
	mkdir -p "$work/$1"
	{
		plain_git --git-dir="$repo" show fixed:mm/tests/.kunitconfig
		cat "$workbench/kunit/um.config"
	} >"$work/$1/.config"
	kbuild "$1" um olddefconfig
}
