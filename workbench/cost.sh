#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make cost: what do the hooks in the allocators cost a kernel that has them
# configured out?  Builds the objects with hooks for x86_64, with KUnit and fault
# injection but without KUNIT_FAULT_INJECTION, before and after the tests'
# patches, and compares size and disassembly: not one instruction may differ.

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"

hooked='mm/slub.o mm/page_alloc.o mm/percpu.o mm/failslab.o mm/fail_page_alloc.o'

work_set()
{
	work=$base_build/cost
	src=$work/src
	out=$work/x86_64
	mkdir -p "$src" "$out"
}

kbuild()
{
	in_toolchain make -s -j"$jobs" -C "$src" O="$out" ARCH=x86_64 LLVM=1 "$@"
}

# objects SIDE COMMIT - size and disassembly, without the places in the file.
objects()
{
	local object
	rm -f -- "$work/index.lock"
	GIT_DIR=$repo GIT_WORK_TREE=$src GIT_INDEX_FILE=$work/index \
		plain_git -c core.bare=false -c checkout.workers=0 read-tree -u --reset "$2"
	if [ ! -f "$out/.config" ]; then
		kbuild x86_64_defconfig
		in_toolchain "$src/scripts/config" --file "$out/.config" -e KUNIT -e MEMCG \
			-e FAULT_INJECTION -e FAILSLAB -e FAIL_PAGE_ALLOC
	fi
	kbuild olddefconfig
	! grep -q '^CONFIG_KUNIT_FAULT_INJECTION=y' "$out/.config" || {
		echo "CONFIG_KUNIT_FAULT_INJECTION is on, there is nothing to compare"
		return 1
	}
	# shellcheck disable=SC2086
	kbuild $hooked
	mkdir -p "$work/$1"
	for object in $hooked; do
		in_toolchain llvm-objdump -dr --no-show-raw-insn "$out/$object" | tail -n +3 >"$work/$1/${object##*/}.S"
	done
	# shellcheck disable=SC2086
	(cd "$out" && in_toolchain llvm-size $hooked) >"$work/$1/size"
}

# The last commit without the tests.
without_tests()
{
	plain_git --git-dir="$repo" log -1 --format=%H --grep='^section: tests$' fixed
}

prepare all
work_set
step cost-before "objects without hooks" objects before "$(without_tests)"
step cost-after "objects with hooks configured out" objects after fixed
cat "$work/after/size"
if diff -r "$work/before" "$work/after" >"$logs/cost.diff"; then
	say "size and disassembly are the same before and after: $(cat "$work"/after/*.S | wc -l) lines"
else
	die "the hooks leave a trace although they are configured out: see build/logs/cost.diff"
fi
