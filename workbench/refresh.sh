#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make refresh: writes the commits of the tree for editing back to patches/BASE
# and the new files.  Author, date and sign-off are the submitter's and are left
# out, so that the files depend on nothing but the commits.

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/edit.sh
. "$workbench/edit.sh"

# A commit for messages: its subject, short.
named()
{
	in_edit_tree log -1 --format='commit %h "%s"' "$1"
}

# The same commit by nobody in particular, without sign-offs.
neutral()
{
	local commit=$1
	in_edit_tree log -1 --format=%B "$commit" | sed '/^Signed-off-by: /d' |
		git stripspace |
		GIT_AUTHOR_NAME=$submitter_name GIT_AUTHOR_EMAIL=$submitter_email GIT_AUTHOR_DATE=$submitter_date \
		GIT_COMMITTER_NAME=$submitter_name GIT_COMMITTER_EMAIL=$submitter_email GIT_COMMITTER_DATE=$submitter_date \
			plain_git -C "$edit_tree" commit-tree "$commit^{tree}" -p "$commit^"
}

# start_of COMMIT ADDED... - the tree that the diff of a .new file is against: the
# commit's parent, and the new files as they are, or will be, at the top level.
start_of()
(
	local commit=$1 path entry
	shift
	export GIT_INDEX_FILE=$out/index
	plain_git -C "$edit_tree" read-tree "$commit^"
	for path; do
		entry=$(plain_git -C "$edit_tree" ls-tree "$commit" -- "$path" | awk '{ print $1 "," $3 }')
		if is_shared "$path"; then
			entry=${entry%,*},$(plain_git -C "$edit_tree" hash-object -w --no-filters -- "$top/$path")
		fi
		plain_git -C "$edit_tree" update-index --add --cacheinfo "$entry,$path"
	done
	plain_git -C "$edit_tree" write-tree
)

# Does this base have a diff for the new file, if it has it differently?
is_shared()
{
	[ -f "$top/$1" ] && grep -qxF -- "$1" "$out/shared"
}

# write_commit COMMIT NUMBER - as a .patch or a .new, the new files in $out/new.
write_commit()
{
	local commit=$1 number=$2 file start status path mode added=() changed=()

	while IFS=$'\t' read -r -d '' status; do
		IFS= read -r -d '' path
		case $status in
		A) added+=("$path") ;;
		*) changed+=("$path") ;;
		esac
	done < <(plain_git -C "$edit_tree" diff-tree -r -z --no-renames --no-commit-id --name-status "$commit")
	[ $((${#added[@]} + ${#changed[@]})) -gt 0 ] ||
		die "$(named "$commit") changes nothing: drop it, only section marks may be empty"

	commit=$(neutral "$commit")
	file=$(plain_git -C "$edit_tree" format-patch -1 -o "$out" --start-number "$number" --zero-commit \
		--no-signature --no-numbered --full-index "$commit")
	[ ${#added[@]} -gt 0 ] || return 0

	start=$(start_of "$commit" "${added[@]}")
	{
		in_edit_tree log -1 --format='Subject: %s%n%n%b' "$commit" | git stripspace
		echo ---
		printf '%s\n' "${added[@]}"
		plain_git -C "$edit_tree" diff-tree --quiet "$start" "$commit" || {
			echo
			plain_git -C "$edit_tree" diff-tree -r -p --full-index --no-renames "$start" "$commit"
		}
	} >"${file%.patch}.new"
	rm -f -- "$file"
	for path in "${added[@]}"; do
		mode=$(plain_git -C "$edit_tree" ls-tree "$commit" -- "$path" | cut -c1-6)
		case $mode in
		100644 | 100755) ;;
		*) die "$(named "$commit") adds $path, which is not a plain file" ;;
		esac
		! is_shared "$path" || continue
		[ ! -e "$out/new/$path" ] || die "$(named "$commit") adds $path a second time"
		mkdir -p "$out/new/$(dirname "$path")"
		plain_git -C "$edit_tree" cat-file blob "$commit:$path" >"$out/new/$path"
		chmod "${mode#100}" "$out/new/$path"
	done
}

write_commits()
{
	local section=fix commit subject number
	number=$(section_first fix)
	while read -r commit; do
		subject=$(in_edit_tree log -1 --format=%s "$commit")
		case $subject in
		'section: '*)
			section=${subject#section: }
			[ -n "$(section_first "$section")" ] ||
				die "$(named "$commit"): no such section; known are $sections"
			number=$(section_first "$section")
			sections_seen+=" $section"
			continue ;;
		fixup!* | squash!* | amend!*)
			die "$(named "$commit") is to be squashed first: git rebase -i --autosquash base" ;;
		esac
		write_commit "$commit" "$number"
		number=$((number + 1))
	done < <(in_edit_tree rev-list --reverse base..HEAD)
}

# A patch that says the same in other places of the files, as against another
# release of the base, is the same patch.
essence()
{
	sed -E -e 's/^index [0-9a-f]+\.\.[0-9a-f]+/index/' -e 's/^@@ -[0-9]+(,[0-9]+)? \+[0-9]+(,[0-9]+)? @@/@@ \1 \2/' "$1"
}

# The new files that other bases list.
listed_elsewhere()
{
	local list
	for list in "$top"/patches/*/*.new; do
		[ -f "$list" ] || continue
		[ "$(dirname "$list")" = "$patches" ] || listed_files "$list"
	done
}

# install_file FROM TO - if they differ.
install_file()
{
	if [ -f "$2" ] && cmp -s -- "$1" "$2" && [ "$(stat -c %A "$1")" = "$(stat -c %A "$2")" ]; then
		return
	fi
	mkdir -p "$(dirname "$2")"
	mv -f -- "$1" "$2"
	say "  wrote $(shown "$2")"
	changes=$((changes + 1))
}

install_all()
{
	local file path old keep
	keep=$(listed_elsewhere)
	old=$(for file in "$patches"/*.new; do [ ! -f "$file" ] || listed_files "$file"; done)

	mkdir -p "$patches"
	for file in "$out"/[0-9]*; do
		[ -f "$file" ] || continue
		path=$patches/${file##*/}
		if [ -f "$path" ] && [ "$(essence "$path")" = "$(essence "$file")" ]; then
			continue
		fi
		install_file "$file" "$path"
	done
	for path in "$patches"/[0-9][0-9][0-9][0-9]-*; do
		case $path in
		*.patch | *.new) ;;
		*) continue ;;
		esac
		[ -f "$path" ] || continue
		! grep -qxF -- "${path##*/}" "$out/names" || continue
		rm -f -- "$path"
		say "  removed $(shown "$path")"
		changes=$((changes + 1))
	done
	while read -r path; do
		install_file "$out/new/$path" "$top/$path"
	done <"$out/new-names"
	while read -r path; do
		[ -f "$top/${path:-.}" ] || continue
		! grep -qxF -- "$path" "$out/new-names" || continue
		! grep -qxF -- "$path" <<<"$keep" || continue
		rm -f -- "$top/$path"
		(cd "$top" && rmdir -p --ignore-fail-on-non-empty -- "$(dirname "$path")")
		say "  removed $path"
		changes=$((changes + 1))
	done <<<"$old"
}

# What is written need not apply before.
prepare source
edit_set
[ -e "$edit_tree/.git" ] || die "there is no tree to refresh from: make tree BASE=$base first"
reason=$(edit_in_the_way)
[ -z "$reason" ] || die "$(shown "$edit_tree") $reason: commit or undo them first; nothing was written"
in_edit_tree merge-base --is-ancestor base HEAD ||
	die "$(shown "$edit_tree"): HEAD does not descend from the base, tag base; nothing was written"
[ -z "$(in_edit_tree rev-list --merges base..HEAD)" ] ||
	die "$(shown "$edit_tree") has a merge on top of the base: make it a line of commits; nothing was written"
if [ "$(cat "$edit_tree/.git/workbench-key" 2>/dev/null)" != "$(assembly_key)" ] && [ -z "$force" ]; then
	die "patches/$base or its new files changed since make tree: overwrite them with make refresh FORCE=1, or start over with make tree FORCE=1"
fi

temporary_dir out "$base_build"
mkdir -p "$out/new"
shared_files >"$out/shared"
sections_seen=fix
write_commits
for section in $sections; do
	case " $sections_seen " in
	*" $section "*) ;;
	*) [ -z "$(section_files "$section")" ] ||
		die "$(shown "$edit_tree") has lost its commit \"section: $section\": put it back with git commit --allow-empty; nothing was written" ;;
	esac
done
(cd "$out" && find . -maxdepth 1 -type f -name '[0-9]*' -printf '%P\n' | sort) >"$out/names"
(cd "$out/new" && find . -type f -printf '%P\n' | sort) >"$out/new-names"

# All is written; to put it in place takes an instant and is not interrupted.
changes=0
trap '' HUP INT TERM
install_all
edit_record
[ "$changes" -gt 0 ] || say "patches/$base and its new files are as in $(shown "$edit_tree"): no change"
