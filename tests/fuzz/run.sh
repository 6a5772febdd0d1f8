#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds every fuzz target against a library built with its instrumentation and runs each for some time.
#
#   run.sh BUILD SECONDS
set -eu
build=$1
seconds=$2
for source in tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	seeds=tests/fuzz/corpus/${name#fuzz_}
	work=$build/corpus/${name#fuzz_}
	mkdir -p "$work" "$build/findings"
	# shellcheck disable=SC2046
	clang -std=c11 -D_GNU_SOURCE -Iinclude -g -O1 -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all -o "$build/$name" "$source" "$build/libradsecgw.a" \
		"${LEAN:-build/wolfssl}/lib/libwolfssl.a" -lm -lev -linih -lcares
	echo "== $name for $seconds s"
	"$build/$name" -max_total_time="$seconds" -max_len=8192 -timeout=10 -print_final_stats=1 \
		-artifact_prefix="$build/findings/$name-" "$work" "$seeds" 2>"$build/$name.log" || {
		tail -n 60 "$build/$name.log"
		exit 1
	}
	grep -E 'number_of_executed_units|new_units_added' "$build/$name.log"
done
