#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make send: what git send-email would send, and to whom, of the mails that "make
# series" wrote.  With SEND=yes it sends them: that takes this machine's git
# send-email and its user's settings, and notes them in patches/BASE/sent, so that
# the next version has a range-diff.

# shellcheck source=workbench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"
# shellcheck source=workbench/outgoing.sh
. "$workbench/outgoing.sh"

# Is there something, and is it what the patches say?
check_outgoing()
{
	[ -f "$outgoing/$1.state" ] ||
		die "there are no mails in $(shown "$outgoing/$1"): make series BASE=$base first"
	version=$(sed -n 2p "$outgoing/$1.state")
	[ "$(head -n 1 "$outgoing/$1.state")" = "$(outgoing_state "$1")" ] ||
		die "the patches or the cover letter changed since make series: make series BASE=$base VERSION=$version again"
}

# What must not go out by mistake.
check_ready()
{
	local mail
	for mail in "$outgoing/$1"/*.patch; do
		case $mail in *0000-cover-letter.patch) continue ;; esac
		grep -qxF "Signed-off-by: $sender_name <$sender_email>" "$mail" ||
			die "$(shown "$mail") has no Signed-off-by of $sender_name <$sender_email>: make series SIGNOFF=1 BASE=$base first"
	done
	[ ! -e "$sent/$1-v$version" ] ||
		die "version $version was sent already, see $(shown "$sent/$1-v$version"): make series VERSION=$((version + 1)) BASE=$base"
}

# Whether this machine has git send-email, with all that it needs.
own_send_email_works()
{
	printf 'From: a@localhost\nSubject: b\n\nc\n' >"$base_build/probe.patch"
	git send-email --dry-run --confirm=never --from=a@localhost --to=a@localhost "$base_build/probe.patch" \
		>"$logs/send-probe.log" 2>&1 </dev/null
}

# send_email SECTION OPTION... - this machine's, with its user's settings, or if it
# has none, that of the sysroot, which will do to show what would happen.
send_email()
{
	local section=$1 git=(git)
	shift
	if [ -z "$own_send_email" ]; then
		git=(in_mail_tools GIT_AUTHOR_NAME="$sender_name" GIT_AUTHOR_EMAIL="$sender_email"
			GIT_COMMITTER_NAME="$sender_name" GIT_COMMITTER_EMAIL="$sender_email" git)
	fi
	# Threads, and what to answer, are in the mails.
	"${git[@]}" -C "$outgoing" send-email --from="$sender_name <$sender_email>" --no-thread \
		--to-cmd="$workbench/recipients.sh to $outgoing/$section.recipients" \
		--cc-cmd="$workbench/recipients.sh cc $outgoing/$section.recipients" "$@" "$outgoing/$section"/*.patch
}

# Who gets what, out of what a dry run says.
table()
{
	awk '
		/^(To|Cc|Subject): / { field = $1; sub(/^[A-Za-z]*: /, ""); sub(/^/, "\t") }
		!/^\t/ { field = "" }
		field == "Subject:" {
			sub(/^\t/, "  ")
			print
			print "      to: " who["To:"]
			if (who["Cc:"] != "")
				print "      cc: " who["Cc:"]
			delete who
		}
		field == "To:" || field == "Cc:" {
			sub(/,$/, "")
			sub(/^.*</, "")
			gsub(/[\t>]/, "")
			who[field] = who[field] (who[field] == "" ? "" : " ") $0
		}
	'
}

is_dry_run()
{
	send_email "$1" --dry-run --confirm=never --suppress-cc=self
}

case ${SEND:-} in
'' | yes) ;;
*) die "SEND=$SEND is not yes: leave it out for a dry run" ;;
esac
prepare base mail
sender_set
outgoing_set
here=$(sections_chosen)
own_send_email=
! own_send_email_works || own_send_email=y
[ -n "$own_send_email" ] || [ "$toolchain" != host ] ||
	die "git send-email is missing on this machine or does not work, see build/logs/send-probe.log: install git-email"
for section in $here; do
	check_outgoing "$section"
	if [ -n "${SEND:-}" ]; then
		[ -n "$own_send_email" ] ||
			die "git send-email is missing on this machine or does not work, see build/logs/send-probe.log: install git-email"
		check_ready "$section"
	fi
done
check_out fixed

for section in $here; do
	# "make series" removes what was looked up for other mails.
	if [ ! -d "$outgoing/$section.recipients" ]; then
		temporary_dir found "$base_build"
		step "recipients-$section" "get_maintainer.pl, $section" \
			"$workbench/recipients.sh" find "$section" "$run_tree" "$outgoing/$section" "$found/all"
		mv -T -- "$found/all" "$outgoing/$section.recipients"
	fi
	if [ -z "${SEND:-}" ]; then
		step "send-$section" "dry run, $section" is_dry_run "$section"
		table <"$logs/send-$section.log"
		continue
	fi
	send_email "$section" || die "git send-email failed: see above for what was sent; nothing was noted in $(shown "$sent")"
	mkdir -p "$sent"
	cp -r -- "$outgoing/$section" "$sent/$section-v$version"
	say "noted in $(shown "$sent/$section-v$version")"
done
[ -n "${SEND:-}" ] || say "nothing was sent: SEND=yes does, after you have read build/${outgoing#"$build"/}"
