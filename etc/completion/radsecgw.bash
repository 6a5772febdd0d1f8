# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of radsecgw(8) for bash: commands, options, tables, levels, and the names of peers and servers that the
# running gateway tells. Installed as share/bash-completion/completions/radsecgw.

# The names that a table of the running gateway has, if it can be asked.
_radsecgw_names() {
	radsecgw status --json "$@" 2>/dev/null | grep -o '"name": *"[^"]*"' | sed 's/.*: *"\(.*\)"/\1/'
}

_radsecgw() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command="" word
	local commands="run check ping status drain resume reconnect log-level"

	COMPREPLY=()
	case $prev in
	-c | --config | --socket)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	esac
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case " $commands " in
		*" $word "*) command=$word && break ;;
		esac
	done
	local words
	case $command in
	"") words="$commands --config --version --help" ;;
	run) words="--config" ;;
	check) words="--config --dump" ;;
	status)
		words="gateway peers servers pools connections clients realms listeners limits counters --json --config --socket"
		;;
	drain | resume) words="$(_radsecgw_names peers servers) --json --config --socket" ;;
	reconnect) words="$(_radsecgw_names peers) --json --config --socket" ;;
	log-level)
		words="--json --config --socket"
		case $prev in
		log-level) words="debug info notice warning error $words" ;;
		debug | info | notice | warning | error) words="for $words" ;;
		esac
		;;
	*) words="--json --config --socket" ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _radsecgw radsecgw
