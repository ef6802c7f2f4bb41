# SPDX-License-Identifier: GPL-2.0
#
# The front door.  What is done is in workbench/, one script a target.

BASE ?= 6.18
ARCH ?= um

export BASE ARCH KDIR TOOLCHAIN MIRROR JOBS V FORCE ONLY TIMEOUT
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := kunit
.PHONY: help kunit control vma tree refresh fork-harness bench-harness bisect coverage breakages cost check setup update clean

help: ##		this list
	@echo 'make TARGET [VARIABLE=VALUE...]'
	@echo
	@sed -n 's/^\([a-z-]*\):.*##[[:space:]]*/  \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 17
	@echo
	@sed -n 's/^#: \([A-Z]*\)[[:space:]]*/  \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 17

#: BASE		kernel release the series is for, a file in workbench/bases/ (6.18)
#: ARCH		um or x86_64 under QEMU (um)
#: KDIR		a kernel tree of yours to use as the base; it is not written to
#: TOOLCHAIN	sysroot: Debian's compilers in the cache; host: this machine's (sysroot)
#: MIRROR	Debian archive to fetch from (http://deb.debian.org/debian)
#: JOBS		jobs of a build (number of processors)
#: V		1: show the commands of long steps
#: FORCE	1: let "tree" and "refresh" discard what they would rather keep
#: ONLY		the breakages to try, as a pattern of file names (all)
#: TIMEOUT	seconds the suites may run (300; x86_64: 1200)

kunit: ##		build the base with the series, run the suites (the default)
	@workbench/kunit.sh

control: ##	the same suites on the base without the fix: they must fail
	@workbench/control.sh

vma: ##		the base's own tools/testing/vma on the patched tree
	@workbench/vma.sh

check: ##		everything there is to test, in order of cost
	@workbench/check.sh

bisect: ##		each patch of the fix: builds, warnings, checkpatch, as a table
	@workbench/bisect.sh

fork-harness: ##	forks that fail, in userspace: every small layout, failure and schedule
	@workbench/fork-harness.sh

bench-harness: ##	instructions of forks in userspace, with and without the fix
	@workbench/bench-harness.sh

coverage: ##	lines and branches of fork's recovery path that the suites reach, on UML
	@workbench/coverage.sh

breakages: ##	breaks the fix on purpose, in many ways: do the suites notice?
	@workbench/breakages.sh

cost: ##		the allocators' object code, with the hooks for tests configured out
	@workbench/cost.sh

tree: ##		a git tree with the series as commits, to edit: build/BASE/linux
	@workbench/tree.sh

refresh: ##	write the commits of that tree back to patches/ and the new files
	@workbench/refresh.sh

setup: ##		only fetch and build what the others need
	@workbench/setup.sh

update: ##	as setup, but ask the archive for a newer base first
	@UPDATE=1 workbench/setup.sh

clean: ##		remove what was built, but no tree with edits in it
	@workbench/clean.sh
