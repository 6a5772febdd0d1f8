#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Prints a bill of materials of a build with static libraries, as SPDX 2.3 in JSON: what the program is made of, in which
# version and under which licence.
#
#   sbom.sh VERSION WRITTEN PROGRAM FOLDER...
#
# PROGRAM is what was built, each FOLDER a library's, with the file `version` that the scripts beside this one leave.
# WRITTEN (seconds since 1970) stands for the time, so the same build has the same bill.
set -eu
version=$1
written=$2
program=$3
shift 3
when=$(date -u -d "@$written" +%Y-%m-%dT%H:%M:%SZ)
digest=$(sha256sum "$program" | cut -d ' ' -f 1)
packages=
relations=

# package NAME VERSION LICENCE COMMENT
package() {
	packages="$packages,
    {\"SPDXID\": \"SPDXRef-$1\", \"name\": \"$1\", \"versionInfo\": \"$2\", \"licenseConcluded\": \"$3\",
      \"licenseDeclared\": \"$3\", \"copyrightText\": \"NOASSERTION\", \"downloadLocation\": \"NOASSERTION\",
      \"filesAnalyzed\": false, \"comment\": \"$4\"}"
	relations="$relations,
    {\"spdxElementId\": \"SPDXRef-radsecgw\", \"relationshipType\": \"STATIC_LINK\", \"relatedSpdxElement\": \"SPDXRef-$1\"}"
}

# number PATTERN TEXT: what the pattern finds between its parentheses.
number() {
	echo "$2" | sed -nE "s/.*$1.*/\1/p"
}

for folder; do
	origin=$(cat "$folder/version")
	case $origin in
	wolfSSL*) package wolfssl "$(number 'wolfSSL ([^ ]*) from' "$origin")" GPL-3.0-or-later "$origin" ;;
	libmicrohttpd*)
		package libmicrohttpd "$(number '_([0-9.]+)\.orig' "$origin")" LGPL-2.1-or-later "$origin"
		;;
	libev*)
		package libev "$(number 'libev_([0-9.]+)\.orig' "$origin")" "BSD-2-Clause OR GPL-2.0-or-later" "$origin"
		package inih "$(number 'libinih_([0-9]+)\.orig' "$origin")" BSD-3-Clause "$origin"
		package c-ares "$(number 'c-ares from .*package ([^ ]*)' "$origin")" MIT "$origin"
		package musl "$(dpkg-query -W -f='${Version}' musl-dev 2>/dev/null || echo unknown)" MIT "musl-dev of Debian"
		;;
	esac
done
cat <<END
{
  "spdxVersion": "SPDX-2.3",
  "dataLicense": "CC0-1.0",
  "SPDXID": "SPDXRef-DOCUMENT",
  "name": "radsecgw-$version",
  "documentNamespace": "https://spdx.org/spdxdocs/radsecgw-$version-$digest",
  "creationInfo": {"created": "$when", "creators": ["Tool: etc/build/sbom.sh"]},
  "packages": [
    {"SPDXID": "SPDXRef-radsecgw", "name": "radsecgw", "versionInfo": "$version", "licenseConcluded": "GPL-2.0-or-later",
      "licenseDeclared": "GPL-2.0-or-later", "copyrightText": "NOASSERTION", "downloadLocation": "NOASSERTION",
      "filesAnalyzed": false, "checksums": [{"algorithm": "SHA256", "checksumValue": "$digest"}]}$packages
  ],
  "relationships": [
    {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-radsecgw"}$relations
  ]
}
END
