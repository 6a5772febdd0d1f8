#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Everything that can be said about the code without running it. The builds have been made with gcc and
# clang already, warnings being errors.
set -eu
tls="-isystem ${LEAN:-build/wolfssl}/include -isystem ${HTTPD:-build/microhttpd}/include"
defines='-D_GNU_SOURCE -DRGW_VERSION="lint" -DRGW_WOLFSSL="lint" -DRGW_WRITTEN=1'

echo "== rules of the code base"
tests/lint/code.py build
tests/lint/circles.py build
tests/lint/clauses.py

echo "== cppcheck"
# shellcheck disable=SC2086
cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 --enable=warning,performance,portability \
	--suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches -j "$(nproc)" \
	-Iinclude $defines src

echo "== clang-tidy"
# shellcheck disable=SC2086,SC2016
find src tests/scenario -name '*.c' -print0 | xargs -0 -n 4 -P "$(nproc)" sh -c '
	clang-tidy --quiet "$@" -- -std=c11 -Iinclude '"$tls"' -D_GNU_SOURCE "-DRGW_VERSION=\"x\"" "-DRGW_WOLFSSL=\"x\"" -DRGW_WRITTEN=1 \
		2>/dev/null' lint

echo "== manual pages"
mandoc -Tlint -W warning etc/man/*

echo "== shell and Python"
for f in etc/build/*.sh certs/*.sh docker/*.sh tests/*.sh tests/*/*.sh etc/completion/*.bash; do
	if head -n 1 "$f" | grep -q bash || [ "${f%.bash}" != "$f" ]; then bash -n "$f"; else sh -n "$f"; fi
done
shellcheck docker/*.sh tests/packaging/*.sh tests/containers/*.sh etc/openwrt/files/radsecgw.init etc/build/sbom.sh
shellcheck -s bash etc/completion/radsecgw.bash
/usr/bin/python3 -c 'import ast, pathlib, sys
for p in pathlib.Path("tests").rglob("*.py"): ast.parse(p.read_text(), str(p))'
echo "lint is clean"
