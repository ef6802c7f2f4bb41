#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make vma: the base's own tests of mm/vma.c in userspace, on the patched tree.

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"
# shellcheck source=workbench/harness.sh
. "$workbench/harness.sh"

prepare all
step vma "tools/testing/vma" vma_harness fixed
totals=$(grep -a 'tests run' "$logs/vma.log") ||
	die "tools/testing/vma ended without a count of its tests: see build/logs/vma.log"
say "$base_version tools/testing/vma: $totals"
record_run vma <<<"tools/testing/vma: $totals"
