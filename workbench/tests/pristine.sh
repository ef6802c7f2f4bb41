#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The patches apply with git am to each pristine release of the base that the
# archive serves.

# shellcheck source=workbench/tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=workbench/suites.sh
. "$workbench/suites.sh"

check_settings
base_set
lock "$cache/lock" "$cache"
temporary_dir scratch "$build"
[ -s "$base_dir/candidates" ] || fail "no list of releases in the cache: make update"

mapfile -t touched < <(sed -n 's/^--- a\//*\//p' "$patches"/*.patch | sort -u)
[ ${#touched[@]} -gt 0 ] || fail "the patches touch nothing"
served=''
while read -r version package_version sum length <&3; do
	if ! tarball_ok "$version" && ! fetch "$version" "$package_version" "$sum" "$length"; then
		echo "$version is not served"
		continue
	fi
	dir=$scratch/$version
	mkdir "$dir"
	tar -x -J -f "$(tarball "$version")" -C "$dir" --strip-components=1 --no-wildcards-match-slash \
		--wildcards "${touched[@]}"
	plain_git -C "$dir" init -q
	plain_git -C "$dir" add -A -f
	plain_git -C "$dir" -c user.name=test -c user.email=test@localhost commit -q -m "linux $version"
	plain_git -C "$dir" -c user.name=test -c user.email=test@localhost am -q "$patches"/*.patch ||
		fail "patches/$base/*.patch do not apply to linux $version"
	served+=" $version"
	echo "applied to linux $version"
done 3<"$base_dir/candidates"
[ -n "$served" ] || fail "the archive serves no linux $base_versions"
