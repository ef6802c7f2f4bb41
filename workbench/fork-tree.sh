# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The userspace harness for failing forks, tools/testing/vma/fork: it takes the
# kernel's functions out of a tree, of which it gets the parts it needs.

# fork_tree BRANCH DIRECTORY - what the harness reads of a branch.
fork_tree()
{
	mkdir -p "$2"
	plain_git --git-dir="$repo" archive "$1" -- Makefile mm lib include kernel/fork.c fs/userfaultfd.c \
		arch/x86/include tools/arch tools/include tools/lib tools/scripts \
		tools/testing/radix-tree tools/testing/shared tools/testing/vma | tar -x -C "$2"
}

# fork_make DIRECTORY [ARGUMENT...] - make in the harness of the patched tree.
fork_make()
{
	local dir=$1
	shift
	in_toolchain make -s -j"$jobs" -C "$dir/tools/testing/vma/fork" CC=clang "$@"
}
