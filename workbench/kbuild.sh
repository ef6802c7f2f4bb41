# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Building objects of a commit without running them: what "make bisect" and "make
# cost" have in common.  Needs suites.sh.

# work_set NAME - where: the source in $src, what is built in $work.
work_set()
{
	work=$base_build/$1
	src=$work/src
	mkdir -p "$src"
}

# The tree at a commit; unchanged files stay as they are, so that little is
# built again.
check_out_commit()
{
	rm -f -- "$work/index.lock"
	GIT_DIR=$repo GIT_WORK_TREE=$src GIT_INDEX_FILE=$work/index \
		plain_git -c core.bare=false -c checkout.workers=0 read-tree -u --reset "$1"
}

# kbuild OBJECTS ARCH TARGET...
kbuild()
{
	local out=$work/$1 for_arch=$2
	shift 2
	mkdir -p "$out"
	in_toolchain make -s -j"$jobs" -C "$src" O="$out" ARCH="$for_arch" LLVM=1 "$@"
}

# set_config OBJECTS ARCH DEFCONFIG OPTION... - unless there is one already.  An
# option is -e=NAME or -d=NAME.
set_config()
{
	local out=$1 for_arch=$2 start=$3 option
	shift 3
	[ ! -f "$work/$out/.config" ] || return 0
	kbuild "$out" "$for_arch" "$start"
	for option; do
		in_toolchain "$src/scripts/config" --file "$work/$out/.config" "${option%=*}" "${option#*=}"
	done
	kbuild "$out" "$for_arch" olddefconfig
}

# tree_with PATCH [FILE PATH] - the tree of branch "fixed" with a patch applied, if
# one is given, and a file added, as an object of the repository.
tree_with()
(
	local patch=$1 file=${2:-} path=${3:-} blob
	export GIT_DIR=$repo GIT_INDEX_FILE=$work/index.with
	rm -f -- "$GIT_INDEX_FILE"
	plain_git read-tree fixed
	[ -z "$patch" ] || plain_git apply --cached --whitespace=nowarn "$patch" 2>"$work/trouble" ||
		die "$(shown "$patch") does not apply to the series for linux $base_version: $(apply_trouble "$work/trouble"); make it anew, nothing was built"
	if [ -n "$file" ]; then
		blob=$(plain_git hash-object -w --no-filters -- "$file")
		plain_git update-index --add --cacheinfo "100644,$blob,$path"
	fi
	plain_git write-tree
)
