#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Who gets a mail, as scripts/get_maintainer.pl of the tree says.
#
#	recipients.sh find SECTION KERNEL MAILS OUT
#	recipients.sh to|cc OUT MAIL
#
# The first looks it up for all mails of a folder, the second is for --to-cmd and
# --cc-cmd of git send-email.  Maintainers are "to", reviewers and lists "cc".  The
# fix is for the stable team, so that is "to", and all others are "cc".  The cover
# letter goes to all who get any of the patches.

set -euo pipefail

# one MAIL - "to ADDRESS" or "cc ADDRESS", one a line.
one()
{
	# What follows the address is what it is there for.
	(cd "$kernel" && perl scripts/get_maintainer.pl --nogit --nogit-fallback --nofixes --rolestats "$1") |
		sed -E -e 's/^(.*<[^>]*>|[^ ]+) \((maintainer|supporter|chief penguin).*/to \1/;t' -e 's/^(.*<[^>]*>|[^ ]+) \(.*/cc \1/' |
		if [ "$section" = fix ]; then
			echo 'to stable@vger.kernel.org'
			sed 's/^to /cc /'
		else
			cat
		fi
}

case $1 in
find)
	section=$2 kernel=$3 mails=$4 out=$5
	mkdir -p "$out"
	cover=
	for mail in "$mails"/*.patch; do
		case $mail in *0000-cover-letter.patch) cover=$mail && continue ;; esac
		one "$mail" >"$out/${mail##*/}"
	done
	# Who is "to" for one patch and "cc" for another is "to".
	[ -z "$cover" ] || cat "$out"/*.patch | awk '
		{ address = substr($0, 4) }
		!(address in as) { order[++n] = address; as[address] = $1 }
		$1 == "to" { as[address] = "to" }
		END { for (i = 1; i <= n; i++) print as[order[i]], order[i] }' >"$out/cover"
	[ -z "$cover" ] || mv -- "$out/cover" "$out/${cover##*/}" ;;
to | cc)
	sed -n "s/^$1 //p" "$2/${3##*/}" ;;
esac
