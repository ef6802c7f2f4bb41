# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Getting ready, building the kernel and running its KUnit suites: what "make
# kunit" and "make control" have in common.

# shellcheck source=workbench/sysroot.sh
. "$workbench/sysroot.sh"
# shellcheck source=workbench/base.sh
. "$workbench/base.sh"
# shellcheck source=workbench/assemble.sh
. "$workbench/assemble.sh"

in_toolchain()
{
	TOOLCHAIN=$toolchain SYSROOT='' "$workbench/enter.sh" "$@"
}

in_mail_tools()
{
	TOOLCHAIN=$toolchain SYSROOT=mail "$workbench/enter.sh" "$@"
}

# prepare all|base|source [mail] - sets up whatever is missing: all, or only what it
# takes to assemble the tree, or not even that the patches apply; and the tools for
# mails.  Sysroots and base are fetched side by side.
prepare()
{
	local want_sysroot='' want_mail=${2:-}
	[ "$1" != all ] || [ "$toolchain" = host ] || want_sysroot=y
	[ "$toolchain" != host ] || want_mail=
	check_settings
	mkdir -p "$cache" "$build"
	lock "$build/lock" "$(shown "$build")"
	sysroot_set
	base_set
	if [ -n "$want_sysroot" ] && sysroot_ready; then
		want_sysroot=
	fi
	sysroot_set mail
	if [ -n "$want_mail" ] && sysroot_ready; then
		want_mail=
	fi
	if [ -n "$want_sysroot$want_mail" ] || [ -n "${UPDATE:-}" ] || ! base_ready; then
		lock "$cache/lock" "$cache"
		sysroot_tidy
		# Somebody else may just have done it.
		base_set
		if [ -n "$want_mail" ] && ! sysroot_ready; then
			require_mmdebstrap
			step_begin sysroot-mail "sysroot for mails (Debian $sysroot_suite)" build_sysroot
		fi
		sysroot_set
		if [ -n "$want_sysroot" ] && ! sysroot_ready; then
			require_mmdebstrap
			step_begin sysroot "build sysroot (Debian $sysroot_suite)" build_sysroot
		fi
		if [ -n "${UPDATE:-}" ] || ! base_ready; then
			require_base_tools
			step_begin base "linux $base${kdir:+ from $kdir}" build_base
		fi
		step_wait
		base_set
	fi
	sysroot_set
	# What a run that was killed left behind.
	rm -rf -- "$base_build"/.tmp.*
	[ -n "$base_version" ] || die "no linux $base in $cache although it was just fetched: see build/logs/base.log"
	[ "$1" != source ] || return 0
	assemble_branches
	[ "$1" != base ] || return 0
	[ "$toolchain" = sysroot ] || check_host_toolchain
	build_report
}

# check_out BRANCH - the tree the suites are built from.  Only files that
# differ are written, so that a build after it does no more than it has to.
check_out()
{
	local branch=$1 want
	want=$(plain_git --git-dir="$repo" rev-parse "$branch^{tree}")
	[ "$(cat "$base_build/run.tree" 2>/dev/null)" != "$want" ] || return 0
	rm -f -- "$base_build/run.tree" "$base_build/run.index.lock"
	mkdir -p "$run_tree"
	step checkout "source tree, $branch" write_run_tree "$branch"
	echo "$want" >"$base_build/run.tree"
}

write_run_tree()
{
	export GIT_DIR=$repo GIT_WORK_TREE=$run_tree GIT_INDEX_FILE=$base_build/run.index
	plain_git -c checkout.workers=0 -c core.bare=false read-tree -u --reset "$1"
	plain_git -c core.bare=false clean -ffdxq
}

check_host_toolchain()
{
	check_out fixed
	step rustavailable "this machine's toolchain" rust_available
}

rust_available()
{
	in_toolchain make -C "$run_tree" O="$objects" ARCH="$arch" LLVM=1 rustavailable ||
		{
			echo "advice: this machine's clang, rustc or bindgen will not do for linux $base_version: use TOOLCHAIN=sysroot"
			return 1
		}
}

# The programme that judges results.
build_report()
{
	report=$build/report-$(cat "$workbench"/*.rs "$workbench/suites.sh" | sha256sum | cut -c1-12)
	[ ! -x "$report" ] || return 0
	rm -f -- "$build"/report-*
	step report "workbench/report.rs" compile_report
}

compile_report()
{
	in_toolchain rustc --edition 2021 -O -D warnings -C target-feature=+crt-static \
		-o "$report.new" "$workbench/report.rs"
	mv -- "$report.new" "$report"
}

# kunit COMMAND [ARGUMENT...] - kunit.py of the tree under test; NAME=VALUE in
# kunit_environment is for it and the kernel it runs.
kunit_environment=()
kunit()
{
	local command=$1
	shift
	(cd "$run_tree" && in_toolchain ${kunit_environment[@]+"${kunit_environment[@]}"} \
		tools/testing/kunit/kunit.py "$command" \
		--arch="$arch" --build_dir="$objects" --make_options LLVM=1 \
		--kunitconfig=mm/tests --kunitconfig="$workbench/kunit/$arch.config" "$@")
}

progress_kernel()
{
	local expected=base_objects_$arch
	echo $(($(find "$objects" -name '*.o' | wc -l) * 100 / ${!expected}))
}

# build_kernel BRANCH - into $objects.
build_kernel()
{
	check_out "$1"
	mkdir -p "$objects"
	step kernel "linux $base_version for $arch, $1" kunit build --jobs "$jobs"
}

# count_errors CONSOLE JSON - older kunit.py tell of what they could not make sense of
# in their last line, but not in the result.  Without that line it stays unreadable.
count_errors()
{
	local complete errors
	[ -f "$2" ] && ! grep -q '"misc":' "$2" || return 0
	complete=$(grep -a 'Testing complete\. Ran ' "$1" | tail -n 1)
	[ -n "$complete" ] || return 0
	errors=$(sed -nE 's/.*errors: ([0-9]+).*/\1/p' <<<"$complete")
	sed -i "1s/{/{ \"misc\": { \"errors\": ${errors:-0} },/" "$2"
}

# run_suites - kunit.py's result to the console, its JSON and the kernel's log
# to $objects; its exit code in suites_status.
run_suites()
{
	local seconds=600 machine=()
	if [ "$arch" = x86_64 ]; then
		# Emulated, with all detectors.
		seconds=1200
		machine=(--qemu_args='-smp 2')
	fi
	rm -f -- "$objects"/{result.json,test.log,console.log,status}
	set -m
	(
		set +m
		{
			status=0
			kunit exec --timeout "${TIMEOUT:-$seconds}" "${machine[@]}" --json="$objects/result.json" || status=$?
			echo "$status" >"$objects/status"
		} 2>&1 </dev/null | sed -u '/^stty: /d' | tee "$objects/console.log"
	) &
	set +m
	at_exit_groups+=("$!")
	wait "$!" || :
	forget_group "$!"
	suites_status=$(cat "$objects/status" 2>/dev/null) || suites_status=none
	count_errors "$objects/console.log" "$objects/result.json"
}

# record_run NAME [FILE...] - what came of a run of the series as it is now, for
# the cover letter: the files, or the text on stdin if there are none.
record_run()
{
	local dir=$base_build/runs/$1
	shift
	rm -rf -- "$dir" "$dir.new"
	mkdir -p "$dir.new"
	if [ $# -gt 0 ]; then
		cp -- "$@" "$dir.new"
	else
		cat >"$dir.new/text"
	fi
	plain_git --git-dir="$repo" rev-parse "fixed^{tree}" >"$dir.new/tree"
	mv -T -- "$dir.new" "$dir"
}

# The names of the project's own suites, as the sources declare them.
own_suites()
{
	local list
	for list in "$patches"/*.new; do
		[ -f "$list" ] || continue
		listed_files "$list"
	done | suites_in "$top"
}

# suites_in TREE - those that the files named on stdin declare.
suites_in()
{
	grep '\.\(rs\|c\)$' | (cd "$1" && xargs -r sed -n \
		-e 's/^[[:space:]]*#\[kunit_tests(\([A-Za-z0-9_]*\))\].*/\1/p' \
		-e '/struct kunit_suite .*{/,/}/s/.*\.name = "\([^"]*\)".*/\1/p') | sort -u
}
