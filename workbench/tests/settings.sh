#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Settings that make no sense end in one line that names the known ones, before
# anything is fetched or written.

# shellcheck source=workbench/tests/lib.sh
. "$(dirname "$0")/lib.sh"

copy_project
export XDG_CACHE_HOME=$scratch/cache
for target in kunit control vma tree rebase refresh bisect coverage breakages lint htmldocs series send; do
	expect_error '^error: unknown BASE=2\.4: known are .*6\.18' make $target BASE=2.4
done
expect_error '^error: unknown BASE=\.\./kunit/um\.config: known' make BASE=../kunit/um.config
expect_error '^error: unknown ARCH=vax: known are um x86_64' make ARCH=vax
expect_error '^error: ARCH=x86_64: coverage is .* on UML only' make coverage ARCH=x86_64
expect_error '^error: ARCH=x86_64: .* on UML only' make breakages ARCH=x86_64
expect_error '^error: no workbench/breakages/.*/no-such\*\.patch' make breakages ONLY='no-such*'
expect_error '^error: unknown TOOLCHAIN=gcc: known are sysroot host' make TOOLCHAIN=gcc
expect_error '^error: JOBS=many is not a number' make JOBS=many

# KDIR: a folder of something else, none at all, a kernel without a series.
mkdir -p "$scratch/other/mm" "$scratch/other/tools/testing/kunit"
expect_error 'KDIR=.*/other is not a kernel tree' make KDIR="$scratch/other"
expect_error 'KDIR=.*/none is not a directory' make KDIR="$scratch/none"
printf 'VERSION = 2\nPATCHLEVEL = 4\nSUBLEVEL = 1\n' >"$scratch/other/Makefile"
touch "$scratch/other/Kbuild" "$scratch/other/mm/mmap.c" "$scratch/other/tools/testing/kunit/kunit.py"
expect_error 'is linux 2\.4: there is a series for .*6\.18' make KDIR="$scratch/other"

[ ! -e "$XDG_CACHE_HOME" ] || fail "something was written to the cache"
[ ! -e "$project/build" ] || fail "something was built"
expect_clean settings
expect_success make help
for word in kunit control check vma tree rebase refresh bisect coverage breakages ONLY lint htmldocs series send BASE ARCH KDIR TOOLCHAIN MIRROR JOBS \
	VERSION SIGNOFF RFC IN_REPLY_TO SECTION QUICK SEND; do
	expect_said "^  $word +[^ ]"
done
