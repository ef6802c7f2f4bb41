#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make tree: a git work tree with the base as its first commit and each patch
# and each group of new files as a commit on top, to be edited with git.

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/edit.sh
. "$workbench/edit.sh"

# Commits made here are the user's, as far as git knows who that is.
as_user()
{
	GIT_AUTHOR_NAME=${GIT_AUTHOR_NAME:-$(git -C "$top" config user.name || echo "$submitter_name")}
	GIT_AUTHOR_EMAIL=${GIT_AUTHOR_EMAIL:-$(git -C "$top" config user.email || echo "$submitter_email")}
	GIT_AUTHOR_DATE=${GIT_AUTHOR_DATE:-$(date -R)}
	export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_AUTHOR_DATE
}

make_tree()
{
	local dir
	temporary_dir dir "$base_build"
	plain_git init -q -b series "$dir/linux"
	borrow_base "$dir/linux/.git"
	# shellcheck disable=SC2086
	assemble "$dir/linux/.git" refs/heads/series $sections
	plain_git -C "$dir/linux" -c checkout.workers=0 reset -q --hard series
	mv -T -- "$dir/linux" "$edit_tree"
}

remake_tree()
{
	borrow_base "$edit_tree/.git"
	# shellcheck disable=SC2086
	assemble "$edit_tree/.git" refs/workbench/next $sections
	plain_git -C "$edit_tree" checkout -q -f -B series refs/workbench/next
	plain_git -C "$edit_tree" update-ref -d refs/workbench/next
}

# FORCE=1: away with edits that are in the way.
discard()
{
	rm -rf -- "$edit_tree"/.git/{rebase-merge,rebase-apply,MERGE_HEAD,CHERRY_PICK_HEAD}
	plain_git -C "$edit_tree" reset -q --hard
	plain_git -C "$edit_tree" clean -fdq
}

prepare base
edit_set
as_user
if [ ! -e "$edit_tree/.git" ]; then
	[ ! -e "$edit_tree" ] || die "$(shown "$edit_tree") is in the way and not a git tree: move it away"
	step tree "tree for editing" make_tree
else
	reason=$(edit_in_the_way)
	if [ -z "$reason" ] && edit_unwritten_commits; then
		reason="has commits that are not in patches/$base yet"
	fi
	if [ -n "$reason" ] && [ -z "$force" ]; then
		die "$(shown "$edit_tree") $reason: commit and make refresh, or discard them with make tree FORCE=1"
	fi
	if [ -z "$reason" ] && [ "$(cat "$edit_tree/.git/workbench-key" 2>/dev/null)" = "$(assembly_key)" ]; then
		say "$(shown "$edit_tree") is up to date"
		exit
	fi
	[ -z "$reason" ] || discard
	step tree "tree for editing" remake_tree
fi
edit_record
say "$(shown "$edit_tree"): linux $base_version and $(in_edit_tree rev-list --count base..HEAD) commits on branch series"
