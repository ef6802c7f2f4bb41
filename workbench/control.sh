#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make control: the same suites on the base without the fix.  They have to fail
# there, and in the kernel: otherwise they prove nothing.

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"

start=$SECONDS
prepare all
build_kernel unfixed
run_suites >/dev/null
"$report" control --label "$base_version $arch, unfixed" --status "$suites_status" --seconds $((SECONDS - start)) \
	--console "$objects/console.log" --json "$objects/result.json" --log "$objects/test.log" \
	--suites "$(own_suites | tr '\n' ' ')" | tee "$objects/control.txt"
{
	echo "KUnit, $arch, without the fix:"
	sed -n '/^failed in /,/^    .*/p' "$objects/control.txt" | head -n 2 | sed 's/^ */  /'
} | record_run "control-$arch"
