#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds a small static wolfSSL for radsecgw from Debian's own source package, with Debian's security
# patches: only the protocols and algorithms that RADIUS/TLS needs, and the processor's instructions.
#
#   lean-wolfssl.sh DIRECTORY     leaves DIRECTORY/lib/libwolfssl.a, DIRECTORY/include, DIRECTORY/version
#
# WOLFSSL_SOURCE=DIR takes an unpacked source tree instead (a newer release, a machine without Debian).
set -eu

dest=${1:?usage: lean-wolfssl.sh DIRECTORY}
mkdir -p "$dest"
dest=$(cd "$dest" && pwd)
work=$dest/work
log=$dest/build.log
rm -rf "$work"
mkdir -p "$work"
: >"$log"

fail() {
	echo "lean wolfSSL: $1" >&2
	tail -n 20 "$log" >&2
	echo "The whole log is $log. 'make WOLFSSL=system' builds with Debian's libwolfssl-dev instead." >&2
	exit 1
}

fetch_debian() {
	command -v apt-get >/dev/null || fail "no apt-get here; set WOLFSSL_SOURCE to an unpacked wolfSSL"
	# Source packages need deb-src entries, which a fresh system does not have. They are put beside the
	# system's lists, not into them.
	mkdir -p "$work/apt/parts" "$work/lists/partial"
	for f in /etc/apt/sources.list.d/*.sources; do
		[ -f "$f" ] && sed 's/^Types:.*/Types: deb-src/' "$f" >"$work/apt/parts/$(basename "$f")"
	done
	for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -f "$f" ] && sed -n 's/^deb /deb-src /p' "$f" >"$work/apt/parts/$(basename "$f" .list).list"
	done
	apt="apt-get -q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=$work/apt/parts
		-o Dir::State::Lists=$work/lists -o APT::Sandbox::User=$(id -un) -o Acquire::Languages=none"
	$apt update >>"$log" 2>&1 || fail "apt-get update with deb-src failed"
	(cd "$work" && $apt source wolfssl) >>"$log" 2>&1 || fail "apt-get source wolfssl failed"
	rm -rf "$work/lists"
}

if [ -n "${WOLFSSL_SOURCE:-}" ]; then
	cp -a "$WOLFSSL_SOURCE" "$work/wolfssl-local"
else
	echo "lean wolfSSL: getting Debian's source package"
	fetch_debian
fi
cd "$work"/wolfssl-*/ || fail "no source tree"

# Speed where the processor has it; elsewhere portable C.
case $(uname -m) in
x86_64) fast="--enable-intelasm --enable-sp --enable-sp-asm" ;;
aarch64) fast="--enable-armasm --enable-sp --enable-sp-asm" ;;
*) fast="--enable-sp-math-all" ;;
esac

echo "lean wolfSSL: building (about half a minute)"
if [ ! -x configure ] || [ -z "${WOLFSSL_SOURCE:-}" ]; then
	autoreconf -i >>"$log" 2>&1 || fail "autoreconf failed"
fi
# shellcheck disable=SC2086
./configure --prefix="$dest" --disable-shared --enable-static --disable-examples --disable-crypttests \
	--disable-jobserver --disable-oldtls --enable-tls13 --enable-harden \
	--enable-curve25519 --enable-ed25519 --enable-sni --enable-alpn --enable-psk --enable-crl --enable-ocsp \
	--enable-ocspstapling --enable-session-ticket --enable-keying-material --enable-pwdbased $fast \
	CFLAGS="-O2 -g0 -fPIC -ffunction-sections -fdata-sections -fstack-protector-strong \
-DWOLFSSL_ALWAYS_VERIFY_CB -DWOLFSSL_VERIFY_CB_ALL_CERTS -DKEEP_PEER_CERT -DWOLFSSL_ALT_NAMES \
-DWOLFSSL_ENCRYPTED_KEYS -DWOLFSSL_ALT_CERT_CHAINS -DWOLFSSL_GETRANDOM" >>"$log" 2>&1 || fail "configure failed"
make -j"$(nproc)" >>"$log" 2>&1 || fail "make failed"
make install >>"$log" 2>&1 || fail "make install failed"
sed -n 's/^#define LIBWOLFSSL_VERSION_STRING "\(.*\)"/\1/p' wolfssl/version.h >"$dest/version"
cd "$dest"
rm -rf "$work"
