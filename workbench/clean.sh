#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make clean: removes what was built.  The cache stays, and so does a tree with
# edits that patches/ does not have.

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/edit.sh
. "$workbench/edit.sh"

[ -d "$build" ] || exit 0
lock "$build/lock" "$(shown "$build")"
for dir in "$build"/*/; do
	edit_tree=${dir}linux
	if [ -e "$edit_tree/.git" ] && [ -z "$force" ]; then
		reason=$(edit_in_the_way)
		if [ -z "$reason" ] && edit_unwritten_commits; then
			reason="has commits that are not in patches/ yet"
		fi
		if [ -n "$reason" ]; then
			say "kept: $(shown "$edit_tree") $reason"
			find "$dir" -mindepth 1 -maxdepth 1 ! -name linux -exec rm -rf -- {} +
			continue
		fi
	fi
	rm -rf -- "$dir"
done
rm -f -- "$build"/report-* "$build/kdir-files"
