#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make setup: what all other targets need and do themselves when it is missing.

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"

prepare all
say "linux $base_version, series of $(plain_git --git-dir="$repo" rev-list --count base..fixed) commits"
