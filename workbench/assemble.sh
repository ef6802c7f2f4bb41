# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Turns patches/BASE/ into commits on top of the base, without a work tree.
#
# NNNN-subject.patch is a mail as git format-patch writes it.  NNNN-subject.new
# is a commit that brings new files: a Subject and a message like a mail's,
# "---", then the path of each new file, one a line.  The files themselves are
# kept whole at the project's top level.  A diff may follow, for what the same
# commit changes in files of the base, such as a Makefile, and in the new files:
# one that several bases list is kept as $shared_base has it.
#
# Both kinds are one sequence, in the order of their numbers: from 0001 on the
# section "fix", from 0101 on the section "tests".

sections='fix tests'
shared_base=6.18

section_first()
{
	case $1 in
	fix) echo 1 ;;
	tests) echo 101 ;;
	esac
}

# Who is the author, where nobody in particular is.
submitter_name='Series submitter'
submitter_email=submitter@localhost
submitter_date='Thu, 1 Jan 2026 00:00:00 +0000'

# The files of a section, in order.
section_files()
{
	local first last file number
	first=$(section_first "$1")
	last=$((first + 99))
	[ "$1" != fix ] || last=100
	for file in "$patches"/[0-9][0-9][0-9][0-9]-*.patch "$patches"/[0-9][0-9][0-9][0-9]-*.new; do
		[ -f "$file" ] || continue
		number=${file##*/}
		number=$((10#${number:0:4}))
		[ "$number" -lt "$first" ] || [ "$number" -gt "$last" ] || printf '%s\n' "$file"
	done | sort
}

# Sections of this base that have patches.
sections_here()
{
	local section
	for section in $sections; do
		[ -z "$(section_files "$section")" ] || echo "$section"
	done
}

# Those, or SECTION, if it is one of them.
sections_chosen()
{
	local here
	here=$(sections_here)
	[ -n "${SECTION:-}" ] || {
		echo "$here"
		return
	}
	grep -qxF -- "$SECTION" <<<"$here" || die "no section $SECTION of linux $base: known are ${here//$'\n'/ }"
	echo "$SECTION"
}

# section_commits SECTION [BRANCH] - its commits, in order.
section_commits()
{
	local in=fix commit subject
	plain_git --git-dir="$repo" log --reverse --format='%H %s' "base..${2:-fixed}" | while read -r commit subject; do
		case $subject in
		'section: '*) in=${subject#section: } ;;
		*) [ "$in" != "$1" ] || echo "$commit" ;;
		esac
	done
}

# The new files a .new file lists.
listed_files()
{
	sed -e '1,/^---$/d' -e '/^diff --git /,$d' -e '/^[[:space:]]*$/d' "$1"
}

# The new files that a base has a diff for, instead of writing them anew.
shared_files()
{
	local list
	[ "$base" != "$shared_base" ] || return 0
	for list in "$top/patches/$shared_base"/*.new; do
		[ ! -f "$list" ] || listed_files "$list"
	done
}

# Paths of the kernel that could also be ours, or are no paths at all.
check_listed()
{
	local list=$1 path=$2
	case /$path/ in
	*/../* | */./* | *//* | /workbench/* | /patches/* | /build/* | /.git* | /.ci/* | /Makefile/ | /README*/)
		die "$(shown "$list"): $path cannot be a new file: not a path below a kernel folder" ;;
	esac
	[ -f "$top/$path" ] || [ -L "$top/$path" ] ||
		die "$(shown "$list"): $path is not there: add the file, or take the line out"
}

# What the assembly depends on, as one hash.
assembly_key()
{
	local file path
	{
		plain_git --git-dir="$base_repo" rev-parse base-tree
		sha256sum <"$workbench/assemble.sh"
		for file in "$patches"/[0-9]*; do
			[ -f "$file" ] || continue
			echo "$file"
			cat -- "$file"
			case $file in
			*.new)
				while read -r path; do
					check_listed "$file" "$path"
					stat -c %A "$top/$path"
					sha256sum "$top/$path"
				done < <(listed_files "$file") ;;
			esac
		done
	} | sha256sum | cut -c1-16
}

# A git repository that finds the base's objects in the cache.
borrow_base()
{
	local git_dir=$1
	mkdir -p "$git_dir/objects/info"
	echo "$base_repo/objects" >"$git_dir/objects/info/alternates"
	plain_git --git-dir="$git_dir" update-ref refs/tags/base \
		"$(plain_git --git-dir="$base_repo" rev-parse base-tree)"
}

# One line out of what git apply complains about.
apply_trouble()
{
	sed -n -e 's/^error: patch failed: \(.*\):\([0-9]*\)$/\1, hunk at line \2/p' \
	       -e 's/^error: \(.*\): \(does not exist in index\|already exists in index\)$/\1 \2/p' \
	       -e 's/^error: \(corrupt patch at .*\)$/\1/p' "$1" | head -n 1
}

# apply_one FILE - into the index, and the message into $work/message.
apply_one()
{
	local file=$1 path mode blob trouble
	git mailinfo -b --encoding=UTF-8 "$work/body" "$work/patch" <"$file" >"$work/info" ||
		die "$(shown "$file"): not a mail with a subject, as git format-patch writes it"
	sed -n 's/^Subject: //p' "$work/info" >"$work/message"
	[ -s "$work/message" ] || die "$(shown "$file"): no Subject line"
	if [ -s "$work/body" ]; then
		{
			echo
			cat "$work/body"
		} >>"$work/message"
	fi

	case $file in
	*.new)
		while read -r path; do
			check_listed "$file" "$path"
			[ -z "$(git ls-files -- "$path")" ] ||
				die "$(shown "$file"): $path is not new: linux $base_version or an earlier commit has it"
			mode=100644
			[ ! -x "$top/$path" ] || mode=100755
			blob=$(git hash-object -w --no-filters -- "$top/$path")
			git update-index --add --cacheinfo "$mode,$blob,$path"
		done < <(listed_files "$file")
		sed -n '/^diff --git /,$p' "$file" >"$work/patch"
		[ -s "$work/patch" ] || return 0 ;;
	esac
	if ! git apply --cached --whitespace=nowarn "$work/patch" 2>"$work/trouble"; then
		trouble=$(apply_trouble "$work/trouble")
		die "$(shown "$file") does not apply to linux $base_version: ${trouble:-$(head -n 1 "$work/trouble")}; nothing was changed"
	fi
}

# assemble GIT_DIR REF SECTION... - the sections as commits on top of the base.
# The author is who GIT_AUTHOR_* says, by default nobody in particular.
assemble()
(
	local ref=$2 parent section file tree work
	temporary_dir work "$base_build"
	trap 'rm -rf -- "$work"' EXIT
	export GIT_DIR=$1 GIT_INDEX_FILE=$work/index GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
	export GIT_AUTHOR_NAME=${GIT_AUTHOR_NAME:-$submitter_name} GIT_AUTHOR_EMAIL=${GIT_AUTHOR_EMAIL:-$submitter_email}
	export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
	export GIT_AUTHOR_DATE=${GIT_AUTHOR_DATE:-$submitter_date}
	export GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE
	shift 2

	parent=$(git rev-parse --verify -q refs/tags/base)
	git read-tree "$parent"
	for section; do
		# Tells "make refresh" where a section begins, however the
		# commits were moved about.
		if [ "$section" != fix ]; then
			tree=$(git write-tree)
			parent=$(printf 'section: %s\n\nFrom here on: patches numbered from %04d on.\n' \
				"$section" "$(section_first "$section")" |
				git commit-tree "$tree" -p "$parent")
		fi
		while read -r file; do
			apply_one "$file"
			tree=$(git write-tree)
			parent=$(git commit-tree "$tree" -p "$parent" <"$work/message")
		done < <(section_files "$section")
	done
	git update-ref "$ref" "$parent"
)

# Branches "fixed", the whole series, and "unfixed", the base and the tests.
assemble_branches()
{
	local key
	key=$(assembly_key)
	if [ -f "$repo/HEAD" ] && [ "$(cat "$repo/assembled" 2>/dev/null)" = "$key" ] &&
		plain_git --git-dir="$repo" cat-file -e "fixed^{tree}" 2>/dev/null; then
		return
	fi
	mkdir -p "$base_build"
	[ -f "$repo/HEAD" ] || {
		rm -rf -- "$repo"
		new_repo "$repo"
	}
	borrow_base "$repo"
	# shellcheck disable=SC2086
	assemble "$repo" refs/heads/fixed $sections
	assemble "$repo" refs/heads/unfixed tests
	echo "$key" >"$repo/assembled"
}
