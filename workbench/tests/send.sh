#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make series and make send: what arrives is what was assembled.  The mails go
# by SMTP to a server of our own, and from there, with git am, on top of the
# pristine base.

# shellcheck source=workbench/tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"

copy_project
check_settings
base_set
unset VERSION SIGNOFF RFC IN_REPLY_TO SECTION SEND GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL
export HOME=$scratch XDG_CACHE_HOME=${cache%/fork-failure}
out=$project/build/$base/outgoing

# The commits as this state of the project has them.
assembled()
{
	plain_git --git-dir="$project/build/$base/repo.git" rev-parse "$1"
}

# --- make series

expect_error 'VERSION=two is not the number' make series VERSION=two
expect_error 'IN_REPLY_TO=x is not a message id' make series IN_REPLY_TO=x
expect_error 'git does not know who you are' make series
plain_git -C "$project" config user.name 'Jörg Tester'
plain_git -C "$project" config user.email tester@example.org
expect_error 'the suites have not run' make series

# A run of the suites, as it would be left; its numbers can be none but these.
runs=$project/build/$base/runs
mkdir -p "$runs/kunit-um"
cat >"$runs/kunit-um/result.json" <<'END'
{"misc": {"errors": 0}, "test_cases": [], "sub_groups": [{"name": "s", "sub_groups": [],
 "test_cases": [{"name": "a", "status": "PASS"}, {"name": "b", "status": "PASS"}, {"name": "c", "status": "SKIP"}]}]}
END
echo 'fault-sweep: a mode=once points=4711 failed=4711 tolerated=0 nofail=0' >"$runs/kunit-um/test.log"
echo 0000 >"$runs/kunit-um/tree"
expect_error 'the series changed since the suites ran' make series
assembled "fixed^{tree}" >"$runs/kunit-um/tree"
expect_error 'there are no mails in build/.*: make series' make send
expect_success make series
expect_said 'without a Signed-off-by'
for section in fix tests; do
	[ -n "$(find "$patches" -maxdepth 1 -name "0${section/#*tests/1}*")" ] || continue
	letter=$out/$section/0000-cover-letter.patch
	grep -q '4711 failure points swept: once 4711' "$letter" || fail "no numbers in the cover letter of $section"
	grep -q '2 tests passed, 0 failed, 1 skipped' "$letter" || fail "no tests in the cover letter of $section"
	grep -q '^base-\(tree\|commit\): [0-9a-f]\{40\}' "$letter" || fail "no base in the cover letter of $section"
	! grep -q '@[A-Z]*@\|\*\*\*' "$letter" || fail "something is left to be filled in, in the cover letter of $section"
	! grep -q 'Signed-off-by' "$out/$section"/*.patch || fail "a sign-off nobody asked for"
	! grep -q "$submitter_email" "$out/$section"/*.patch || fail "a mail by nobody in particular"
done
expect_error 'has no Signed-off-by' make send SEND=yes SECTION=fix

expect_success make series SIGNOFF=1 VERSION=3 RFC=1 IN_REPLY_TO='<before@example.org>'
grep -q '^Subject: \[RFC PATCH .*v3 0/' "$out/fix"/v3-0000-cover-letter.patch || fail "no RFC or version in the subject"
grep -q '^In-Reply-To: <before@example.org>' "$out/fix"/v3-0000-cover-letter.patch || fail "it does not answer the mail it should"
expect_success make series SIGNOFF=1

letter=$project/patches/$base/cover-fix
cp "$letter" "$scratch/letter"
echo '@NONSENSE@' >>"$letter"
expect_error 'the patches or the cover letter changed' make send
expect_error "cover-fix: line [0-9]+: no value for @NONSENSE@" make series
rm -- "$letter"
expect_error 'cover-fix is missing' make series
mv -- "$scratch/letter" "$letter"

# --- make send, dry

if ! command -v unshare >/dev/null; then
	echo 'no name spaces, so no SMTP server'
	exit
fi
expect_success make send SECTION=fix
expect_said 'to: stable@vger.kernel.org'
expect_said 'linux-mm@kvack.org'
expect_said 'nothing was sent'
expect_error 'no section nonsense' make send SECTION=nonsense
expect_error 'SEND=no is not yes' make send SEND=no

# --- and really, to a server that only keeps what it gets

listening()
{
	(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null
}

box=$scratch/box
for ((try = 0; try < 10; try++)); do
	port=$((20000 + RANDOM % 20000))
	! listening || continue
	set -m
	in_mail_tools python3 -m aiosmtpd -n -u -l "127.0.0.1:$port" -c aiosmtpd.handlers.Mailbox "$box" >"$scratch/smtp.log" 2>&1 </dev/null &
	set +m
	at_exit_groups+=("$!")
	for ((i = 0; i < 100; i++)); do
		! listening || break 2
		sleep 0.1
	done
done
listening || {
	cat "$scratch/smtp.log"
	fail "the SMTP server does not listen"
}

# The sender's machine: a git with send-email and settings for it.
mkdir "$scratch/bin"
cat >"$scratch/gitconfig" <<END
[user]
	name = Jörg Tester
	email = tester@example.org
[sendemail]
	smtpServer = 127.0.0.1
	smtpServerPort = $port
	confirm = never
	suppresscc = self
END
cat >"$scratch/bin/git" <<END
#!/bin/bash
for argument; do
	[ "\$argument" != send-email ] ||
		SYSROOT=mail exec "$workbench/enter.sh" GIT_CONFIG_GLOBAL="$scratch/gitconfig" /usr/bin/git "\$@"
done
exec "$(command -v git)" "\$@"
END
chmod +x "$scratch/bin/git"
export PATH=$scratch/bin:$PATH

# received SUBJECT_PATTERN - files of what arrived, in the order of their numbers.
received()
{
	python3 - "$box/new" "$1" <<'END'
import email, email.header, os, re, sys
found = []
for name in os.listdir(sys.argv[1]):
    path = os.path.join(sys.argv[1], name)
    with open(path, 'rb') as file:
        subject = str(email.header.make_header(email.header.decode_header(
            email.message_from_binary_file(file)['Subject'])))
    number = re.search(sys.argv[2], re.sub(r'\s+', ' ', subject))
    if number:
        found.append((int(number.group(1)), path))
print('\n'.join(path for _, path in sorted(found)))
END
}

temporary_dir pristine "$base_build"
plain_git init -q "$pristine"
borrow_base "$pristine/.git"
plain_git -C "$pristine" config core.sparseCheckout true
plain_git -C "$pristine" config user.name receiver
plain_git -C "$pristine" config user.email receiver@localhost
plain_git --git-dir="$project/build/$base/repo.git" diff --name-only base fixed | sed 's/^/\//' >"$pristine/.git/info/sparse-checkout"
plain_git -C "$pristine" checkout -q -b received base

# apply SECTION COMMIT PATTERN - what arrived is COMMIT, and one mail less is not.
apply()
{
	local mails want
	want=$(assembled "$2^{tree}")
	mapfile -t mails < <(received "$3")
	[ ${#mails[@]} -gt 1 ] || fail "no mails of section $1 arrived"
	plain_git -C "$pristine" am -q "${mails[@]:1:${#mails[@]}-2}"
	[ "$(plain_git -C "$pristine" rev-parse "HEAD^{tree}")" != "$want" ] || fail "the last mail of section $1 makes no difference"
	plain_git -C "$pristine" am -q "${mails[-1]}"
	[ "$(plain_git -C "$pristine" rev-parse "HEAD^{tree}")" = "$want" ] || fail "what arrived of section $1 is not what was assembled"
	[ "$(plain_git -C "$pristine" log -1 --format='%an <%ae>')" = 'Jörg Tester <tester@example.org>' ] ||
		fail "the author was lost"
	plain_git -C "$pristine" log -1 --format=%B | grep -qx 'Signed-off-by: Jörg Tester <tester@example.org>' ||
		fail "the sign-off was lost"
	# A thread: all answer the cover letter.
	want=$(sed -n 's/^Message-ID: //p' "${mails[0]}")
	[ "$(cat "${mails[@]:1}" | grep -cxF "In-Reply-To: $want")" = $((${#mails[@]} - 1)) ] || fail "section $1 is no thread"
	echo "section $1: ${#mails[@]} mails arrived and apply"
}

expect_success make send SEND=yes SECTION=fix
expect_said "noted in patches/$base/sent/fix-v1"
apply fix 'fixed^{/^section: tests}' "^\[PATCH $base\.y (\d+)/"
grep -q '^X-RcptTo: .*stable@vger.kernel.org' "$(received "^\[PATCH $base\.y (0)/")" || fail "the stable team was not sent the cover letter"
expect_success make send SEND=yes SECTION=tests
apply tests fixed '^\[PATCH(?: [0-9.]+)? (\d+)/'
expect_error 'version 1 was sent already' make send SEND=yes SECTION=fix

# The next version tells what changed.
first=$(cd "$project" && echo patches/"$base"/0001-*.patch)
sed -i '0,/^---$/s/^---$/Another word on it.\n---/' "$project/$first"
expect_success make series SIGNOFF=1 VERSION=2
grep -q '^Range-diff against v1:' "$out/fix/v2-0000-cover-letter.patch" || fail "no range-diff against what was sent"
grep -q '^ *+ *Another word on it' "$out/fix/v2-0000-cover-letter.patch" || fail "the range-diff does not tell what changed"
sed -i 's/^-\([^-].*\)/-\1X/' "$project/patches/$base/sent/fix-v1"/0001-*.patch
expect_success make series SIGNOFF=1 VERSION=2
expect_said 'no range-diff against version 1: .* does not apply'
