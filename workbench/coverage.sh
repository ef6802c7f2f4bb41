#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make coverage: which lines and branches of fork's recovery path do the suites
# reach?  Runs them on UML, which is a process like others, with the objects in
# question instrumented by clang.  All of the functions below has to be reached,
# but for what there is a reason given for, in workbench/coverage:
#
#	BASE.unreached		in the whole run
#	BASE.recovery.unreached	while a failed fork is undone; most of that runs at
#				each exit as well, which says nothing about forks
#	BASE.patch, recovery.c	tell the two apart

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"
# shellcheck source=workbench/kbuild.sh
. "$workbench/kbuild.sh"

judged='dup_mm dup_mmap tear_down_vmas unmap_region unmap_vmas free_pgtables exit_mmap'
judged_in_recovery='tear_down_vmas unmap_region unmap_vmas free_pgtables'
instrumented='mm/mmap mm/vma mm/memory kernel/fork'

# kunit.py's options for a build with counters in these objects alone.  UML links
# the runtime if CONFIG_GCOV is on, and would instrument all of the kernel, and
# want debug information.
build_instrumented()
{
	local object options=(--make_options=CONFIG_GCOV=y --make_options=CFLAGS-y=)
	for object in $instrumented; do
		options+=("--make_options=CFLAGS_${object##*/}.o=-fprofile-instr-generate -fcoverage-mapping")
	done
	kunit build --jobs "$jobs" "${options[@]}"
}

# evaluate NAME DIR FUNCTIONS RAW... - profiles, added up, as JSON and as HTML.
evaluate()
{
	local name=$1 dir=$2 functions=$3 object sources=()
	shift 3
	for object in $instrumented; do
		sources+=("$run_tree/$object.c")
	done
	in_toolchain llvm-profdata merge -sparse -o "$objects/$name.profdata" "$@"
	in_toolchain llvm-cov export -format=text -instr-profile "$objects/$name.profdata" "$objects/linux" \
		-sources "${sources[@]}" >"$objects/$name.json"
	in_toolchain llvm-cov show -format=html -output-dir "$dir" -instr-profile "$objects/$name.profdata" \
		-show-branches=count -project-title "linux $base_version, forks that fail: $name" \
		-name-regex="(^|[:;])(${functions// /|})\$" "$objects/linux"
}

evaluate_both()
{
	rm -rf -- "$html"
	evaluate all "$html" "$judged" "$objects"/profraw{,.recovery}
	evaluate recovery "$html/recovery" "$judged_in_recovery" "$objects/profraw.recovery"
}

# judge NAME FUNCTIONS LIST LABEL
judge()
{
	"$report" coverage --label "$base_version um, $4" --seconds $((SECONDS - start)) --json "$objects/$1.json" \
		--functions "$2" --expected "$3" --root "$top" --strip "$run_tree" || bad=1
}

start=$SECONDS
check_settings
[ "$arch" = um ] || die "ARCH=$arch: coverage is measured on UML only"
for file in "$workbench/coverage/$base".{unreached,recovery.unreached,patch}; do
	[ -f "$file" ] || die "no $(shown "$file"): coverage of linux $base cannot be judged"
done
prepare all
# One for this and for make breakages: there is little to build for the other then.
work_set changed
tree=$(tree_with "$workbench/coverage/$base.patch" "$workbench/coverage/recovery.c" mm/recovery.c)
# From here on what kunit() works on.
run_tree=$src
objects=$work/um
html=$base_build/coverage
step coverage-tree "source tree, fixed" check_out_commit "$tree"
mkdir -p "$objects"
step coverage-kernel "linux $base_version for um, fixed, instrumented" build_instrumented
rm -f -- "$objects"/profraw*
kunit_environment=(LLVM_PROFILE_FILE="$objects/profraw")
run_suites >/dev/null
# What fails may as well have been reached for that very reason.
[ "$suites_status" = 0 ] ||
	die "the suites do not pass, so coverage says nothing: see $(shown "$objects/console.log"), or run make kunit"
for file in "$objects"/profraw{,.recovery}; do
	[ -s "$file" ] || die "the kernel has left no $(shown "$file") although the suites passed: see $(shown "$objects/test.log")"
done
step coverage "profile" evaluate_both
bad=
judge all "$judged" "$workbench/coverage/$base.unreached" 'all'
say
judge recovery "$judged_in_recovery" "$workbench/coverage/$base.recovery.unreached" 'while a failed fork is undone'
say "as pages: $(shown "$html")/index.html and recovery/index.html there"
[ -z "$bad" ]
