# SPDX-License-Identifier: GPL-2.0
#
# The front door.  What is done is in workbench/, one script a target.

BASE ?= 6.18
ARCH ?= um

export BASE ARCH KDIR TOOLCHAIN MIRROR JOBS V FORCE ONLY TIMEOUT
export VERSION SIGNOFF RFC IN_REPLY_TO QUICK SECTION SEND
# What takes all bases unless one is named.
bases := $(if $(KDIR)$(filter-out file,$(origin BASE)),$(BASE),$(notdir $(wildcard workbench/bases/*)))
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := kunit
.PHONY: help kunit control vma tree rebase refresh fork-harness bench-harness bisect coverage breakages cost check series lint trim send htmldocs setup update clean

help: ##		this list
	@echo 'make TARGET [VARIABLE=VALUE...]'
	@echo
	@sed -n 's/^\([a-z-]*\):.*##[[:space:]]*/  \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 17
	@echo
	@sed -n 's/^#: \([A-Z_]*\)[[:space:]]*/  \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 17

#: BASE		kernel release the series is for, a file in workbench/bases/ (6.18)
#: ARCH		um or x86_64 under QEMU (um)
#: KDIR		a kernel tree of yours to use as the base; it is not written to
#: TOOLCHAIN	sysroot: Debian's compilers in the cache; host: this machine's (sysroot)
#: MIRROR	Debian archive to fetch from (http://deb.debian.org/debian)
#: JOBS		jobs of a build (number of processors)
#: V		1: show the commands of long steps
#: FORCE	1: let "tree" and "refresh" discard what they would rather keep
#: ONLY		the breakages to try, as a pattern of file names (all)
#: TIMEOUT	seconds the suites may run (600; x86_64: 1200)
#: VERSION	version of the series to be mailed (1)
#: SIGNOFF	1: add your Signed-off-by to what is to be mailed
#: RFC		1: mark what is to be mailed as a request for comments
#: IN_REPLY_TO	message id of the mail that the cover letters answer
#: SECTION	of "bisect", "lint" and "send": only fix, or only tests
#: QUICK		1: only those checks of "lint" that build nothing
#: SEND		yes: "send" really sends, with your git's sendemail settings

kunit: ##		build the base with the series, run the suites (the default)
	@workbench/kunit.sh

control: ##	the same suites on the base without the fix: they must fail
	@workbench/control.sh

vma: ##		the base's own tools/testing/vma on the patched tree
	@workbench/vma.sh

check: ##		everything there is to test, in order of cost; all bases unless one is named
	@BASES="$(bases)" workbench/check.sh

bisect: ##		each patch by itself: builds, warnings, checkpatch, suites, as a table
	@for base in $(bases); do BASE=$$base workbench/bisect.sh || exit; done

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

rebase: ##	move the commits of that tree to the base that "update" fetched
	@workbench/rebase.sh

refresh: ##	write the commits of that tree back to patches/ and the new files
	@workbench/refresh.sh

lint: ##		each patch: style, spelling, descriptions, maintainers; as a whole: analysers
	@workbench/lint.sh

htmldocs: ##	the kernel's documentation with our pages, as HTML: build/BASE/html
	@workbench/htmldocs.sh

series: ##	the mails, with cover letters: build/BASE/outgoing
	@workbench/series.sh

send: ##		shows who would get which of them; SEND=yes sends them
	@workbench/send.sh

trim: ##		nodes and time it would take to trim the tree of a failed fork instead
	@workbench/trim.sh

setup: ##		only fetch and build what the others need
	@workbench/setup.sh

update: ##	as setup, but ask the archive for a newer base first
	@UPDATE=1 workbench/setup.sh

clean: ##		remove what was built, but no tree with edits in it
	@workbench/clean.sh
