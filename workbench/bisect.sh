#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make bisect: does each patch stand on its own?  Those of the fix are built for
# UML with everything, for others what they can touch (mm/, kernel/fork.o); the
# warnings of W=1 are compared with those of the base, checkpatch and the
# userspace harness are run.  Those of the tests are built for UML, and the suites
# run that there are by then.  A table, also in build/BASE/bisect.txt; details in
# build/logs.

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"
# shellcheck source=workbench/harness.sh
. "$workbench/harness.sh"
# shellcheck source=workbench/kbuild.sh
. "$workbench/kbuild.sh"
# shellcheck source=workbench/legs.sh
. "$workbench/legs.sh"

legs='um suites x86_64 arm-nommu i386 warnings checkpatch vma'
# What costs minutes a patch is for the fix; the tests are no code of other machines.
legs_fix=' um x86_64 arm-nommu i386 warnings checkpatch vma '
legs_tests=' um suites checkpatch '
touched='mm/ kernel/fork.o'

leg_um()
{
	# As the suites configure it, as far as there are the options by now.
	rm -f -- "$work/um/.config"
	suites_config um
	kbuild um um
}

# Those that the series has added by now, with the kernel's own; and no others may
# fail.
leg_suites()
{
	local status=0 suites
	suites=$(suites_by_now | tr '\n' ' ')
	(cd "$src" && in_toolchain tools/testing/kunit/kunit.py exec --arch=um --build_dir="$work/um" \
		--timeout "${TIMEOUT:-600}" --json="$work/result.json") | tee "$work/console.log" || status=$?
	count_errors "$work/console.log" "$work/result.json"
	"$report" verdict --label "$base_version um, patch $number" --status "$status" --seconds $((SECONDS - begun)) \
		--json "$work/result.json" --log "$work/um/test.log" --suites "$suites"
}

suites_by_now()
{
	plain_git --git-dir="$repo" diff --name-only --diff-filter=A base "$commit" -- '*.rs' '*.c' | suites_in "$src"
}

leg_x86_64()
{
	set_config x86_64 x86_64 defconfig -e=DEBUG_VM -e=DEBUG_VM_MAPLE_TREE -e=MEMCG -e=TRANSPARENT_HUGEPAGE \
		-e=KSM -e=USERFAULTFD -e=PROVE_LOCKING
	# shellcheck disable=SC2086
	kbuild x86_64 x86_64 $touched
}

leg_arm-nommu()
{
	set_config arm-nommu arm allnoconfig
	! grep -q '^CONFIG_MMU=y' "$work/arm-nommu/.config" || {
		echo "arm allnoconfig has an MMU"
		return 1
	}
	# shellcheck disable=SC2086
	kbuild arm-nommu arm $touched
}

leg_i386()
{
	set_config i386 i386 defconfig -e=DEBUG_VM
	# shellcheck disable=SC2086
	kbuild i386 i386 $touched
}

leg_warnings()
{
	local out=$work/warnings
	# As warnings, not errors, which would end the build at the first.
	set_config warnings x86_64 defconfig -d=WERROR -e=DEBUG_VM -e=DEBUG_VM_MAPLE_TREE
	# Every object each time: a warning is seen only when compiled.
	rm -rf -- "$out/mm" "$out/kernel/fork.o"
	# shellcheck disable=SC2086
	kbuild warnings x86_64 W=1 $touched 2>"$work/warnings.$number" || {
		cat "$work/warnings.$number"
		return 1
	}
	grep -E '^[^ ]+:[0-9]+:[0-9]+: warning: ' "$work/warnings.$number" >"$work/warnings.$number.said" || :
	[ "$number" = 0 ] || new_in "$work/warnings.0.said" "$work/warnings.$number.said"
}

leg_checkpatch()
{
	[ "$number" != 0 ] || return 0
	run_checkpatch "$src" "$commit" "$(explained "$(slug "$commit")" checkpatch)"
}

leg_vma()
{
	vma_harness "$commit"
	grep -q 'tests run' "$logs/bisect-$number-vma.log"
}

row()
{
	local width=11 word line
	line=$(printf '%-5s' "$1")
	shift
	for word in "$@"; do
		line+=$(printf "%-${width}s" "$word")
		width=11
	done
	printf '%s\n' "$line" | sed 's/ *$//' | tee -a "$base_build/bisect.new"
}

prepare all
work_set bisect
: >"$base_build/bisect.new"
bad=0
# shellcheck disable=SC2086
{
	say "linux $base_version; built are: um all of it; others $touched"
	row '' $legs patch
}
# patch SECTION COMMIT - a row of the table.
patch()
{
	local runs=legs_$1 leg
	commit=$2
	check_out_commit "$commit"
	cells=()
	for leg in $legs; do
		if [[ ${!runs} != *" $leg "* ]] || { [ "$leg" = suites ] && [ -z "$(suites_by_now)" ]; }; then
			cells+=(-)
			continue
		fi
		begun=$SECONDS
		step_begin "bisect-$number-$leg" "patch $number, $leg" "leg_$leg" >/dev/null
		if step_outcome; then
			cells+=("ok $((SECONDS - begun))s")
		else
			cells+=(FAILED)
			bad=$((bad + 1))
		fi
	done
	row "$number" "${cells[@]}" "$(plain_git --git-dir="$repo" log -1 --format=%s "$commit")"
}

[ -z "${SECTION:-}" ] || [[ " $sections " == *" $SECTION "* ]] || die "unknown SECTION=$SECTION: known are $sections"
number=0
[ "${SECTION:-fix}" != fix ] || patch fix "$(plain_git --git-dir="$repo" rev-parse base)"
for section in ${SECTION:-$sections}; do
	number=$(section_first "$section")
	while read -r commit; do
		patch "$section" "$commit"
		number=$((number + 1))
	done < <(section_commits "$section")
done
mv -- "$base_build/bisect.new" "$base_build/bisect.txt"
[ "$bad" -eq 0 ] || die "$bad of the table's fields failed: see build/logs/bisect-*.log"
[ -n "${SECTION:-}" ] || record_run bisect <<<"each patch by itself: builds for ${legs_fix// warnings checkpatch vma /}, no new warnings of W=1;
the suites at each patch that has them"
