#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds a small static wolfSSL for radsecgw from source: only the protocols and algorithms that RADIUS/TLS
# needs, and the processor's instructions. Nothing is done if it is there, made by this very script.
#
#   lean-wolfssl.sh DIRECTORY [SANITIZERS]
#
# leaves DIRECTORY/lib/libwolfssl.a, DIRECTORY/include, DIRECTORY/version (what it was made from) and
# DIRECTORY/stamp (what it was made by). With sanitizers, those of -fsanitize, the compiler is $CC, and all of it
# is C; LIBC=musl takes musl-gcc, HOST=TRIPLE a cross compiler. SIZE=medium has tables and assembler for P-256 and RSA with 2048 bits only, larger
# keys take the general code; SIZE=small is portable C that was made small at the cost of speed. The sources stay in
# DIRECTORY/../wolfssl-source, for the next one.
#
# WOLFSSL_SOURCE=DIR takes an unpacked source tree instead (a newer release, a machine without Debian).
set -eu
unset MAKEFLAGS MFLAGS MAKELEVEL

dest=${1:?usage: lean-wolfssl.sh DIRECTORY [SANITIZERS]}
sanitizers=${2:-}
compiler=gcc
[ -z "$sanitizers" ] || compiler=${CC:-gcc}
[ "${LIBC:-}" != musl ] || compiler=musl-gcc
[ -z "${HOST:-}" ] || compiler=$HOST-gcc
machine=${HOST:-$(uname -m)}

recipe=$(cksum <"$0")
made_by="$recipe $compiler ${SIZE:-fast} ${sanitizers:-plain}"

# Says whether what a stamp tells is what is wanted. Without WOLFSSL_SOURCE, whatever source is there is good.
is_current() {
	[ -f "$1" ] || return 1
	{ read -r by && read -r from; } <"$1" || return 1
	[ "$by" = "$2" ] && { [ -z "${WOLFSSL_SOURCE:-}" ] || [ "$from" = "from $WOLFSSL_SOURCE" ]; }
}

stamp() {
	printf '%s\nfrom %s\n' "$2" "${WOLFSSL_SOURCE:-Debian}" >"$1"
}

[ -f "$dest/lib/libwolfssl.a" ] && is_current "$dest/stamp" "$made_by" && exit 0

mkdir -p "$dest"
dest=$(cd "$dest" && pwd)
source=$(dirname "$dest")/wolfssl-source
work=$dest/work
log=$dest/build.log
rm -rf "$work" "$dest/stamp"
mkdir -p "$work"
: >"$log"

what="lean wolfSSL"
. "$(dirname "$0")/source.sh"

# ---- where the source comes from: the newest that can be had

# Upstream's archive as Debian's newest suite has it. What Debian adds to it is not always there; the archive is
# known by its digest, so no signature is needed.
newest=wolfssl_5.9.2.orig.tar.gz
newest_sha256=2f4ef3d4fd387a9b3191d36a6316d69116c46ff69bb9583b6c82b36d7b8ca114
# The release of Debian that is tried next: with Debian's security patches.
next_release=trixie
wanted="$newest $newest_sha256 $next_release"

newest_from_pool() {
	from_pool "w/wolfssl/$newest" "$work/$newest" "$newest_sha256" || return 1
	(cd "$work" && tar xzf "$newest" && rm "$newest") >>"$log" 2>&1 || { rm -rf "$work"/wolfssl*; return 1; }
	origin="Debian's archive of upstream's source, $newest"
}

# The tree, ready to be configured, and in $source/version what it is.
fetch() {
	if [ -n "${WOLFSSL_SOURCE:-}" ]; then
		cp -a "$WOLFSSL_SOURCE" "$work/wolfssl-local"
		origin=$WOLFSSL_SOURCE
	else
		command -v apt-get >/dev/null || fail "no apt-get here; set WOLFSSL_SOURCE to an unpacked wolfSSL"
		say "getting the newest source within reach"
		newest_from_pool || from_release "$next_release" wolfssl || from_running_release wolfssl ||
			fail "no source within reach"
	fi
	cd "$work"/wolfssl-*/ || fail "no source tree"
	if [ ! -x configure ] || [ -z "${WOLFSSL_SOURCE:-}" ]; then
		autoreconf -i >>"$log" 2>&1 || fail "autoreconf failed"
	fi
	rm -rf "$source"
	mkdir -p "$source"
	mv "$PWD" "$source/tree"
	cd "$source"
	number=$(sed -n 's/^#define LIBWOLFSSL_VERSION_STRING "\(.*\)"/\1/p' tree/wolfssl/version.h)
	echo "wolfSSL $number from $origin" >version
	stamp stamp "$wanted"
}

is_current "$source/stamp" "$wanted" || fetch

# ---- what is built

# Speed where the processor has it; elsewhere portable C, as for a sanitizer, which does not see into assembler.
# P-521 can only occur in certificates: it has no tables of its own, which are a quarter of the library.
fast="--enable-sp=rsa2048,rsa3072,rsa4096,p256,p384"
[ "${SIZE:-}" != medium ] || fast="--enable-sp=2048,p256 --enable-sp-math-all"
case ${machine%%-*}${sanitizers:+-sanitized} in
x86_64) fast="$fast --enable-sp-asm --enable-intelasm" ;;
aarch64) fast="$fast --enable-sp-asm --enable-armasm" ;;
x86_64-* | aarch64-*) fast="$fast --disable-sp-asm --disable-asm" ;;
*) fast="--enable-sp-math-all" ;;
esac
flags="-O2"
# A table for P-256 with 64 points instead of 2405 saves 150 KB.
[ "${SIZE:-}" != medium ] || flags="$flags -DWOLFSSL_SP_SMALL"
if [ "${SIZE:-}" = small ]; then
	fast="--enable-sp-math-all=small --disable-sp-asm --disable-asm --enable-curve25519=small --enable-ed25519=small"
	flags="-Os -DUSE_SLOW_SHA256 -DUSE_SLOW_SHA512 -DWOLFSSL_AES_SMALL_TABLES -DNO_ERROR_STRINGS"
fi
# Some of these processors stop at a number that does not stand where its kind belongs.
case ${machine%%-*} in
mips | mips64) flags="$flags -DBIG_ENDIAN_ORDER -DWOLFSSL_SP_INT_DIGIT_ALIGN" ;;
arm* | mips*) flags="$flags -DWOLFSSL_SP_INT_DIGIT_ALIGN" ;;
esac
flags="$flags -g0 -fstack-protector-strong"
# Times and sizes have 64 bits on all processors, as in the program.
[ -z "${HOST:-}" ] || flags="$flags -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64"
[ -z "$sanitizers" ] || flags="-O1 -g -fsanitize=$sanitizers -fno-sanitize-recover=all -fno-omit-frame-pointer"

say "building $(cat "$source/version")${sanitizers:+ with $sanitizers} (a minute or so)"
rm -rf "$work"
mkdir -p "$work"
cd "$work"
# SHA-256 by the processor's own instructions is many times slower while upper halves of vector registers are in use,
# which wolfSSL's code for big numbers leaves behind. A file in this folder goes before that of the sources.
if grep -q 'leaq.L_avx1_sha256_sha_k(%rip)' "$source/tree/wolfcrypt/src/sha256_asm.S" 2>/dev/null; then
	mkdir -p wolfcrypt/src
	sed 's/^.*leaq.L_avx1_sha256_sha_k(%rip)/\tvzeroupper\n&/' "$source/tree/wolfcrypt/src/sha256_asm.S" \
		>wolfcrypt/src/sha256_asm.S
fi
# Not all versions know all options; what they do not know they do not have. Left out is all that we do not use:
# resumption, OCSP, exported keys, suites without AEAD, finite fields, post-quantum groups. Triple DES is for private
# keys that are encrypted with it, and for nothing else. Clients that have a ticket of another server offer it where
# pre-shared keys are offered, and it must not be too long to be passed over. The callback for secrets is for `keylog`.
# shellcheck disable=SC2086
"$source/tree/configure" --prefix="$dest" ${HOST:+"--host=$HOST"} --disable-option-checking --disable-shared --enable-static \
	--disable-examples --disable-crypttests --disable-jobserver --disable-oldtls --enable-tls13 --enable-harden \
	--enable-curve25519 --enable-ed25519 --enable-sni --enable-alpn --enable-psk --enable-crl --enable-pwdbased --enable-des3 \
	--disable-dh --disable-mlkem --disable-sha3 --disable-shake128 --disable-shake256 --disable-enc-then-mac \
	--disable-pkcs12 --disable-sys-ca-certs $fast CC="$compiler" \
	CFLAGS="$flags -fPIC -ffunction-sections -fdata-sections \
-DWOLFSSL_ALWAYS_VERIFY_CB -DWOLFSSL_VERIFY_CB_ALL_CERTS -DKEEP_PEER_CERT -DWOLFSSL_ALT_NAMES \
-DWOLFSSL_ENCRYPTED_KEYS -DWOLFSSL_ALT_CERT_CHAINS -DWOLFSSL_GETRANDOM \
-DHAVE_SECRET_CALLBACK -DMAX_PSK_ID_LEN=2560 \
-DHAVE_ECC521 -DNO_SESSION_CACHE -DWOLFSSL_AEAD_ONLY -DMAX_CHAIN_DEPTH=10" >>"$log" 2>&1 || fail "configure failed"
make -j"$(nproc)" >>"$log" 2>&1 || fail "make failed"
rm -rf "$dest/lib" "$dest/include"
make install >>"$log" 2>&1 || fail "make install failed"
cp "$source/version" "$dest/version"
stamp "$dest/stamp" "$made_by"
cd "$dest"
rm -rf "$work"
