# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The tree for editing, build/BASE/linux: what "make tree" and "make refresh"
# both have to know about it.
#
# refs/workbench/written	the commit that patches/ has, as far as we know
# workbench-key			the state of patches/ and the new files then

# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"

edit_set()
{
	edit_tree=$base_build/linux
}

in_edit_tree()
{
	git -C "$edit_tree" "$@"
}

# Why the tree cannot be replaced or read now; nothing when it can.
edit_in_the_way()
{
	local git_dir=$edit_tree/.git state
	for state in rebase-merge rebase-apply MERGE_HEAD CHERRY_PICK_HEAD; do
		if [ -e "$git_dir/$state" ]; then
			echo "has a rebase, merge or cherry-pick that is not finished"
			return
		fi
	done
	if [ -n "$(in_edit_tree status --porcelain | head -n 1)" ]; then
		echo "has uncommitted edits"
	fi
}

edit_unwritten_commits()
{
	[ "$(in_edit_tree rev-parse HEAD)" != "$(in_edit_tree rev-parse refs/workbench/written 2>/dev/null)" ]
}

edit_record()
{
	in_edit_tree update-ref refs/workbench/written HEAD
	assembly_key >"$edit_tree/.git/workbench-key"
}
