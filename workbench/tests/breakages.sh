#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The breakages and what marks the recovery path for "make coverage" apply to the
# series as it is; one that does not is named, and nothing is built.

# shellcheck source=workbench/tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"
# shellcheck source=workbench/kbuild.sh
. "$workbench/kbuild.sh"

prepare base
temporary_dir work "$build"
fixed=$(plain_git --git-dir="$repo" rev-parse 'fixed^{tree}')
trees=$fixed
for patch in "$workbench/breakages/$base"/*.patch "$workbench/coverage/$base.patch"; do
	tree=$(tree_with "$patch") || fail "$(shown "$patch") does not apply"
	[[ $trees != *$tree* ]] || fail "$(shown "$patch") changes nothing, or what another one does"
	trees+=" $tree"
	echo "applied $(shown "$patch")"
done

copy_project
first=$(cd "$project" && printf '%s\n' "workbench/breakages/$base"/*.patch | head -n 1)
sed -i 's/^ .*/&X/' "$project/$first"
commit_all
expect_error "^error: $first does not apply to the series for linux $base.*; make it anew, nothing was built" make breakages
sed -i '1s/.*//' "$project/$first"
commit_all
expect_error "^error: $first: its first line does not say what is broken" make breakages
[ ! -e "$project/build/$base/changed/um" ] || fail "something was built"
