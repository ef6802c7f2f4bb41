#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make check: everything there is to test, in order of cost: the workbench once,
# then each base of $BASES.  Ends with one line, "N passed, N failed".

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"

passed=0
failed=0

count()
{
	passed=$((passed + $1))
	failed=$((failed + $2))
}

# check NAME COMMAND... - one check, its output only when it fails.
check()
{
	local name=$1 begun=$SECONDS
	shift
	step_begin "check-$name" "$name" "$@" >/dev/null
	if step_outcome; then
		say "ok    $name, $((SECONDS - begun)) s"
		count 1 0
	else
		say "FAIL  $name, $((SECONDS - begun)) s; log: build/logs/check-$name.log"
		tail -n 25 -- "$logs/check-$name.log" | sed 's/^/    | /'
		count 0 1
	fi
}

# check_counted NAME COMMAND... - a command that says itself how many tests
# passed and failed, in its last line that does.
check_counted()
{
	local name=$1 begun=$SECONDS status=0 totals good bad
	shift
	say "      $name ..."
	"$@" 2>&1 </dev/null | tee "$logs/check-$name.log" | sed 's/^/      /' || status=$?
	totals=$(grep -aE '[0-9]+ passed[,;] [0-9]+ failed' "$logs/check-$name.log" | tail -n 1)
	good=$(sed -E 's/.*[^0-9]([0-9]+) passed[,;] .*/\1/' <<<"$totals")
	bad=$(sed -E 's/.* passed[,;] ([0-9]+) failed.*/\1/' <<<"$totals")
	if [ -z "$totals" ]; then
		good=0 bad=1
	elif [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		bad=1
	fi
	if [ "$bad" -eq 0 ]; then
		say "ok    $name, $((SECONDS - begun)) s"
	else
		say "FAIL  $name, $((SECONDS - begun)) s"
	fi
	count "$good" "$bad"
}

check_scripts()
{
	in_toolchain shellcheck -x workbench/*.sh workbench/tests/*.sh .ci/run
}

check_report_style()
{
	in_toolchain rustfmt --check --edition 2021 workbench/report.rs
	in_toolchain clippy-driver --edition 2021 -D warnings --emit=metadata -o "$1" workbench/report.rs
}

report_tests()
{
	in_toolchain rustc --edition 2021 -D warnings --test -o "$1" workbench/report.rs
	in_toolchain "$1"
}

# missing NAME FILE - whether a check is left out, as the base lacks what it takes.
missing()
{
	[ ! -e "$2" ] || return 1
	say "skip  $base-$1: no $(shown "$2")"
}

check_base()
{
	check "$base-setup" make setup
	check "$base-pristine" workbench/tests/pristine.sh
	missing breakages "workbench/breakages/$base" || check "$base-breakages" workbench/tests/breakages.sh
	check "$base-send" workbench/tests/send.sh
	check "$base-lint" make lint QUICK=1
	check "$base-htmldocs" make htmldocs
	check_counted "$base-vma" make vma
	missing fork-harness "tools/testing/vma/fork/sources/$base" || check_counted "$base-fork-harness" make fork-harness
	check_counted "$base-kunit-um" make kunit ARCH=um
	check "$base-same" workbench/tests/same.sh
	missing coverage "workbench/coverage/$base.patch" || check "$base-coverage" make coverage ARCH=um
	check "$base-control-um" make control ARCH=um
	# How it failed is worth seeing although it is as it should be.
	sed -n '/^failed in /,$s/^/      /p' "$logs/check-$base-control-um.log"
}

cd "$top"
mkdir -p "$logs"
# Without the lock: the commands below take it themselves.
make setup || {
	say "0 passed, 1 failed"
	exit 1
}
check_settings
temporary_dir scratch "$build"
sysroot_set
check scripts check_scripts
check report-style check_report_style "$scratch/report.rmeta"
check_counted report report_tests "$scratch/report-tests"
for test in settings series fetch refresh; do
	check $test "workbench/tests/$test.sh"
done
for base in ${BASES:-$base}; do
	export BASE=$base
	check_base
done
say "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
