#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs each fuzz target, or those that are named, for some time; or, with FUZZ_RUNS, for so many executions.
#
#   [FUZZ_RUNS=N] run.sh BUILD SECONDS [TARGET...]
#
# What is found is in BUILD/findings, what is said in BUILD/TARGET.log; a corpus grows in BUILD/corpus. The exit status
# is 1 if anything was found.
set -eu
build=$1
seconds=$2
shift 2
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(basename -s .c tests/fuzz/fuzz_*.c)

# An event in the engine's world has some four octets, so its inputs are long stories. They differ in so much that
# libFuzzer would take longer to compare them than to run them.
options() {
	case $1 in
	engine) echo -max_len=256 -entropic=0 ;;
	*) echo -max_len=8192 ;;
	esac
}

value() {
	sed -n "s/^stat::$1: *//p" "$build/$2.log"
}

# Freed memory is kept long enough for one execution, and no longer: most of the time would go there.
export ASAN_OPTIONS="quarantine_size_mb=8:malloc_context_size=5${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
if [ -n "${FUZZ_RUNS:-}" ]; then limit=-runs=$FUZZ_RUNS; else limit=-max_total_time=$seconds; fi
failed=0
for name; do
	short=${name#fuzz_}
	seeds=tests/fuzz/corpus/$short
	work=$build/corpus/$short
	mkdir -p "$work" "$build/findings"
	began=$(date +%s)
	# shellcheck disable=SC2046
	"$build/tests/fuzz/$name" "$limit" $(options "$short") -timeout=10 -print_final_stats=1 \
		-artifact_prefix="$build/findings/$name-" "$work" "$seeds" 2>"$build/$name.log" || {
		tail -n 60 "$build/$name.log"
		failed=1
		continue
	}
	echo "$name: $(value number_of_executed_units "$name") executions in $(($(date +%s) - began)) s," \
		"$(value new_units_added "$name") new inputs"
done
exit $failed
