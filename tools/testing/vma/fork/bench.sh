#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh FORK - prints the instructions of a fork, and of forks that fail:
# number of VMAs, where it fails, instructions.  FORK is a plain build.

set -eu

fork=$1
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# measure VMAS NTH - leaves what fork and callgrind say in the log
measure()
{
	FORK_BENCH="$1 $2" valgrind --tool=callgrind --callgrind-out-file=/dev/null \
		--toggle-collect=fork_dup_mm "$fork" --ignored --nocapture \
		--test-threads 1 bench_one >"$log" 2>&1 || {
		cat "$log" >&2
		exit 1
	}
	sed -n 's/.*Collected : *//p' "$log"
}

for vmas in 1 100 10000; do
	echo "$vmas none $(measure "$vmas" 0)"
	points=$(sed -n 's/.*\(first=.*\)/\1/p' "$log")
	for point in $points; do
		echo "$vmas ${point%=*} $(measure "$vmas" "${point#*=}")"
	done
done
