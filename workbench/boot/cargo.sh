#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# cargo.sh ARGUMENT... - cargo for workbench/, to be run by enter.sh: with Debian's crates
# if there are all that Cargo.lock names, else with those of crates.io.
set -eu; cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/../build/cargo}" CARGO_INCREMENTAL=0
export CARGO_HOME="$CARGO_TARGET_DIR/home" WORKBENCH_CHECKOUT="$PWD"	# see src/main.rs
if awk -F '"' '/^name/ { n = $2 } /^version = "/ { v = $2 } /^source/ { print n "-" v }' Cargo.lock |
	(cd /usr/share/cargo/registry && xargs ls -d) >/dev/null 2>&1; then
	command=$1; shift	# options come after it, or clippy does not get them
	exec cargo "$command" --config boot/cargo.toml --locked --offline "$@"
fi
# Cargo.lock is as Debian's cargo writes it, with words for checksums.  With none, others
# take it and add theirs: to a copy.
copy=$PWD/../build/boot; rm -rf -- "$copy" && mkdir -p "$copy" && cp -R Cargo.toml help src tests "$copy"
sed '/^checksum = /d' Cargo.lock >"$copy/Cargo.lock"
cd "$copy" && exec cargo "$@"
