#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make bisect: does each patch of the fix stand on its own?  Builds it for UML
# with everything, for others what it can touch (mm/, kernel/fork.o), compares
# the warnings of W=1 with those of the base, runs checkpatch and the userspace
# harness.  A table, also in build/BASE/bisect.txt; details in build/logs.

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

legs='um x86_64 arm-nommu i386 warnings checkpatch vma'
touched='mm/ kernel/fork.o'

leg_um()
{
	# As the suites configure it, but for what the tests would add.
	if [ ! -f "$work/um/.config" ]; then
		mkdir -p "$work/um"
		{
			plain_git --git-dir="$repo" show fixed:mm/tests/.kunitconfig
			cat "$workbench/kunit/um.config"
		} >"$work/um/.config"
		kbuild um um olddefconfig
	fi
	kbuild um um
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

# Warnings, without the places in files, which move.
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
	sed -n 's/^\(.*\):[0-9]*:[0-9]*: \(warning: .*\)/\1: \2/p' "$work/warnings.$number" | sort >"$work/warnings.$number.sorted"
	[ "$number" != 0 ] || return 0
	comm -13 "$work/warnings.0.sorted" "$work/warnings.$number.sorted" >"$work/warnings.new"
	cat "$work/warnings.new"
	[ ! -s "$work/warnings.new" ]
}

leg_checkpatch()
{
	[ "$number" != 0 ] || return 0
	run_checkpatch "$src" "$commit"
}

leg_vma()
{
	vma_harness "$commit"
	grep -q 'tests run' "$logs/bisect-$number-vma.log"
}

row()
{
	local width=11 word line
	line=$(printf '%-4s' "$1")
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
number=0
while read -r commit; do
	check_out_commit "$commit"
	cells=()
	for leg in $legs; do
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
	number=$((number + 1))
done < <(
	plain_git --git-dir="$repo" rev-parse base
	plain_git --git-dir="$repo" rev-list --reverse base..fixed | while read -r commit; do
		[ "$(plain_git --git-dir="$repo" log -1 --format=%s "$commit")" != 'section: tests' ] || break
		echo "$commit"
	done
)
mv -- "$base_build/bisect.new" "$base_build/bisect.txt"
[ "$bad" -eq 0 ] || die "$bad of the table's fields failed: see build/logs/bisect-*.log"
