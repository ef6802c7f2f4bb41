#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make htmldocs: the kernel's documentation as HTML, those of its folders in
# which the series has pages.  What Sphinx says about those pages, and about the
# sources that they take descriptions from, is an error; what it says about
# others is not ours.  The result is in build/BASE/html.

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"

# pages A|M - those that the series adds, or changes, without Documentation/.
pages()
{
	plain_git --git-dir="$repo" diff --name-only --diff-filter="$1" base fixed -- 'Documentation/*.rst' |
		sed 's/^Documentation\///'
}

# Sources that the new pages quote.
quoted()
{
	pages A | while read -r page; do
		plain_git --git-dir="$repo" show "fixed:Documentation/$page" |
			sed -n 's/^\.\. kernel-doc:: *\([^ ]*\).*/\1/p'
	done | sort -u
}

# complaints FILE... - what Sphinx said about any of these.
complaints()
{
	local files
	[ $# -gt 0 ] || return 0
	files=$(printf '%s\n' "$@" | sed 's/[.]/\\&/g' | paste -sd'|')
	grep -E "(^|[ /])($files):" "$logs/htmldocs.log" || :
}

build_docs()
{
	rm -rf -- "$out"
	mkdir -p "$out"
	in_mail_tools make -C "$run_tree" O="$out" SPHINXDIRS="$dirs" PYTHON3=python3 KERNELDOC="$run_tree/scripts/kernel-doc" htmldocs
}

prepare base mail
mapfile -t added < <(pages A)
mapfile -t changed < <(pages M)
mapfile -t sources < <(quoted)
[ ${#added[@]} -gt 0 ] || die "the series for linux $base has no pages below Documentation/"
check_out fixed
out=$base_build/htmldocs
dirs=$(printf '%s\n' "${added[@]%%/*}" | sort -u | paste -sd' ')
step htmldocs "Sphinx, Documentation/{${dirs// /,}}" build_docs

# Other folders are not built, so that pages that were there may refer to what
# is not.
said=$(
	complaints "${added[@]/#/Documentation/}" ${sources[@]+"${sources[@]}"}
	complaints "${changed[@]/#/Documentation/}" | sed '/\[ref\.\(doc\|ref\)\]$/d'
)
[ -z "$said" ] || {
	say "$said"
	die "Sphinx complains about what is ours: see build/logs/htmldocs.log"
}

rm -rf -- "$base_build/html"
mkdir -p "$base_build/html"
for dir in $dirs; do
	ln -s "../htmldocs/Documentation/output/$dir" "$base_build/html/$dir"
done
for page in "${added[@]}"; do
	page=$base_build/html/${page%.rst}.html
	[ -s "$page" ] || die "$(shown "$page") was not made: see build/logs/htmldocs.log"
	say "  $(shown "$page")"
done
