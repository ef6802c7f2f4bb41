#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What can go wrong with what is fetched: no network, a tarball cut short or
# spoilt in the cache, a full disk, an interrupted set-up.

# shellcheck source=workbench/tests/lib.sh
. "$(dirname "$0")/lib.sh"

copy_project
check_settings
real_cache=$cache
export XDG_CACHE_HOME=$scratch/cache
cache=$XDG_CACHE_HOME/fork-failure
nowhere=http://127.0.0.1:9/debian
version=$(cat "$real_cache/base-$base/version")

# No network and nothing in the cache.
expect_error "no answer from $nowhere: check the network, or set MIRROR" make MIRROR=$nowhere
[ -z "$(find "$cache" -name .complete -o -name complete -o -name version)" ] || fail "something looks complete"

# borrow_base - the base of the real cache, but for the tarball, which is a copy.
borrow_cached_base()
{
	rm -rf -- "$cache"
	mkdir -p "$cache/base-$base"
	cp -r -- "$real_cache/base-$base/version" "$real_cache/base-$base/linux-$version".tar.xz* "$cache/base-$base"
	ln -s "$real_cache/base-$base/linux-$version.git" "$cache/base-$base/linux-$version.git"
}

# A tarball cut short is noticed although the tree was imported long ago...
borrow_cached_base
truncate -s -1000000 "$cache/base-$base/linux-$version.tar.xz"
expect_error "no answer from $nowhere" make tree MIRROR=$nowhere
expect_said "linux-$version.tar.xz in the cache is damaged: fetching it again"
# ... and one of the right length with a wrong byte when it is to be imported.
borrow_cached_base
rm -- "$cache/base-$base/linux-$version.git"
printf 'X' | dd of="$cache/base-$base/linux-$version.tar.xz" bs=1 seek=5000000 conv=notrunc status=none
expect_error "no answer from $nowhere" make tree MIRROR=$nowhere
# While a sound one needs no network at all.
borrow_cached_base
expect_error 'there is no tree to refresh from' make refresh MIRROR=$nowhere

# The rest needs to set up a sysroot; a mmdebstrap of our own is quick.
[ "$(id -u)" = 0 ] || exit 0
mkdir "$scratch/bin"
cat >"$scratch/bin/mmdebstrap" <<'EOF'
#!/bin/bash
# ... SUITE DIRECTORY MIRROR
last=${*: -2:1}
[ ! -e "$last" ] || exit 1
mkdir -p "$last/usr/bin"
echo unfinished >"$last/unfinished"
[ -e "$MMDEBSTRAP_QUICK" ] || sleep 600
rm "$last/unfinished"
cp /bin/true "$last/usr/bin"
EOF
chmod +x "$scratch/bin/mmdebstrap"
export PATH=$scratch/bin:$PATH MMDEBSTRAP_QUICK=$scratch/quick

set -m
# A shell in the background ignores it, and so would all that it starts.
(cd "$project" && exec env --default-signal=INT make setup) >"$scratch/interrupted" 2>&1 </dev/null &
set +m
for ((i = 0; i < 100; i++)); do
	[ -z "$(find "$cache" -name unfinished)" ] || break
	sleep 0.1
done
[ -n "$(find "$cache" -name unfinished)" ] || fail "the set-up did not begin"
kill -INT -- "-$!"
wait "$!" && fail "an interrupted make ended well"
grep -q '^interrupted: ' "$scratch/interrupted" || fail "no word about the interruption"
sleep 0.2
[ -z "$(find /proc/[0-9]*/cwd -lname "$scratch*" 2>/dev/null)" ] ||
	fail "something still runs"
[ -z "$(find "$cache" -path '*/sysroot-*/.complete')" ] || fail "half a sysroot looks complete"

# A second make does it again, from the start.
touch "$MMDEBSTRAP_QUICK"
if in_project make setup; then
	fail "a sysroot without a compiler ended well"
fi
[ -n "$(find "$cache" -path '*/sysroot-*/.complete')" ] || fail "the set-up was not done again"
[ -z "$(find "$cache" -name unfinished)" ] || fail "the half sysroot is still there"

# A full disk, if there can be a small one.
rm -rf -- "$cache"
cat >"$scratch/bin/mmdebstrap" <<'EOF'
#!/bin/bash
last=${*: -2:1}
mkdir -p "$last/usr/bin"
exec dd if=/dev/zero of="$last/usr/bin/true" bs=1M count=64
EOF
mkdir -p "$XDG_CACHE_HOME"
cat >"$scratch/full" <<EOF
mount -t tmpfs -o size=8m tmpfs "$XDG_CACHE_HOME"
make setup
EOF
expect_error 'the disk is full: make room, or set XDG_CACHE_HOME' unshare --mount --propagation private bash "$scratch/full"
