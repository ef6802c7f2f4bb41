#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make tree and make refresh: there and back again without a change, edits
# arrive, nobody's work is lost.

# shellcheck source=workbench/tests/lib.sh
. "$(dirname "$0")/lib.sh"

copy_project
check_settings
tree=$project/build/$base/linux
in_tree()
{
	plain_git -C "$tree" -c user.name=test -c user.email=test@localhost "$@"
}

# Not a byte changes, twice.
expect_success make tree
[ -f "$tree/mm/mmap.c" ] || fail "no work tree"
expect_success make refresh
expect_said 'no change'
expect_clean "make refresh right after make tree"

# Edits that are not in patches/ yet are in the way of a new tree.
echo '/* edited */' >>"$tree/mm/mmap.c"
expect_error 'has uncommitted edits' make tree
expect_error 'has uncommitted edits' make refresh
expect_clean "uncommitted edits"
in_tree commit -q -a -m 'mm: a patch of the tests' -m 'Says why.' -m 'Signed-off-by: A B <a@b>'
expect_error 'commits that are not in patches' make tree
tail -n 1 "$tree/mm/mmap.c" | grep -q edited || fail "an edit was lost"

# A commit with new files and a change: a group, the files in our folders.
mkdir -p "$tree/lib/workbench-test/sub"
echo 'one' >"$tree/lib/workbench-test/sub/one.c"
printf '#!/bin/sh\n' >"$tree/lib/workbench-test/two.sh"
chmod +x "$tree/lib/workbench-test/two.sh"
echo '# changed' >>"$tree/lib/Makefile"
in_tree add -A
in_tree commit -q -m 'lib: a group of the tests'
# And one at the front, in the section of the fix.
in_tree rebase -q --onto base base series 2>/dev/null || fail "rebase"
expect_success make refresh
cd "$project"
patch=$(echo patches/"$base"/01*-mm-a-patch-of-the-tests.patch)
group=$(echo patches/"$base"/01*-lib-a-group-of-the-tests.new)
[ -f "$patch" ] || fail "no patch in section tests"
[ -f "$group" ] || fail "no group in section tests"
grep -q 'Says why' "$patch" || fail "the message was lost"
! grep -q 'Signed-off-by' "$patch" || fail "somebody's sign-off is in the patch"
! grep -q 'test@localhost' "$patch" || fail "the author is in the patch"
[ "$(cat lib/workbench-test/sub/one.c)" = one ] || fail "the new file was not written"
[ -x lib/workbench-test/two.sh ] || fail "the new file is not executable"
grep -qx 'lib/workbench-test/two.sh' "$group" || fail "the group does not list its file"
[ "$(git status --porcelain | grep -vc '^??')" = 0 ] || fail "other files changed: $(git status --porcelain)"
commit_all

# The same tree comes out of it, with somebody else's name and another day.
want=$(in_tree rev-parse 'HEAD^{tree}')
rm -rf "$tree"
expect_success env GIT_AUTHOR_NAME=Other GIT_AUTHOR_EMAIL=other@localhost make tree
[ "$(in_tree rev-parse 'HEAD^{tree}')" = "$want" ] || fail "the tree changed on the way"
[ "$(in_tree log -1 --format=%an)" = Other ] || fail "the author is not the user"
expect_success make refresh
expect_clean "there and back"

# What moved to another place in the file is no change.
sed -i 's/^@@ -\([0-9]*\)/@@ -9\1/; s/^index [0-9a-f]*/index 0000000/' "$patch"
commit_all
expect_error 'changed since make tree' make refresh
git revert -q --no-edit HEAD 2>/dev/null || plain_git -C "$project" -c user.name=t -c user.email=t@t revert --no-edit HEAD >/dev/null
expect_success make refresh
expect_clean "a patch in another place"

# A new file of another base that is different in this one stays as it is there.
mkdir -p patches/0.0
printf 'Subject: x\n\n---\nlib/workbench-test/two.sh\n' >patches/0.0/0101-x.new
sed -i 's/^shared_base=.*/shared_base=0.0/' workbench/assemble.sh
commit_all
expect_success make tree
echo '# in this base' >>"$tree/lib/workbench-test/two.sh"
echo '# for all that have it' >>"$tree/lib/workbench-test/sub/one.c"
in_tree commit -q -a --amend --no-edit
expect_success make refresh
[ "$(cat lib/workbench-test/two.sh)" = '#!/bin/sh' ] || fail "another base's file was overwritten"
grep -qx '+# in this base' "$group" || fail "what this base has differently was lost"
tail -n 1 lib/workbench-test/sub/one.c | grep -q 'for all' || fail "a file of this base alone was not written"
! grep -q 'for all' "$group" || fail "a file of this base alone became a diff"
commit_all
want=$(in_tree rev-parse 'HEAD^{tree}')
rm -rf "$tree"
expect_success make tree
[ "$(in_tree rev-parse 'HEAD^{tree}')" = "$want" ] || fail "a file that two bases have changed on the way"
expect_success make refresh
expect_clean "a file that two bases have, there and back"

# A file no list names any more goes, but not if another base has it.
in_tree reset -q --hard HEAD^
expect_success make refresh
[ ! -e "$group" ] || fail "the group was not removed"
[ ! -e lib/workbench-test/sub ] || fail "the file was not removed"
[ -e lib/workbench-test/two.sh ] || fail "a file that another base needs was removed"

# A lost section mark is noticed before the tests become a part of the fix.
if ls patches/"$base"/01* >/dev/null 2>&1; then
	commit_all
	mark=$(in_tree rev-parse ':/^section: tests')
	in_tree rebase -q --onto "$mark^" "$mark" series 2>/dev/null || fail "rebase"
	expect_error 'lost its commit .section: tests.' make refresh
	expect_clean "a lost section mark"
fi

# What is not wanted is discarded when asked to.
expect_success make tree FORCE=1
in_tree merge-base --is-ancestor base HEAD || fail "no series in the new tree"
expect_success make refresh
