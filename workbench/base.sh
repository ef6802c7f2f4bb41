# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The base: a pristine kernel tree as a bare git repository in the cache, with
# one commit, branch "base".  It comes from a tarball of Debian's archive,
# whose signatures and hashes apt checks, or from the user's KDIR.
#
#	base-6.18/linux-6.18.15.tar.xz		and .sha256, as in the archive's index
#	base-6.18/linux-6.18.15.git		complete once it has that name
#	base-6.18/version			the one to use, written last

base_dir=
base_version=
base_repo=

base_set()
{
	if [ -n "$kdir" ]; then
		kdir_set
		return
	fi
	base_dir=$cache/base-$base
	base_version=$(cat "$base_dir/version" 2>/dev/null) || base_version=
	base_repo=$base_dir/linux-$base_version.git
}

# Is there all there should be?  The tarball only by its length, to be quick;
# whoever reads it checks its hash.
base_ready()
{
	[ -n "$base_version" ] && [ -f "$base_repo/complete" ] || return 1
	[ -z "$kdir" ] || return 0
	if ! tarball_length_ok "$base_version"; then
		say "linux-$base_version.tar.xz in the cache is damaged: fetching it again"
		return 1
	fi
}

require_base_tools()
{
	local tool
	for tool in git perl xz; do
		command -v $tool >/dev/null ||
			die "$tool is missing, needed to read the kernel's sources; install it with: sudo apt-get install ${tool/#xz/xz-utils}"
	done
	[ -n "$kdir" ] || command -v apt-get >/dev/null ||
		die "apt-get is missing, needed to fetch linux $base from Debian's archive: use KDIR= with a tree of yours"
}

tarball()
{
	printf '%s' "$base_dir/linux-$1.tar.xz"
}

tarball_length_ok()
{
	local file
	file=$(tarball "$1")
	[ -f "$file" ] && [ -f "$file.sha256" ] &&
		[ "$(stat -c %s "$file")" = "$(awk '{ print $3 }' "$file.sha256")" ]
}

tarball_ok()
{
	local file
	file=$(tarball "$1")
	tarball_length_ok "$1" &&
		[ "$(sha256sum <"$file" | cut -d' ' -f1)" = "$(awk '{ print $1 }' "$file.sha256")" ]
}

# apt with nothing of the host's but its keys.
archive()
{
	local tool=$1
	shift
	"$tool" -o Dir::Etc::sourcelist="$base_dir/apt/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::Etc::main=- -o Dir::Etc::parts=- -o Dir::Etc::preferencesparts=- \
		-o Dir::State="$base_dir/apt/state" -o Dir::State::lists="$base_dir/apt/lists" \
		-o Dir::State::status="$base_dir/apt/status" -o Dir::Cache="$base_dir/apt/cache" \
		-o APT::Sandbox::User= -o Acquire::Languages=none -o Acquire::Retries=2 \
		-o APT::Get::Only-Source=true "$@"
}

archive_index()
{
	local suite url
	mkdir -p "$base_dir"/apt/{state,lists/partial,cache/archives/partial}
	: >"$base_dir/apt/status"
	for suite in $base_suites; do
		url=$mirror
		case $suite in *-security) url=${SECURITY_MIRROR:-${mirror%/}-security} ;; esac
		echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $url $suite main"
	done >"$base_dir/apt/sources.list"
	# Fails on any suite that cannot be had, instead of going on with less.
	archive apt-get update -o APT::Update::Error-Mode=any
}

# Versions of the base that the index names, newest first, each line: upstream
# version, package version, sha256, length.  None before $base_oldest, if it is set.
candidates()
{
	local pattern=${base_versions//./\\.}
	pattern="^${pattern//\*/.*}\$"
	archive apt-cache showsrc "$base_package" 2>/dev/null |
		awk -v pattern="$pattern" '
			/^Version: /         { version = $2; upstream = $2; sub(/-[^-]*$/, "", upstream) }
			/^Checksums-Sha256:/ { sums = 1; next }
			/^[^ ]/              { sums = 0 }
			sums && $3 ~ /\.orig\.tar\.xz$/ && upstream ~ pattern && !seen[upstream]++ {
				print upstream, version, $1, $2
			}' |
		{ cat && [ -z "${base_oldest:-}" ] || echo "$base_oldest ~"; } | sort -rV | sed '/ ~$/,$d'
}

# fetch UPSTREAM PACKAGE_VERSION SHA256 LENGTH
fetch()
{
	local dir file
	file=$(tarball "$1")
	temporary_dir dir "$base_dir"
	echo "$4" >"$base_dir/expected"
	(cd "$dir" && archive apt-get source --download-only --tar-only "$base_package=$2") || return 1
	[ "$(sha256sum <"$dir"/*.orig.tar.xz | cut -d' ' -f1)" = "$3" ] || {
		echo "$base_package $2: the tarball is not the one of the index"
		return 1
	}
	mv -- "$dir"/*.orig.tar.xz "$file"
	echo "$3 linux-$1.tar.xz $4" >"$file.sha256"
}

# An empty repository that stores fast rather than small.
new_repo()
{
	plain_git init -q --bare "$1"
	plain_git --git-dir="$1" config core.compression 1
	plain_git --git-dir="$1" config gc.auto 0
}

# import_tar REPO MESSAGE STRIP <tar
import_tar()
{
	perl "$workbench/import-tar.pl" base "$2" "$3" |
		plain_git --git-dir="$1" -c fastimport.unpackLimit=0 \
			fast-import --quiet --done --depth=0
	plain_git --git-dir="$1" symbolic-ref HEAD refs/heads/base
	plain_git --git-dir="$1" tag base-tree refs/heads/base
}

import_base()
{
	local version=$1 dir final=$base_dir/linux-$1.git
	[ ! -f "$final/complete" ] || return 0
	temporary_dir dir "$base_dir"
	new_repo "$dir/git"
	echo "phase import $(xz --robot -l "$(tarball "$version")" | awk '$1 == "totals" { print int($5 / 1000000) }')"
	xz -dc -T0 "$(tarball "$version")" | import_tar "$dir/git" "linux $version" 1
	touch "$dir/git/complete"
	rm -rf -- "$final"
	mv -T -- "$dir/git" "$final"
}

# The newest version that can really be had.
build_base()
{
	local version package_version sum length tried=''
	if [ -n "$kdir" ]; then
		import_kdir
		return
	fi
	mkdir -p "$base_dir"
	rm -rf -- "$base_dir"/.tmp.*

	# What is in the cache already will do, unless it is damaged.
	version=$base_version
	if [ -n "$version" ] && [ -z "${UPDATE:-}" ] && tarball_ok "$version"; then
		import_base "$version"
		return
	fi
	archive_index || return 1
	candidates >"$base_dir/candidates"
	while read -r version package_version sum length <&3; do
		tried+="${tried:+ }$version"
		if tarball_ok "$version" || fetch "$version" "$package_version" "$sum" "$length"; then
			import_base "$version"
			echo "$version" >"$base_dir/version.new"
			mv -- "$base_dir/version.new" "$base_dir/version"
			return 0
		fi
		rm -f -- "$(tarball "$version")"
	done 3<"$base_dir/candidates"
	echo "advice: no linux $base_versions can be had from $mirror; tried: ${tried:-none is in its index}"
	return 1
}

# Half for the download, half for the import.
progress_base()
{
	local expected have
	case $(grep -a '^phase import' "$1") in
	'phase import '*)
		expected=$(awk '/^phase import/ { print $3 }' "$1")
		have=$(awk '/^imported .* MB/ { have = $2 } END { print have + 0 }' "$1")
		echo $((50 + have * 50 / (expected + 1))) ;;
	*)
		expected=$(cat "$base_dir/expected") || return 0
		have=$(stat -c %s "$base_dir"/.tmp.*/*.orig.tar.xz* 2>/dev/null | head -n 1)
		echo $((${have:-0} * 50 / expected)) ;;
	esac
}
