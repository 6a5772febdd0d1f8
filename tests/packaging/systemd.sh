#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Looks at the unit of systemd with systemd's own eyes: whether it is understood, and how much the service may do.
#
#   systemd.sh RADSECGW
set -eu
unit=$(cd "$(dirname "$0")/../.." && pwd)/etc/systemd/radsecgw.service
radsecgw=$(command -v "$1")
passed=0
failed=0

check() {
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAIL %s: wanted "%s", got "%s"\n' "$1" "$3" "$2"
	fi
}

if ! command -v systemd-analyze >/dev/null; then
	echo "skipped: there is no systemd-analyze"
	echo "1 passed, 0 failed"
	exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

# The program need not be installed for this, nor its manual.
sed "s,/usr/sbin/radsecgw,$radsecgw,; /^Documentation/d" "$unit" >"$work/radsecgw.service"
check "the unit is understood" "$(systemd-analyze verify "$work/radsecgw.service" 2>&1 | grep radsecgw || true)" ""

# Exposure in tenths, of 10.0: what a service without any restriction has is 9.6.
level=$(systemd-analyze security --offline=true "$work/radsecgw.service" | sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p')
check "the exposure ($level) is at most 1.5" "$(echo "$level" | awk '{ print $1 != "" && $1 <= 1.5 }')" 1

# What an operator counts on: reload goes to the gateway itself, and a gateway that ends by itself comes back.
# shellcheck disable=SC2016
for line in 'Type=notify' 'WatchdogSec=30s' 'ExecReload=/usr/sbin/radsecgw reload -c /etc/radsecgw/radsecgw.ini' 'Restart=on-failure' 'ProtectSystem=strict' 'CapabilityBoundingSet='; do
	check "the unit has a line $line" "$(grep -cxF -e "$line" "$unit")" 1
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
