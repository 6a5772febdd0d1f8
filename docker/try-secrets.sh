#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes what compose.yaml and pod.yaml of this folder need for a first try: a PKI of their own, and a shared secret of
# RADIUS/UDP. Nothing is overwritten.
#
#   try-secrets.sh DIRECTORY
set -eu
dest=${1:?usage: try-secrets.sh DIRECTORY}
[ -e "$dest/ca.pem" ] || "$(dirname "$0")/../certs/make-pki.sh" "$dest" \
	--server gateway.example.org --client gateway.example.org \
	--server gateway.example.net --client gateway.example.net >/dev/null
secret=$dest/radius.secret
[ -e "$secret" ] || od -An -N 24 -t x1 /dev/urandom | tr -d ' \n' >"$secret"
echo "secret = $(cat "$secret")" >"$dest/freeradius-secret.conf"
# The gateway in a container is another user: whoever can enter the folder can read what is in it. The key of the CA is
# for nobody.
chmod 644 "$dest"/gateway.* "$dest"/*secret*
