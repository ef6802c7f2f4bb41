#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make rebase: after "make update" has fetched another release of the base, moves
# the commits of the tree for editing on top of it.  Where they do not apply, git
# stops for the user to resolve it; then call this once more, and "make refresh".

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/edit.sh
. "$workbench/edit.sh"

prepare source
edit_set
[ -e "$edit_tree/.git" ] || die "there is no tree to rebase: make tree BASE=$base, before make update"
reason=$(edit_in_the_way)
[ -z "$reason" ] || die "$(shown "$edit_tree") $reason: git rebase --continue, commit or undo them first"
new=$(plain_git --git-dir="$base_repo" rev-parse base-tree)
old=$(in_edit_tree rev-parse base)
[ "$new" != "$old" ] || {
	say "$(shown "$edit_tree") is on linux $base_version already"
	exit
}

# The old base stays in reach.
echo "$base_repo/objects" >>"$edit_tree/.git/objects/info/alternates"
# Not so when the user has continued what stopped here.
if ! in_edit_tree merge-base --is-ancestor "$new" HEAD; then
	in_edit_tree -c advice.mergeConflict=false rebase --quiet --keep-empty --onto "$new" "$old" series ||
		die "the series needs a hand to go on linux $base_version: in $(shown "$edit_tree") resolve, git add, git rebase --continue; then make rebase again"
fi
in_edit_tree tag -f base "$new" >/dev/null
say "$(shown "$edit_tree"): $(in_edit_tree rev-list --count base..HEAD) commits on linux $base_version; next: make refresh FORCE=1"
