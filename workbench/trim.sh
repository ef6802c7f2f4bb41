#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make trim: nodes and time that it takes to trim the maple tree of a failed fork
# rather than to destroy it.  See patches/ALTERNATIVES.md.

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"

in_harness()
{
	in_toolchain make -s -C "$dir/tools/testing/radix-tree" -f trim.mk CC=clang "$@"
}

# First with sanitizers, for what is wrong; then without, for how long it takes.
measure()
{
	plain_git --git-dir="$repo" archive fixed -- lib include arch/x86/include tools/arch tools/include tools/lib \
		tools/scripts tools/testing/radix-tree tools/testing/shared | tar -x -C "$dir"
	cp -- "$workbench"/trim/trim.* "$dir/tools/testing/radix-tree"
	in_harness
	in_toolchain timeout -s KILL 300 "$dir/tools/testing/radix-tree/trim" quick
	(cd "$dir/tools/testing/radix-tree" && rm -f -- trim ./*.o)
	in_harness SANITIZE=-fno-sanitize=all
	echo '--- without sanitizers'
	in_toolchain timeout -s KILL 300 "$dir/tools/testing/radix-tree/trim"
}

prepare all
temporary_dir dir "$base_build"
step trim "the maple tree of linux $base_version, in userspace" measure
sed -n '/^--- without/,$p' "$logs/trim.log" | tail -n +2
