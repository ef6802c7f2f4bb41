# SPDX-License-Identifier: GPL-2.0
#
# The front door.  workbench/boot/run.sh sees to it that there are compilers and the program,
# workbench/src, which does the rest.  The commands and variables are defined in
# workbench/src/cli.rs.

export BASE ARCH KDIR TOOLCHAIN MIRROR JOBS ONLY FORCE DRY_RUN V TIMEOUT
export ALL COUNT SEED SHARD MINUTES
export SECTION QUICK VERSION SIGNOFF RFC IN_REPLY_TO UPSTREAM SEND PUBLIC
MAKEFLAGS += --no-print-directory
targets := kunit control sweeps selftest selftest-control soak soak-control stress kcsan kcsan-control shell hold fork-harness vma coverage check check-all test breakages mutants bisect lint \
	cost bench-harness trim golden report tree rebase refresh htmldocs series send setup update clean
.DEFAULT_GOAL := kunit
.PHONY: help $(targets)

$(targets):
	@workbench/boot/run.sh $@

help:
	@cat workbench/help
