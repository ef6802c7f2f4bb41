#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make series: the mails, ready to be read once more and sent, in
# build/BASE/outgoing.  One series a section: the fix and the tests are for
# different lists.  Each gets a cover letter from patches/BASE/cover-SECTION, with
# the numbers of the last run filled in, and a range-diff against the version
# that was sent last, if one was.

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"
# shellcheck source=workbench/outgoing.sh
. "$workbench/outgoing.sh"

version=${VERSION:-1}
# What can be told of in a cover letter, as record_run() names it.
runs=
for config in "$workbench"/kunit/*.config; do
	config=${config##*/}
	runs+="kunit-${config%.config} control-${config%.config} "
done
runs+='fork-harness vma bisect lint'

check_options()
{
	case $version in
	*[!0-9]* | 0*) die "VERSION=$version is not the number of a version" ;;
	esac
	case ${SIGNOFF:-}${RFC:-} in
	'' | 1 | 11) ;;
	*) die "SIGNOFF and RFC are 1 or not set" ;;
	esac
	case ${IN_REPLY_TO:-<x@y>} in
	*[[:space:]]* | *\<*[!\>]) die "IN_REPLY_TO=$IN_REPLY_TO is not a message id" ;;
	*@*) ;;
	*) die "IN_REPLY_TO=$IN_REPLY_TO is not a message id" ;;
	esac
}

# Only runs of the series as it is now count.  The suites must be among them.
check_runs()
{
	local dir want name
	want=$(plain_git --git-dir="$repo" rev-parse "fixed^{tree}")
	current_runs=
	for name in $runs; do
		dir=$base_build/runs/$name
		[ "$(cat "$dir/tree" 2>/dev/null)" = "$want" ] || continue
		ln -s "$dir" "$work/runs/$name"
		current_runs+=" $name"
	done
	case $current_runs in
	*' kunit-'*) ;;
	*)	name=$(cd "$base_build/runs" 2>/dev/null && echo kunit-*) || :
		case ${name:-kunit-\*} in
		kunit-\*) die "the suites have not run, so there are no numbers for a cover letter: run make BASE=$base first" ;;
		*) die "the series changed since the suites ran, so their numbers are not its own: run make BASE=$base first" ;;
		esac ;;
	esac
}

# The base as the receiver can know it.  A tarball is no commit of anybody's, but
# its tree has the same name everywhere.
base_line()
{
	local commit
	if [ -n "$kdir" ] && [ -e "$kdir/.git" ] && commit=$(git -C "$kdir" rev-parse --verify -q HEAD) &&
		[ "$(git -C "$kdir" rev-parse "HEAD^{tree}")" = "$(plain_git --git-dir="$repo" rev-parse "base^{tree}")" ]; then
		echo "base-commit: $commit"
	else
		printf 'base-tree: %s (git tree of %s)\n' "$(plain_git --git-dir="$repo" rev-parse "base^{tree}")" \
			"$([ -n "$kdir" ] && echo "linux-$base_version with changes" || echo "linux-$base_version.tar.xz")"
	fi
}

# previous SECTION VERSION PARENT - the mails that were sent as commits,
# refs/sent/SECTION, on top of what this version's are on top of.
previous()
(
	local file work trouble parent
	temporary_dir work "$base_build"
	trap 'rm -rf -- "$work"' EXIT
	export GIT_DIR=$repo GIT_INDEX_FILE=$work/index GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
	export GIT_AUTHOR_NAME=$submitter_name GIT_AUTHOR_EMAIL=$submitter_email GIT_AUTHOR_DATE=$submitter_date
	export GIT_COMMITTER_NAME=$submitter_name GIT_COMMITTER_EMAIL=$submitter_email GIT_COMMITTER_DATE=$submitter_date
	parent=$(git rev-parse "$3")
	git read-tree "$parent"
	for file in "$sent/$1-v$2"/*.patch; do
		case $file in */*0000-cover-letter.patch) continue ;; esac
		git mailinfo -b --encoding=UTF-8 "$work/body" "$work/patch" <"$file" >"$work/info"
		git apply --cached --whitespace=nowarn "$work/patch" 2>"$work/trouble" || {
			echo "$(shown "$file") does not apply to linux $base_version: $(head -n 1 "$work/trouble")"
			exit 1
		}
		{
			sed -n 's/^Subject: //p' "$work/info"
			echo
			cat "$work/body"
		} >"$work/message"
		parent=$(git commit-tree "$(git write-tree)" -p "$parent" <"$work/message")
	done
	git update-ref "refs/sent/$1" "$parent"
)

# mails SECTION - into $work/SECTION.
mails()
{
	local section=$1 last begin commits options=() prefix=PATCH letter=$patches/cover-$1
	mapfile -t commits < <(section_commits "$section" refs/outgoing/series)
	begin=${commits[0]}^
	# As the stable team wants it: the tree it is for.  Nobody merges tests there.
	if [ "$section" = fix ]; then
		prefix="PATCH $base.y"
	elif [ "$base" != "$shared_base" ]; then
		prefix="PATCH $base"
	fi

	[ "$version" = 1 ] || options+=(-v "$version")
	[ -z "${RFC:-}" ] || options+=(--rfc)
	[ -z "${SIGNOFF:-}" ] || options+=(--signoff)
	[ -z "${IN_REPLY_TO:-}" ] || options+=(--in-reply-to="$IN_REPLY_TO")
	last=$(last_sent "$section")
	if [ -n "$last" ]; then
		if previous "$section" "$last" "$begin" >"$work/trouble"; then
			options+=(--range-diff="$begin..refs/sent/$section")
		else
			say "  no range-diff against version $last: $(cat "$work/trouble")"
		fi
	fi

	"$report" cover --template "$letter" --runs "$work/runs" --names "$runs" --label "$base_version" \
		>"$work/letter" 2>"$work/trouble" || die "$(shown "$letter"): $(sed 's/^[^:]*: //' "$work/trouble")"
	head -n 1 "$work/letter" | grep -q '^Subject: .' || die "$(shown "$letter"): its first line is not a Subject"
	sed -i '1s/^Subject: //' "$work/letter"
	plain_git --git-dir="$repo" update-ref "refs/heads/outgoing-$section" "${commits[-1]}"
	GIT_COMMITTER_NAME=$sender_name GIT_COMMITTER_EMAIL=$sender_email \
		plain_git --git-dir="$repo" -c format.useAutoBase=false \
		-c "branch.outgoing-$section.description=$(cat "$work/letter")" \
		format-patch -q -o "$work/$section" --cover-letter --cover-from-description=subject \
		--subject-prefix="$prefix" --thread=shallow --base=base ${options[@]+"${options[@]}"} \
		"$begin..refs/heads/outgoing-$section"
	# The mark of a section is a commit without a patch.
	sed -i -e "s|^base-commit: .*|$(base_line)|" -e '/^prerequisite-patch-id: 0*$/d' \
		"$work/$section"/*0000-cover-letter.patch
	! grep -n '\*\*\* [A-Z]* HERE \*\*\*' "$work/$section"/*0000-cover-letter.patch ||
		die "$(shown "$letter"): there is no text after the Subject"
}

check_options
prepare all
sender_set
outgoing_set
here=$(sections_here)
[ -n "$here" ] || die "patches/$base has no patches to be mailed"
for section in $here; do
	[ -f "$patches/cover-$section" ] ||
		die "patches/$base/cover-$section is missing: write the cover letter, a Subject line and a text"
done
temporary_dir work "$base_build"
mkdir "$work/runs"
check_runs

(
	export GIT_AUTHOR_NAME=$sender_name GIT_AUTHOR_EMAIL=$sender_email GIT_AUTHOR_DATE
	GIT_AUTHOR_DATE=$(date -R)
	# shellcheck disable=SC2086
	assemble "$repo" refs/outgoing/series $sections
)
for section in $here; do
	mails "$section"
	outgoing_state "$section" >"$work/$section.state"
	echo "$version" >>"$work/$section.state"
done
rm -rf -- "$outgoing"
mkdir -p "$outgoing"
for section in $here; do
	mv -- "$work/$section" "$work/$section.state" "$outgoing"
	say "  $(shown "$outgoing/$section"): $(find "$outgoing/$section" -name '*.patch' | wc -l) mails"
done
[ -n "${SIGNOFF:-}" ] || say "without a Signed-off-by: SIGNOFF=1 adds that of $sender_name <$sender_email>"
