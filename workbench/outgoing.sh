# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What "make series" and "make send" both have to know.
#
# build/BASE/outgoing/SECTION/	the mails, 0000-cover-letter.patch first
# build/BASE/outgoing/SECTION.state	what they were made from
# patches/BASE/sent/SECTION-vN/	what was sent as version N, by "make send"

# Who sends it: a person that git knows, or nobody.
sender_set()
{
	sender_name=${GIT_AUTHOR_NAME:-$(git -C "$top" config user.name || :)}
	sender_email=${GIT_AUTHOR_EMAIL:-$(git -C "$top" config user.email || :)}
	case $sender_name/$sender_email in
	/* | */) die "git does not know who you are: git config --global user.name and user.email" ;;
	esac
}

outgoing_set()
{
	outgoing=$base_build/outgoing
	sent=$patches/sent
}

# outgoing_state SECTION - what its mails depend on beside the variables of make.
outgoing_state()
{
	{
		assembly_key
		cat "$patches/cover-$1"
	} | sha256sum | cut -c1-16
}

# The version of a section that was sent last; nothing if none was.
last_sent()
{
	[ -d "$sent" ] || return 0
	find "$sent" -mindepth 1 -maxdepth 1 -type d -name "$1-v[0-9]*" -printf '%f\n' |
		sed "s/^$1-v//" | sort -n | tail -n 1
}
