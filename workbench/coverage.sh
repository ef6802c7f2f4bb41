#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make coverage: which lines and branches of fork's recovery path do the suites
# reach?  Runs them on UML, which is a process like others, with the objects in
# question instrumented by clang.  All of the functions below has to be reached,
# but for what workbench/coverage/BASE.unreached gives a reason for.

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"

judged='dup_mm dup_mmap tear_down_vmas unmap_region unmap_vmas free_pgtables exit_mmap'
instrumented='mm/mmap mm/vma mm/memory kernel/fork'

# kunit.py's options for a build with counters in these objects alone.  UML links
# the runtime if CONFIG_GCOV is on, and would instrument all of the kernel, and
# want debug information.
instrument()
{
	local object
	printf '%s\n' --make_options=CONFIG_GCOV=y --make_options=CFLAGS-y=
	for object in $instrumented; do
		printf '%s\n' "--make_options=CFLAGS_${object##*/}.o=-fprofile-instr-generate -fcoverage-mapping"
	done
}

build_instrumented()
{
	local options
	mapfile -t options < <(instrument)
	kunit build --jobs "$jobs" "${options[@]}"
}

# What the run left, as a profile, as JSON and as HTML.
evaluate()
{
	local object sources=()
	for object in $instrumented; do
		sources+=("$run_tree/$object.c")
	done
	in_toolchain llvm-profdata merge -sparse -o "$objects/profdata" "$objects/profraw"
	in_toolchain llvm-cov export -format=text -instr-profile "$objects/profdata" "$objects/linux" \
		-sources "${sources[@]}" >"$objects/coverage.json"
	rm -rf -- "$html"
	in_toolchain llvm-cov show -format=html -output-dir "$html" -instr-profile "$objects/profdata" \
		-show-branches=count -project-title "linux $base_version, forks that fail" \
		-name-regex="(^|[:;])(${judged// /|})\$" "$objects/linux"
}

start=$SECONDS
expected=$workbench/coverage/$base.unreached
[ "$arch" = um ] || die "ARCH=$arch: coverage is measured on UML only"
prepare all
[ -f "$expected" ] || die "no $(shown "$expected"): what need not be reached has to be said there, if anything"
objects=$base_build/um-coverage
html=$base_build/coverage
check_out fixed
mkdir -p "$objects"
step kernel-coverage "linux $base_version for um, fixed, instrumented" build_instrumented
rm -f -- "$objects"/profraw
kunit_environment=(LLVM_PROFILE_FILE="$objects/profraw")
run_suites >/dev/null
# What fails may as well have been reached for that very reason.
"$report" verdict --label "$base_version um" --status "$suites_status" --seconds $((SECONDS - start)) \
	--json "$objects/result.json" --log "$objects/test.log" --suites "$(own_suites | tr '\n' ' ')" \
	>"$logs/coverage-verdict.log" ||
	die "the suites do not pass, so coverage says nothing: see build/logs/coverage-verdict.log, or run make kunit"
[ -s "$objects/profraw" ] ||
	die "the kernel has left no profile although the suites passed: see $(shown "$objects/test.log")"
step coverage "profile" evaluate
status=0
"$report" coverage --label "$base_version um" --seconds $((SECONDS - start)) --json "$objects/coverage.json" \
	--functions "$judged" --expected "$expected" --root "$top" --strip "$run_tree" || status=$?
say "as a page: $(shown "$html")/index.html"
[ "$status" -eq 0 ]
