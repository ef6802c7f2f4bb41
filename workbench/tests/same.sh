#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two runs of the suites sweep the same points.  After make kunit, whose run is
# the first.

# shellcheck source=workbench/tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"

# What was swept: tests, address spaces, modes and numbers.
swept()
{
	grep -ao 'fault-sweep: .*' "$objects/test.log" || fail "no sweep in $(shown "$objects")/test.log"
}

prepare all
build_kernel fixed
temporary_dir scratch "$build"
[ -s "$objects/test.log" ] || run_suites >/dev/null
swept >"$scratch/first"
run_suites >/dev/null
swept >"$scratch/second"
diff "$scratch/first" "$scratch/second" || fail "two runs differ, see above"
echo "$(wc -l <"$scratch/second") sweeps, the same in both runs"
