#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what a step needs, on Debian and as root; elsewhere it says what is missing.
#
#   deps.sh build|musl|TRIPLE|qemu|system|test|browser|interop|lint|package|containers|boot...
set -eu

packages() {
	case $1 in
	build) echo gcc make git pkg-config libc6-dev libev-dev libinih-dev libc-ares-dev \
		autoconf automake libtool dpkg-dev xz-utils ;;  # the last five build the lean libraries
	musl) echo gcc make libc6-dev musl-tools autoconf automake libtool dpkg-dev xz-utils ;;
	mips-linux-gnu) echo gcc-mips-linux-gnu libc6-dev-mips-cross ;;
	arm-linux-gnueabihf) echo gcc-arm-linux-gnueabihf libc6-dev-armhf-cross ;;
	aarch64-linux-gnu) echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross ;;
	*-linux-gnu*) echo "gcc-$1" ;;  # other triples
	qemu) echo qemu-user-static ;;
	system) echo libwolfssl-dev libmicrohttpd-dev ;;
	test) echo libcmocka-dev python3 python3-pytest python3-cryptography openssl procps iproute2 nftables \
		freeradius freeradius-utils radsecproxy eapoltest hostapd wpasupplicant pmccabe curl prometheus logrotate strace \
		busybox-static python3-yaml haproxy gnutls-bin tshark ;;
	logtools) echo fail2ban rsyslog icinga2-bin ;;  # they are services: not for everybody's machine
	interop) echo iproute2 mount util-linux mmdebstrap gnutls-bin default-jdk-headless ;;
	lint) echo clang clang-tidy cppcheck mandoc pmccabe universal-ctags python3 shellcheck ;;
	fuzz) echo clang libclang-rt-14-dev ;;
	package) echo debhelper lintian fakeroot dpkg-dev ;;
	containers) echo podman buildah runc conmon uidmap netavark aardvark-dns catatonit iptables mmdebstrap podman-compose ;;
	boot) echo mmdebstrap systemd-container ;;
	browser) echo chromium ;;
	valgrind) echo valgrind libc6-dbg ;;
	*) echo "deps.sh: unknown step $1" >&2 && exit 1 ;;
	esac
}

wanted=
for step; do wanted="$wanted $(packages "$step")"; done

if ! command -v dpkg-query >/dev/null; then
	echo "This is not Debian; the packages would be:$wanted" >&2
	exit 0
fi
missing=
for p in $wanted; do
	dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null | grep -q '^installed$' || missing="$missing $p"
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" != 0 ]; then
	echo "Missing packages:$missing" >&2
	echo "Install them with: sudo apt-get install$missing" >&2
	exit 1
fi
echo "Installing:$missing"
# The RADIUS servers among them must not start as services of this machine.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod +x $policy
	trap 'rm -f $policy' EXIT INT TERM
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
install() {
	# shellcheck disable=SC2086
	apt-get install -y --no-install-recommends $missing >"$log" 2>&1
}
install || { apt-get update >"$log" 2>&1 && install; } || {
	tail -n 20 "$log" >&2
	rm -f "$log"
	exit 1
}
rm -f "$log"
