#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
#	sysroot.sh NAME		makes the sysroot of workbench/packages.NAME, unless it is
#				there, and prints its path, the only line on stdout
#	sysroot.sh --path NAME	only where it is, or would be: then with exit code 1
#	sysroot.sh --apt-proxy	apt options for the proxies of this machine, one a line
#
# It sits in the cache, complete, under a name made from all that goes into it.  .packages
# in it says which versions it has; .identity is a hash of that, to keep results under.
#
# apt chooses and verifies the packages.  They are unpacked while others are still on
# their way, and no script of theirs is run: a quarter of the time of an installation,
# and it takes neither root nor a second user id.
. "$(dirname "$0")/lib.sh"
suite=trixie version=2	# to be raised when what is done here changes

apt_proxies()
{
	apt-config dump Acquire | sed -nE 's/^(Acquire::https?::Proxy[^ ]*) "(.+)";$/\1=\2/p'
}

fetch()
{
	local options
	mapfile -t options < <(apt_proxies)
	options+=(Dir::State="$1/state" Dir::State::status="$1/status" Dir::Cache="$1/cache" Dir::Etc::sourcelist="$1/sources")
	mkdir -p "$1"/{state/lists,cache/archives}/partial && : >"$1/status"
	echo "deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$1/sources"
	export APT_CONFIG=$boot/apt.conf
	apt-get "${options[@]/#/-o}" update
	apt-get "${options[@]/#/-o}" -y --download-only install '?essential' $packages
}

# arrivals PID APT - names each package once it is there, until the process ends.
arrivals()
{
	local running=y deb
	while [ -n "$running" ]; do
		kill -0 "$1" 2>/dev/null || running=''
		for deb in "$2"/cache/archives/*.deb; do [ ! -f "$deb" ] || { mv -- "$deb" "$2/debs"; echo "${deb##*/}"; }; done
		sleep 0.1
	done
}

build()
{
	local new=$1 apt item
	mkdir -p "$new"/{mnt,pycache,apt/debs} "$new"/usr/{bin,sbin,lib,lib64}
	(cd "$new" && ln -s usr/{bin,sbin,lib,lib64} .)
	fetch "$new/apt" & apt=$!
	arrivals "$apt" "$new/apt" | xargs -r -n 1 -P "$(nproc)" bash -o pipefail -c 'dpkg-deb --fsys-tarfile "$0/apt/debs/$2" |
		tar -x -C "$0" --no-same-owner --no-wildcards-match-slash -X "$1" || exit 255' "$new" "$boot/excludes"
	wait "$apt"
	# What commands miss of what the packages' scripts do.
	for item in awk:mawk cc:gcc c++:clang++ which:which.debianutils yacc:bison.yacc; do
		ln -sf "${item#*:}" "$new/usr/bin/${item%:*}"
	done
	cp "$new/usr/share/libc-bin/nsswitch.conf" "$new/etc"
	for item in passwd group; do cp "$new/usr/share/base-passwd/$item.master" "$new/etc/$item"; done
	mkdir -p "$new"/{etc/ssl/certs,usr/lib/ssl} && ln -sf /etc/ssl/certs/ca-certificates.crt "$new/usr/lib/ssl/cert.pem"
	cat "$new"/usr/share/ca-certificates/mozilla/*.crt >"$new/etc/ssl/certs/ca-certificates.crt" 2>/dev/null || :
	touch "$new"/etc/{hosts,resolv.conf}	# enter.sh mounts this machine's there
	"${spaces[@]}" /usr/sbin/chroot "$new" /usr/sbin/ldconfig
	[ ! -x "$new/usr/bin/dot" ] || "${spaces[@]}" /usr/sbin/chroot "$new" /usr/bin/dot -c
	(cd "$new/apt/debs" && printf '%s\n' *.deb) | sed -e 's/\.deb$//; s/%3a/:/; s/_/ /g' | sort >"$new/.packages"
	sha256sum <"$new/.packages" | cut -c1-16 >"$new/.identity"
	rm -rf -- "$new/apt"
}

# sysroot_find NAME - sets $sysroot and $packages; fails if the sysroot is not complete.
sysroot_find()
{
	[ -f "$workbench/packages.$1" ] || die "unknown sysroot $1: no workbench/packages.$1"
	packages=$(sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$workbench/packages.$1" | sort -u)
	sysroot=/
	[ "$toolchain" != host ] || return 0
	sysroot=$cache/sysroot-$(echo "$version $suite $(id -u) $mirror $packages" | sha256sum | cut -c1-12)
	[ -s "$sysroot/.identity" ]
}

sysroot_make()
{
	sysroot_find "$1" || make_once "$sysroot/.identity" "$1 sysroot (Debian $suite)" build
	[ -z "${WORKBENCH_HOST_PACKAGES:-}" ] || dpkg-query -W $packages >/dev/null 2>&1 ||
		install 'apt-get install' "$(xargs <<<"$packages")"
}

[ "${0##*/}" = sysroot.sh ] || return 0	# run.sh only wants the functions
case ${1:-} in
--apt-proxy)	apt_proxies ;;
--path)		sysroot_find "${2:-}" || { echo "$sysroot"; exit 1; }; echo "$sysroot" ;;
*)		sysroot_make "${1:-}"; echo "$sysroot" ;;
esac
