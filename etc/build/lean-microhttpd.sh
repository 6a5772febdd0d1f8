#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds a small static libmicrohttpd for radsecgw from source: HTTP/1.1 without TLS, passwords, forms and
# messages. Nothing is done if the library is there, made by this very script.
#
#   lean-microhttpd.sh DIRECTORY [SANITIZERS]
#
# leaves DIRECTORY/lib/libmicrohttpd.a, DIRECTORY/include, DIRECTORY/version (what it was made from) and
# DIRECTORY/stamp (what it was made by). With sanitizers, those of -fsanitize, the compiler is $CC; LIBC=musl takes
# musl-gcc, HOST=TRIPLE a cross compiler. The archive of the source stays in DIRECTORY/../microhttpd-source, for the next build.
#
# MICROHTTPD_SOURCE=DIR takes an unpacked source tree with its configure script instead (another release, a machine
# without Debian).
set -eu
unset MAKEFLAGS MFLAGS MAKELEVEL

dest=${1:?usage: lean-microhttpd.sh DIRECTORY [SANITIZERS]}
sanitizers=${2:-}
compiler=gcc
[ -z "$sanitizers" ] || compiler=${CC:-gcc}
[ "${LIBC:-}" != musl ] || compiler=musl-gcc
[ -z "${HOST:-}" ] || compiler=$HOST-gcc

# Upstream's archive as Debian 12 has it, known by its digest, so that no signature is needed. The one patch that
# Debian adds to it is for the form parser, which is left out here.
archive=libmicrohttpd_0.9.75.orig.tar.xz
sha256=796e7e217a4802679fcac667a4e98501c53185dcf50ca0583870e84192620131

made_by="$(cksum <"$0") $compiler ${sanitizers:-plain} ${MICROHTTPD_SOURCE:-$archive}"
[ -f "$dest/lib/libmicrohttpd.a" ] && [ "$(cat "$dest/stamp" 2>/dev/null)" = "$made_by" ] && exit 0

mkdir -p "$dest"
dest=$(cd "$dest" && pwd)
source=$(dirname "$dest")/microhttpd-source
work=$dest/work
log=$dest/build.log
rm -rf "$work" "$dest/stamp"
mkdir -p "$work" "$source"
: >"$log"

what="lean libmicrohttpd"
. "$(dirname "$0")/source.sh"

if [ -n "${MICROHTTPD_SOURCE:-}" ]; then
	tree=$(cd "$MICROHTTPD_SOURCE" && pwd)
	version="libmicrohttpd from $MICROHTTPD_SOURCE"
else
	from_pool "libm/libmicrohttpd/$archive" "$source/$archive" "$sha256" ||
		fail "no source within reach; MICROHTTPD_SOURCE takes an unpacked libmicrohttpd"
	mkdir -p "$work/tree"
	tar xf "$source/$archive" -C "$work/tree" --strip-components=1 >>"$log" 2>&1 || fail "the archive cannot be unpacked"
	tree=$work/tree
	version="libmicrohttpd from Debian's archive of upstream's source, $archive"
fi

flags="-Os -g0 -fstack-protector-strong -D_FORTIFY_SOURCE=2"
# Times and sizes have 64 bits on all processors, as in the program.
[ -z "${HOST:-}" ] || flags="$flags -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64"
[ -z "$sanitizers" ] || flags="-O1 -g -fsanitize=$sanitizers -fno-sanitize-recover=all -fno-omit-frame-pointer"

say "building $version${sanitizers:+ with $sanitizers} (a minute or so)"
mkdir -p "$work/build"
cd "$work/build"
"$tree/configure" --prefix="$dest" ${HOST:+"--host=$HOST"} --disable-option-checking --disable-shared --enable-static --disable-doc \
	--disable-examples --disable-curl --disable-https --disable-dauth --disable-bauth --disable-postprocessor \
	--disable-httpupgrade --disable-poll --disable-sendfile --disable-nls --enable-epoll --enable-messages=no \
	CC="$compiler" CFLAGS="$flags -fPIC -ffunction-sections -fdata-sections" >>"$log" 2>&1 || fail "configure failed"
make -j"$(nproc)" -C src/microhttpd >>"$log" 2>&1 || fail "make failed"
rm -rf "$dest/lib" "$dest/include"
make -C src/microhttpd install >>"$log" 2>&1 || fail "make install failed"
mkdir -p "$dest/include"
cp "$tree/src/include/microhttpd.h" "$dest/include/"
echo "$version" >"$dest/version"
echo "$made_by" >"$dest/stamp"
cd "$dest"
rm -rf "$work"
