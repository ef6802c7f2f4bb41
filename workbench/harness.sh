# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The base's userspace harness, tools/testing/vma, built with ASan and UBSan.
# It builds inside its tree, so it gets a copy of the parts it needs.  What a base
# lacks for it to build is in workbench/vma/BASE.patch.

# vma_harness COMMIT - exits with the harness's own code.
vma_harness()
{
	local dir paths mended=$workbench/vma/$base.patch
	temporary_dir dir "$base_build"
	# shellcheck disable=SC2016
	paths=$(plain_git --git-dir="$repo" ls-tree -d --name-only "$1" -- \
		mm lib include arch/x86/include scripts tools/arch tools/build tools/include tools/lib \
		tools/scripts tools/testing/radix-tree tools/testing/shared tools/testing/vma)
	# shellcheck disable=SC2086
	plain_git --git-dir="$repo" archive "$1" -- $paths | tar -x -C "$dir"
	# Outside of git's view, or it would look for the files at the top of the project.
	[ ! -f "$mended" ] || (cd "$dir" && GIT_CEILING_DIRECTORIES=$base_build plain_git apply "$mended")
	in_toolchain make -C "$dir/tools/testing/vma" -j"$jobs" CC=clang
	(cd "$dir/tools/testing/vma" && in_toolchain ./vma)
}
