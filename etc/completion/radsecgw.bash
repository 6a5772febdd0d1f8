# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of radsecgw(8) for bash: commands and options as the program itself tells them, tables, levels, and the names
# of peers and servers that the running gateway has. Installed as share/bash-completion/completions/radsecgw.

_radsecgw_commands() {
	radsecgw --help | sed -nE 's/^  ([a-z][a-z-]*) .*/\1/p'
}

_radsecgw_options() {
	radsecgw --help | sed -nE 's/^ .* (--[a-z-]+) .*/\1/p' | sort -u
}

# The names that tables of the running gateway have, if it can be asked.
_radsecgw_names() {
	radsecgw status --json "$@" 2>/dev/null | grep -o '"name": *"[^"]*"' | sed 's/.*: *"\(.*\)"/\1/'
}

_radsecgw() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} commands command="" word words=""

	commands=" $(_radsecgw_commands | tr '\n' ' ') "
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ $commands != *" $word "* ]] || command=$word
	done
	case $command:$prev in
	*:-c | *:--config | *:--socket | *:--password-file)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	import:--from)
		mapfile -t COMPREPLY < <(compgen -W "radsecproxy uci freeradius" -- "$cur")
		return
		;;
	import:--secrets)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	setup:--profile)
		mapfile -t COMPREPLY < <(compgen -W "eduroam-institution national-proxy openroaming sidecar router" -- "$cur")
		return
		;;
	setup:--cert | setup:--key | setup:--ca | setup:--secret-file)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	setup:--realm | setup:--peer | setup:--server | setup:--client | setup:--name | setup:--operator-name) return ;;
	setup:--udp | setup:--radsec) return ;;
	import:*)
		if [[ $cur != -* ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
		fi
		;;
	:*) words=$commands ;;
	help:*) words=$(radsecgw help | sed -nE 's/^   ([a-z][a-z -]+)$/\1/p') ;;
	status:*) words="--nagios gateway peers servers pools connections clients realms listeners limits nas counters" ;;
	drain:* | resume:*) words=$(_radsecgw_names peers servers) ;;
	trace:--for | trace:--mac | trace:--user | trace:--realm) return ;;
	probe:--tls | probe:--idle | probe:--user | probe:--timeout) return ;;
	*:--client) words=$(_radsecgw_names clients peers) ;;
	*:--result) words="open accept reject challenge acknowledged error timeout dropped" ;;
	*:--code) words="auth acct" ;;
	reconnect:* | probe:*) words=$(_radsecgw_names peers) ;;
	log-level:log-level) words="error warning notice info debug" ;;
	log-level:*) words="for" ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words $(_radsecgw_options)" -- "$cur")
}
complete -F _radsecgw radsecgw
