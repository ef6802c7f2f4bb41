#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The series is assembled as it is written, or not at all.

# shellcheck source=workbench/tests/lib.sh
. "$(dirname "$0")/lib.sh"

copy_project
check_settings
first=$(cd "$project" && echo patches/"$base"/0001-*.patch)
assembled()
{
	plain_git --git-dir="$project/build/$base/repo.git" rev-parse fixed unfixed
}

expect_success make setup
before=$(assembled)

# The control has all of the tests and nothing of the fix.
git_dir=$project/build/$base/repo.git
fix="fixed^{/^section: tests}"
! plain_git --git-dir="$git_dir" diff --quiet base "$fix" || fail "the fix changes nothing"
plain_git --git-dir="$git_dir" diff --quiet base unfixed -- mm/mmap.c mm/vma.c mm/memory.c ||
	fail "the control has a part of the fix"
[ "$(plain_git --git-dir="$git_dir" diff --name-status base unfixed)" = \
  "$(plain_git --git-dir="$git_dir" diff --name-status "$fix" fixed)" ] ||
	fail "the tests of the control are not those of the series"

# A patch that does not apply: the patch, the file, the base; nothing changed.
sed -i 's/^ .*destroy.*/&X/' "$project/$first"
commit_all
expect_error "^error: $first does not apply to linux $base\.[0-9]+: mm/.*, hunk at line [0-9]+; nothing was changed" make setup
expect_clean "a patch that does not apply"
[ "$(assembled)" = "$before" ] || fail "the branches moved"
expect_error "^error: $first does not apply" make tree
[ ! -e "$project/build/$base/linux" ] || fail "a tree was made"

# Not a mail, no list of files, a file that is not there or not ours to name.
plain_git -C "$project" reset -q --hard HEAD^
echo nonsense >"$project/$first"
expect_error "^error: $first: no" make setup
plain_git -C "$project" checkout -q .
list=patches/$base/0199-x.new
printf 'Subject: x\n\n---\nmm/no_such_file.c\n' >"$project/$list"
expect_error "^error: $list: mm/no_such_file.c is not there" make setup
touch "$project/README.md"
for path in ../passwd workbench/lib.sh /etc/passwd README.md Makefile; do
	printf 'Subject: x\n\n---\n%s\n' "$path" >"$project/$list"
	expect_error "^error: $list: $path cannot be a new file" make setup
done
printf 'Subject: x\n\n---\nmm/mmap.c\n' >"$project/patches/$base/0199-x.new"
mkdir -p "$project/mm"
echo >"$project/mm/mmap.c"
expect_error "0199-x.new: mm/mmap.c is not new" make setup
rm -- "$project/patches/$base/0199-x.new" "$project/mm/mmap.c"
expect_success make setup
[ "$(assembled)" = "$before" ] || fail "the branches are not what they were"
