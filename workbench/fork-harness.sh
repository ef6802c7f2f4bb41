#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make fork-harness: forks that fail, in userspace: every small address space,
# every failure, every schedule of a walker.  The patched tree has to pass; then
# the base without the fix has to fail, by a walker that finds what it must not.

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"
# shellcheck source=workbench/fork-tree.sh
. "$workbench/fork-tree.sh"

least_failures=1000000

run_fixed()
{
	fork_tree fixed "$dir/fixed"
	fork_make "$dir/fixed" run
}

# The harness is that of the patched tree: only the code under test differs.
run_unfixed()
{
	fork_tree unfixed "$dir/unfixed"
	fork_make "$dir/fixed" run KERNEL="$dir/unfixed" OUT="$dir/objects" && return 1
	grep -aq 'finds the zero marker' "$logs/fork-control.log" &&
		grep -aq 'finds a VMA of the parent in the child' "$logs/fork-control.log"
}

prepare all
temporary_dir dir "$base_build"
step fork-harness "tools/testing/vma/fork" run_fixed
totals=$(grep -a '^fork-harness:' "$logs/fork-harness.log") ||
	die "tools/testing/vma/fork ended without its totals: see build/logs/fork-harness.log"
failures=$(sed -n 's/.* failures \([0-9]*\),.*/\1/p' <<<"$totals")
[ "$failures" -ge "$least_failures" ] ||
	die "only $failures failures were injected, of at least $least_failures"
step fork-control "tools/testing/vma/fork, unfixed" run_unfixed
say "without the fix, $base_version:"
# The shortest one says it best.
sed -n '/^written once/,/^replay:/p' "$logs/fork-control.log" | sed 's/^/    /'
say "$totals"
{
	echo 'tools/testing/vma/fork, in userspace, with ASan and UBSan:'
	sed -e 's/^fork-harness: /  /' -e 's/; /;\n  /' <<<"$totals"
} | record_run fork-harness
