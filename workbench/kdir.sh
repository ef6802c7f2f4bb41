# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# KDIR=path: a kernel tree of the user's as the base.  It is read, never written
# to: its files, as they are on disk, are imported into a repository in the
# cache, named after the path and the state of the files.

kdir_value()
{
	sed -n "s/^$1 = *\([0-9][0-9]*\)\$/\1/p" "$kdir/Makefile" 2>/dev/null | head -n 1
}

# Is it a kernel, and the right one?  The base follows from it.
kdir_check()
{
	local version
	[ -d "$kdir" ] || die "KDIR=$kdir is not a directory"
	kdir=$(cd "$kdir" && pwd -P)
	if [ ! -f "$kdir/Kbuild" ] || [ ! -f "$kdir/mm/mmap.c" ] || [ ! -f "$kdir/tools/testing/kunit/kunit.py" ] ||
		[ -z "$(kdir_value VERSION)" ] || [ -z "$(kdir_value PATCHLEVEL)" ]; then
		die "KDIR=$kdir is not a kernel tree: no Makefile with VERSION, Kbuild, mm/mmap.c or kunit.py at its top"
	fi
	version=$(kdir_value VERSION).$(kdir_value PATCHLEVEL)
	[ -f "$workbench/bases/$version" ] ||
		die "KDIR=$kdir is linux $version: there is a series for $(known_bases) only"
	# The Makefile's default for BASE cannot be told from a choice.
	base=$version
}

# Every file that is not ignored, tracked or not, and is there.
kdir_files()
(
	cd "$kdir" || exit
	if [ -e .git ] && git rev-parse --git-dir >/dev/null 2>&1; then
		GIT_OPTIONAL_LOCKS=0 git ls-files -z --cached --others --exclude-standard
	else
		temporary_dir empty "$cache"
		trap 'rm -rf -- "$empty"' EXIT
		plain_git init -q --bare "$empty/git"
		GIT_DIR=$empty/git GIT_WORK_TREE=$kdir plain_git -c core.bare=false ls-files -z --others --exclude-standard
	fi | perl -0ne 'chomp; print "$_\0" if -l $_ or -f $_'
)

kdir_set()
{
	local key sub
	kdir_files >"$build/kdir-files"
	# As git itself tells whether a file changed: size and time.
	key=$({
		echo "$kdir"
		(cd "$kdir" && xargs -0 stat -c '%n %s %Y %f' <"$build/kdir-files")
	} | sha256sum | cut -c1-12)
	sub=$(kdir_value SUBLEVEL)
	base_dir=$cache/kdir
	base_version=$base.${sub:-0}
	base_repo=$base_dir/$key.git
}

import_kdir()
{
	local dir
	temporary_dir dir "$base_dir"
	new_repo "$dir/git"
	tar -c -C "$kdir" --null --no-recursion -T "$build/kdir-files" |
		import_tar "$dir/git" "linux $base_version" 0
	echo "$kdir" >"$dir/git/complete"
	rm -rf -- "$base_repo"
	mv -T -- "$dir/git" "$base_repo"
}
