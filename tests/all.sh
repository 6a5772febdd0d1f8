#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# All test suites, with the default build, the build with Debian's wolfSSL, and the one with
# sanitizers; one summary line at the end. The builds must have been made (make test does that).
set -u
cd "$(dirname "$0")/.." || exit 1
passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT INT TERM

run() {
	tests/run.py "$@" | tee "$log"
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
	if [ -z "$line" ]; then
		failed=$((failed + 1))
		return
	fi
	passed=$((passed + ${line%% passed*}))
	line=${line#*, }
	failed=$((failed + ${line%% failed*}))
}

# What does not depend on the TLS library is not repeated with the other one, and what only waits, not with sanitizers.
not_tls="not test_import and not test_helpdesk and not test_login_line and not test_coa and not test_metrics and \
not test_monitoring and not test_notify and not test_reload and not test_control and not test_memory and not test_watch and \
not test_failover and not test_network and not test_circles and not test_deadrealms and not test_rewrites and \
not test_crash and not test_trace and not test_workers and not test_plain and not test_lab and not test_page"
not_slow="not test_monitoring and not test_notify and not test_reload_load and not test_watch and not test_lab and \
not test_circles and not test_memory and not test_network and not test_page"

run --build build
run --build build/system --select "$not_tls" unit scenario conf setup e2e
run --build build/asan --select "$not_slow" unit scenario conf setup corpus e2e

echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
