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
# shellcheck source=workbench/kbuild.sh
. "$workbench/kbuild.sh"

hooked='mm/slub.o mm/page_alloc.o mm/percpu.o mm/failslab.o mm/fail_page_alloc.o'

# objects SIDE COMMIT - size and disassembly, without the places in the file.
objects()
{
	local object out=$work/x86_64
	check_out_commit "$2"
	set_config x86_64 x86_64 x86_64_defconfig -e=KUNIT -e=MEMCG -e=FAULT_INJECTION -e=FAILSLAB -e=FAIL_PAGE_ALLOC
	kbuild x86_64 x86_64 olddefconfig
	! grep -q '^CONFIG_KUNIT_FAULT_INJECTION=y' "$out/.config" || {
		echo "CONFIG_KUNIT_FAULT_INJECTION is on, there is nothing to compare"
		return 1
	}
	# shellcheck disable=SC2086
	kbuild x86_64 x86_64 $hooked
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
work_set cost
step cost-before "objects without hooks" objects before "$(without_tests)"
step cost-after "objects with hooks configured out" objects after fixed
cat "$work/after/size"
if diff -r "$work/before" "$work/after" >"$logs/cost.diff"; then
	say "size and disassembly are the same before and after: $(cat "$work"/after/*.S | wc -l) lines"
else
	die "the hooks leave a trace although they are configured out: see build/logs/cost.diff"
fi
