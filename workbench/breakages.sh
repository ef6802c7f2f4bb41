#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make breakages: would the suites notice if the fix were wrong?  Breaks it on
# purpose, in one way after the other, each a patch in workbench/breakages/BASE,
# builds that for UML, runs the suites and tells which test failed first.  What
# they do not notice goes through tools/testing/vma/fork in userspace as well: it
# has ASan, and walkers at every step.
#
#	What is broken, in one line.
#
#	Survives: why no test can notice, if so
#	---
#	the patch
#
# The table is also in build/BASE/breakages.txt, the logs in build/logs.

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"
# shellcheck source=workbench/kbuild.sh
. "$workbench/kbuild.sh"
# shellcheck source=workbench/fork-tree.sh
. "$workbench/fork-tree.sh"

# The suites that are about the fix.
glob='fork_fail*'

# header PATCH PATTERN - from above the patch itself.
header()
{
	sed -n -e '/^---$/q' -e "s/^$2//p" "$1" | head -n 1
}

# The suites until the first failure, which is in $found then.
run_until_caught()
{
	local limit=$1 begun=$SECONDS runner ended
	local log=$logs/breakage-$name-run.log
	: >"$log"
	set -m
	(
		set +m
		kunit exec --raw_output=all --timeout "$limit" "$glob" 2>&1 </dev/null | sed -u '/^stty: /d' >"$log"
	) &
	runner=$!
	set +m
	at_exit_groups+=("$runner")
	while kill -0 "$runner" 2>/dev/null; do
		found=$("$report" caught --log "$log")
		[ "$found" = UNDECIDED ] || break
		tick
		sleep 0.3
	done
	stop_group "$runner"
	wait "$runner" || :
	forget_group "$runner"
	tick_erase
	ended='exit'
	! grep -q "timed out after $limit" "$log" || ended=timeout
	found=$("$report" caught --log "$log" --ended "$ended")
	took=$((SECONDS - begun))
}

# build_and_run TREE LIMIT - in $found what came of it.
build_and_run()
{
	check_out_commit "$1"
	step_begin "breakage-$name" "$name" kunit build --jobs "$jobs" >/dev/null
	if ! step_outcome; then
		found="BROKEN does not build: see build/logs/breakage-$name.log"
		return
	fi
	run_until_caught "$2"
}

harness_run()
{
	[ -d "$harness/fixed" ] || fork_tree fixed "$harness/fixed"
	rm -rf -- "$harness/broken"
	fork_tree "$1" "$harness/broken"
	fork_make "$harness/fixed" run KERNEL="$harness/broken" OUT="$harness/objects"
}

# ask_harness TREE - the same by the userspace harness.
ask_harness()
{
	local log=$logs/breakage-$name-harness.log
	step_begin "breakage-$name-harness" "$name, fork harness" harness_run "$1" >/dev/null
	step_outcome || :
	found=$("$report" caught --harness "$log")
	[ "$found" != UNDECIDED ] ||
		found="BROKEN the fork harness does not build: see build/logs/breakage-$name-harness.log"
}

row()
{
	printf '%-62s%6s  %s\n' "$@" | tee -a "$base_build/breakages.new"
}

start=$SECONDS
check_settings
[ "$arch" = um ] || die "ARCH=$arch: the fix is broken on UML only"
shopt -s nullglob
only=${ONLY:-*}
# shellcheck disable=SC2206
files=("$workbench/breakages/$base"/${only%.patch}.patch)
shopt -u nullglob
[ ${#files[@]} -gt 0 ] || die "no workbench/breakages/$base/${only%.patch}.patch: there is nothing to break linux $base with"
prepare all
# One for this and for make coverage: there is little to build for the other then.
work_set changed
temporary_dir harness "$base_build"
trees=()
for file in "${files[@]}"; do
	[ -n "$(header "$file" '')" ] || die "$(shown "$file"): its first line does not say what is broken"
	tree=$(tree_with "$file")
	trees+=("$tree")
done

# From here on what kunit() works on.
run_tree=$src
objects=$work/um
kunit_environment=(PYTHONUNBUFFERED=1)
name=none
found=
took=0
: >"$base_build/breakages.new"
fixed_tree=$(tree_with '')
step breakages-tree "source tree, fixed" check_out_commit "$fixed_tree"
say "linux $base_version um: the suites $glob, first without any breakage"
build_and_run "$fixed_tree" "${TIMEOUT:-300}"
[ "$found" = SURVIVED ] ||
	die "the suites fail without any breakage, so they say nothing: ${found#* }; log: build/logs/breakage-none-run.log"
# A broken kernel may be slower, but not by that much.
limit=$((took * 3 + 20))
row 'breakage' 'time' 'caught by'
ask_harness "$fixed_tree"
[ "$found" = SURVIVED ] ||
	die "the fork harness fails without any breakage, so it says nothing: ${found#* }; log: build/logs/breakage-none-harness.log"
row '(none)' "$((SECONDS - start)) s" 'nothing, as it should be'

caught=0 survived=0 bad=0
for i in "${!files[@]}"; do
	name=$(basename "${files[$i]}" .patch)
	what=$(header "${files[$i]}" '')
	reason=$(header "${files[$i]}" 'Survives: ')
	begun=$SECONDS
	build_and_run "${trees[$i]}" "$limit"
	[ "$found" != SURVIVED ] || ask_harness "${trees[$i]}"
	verdict=${found#* }
	case $found in
	CAUGHT*)
		caught=$((caught + 1))
		if [ -n "$reason" ]; then
			verdict+=" [BUT said to survive]"
			bad=$((bad + 1))
		fi ;;
	SURVIVED)
		survived=$((survived + 1))
		if [ -n "$reason" ]; then
			verdict="survived: $reason"
		else
			verdict=SURVIVED
			bad=$((bad + 1))
		fi ;;
	*)	bad=$((bad + 1)) ;;
	esac
	row "$what" "$((SECONDS - begun)) s" "$verdict"
done
mv -- "$base_build/breakages.new" "$base_build/breakages.txt"
say "linux $base_version um: ${#files[@]} breakages, $caught caught, $survived survived, $bad not as they should, $((SECONDS - start)) s"
[ "$bad" -eq 0 ]
