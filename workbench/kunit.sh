#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make kunit: builds the base with the series and runs the suites.

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"

start=$SECONDS
prepare all
build_kernel fixed
run_suites
"$report" verdict --label "$base_version $arch" --status "$suites_status" --seconds $((SECONDS - start)) \
	--json "$objects/result.json" --log "$objects/test.log" --suites "$(own_suites | tr '\n' ' ')"
record_run "kunit-$arch" "$objects/result.json" "$objects/test.log"
