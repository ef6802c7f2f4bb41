#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make bench-harness: instructions of forks in userspace, counted by callgrind,
# before and after the fix; models of locks, pages and the allocator included.

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"
# shellcheck source=workbench/fork-tree.sh
. "$workbench/fork-tree.sh"

measure()
{
	fork_tree fixed "$dir/fixed"
	fork_tree unfixed "$dir/unfixed"
	fork_make "$dir/fixed" bench KERNEL="$dir/unfixed" OUT="$dir/before"
	echo after
	fork_make "$dir/fixed" bench
}

prepare all
temporary_dir dir "$base_build"
step bench-harness "instructions of forks, by callgrind" measure
awk 'function row(vmas, fails, before, after, ratio) {
		printf "%8s  %-8s %14s %14s %8s\n", vmas, fails, before, after, ratio
	}
	BEGIN { row("VMAs", "fails at", "before", "after", "ratio") }
	$1 == "after" { after = 1 }
	!/^[0-9]+ [a-z]+ [0-9]+$/ { next }
	!after { before[$1 " " $2] = $3; next }
	{ row($1, $2, before[$1 " " $2], $3, sprintf("%.3f", $3 / before[$1 " " $2])) }
' "$logs/bench-harness.log"
