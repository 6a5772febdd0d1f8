#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the other libraries of radsecgw for a static program with musl: libev, c-ares, inih. Nothing is done if they
# are there, made by this very script.
#
#   musl-libs.sh DIRECTORY
#
# leaves DIRECTORY/lib, DIRECTORY/include, DIRECTORY/kernel (the headers of the kernel, which musl does not bring),
# DIRECTORY/version (what they were made from) and DIRECTORY/stamp (what they were made by).
#
# LIBS_SOURCE=DIR takes unpacked source trees instead: DIR/libev, DIR/c-ares and DIR/inih.
set -eu
unset MAKEFLAGS MFLAGS MAKELEVEL

dest=${1:?usage: musl-libs.sh DIRECTORY}

# Upstream's archives as Debian has them, known by their digests. Debian adds no patches to libev, and to inih only
# options that radsecgw does not use. For c-ares its security patches matter.
libev=libev_4.33.orig.tar.gz
libev_sha256=507eb7b8d1015fbec5b935f34ebed15bf346bed04a11ab82b8eee848c4205aea
inih=libinih_59.orig.tar.gz
inih_sha256=062279922805f5e9a369551a08d5ddb506140fe50774183ffdbb7c22bb97e3f4

made_by="$(cksum <"$0") ${LIBS_SOURCE:-$libev $inih}"
[ -f "$dest/lib/libcares.a" ] && [ "$(cat "$dest/stamp" 2>/dev/null)" = "$made_by" ] && exit 0

mkdir -p "$dest"
dest=$(cd "$dest" && pwd)
source=$(dirname "$dest")/musl-source
work=$dest/work
log=$dest/build.log
rm -rf "$work" "$dest/stamp" "$dest/lib" "$dest/include" "$dest/kernel"
mkdir -p "$work" "$source" "$dest/lib" "$dest/include" "$dest/kernel"
: >"$log"

what="libraries for musl"
. "$(dirname "$0")/source.sh"

command -v musl-gcc >/dev/null || fail "there is no musl-gcc; 'etc/build/deps.sh musl' installs it"

# ---- where the sources come from

unpack() {
	mkdir -p "$work/$2"
	tar xf "$source/$1" -C "$work/$2" --strip-components=1 >>"$log" 2>&1 || fail "$1 cannot be unpacked"
}

cares_from_package() {
	from_running_release c-ares || from_release trixie c-ares || return 1
	mv "$work"/c-ares-*/ "$work/c-ares"
	cares_origin=$origin
}

if [ -n "${LIBS_SOURCE:-}" ]; then
	cp -a "$LIBS_SOURCE/libev" "$LIBS_SOURCE/c-ares" "$LIBS_SOURCE/inih" "$work/"
	version="libev, c-ares and inih from $LIBS_SOURCE"
else
	say "getting the sources"
	from_pool "libe/libev/$libev" "$source/$libev" "$libev_sha256" &&
		from_pool "libi/libinih/$inih" "$source/$inih" "$inih_sha256" && cares_from_package ||
		fail "no sources within reach; LIBS_SOURCE takes unpacked ones"
	unpack "$libev" libev
	unpack "$inih" inih
	version="libev from $libev, inih from $inih, c-ares from $cares_origin"
fi

# ---- what is built

say "building $version (a minute or so)"
flags="-Os -g0 -fstack-protector-strong -fPIC -ffunction-sections -fdata-sections -ffile-prefix-map=$work=."

for headers in linux asm-generic "$(gcc -print-multiarch)/asm" asm; do
	[ ! -d "/usr/include/$headers" ] || ln -sfn "/usr/include/$headers" "$dest/kernel/$(basename "$headers")"
done

configure() {
	./configure --prefix="$dest" --disable-shared --enable-static --disable-option-checking "$@" CC=musl-gcc \
		CFLAGS="$flags -idirafter $dest/kernel" >>"$log" 2>&1 || fail "configure failed in $PWD"
}

cd "$work/libev"
configure
make -j"$(nproc)" libev.la >>"$log" 2>&1 || fail "libev cannot be made"
cp .libs/libev.a "$dest/lib/"
cp ev.h "$dest/include/"

cd "$work/c-ares"
[ -x configure ] || autoreconf -fi >>"$log" 2>&1 || fail "autoreconf failed for c-ares"
# It would find these out by compiling hundreds of programs.
configure --disable-tests \
	curl_cv_func_recv_args="int,void *,size_t,int,ssize_t" \
	curl_cv_func_recvfrom_args="int,void *,size_t,int,struct sockaddr *,socklen_t *,ssize_t" \
	curl_cv_func_send_args="int,const void *,size_t,int,ssize_t" \
	curl_cv_func_getnameinfo_args="const struct sockaddr *,socklen_t,socklen_t,int"
make -j"$(nproc)" -C src/lib >>"$log" 2>&1 || fail "c-ares cannot be made"
cp src/lib/.libs/libcares.a "$dest/lib/"
cp include/ares*.h "$dest/include/"

cd "$work/inih"
# shellcheck disable=SC2086
musl-gcc $flags -c -o ini.o ini.c >>"$log" 2>&1 || fail "inih cannot be made"
ar rcs "$dest/lib/libinih.a" ini.o
cp ini.h "$dest/include/"

echo "$version" >"$dest/version"
echo "$made_by" >"$dest/stamp"
cd "$dest"
rm -rf "$work"
