#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the other libraries of radsecgw for a static program: libev, c-ares, inih. They are for musl, or with HOST=TRIPLE
# for another processor, with the cross compiler TRIPLE-gcc and its C library; then cmocka comes with them, for the tests.
# Nothing is done if they are there, made by this very script.
#
#   static-libs.sh DIRECTORY
#
# leaves DIRECTORY/lib, DIRECTORY/include, DIRECTORY/kernel (the headers of the kernel, which musl does not bring),
# DIRECTORY/version (what they were made from) and DIRECTORY/stamp (what they were made by).
#
# LIBS_SOURCE=DIR takes unpacked source trees instead: DIR/libev, DIR/c-ares, DIR/inih, and DIR/cmocka with HOST.
set -eu
unset MAKEFLAGS MFLAGS MAKELEVEL

dest=${1:?usage: static-libs.sh DIRECTORY}

# Upstream's archives as Debian has them, known by their digests. Debian adds no patches to libev, and to inih only
# options that radsecgw does not use. For c-ares its security patches matter.
libev=libev_4.33.orig.tar.gz
libev_sha256=507eb7b8d1015fbec5b935f34ebed15bf346bed04a11ab82b8eee848c4205aea
inih=libinih_59.orig.tar.gz
inih_sha256=062279922805f5e9a369551a08d5ddb506140fe50774183ffdbb7c22bb97e3f4

host=${HOST:-}
compiler=${host:-musl}-gcc
made_by="$(cksum <"$0") $compiler ${LIBS_SOURCE:-$libev $inih}"
[ -f "$dest/lib/libcares.a" ] && [ "$(cat "$dest/stamp" 2>/dev/null)" = "$made_by" ] && exit 0

mkdir -p "$dest"
dest=$(cd "$dest" && pwd)
source=$(dirname "$dest")/libraries-source
work=$dest/work
log=$dest/build.log
rm -rf "$work" "$dest/stamp" "$dest/lib" "$dest/include" "$dest/kernel"
mkdir -p "$work" "$source" "$dest/lib" "$dest/include" "$dest/kernel"
: >"$log"

what="libraries for ${host:-musl}"
. "$(dirname "$0")/source.sh"

command -v "$compiler" >/dev/null || fail "there is no $compiler; 'etc/build/deps.sh ${host:-musl}' installs it"

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

cmocka_from_package() {
	[ -n "$host" ] || return 0
	from_running_release cmocka || from_release trixie cmocka || return 1
	mv "$work"/cmocka-*/ "$work/cmocka"
}

if [ -n "${LIBS_SOURCE:-}" ]; then
	cp -a "$LIBS_SOURCE/libev" "$LIBS_SOURCE/c-ares" "$LIBS_SOURCE/inih" "$work/"
	[ -z "$host" ] || cp -a "$LIBS_SOURCE/cmocka" "$work/"
	version="libev, c-ares and inih from $LIBS_SOURCE"
else
	say "getting the sources"
	from_pool "libe/libev/$libev" "$source/$libev" "$libev_sha256" &&
		from_pool "libi/libinih/$inih" "$source/$inih" "$inih_sha256" && cares_from_package && cmocka_from_package ||
		fail "no sources within reach; LIBS_SOURCE takes unpacked ones"
	unpack "$libev" libev
	unpack "$inih" inih
	version="libev from $libev, inih from $inih, c-ares from $cares_origin"
fi

# ---- what is built

say "building $version (a minute or so)"
flags="-Os -g0 -fstack-protector-strong -fPIC -ffunction-sections -fdata-sections -ffile-prefix-map=$work=."
# Times and sizes have 64 bits on all processors, as in the program.
[ -z "${HOST:-}" ] || flags="$flags -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64"

if [ -z "$host" ]; then
	for headers in linux asm-generic "$(gcc -print-multiarch)/asm" asm; do
		[ ! -d "/usr/include/$headers" ] || ln -sfn "/usr/include/$headers" "$dest/kernel/$(basename "$headers")"
	done
	flags="$flags -idirafter $dest/kernel"
fi

configure() {
	./configure --prefix="$dest" --disable-shared --enable-static --disable-option-checking ${host:+"--host=$host"} \
		"$@" CC="$compiler" CFLAGS="$flags" >>"$log" 2>&1 || fail "configure failed in $PWD"
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
"$compiler" $flags -c -o ini.o ini.c >>"$log" 2>&1 || fail "inih cannot be made"
"${host:+$host-}ar" rcs "$dest/lib/libinih.a" ini.o
cp ini.h "$dest/include/"

# It is one file, for which the long way through CMake would have to know the processor.
if [ -n "$host" ]; then
	cd "$work/cmocka"
	: >config.h
	# shellcheck disable=SC2086
	"$compiler" $flags -w -D_GNU_SOURCE -DHAVE_CONFIG_H -DHAVE_STDINT_H -DHAVE_SIGNAL_H -DHAVE_STRUCT_TIMESPEC -DHAVE_TIME_H \
		-DHAVE_CLOCK_REALTIME -DHAVE_UNISTD_H -DHAVE_STRINGS_H -DHAVE_MALLOC_H -DHAVE_INTTYPES_H -DHAVE_SETJMP_H -DHAVE_IO_H=0 \
		-I. -Iinclude -c -o cmocka.o src/cmocka.c >>"$log" 2>&1 || fail "cmocka cannot be made"
	"$host-ar" rcs "$dest/lib/libcmocka.a" cmocka.o
	cp include/cmocka*.h "$dest/include/"
fi

echo "$version" >"$dest/version"
echo "$made_by" >"$dest/stamp"
cd "$dest"
rm -rf "$work"
