#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A root with the programs of Debian 13, made once. Where that cannot be done, the matrix says so in their rows.
#
#   root.sh DIR
set -eu
root=$1
[ -e "$root/ready" ] && exit 0
echo "Making $root with the programs of Debian 13; this takes some minutes."
rm -rf --one-file-system "$root"
mkdir -p "$(dirname "$root")"
if mmdebstrap --variant=minbase --include=radsecproxy,freeradius,openssl,gnutls-bin \
	trixie "$root" >"$root.log" 2>&1; then
	touch "$root/ready"
else
	tail -n 3 "$root.log"
fi
