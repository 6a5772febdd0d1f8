#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Asks the completion for bash what it would complete, beside what the program says of itself.
#
#   completion.sh RADSECGW
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
program=$(command -v "$1")
# shellcheck source=/dev/null
. "$root/etc/completion/radsecgw.bash"
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

# What follows `radsecgw WORD...`, sorted; the last word is the one that is being typed.
complete_words() {
	COMP_WORDS=(radsecgw "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_radsecgw
	printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd ' '
}

# In place of a running gateway.
radsecgw() {
	case "$*" in
	"status --json peers servers") echo '{"peers":[{"name":"national1"}],"servers":[{"name": "home"}]}' ;;
	"status --json peers") echo '{"peers":[{"name":"national1"}]}' ;;
	--help) "$program" --help ;;
	esac
}

for command in run check import setup probe ping status drain resume reconnect log-level; do
	check "the command $command" "$(complete_words "$command")" "$command"
done
check "tables of status" "$(complete_words status se)" "servers"
check "neighbours to drain" "$(complete_words drain "" | tr ' ' '\n' | grep -v '^--' | paste -sd ' ')" "home national1"
check "peers to reconnect" "$(complete_words reconnect n)" "national1"
check "peers to probe" "$(complete_words probe n)" "national1"
check "a password" "$(cd "$root" && complete_words probe --password-file README)" "README.md"
check "an option of two words" "$(complete_words probe --pass)" "--password-file"
check "levels" "$(complete_words log-level de)" "debug"
check "a time for a level" "$(complete_words log-level debug f)" "for"
check "a file" "$(cd "$root" && complete_words check -c README)" "README.md"
check "a file to import" "$(cd "$root" && complete_words import READ)" "README.md"
check "a language" "$(complete_words import --from u)" "uci"
check "a folder for secrets" "$(cd "$root" && complete_words import --secrets doc)" "docker"
check "a profile" "$(complete_words setup --profile r)" "router"
check "a certificate" "$(cd "$root" && complete_words setup --cert READ)" "README.md"
check "an option of setup" "$(complete_words setup --test)" "--test-pki"
check "an option of import" "$(complete_words import --rep)" "--report"
check "an option" "$(complete_words check --d)" "--dump"
check "options that the program knows" "$(complete_words --ver)" "--version"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
