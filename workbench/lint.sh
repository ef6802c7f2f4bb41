#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make lint: what reviewers' tools would say.  Two tables, also in
# build/BASE/lint.txt, details in build/logs/lint-*.log:
#
# each patch by itself, as these build nothing
#	checkpatch	scripts/checkpatch.pl --strict
#	codespell	the message and the lines added
#	junk		whitespace, conflict marks, no newline at the end
#	kernel-doc	scripts/kernel-doc -none -Wall: nothing new
#	rustfmt		the Rust files of the patch
#	maintainers	get_maintainer.pl names somebody for each new file
#
# all patches of a section at once, against the base: nothing new; not with
# QUICK=1.  A build for each of the patches would take an hour.
#	sparse		make C=2, for UML as the suites have it
#	W=1		more of clang's warnings
#	coccicheck	scripts/coccicheck MODE=report
#	clippy		make CLIPPY=1: nothing about files of the series
#	rustfmtcheck	make rustfmtcheck
#	rusttest	make rusttest, if there is a change below rust/
#	rustdoc		make rustdoc, likewise
#
# A field "-" means that there is nothing of that kind in the patch, "ok*" that
# there is something which patches/BASE/lint explains.

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"
# shellcheck source=workbench/kbuild.sh
. "$workbench/kbuild.sh"
# shellcheck source=workbench/legs.sh
. "$workbench/legs.sh"

each='checkpatch codespell junk kernel-doc rustfmt maintainers'
whole='sparse W=1 coccicheck clippy rustfmtcheck rusttest rustdoc'
nothing=77	# exit code: nothing of that kind

# touched FROM TO [PATTERN...] - files changed or added, that match a pattern.
touched()
{
	plain_git --git-dir="$repo" diff --name-only --diff-filter=d "$1" "$2" -- "${@:3}"
}

show()
{
	plain_git --git-dir="$repo" show "$1"
}

# ---------------------------------------------------------------------------
# Each patch

lint_checkpatch()
{
	run_checkpatch "$run_tree" "$commit" "$explained"
}

# Words that codespell takes for misspelt ones.
codespell_ignores=crate

lint_codespell()
{
	{
		plain_git --git-dir="$repo" log -1 --format=%B "$commit"
		show "$commit" | sed -n '/^+++ /d;s/^+//p'
	} >"$work/words"
	in_toolchain codespell --ignore-words-list "$codespell_ignores${explained:+,$explained}" "$work/words"
}

lint_junk()
{
	plain_git --git-dir="$repo" diff-tree --check "$commit^" "$commit"
	show "$commit" >"$work/diff"
	! grep -n -B 2 '^\\ No newline at end of file' "$work/diff" || return 1
	# What stays of a merge, an editor or an e-mail, as a file.
	! plain_git --git-dir="$repo" diff-tree -r --name-only --diff-filter=A "$commit^" "$commit" |
		grep -E '\.(orig|rej|swp|o|cmd|patch)$|~$'
}

lint_kernel-doc()
{
	local path side files
	mapfile -t files < <(touched "$commit^" "$commit" '*.c' '*.h')
	[ ${#files[@]} -gt 0 ] || return $nothing
	rm -rf -- "$work/doc"
	for side in "$commit^" "$commit"; do
		mkdir -p "$work/doc/files"
		for path in "${files[@]}"; do
			mkdir -p "$work/doc/files/${path%/*}"
			show "$side:$path" >"$work/doc/files/$path" 2>/dev/null || rm -f -- "$work/doc/files/$path"
		done
		(
			cd "$work/doc/files"
			find . -type f -printf '%P\n' | sort | xargs -r "$workbench/enter.sh" \
				PYTHONDONTWRITEBYTECODE=1 "$run_tree/scripts/kernel-doc" -none -Wall 2>&1 || :
		) >"$work/doc/${side/#"$commit"/said}"
		rm -rf -- "$work/doc/files"
	done
	new_in "$work/doc/said^" "$work/doc/said"
}

lint_rustfmt()
{
	local path files bad=0
	mapfile -t files < <(touched "$commit^" "$commit" '*.rs')
	[ ${#files[@]} -gt 0 ] || return $nothing
	for path in "${files[@]}"; do
		# On stdin, so that it does not go on to other modules; but then
		# --check finds differences and ends well.
		show "$commit:$path" >"$work/rust"
		in_toolchain rustfmt --edition 2021 --config-path "$run_tree/.rustfmt.toml" <"$work/rust" >"$work/formatted"
		diff -u --label "$path" --label formatted "$work/rust" "$work/formatted" || bad=1
	done
	return $bad
}

lint_maintainers()
{
	local path bad=0
	# Of files that were there, some are nobody's.
	plain_git --git-dir="$repo" diff --name-only --diff-filter=A "$commit^" "$commit" >"$work/files"
	[ -s "$work/files" ] || return $nothing
	while read -r path; do
		(cd "$run_tree" && perl scripts/get_maintainer.pl --nogit --nogit-fallback --nokeywords -f "$path") >"$work/who"
		grep -qE '\((maintainer|supporter|reviewer)' "$work/who" || {
			echo "$path: nobody in MAINTAINERS"
			bad=1
		}
	done <"$work/files"
	return $bad
}

# ---------------------------------------------------------------------------
# All of a section: $before and $after are commits

# targets PATTERN - what make has to build for the files of that kind that the series
# touches and that are there, as far as they are the kernel's.  A folder without a
# Makefile is built by one above.
targets()
{
	local path dir
	touched base fixed "$1" | grep -v '^\(tools\|rust\|scripts\)/' | while read -r path; do
		dir=${path%/*}
		[ -f "$src/$path" ] || continue
		if [ "$1" = '*.c' ] && [ -f "$src/$dir/Makefile" ]; then
			echo "${path%.c}.o"
			continue
		fi
		while [ ! -f "$src/$dir/Makefile" ]; do
			dir=${dir%/*}
		done
		echo "$dir/"
	done | sort -u
}

# What the series touches beside what the suites have.
also_config=' DEBUG_KMEMLEAK'

# to_build COMMIT - a tree that is configured, and whose objects of the series are
# yet to be built.
to_build()
{
	check_out_commit "$1"
	rm -f -- "$work/um/.config"
	suites_config um
	# shellcheck disable=SC2086
	in_toolchain "$src/scripts/config" --file "$work/um/.config" ${also_config// / -e }
	kbuild um um olddefconfig
	kbuild um um prepare
	touched base fixed '*.c' '*.rs' | sed 's/\.\(c\|rs\)$/.o/' | (cd "$work/um" && xargs rm -f --)
}

# said_at COMMIT - what the C compiler and sparse say of the files that the series
# touches, once, in $work/said/COMMIT.W1 and .sparse.
said_at()
{
	local commit objects what
	commit=$(plain_git --git-dir="$repo" rev-parse "$1")
	said=$work/said/$commit
	[ ! -f "$said.done" ] || return 0
	mkdir -p "$work/said"
	to_build "$commit"
	mapfile -t objects < <(targets '*.c')
	kbuild um um W=1 C=2 CHECK=sparse "${objects[@]}" >"$said.all" 2>&1 || {
		cat "$said.all"
		return 1
	}
	sed -n -E 's/^(\.\.\/)*([^ ]*\/src\/)?([^ :]+:[0-9]+:([0-9]+:)? (warning|error): .*)/\3/p' "$said.all" >"$said.lines"
	# clang names the option, sparse does not.
	grep -E '\[-W[^]]*\]$' "$said.lines" >"$said.W1" || :
	grep -vE '\[-W[^]]*\]$' "$said.lines" >"$said.sparse" || :
	touch "$said.done"
}

# compare CHECK - fails if there are new complaints at the end of the section.
compare()
{
	local first
	touched "$before" "$after" '*.c' | grep -qv '^tools/' || return $nothing
	said_at "$before"
	first=$said
	said_at "$after"
	echo "$(wc -l <"$first.$1") before, $(wc -l <"$said.$1") after; new:"
	new_in "$first.$1" "$said.$1"
}

lint_sparse()
{
	compare sparse
}

lint_W1()
{
	compare W1
}

# spatch looks at files, not at what is built.  Semantic patches in OCaml, which
# would take its compiler, are left out.
lint_coccicheck()
{
	local side path said
	touched "$before" "$after" '*.c' | grep -qv '^tools/' || return $nothing
	check_out_commit "$after"
	for side in before after; do
		rm -rf -- "$work/touched"
		mkdir -p "$work/touched"
		touched "$before" "$after" '*.c' | grep -v '^tools/' | while read -r path; do
			mkdir -p "$work/touched/${path%/*}"
			show "${!side}:$path" >"$work/touched/$path" 2>/dev/null || rm -f -- "$work/touched/$path"
		done
		said=$work/coccicheck.$side
		# shellcheck disable=SC2016
		(cd "$src" && in_mail_tools srctree="$src" srcroot="$work/touched" MODE=report J="$jobs" \
			LINUXINCLUDE="-I$src/arch/x86/include -I$src/include -I$src/include/uapi" \
			/bin/bash -e -c 'grep -rL ocaml scripts/coccinelle --include="*.cocci" | sort | while read -r COCCI; do
				COCCI=$COCCI scripts/coccicheck
			done') >"$said.all" 2>&1 || {
			tail -n 20 "$said.all"
			return 1
		}
		sed -n "s|^$work/touched/||p" "$said.all" >"$said"
	done
	new_in "$work/coccicheck.before" "$work/coccicheck.after"
}

# The whole kernel crate is looked at; only what is said about our files counts.
lint_clippy()
{
	local dirs
	touched "$before" "$after" '*.rs' | grep -qv '^tools/' || return $nothing
	to_build "$after"
	mapfile -t dirs < <(targets '*.rs')
	rm -f -- "$work/um/rust/kernel.o"
	kbuild um um CLIPPY=1 prepare ${dirs[@]+"${dirs[@]}"} >"$work/clippy" 2>&1 || {
		cat "$work/clippy"
		return 1
	}
	ours_said "$work/clippy"
}

# ours_said FILE - fails if the compiler points at a file of the section.
ours_said()
{
	touched "$before" "$after" '*.rs' | sed 's/[.]/\\&/g; s/.*/--> [^ ]*&:/' >"$work/ours"
	! grep -B 6 -A 12 -f "$work/ours" "$1"
}

lint_rustfmtcheck()
{
	touched "$before" "$after" '*.rs' | grep -q . || return $nothing
	to_build "$after"
	kbuild um um rustfmtcheck
}

lint_rusttest()
{
	touched "$before" "$after" 'rust/*' | grep -q . || return $nothing
	to_build "$after"
	kbuild um um rusttest
}

lint_rustdoc()
{
	touched "$before" "$after" 'rust/*' | grep -q . || return $nothing
	to_build "$after"
	rm -rf -- "$work/um/Documentation/output/rust"
	kbuild um um rustdoc >"$work/rustdoc" 2>&1 || {
		cat "$work/rustdoc"
		return 1
	}
	ours_said "$work/rustdoc"
}

# ---------------------------------------------------------------------------

# row NAME CELLS PATCH
row()
{
	local line cell
	line=$(printf '%-7s' "$1")
	for cell in $2; do
		line+=$(printf '%-13s' "$cell")
	done
	printf '%s\n' "$line$3" | sed 's/ *$//' | tee -a "$table"
}

# field NAME CHECK - runs it, in a shell of its own, as a condition would switch off
# the shell's own checks.
field()
{
	local status=0 log=$logs/lint-$1-${2/=/}.log explained
	explained=$(explained "$slug" "$2")
	(
		at_exit_groups=() at_exit_remove=()
		trap - EXIT
		"lint_${2/=/}"
	) >"$log" 2>&1 </dev/null &
	wait "$!" || status=$?
	case $status in
	0)	cells+=" ok${explained:+*}" ;;
	"$nothing") cells+=' -' ;;
	*)	cells+=' FAILED'
		failed+=("$log") ;;
	esac
}

case ${QUICK:-} in
'' | 1) ;;
*) die "QUICK=$QUICK is not 1: leave it out for all checks" ;;
esac
if [ -n "${QUICK:-}" ]; then
	prepare all
else
	prepare all mail
fi
here=$(sections_chosen)
check_out fixed
work_set lint
rm -rf -- "$work/said"
table=$work/table
failed=()
: >"$table"
row "" "$each" patch
for section in $here; do
	position=0
	while read -r commit; do
		slug=$(slug "$commit")
		printf -v number '%04d' $(($(section_first "$section") + position++))
		cells=
		for check in $each; do
			field "$number" "$check"
		done
		row "$number" "$cells" "$(plain_git --git-dir="$repo" log -1 --format=%s "$commit")"
	done < <(section_commits "$section")
done
if [ -z "${QUICK:-}" ]; then
	say | tee -a "$table"
	row "" "$whole" "against the base"
	for section in $here; do
		slug=$section
		mapfile -t commits < <(section_commits "$section")
		before=${commits[0]}^
		after=${commits[-1]}
		cells=
		for check in $whole; do
			field "$section" "$check"
		done
		row "$section" "$cells" "${#commits[@]} patches"
	done
fi
if [ -f "$patches/lint" ]; then
	sed -n 's/^\([^# ][^ ]*\) \([^ ]*\) \(.*\)/* \1, \2: \3/p' "$patches/lint" | tee -a "$table"
fi
mv -- "$table" "$base_build/lint.txt"
for log in ${failed[@]+"${failed[@]}"}; do
	say "$(shown "$log"):"
	{ grep -A 2 -E '^(ERROR|WARNING|CHECK):' "$log" || tail -n 12 -- "$log"; } | head -n 20 | sed 's/^/    | /'
done
[ ${#failed[@]} -eq 0 ] || die "${#failed[@]} of the tables' fields failed: see above"
[ -n "${QUICK:-}${SECTION:-}" ] || record_run lint <<<"nothing new from checkpatch --strict, codespell, kernel-doc, rustfmt,
  sparse, W=1, coccicheck, clippy, rusttest and rustdoc"
