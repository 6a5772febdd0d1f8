#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes a small private PKI for trying radsecgw out.

set -eu

usage()
{
	cat <<'END'
Usage: make-pki.sh DIRECTORY [--server NAME]... [--client NAME]... [--days N]

Makes a certificate authority (CA) of your own in DIRECTORY, and with it certificates for RADIUS/TLS
servers and clients. NAME is a host name or an IP address; give it with --server and with --client
for a gateway that is both. Without names it makes a server "localhost" and a client "gateway".

  ca.pem     the CA's certificate: give it to everybody
  ca.key     the CA's key: needed only to make more certificates; keep it to yourself
  NAME.pem   a certificate, followed by that of the CA
  NAME.key   its key (mode 0600)

Certificates are valid for 365 days, or N with --days; the CA is valid for ten years. If DIRECTORY
has ca.pem and ca.key already, they are used, so you can add names later. Nothing is overwritten.

This is for tests and first steps. For real use, let a CA that others trust sign your certificate.
END
}

fail()
{
	echo "make-pki.sh: $*" >&2
	exit 1
}

# The part of the file names: an IPv6 address has colons, which confuse other tools.
file_of()
{
	echo "$1" | tr ':' '_'
}

is_ipv6()
{
	case $1 in
	*:*) return 0 ;;
	esac
	return 1
}

is_ipv4()
{
	case $1 in
	*[!0-9.]*) return 1 ;;
	*.*.*.*) return 0 ;;
	esac
	return 1
}

# "DNS:..." or "IP:..."; the two addresses of localhost come along, since tests use either.
alternative_names()
{
	if is_ipv6 "$1" || is_ipv4 "$1"; then
		echo "IP:$1"
	elif [ "$1" = localhost ]; then
		echo "DNS:localhost, IP:127.0.0.1, IP:::1"
	else
		echo "DNS:$1"
	fi
}

check_name()
{
	case $1 in
	'' | -* | .* | *..* | *[!A-Za-z0-9.:_-]*)
		fail "'$1' is neither a host name nor an IP address" ;;
	ca)
		fail "'ca' is the name of the CA's own files" ;;
	esac
	if is_ipv6 "$1"; then
		return
	fi
	case $1 in
	*[!0-9.]*) ;;
	*) is_ipv4 "$1" || fail "'$1' is neither a host name nor an IP address" ;;
	esac
}

# Is $2 one of the words of $1?
has()
{
	case " $1 " in
	*" $2 "*) return 0 ;;
	esac
	return 1
}

make_key()
{
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>"$work/err" ||
		fail "cannot make a key: $(cat "$work/err")"
}

make_ca()
{
	cat >"$work/ca.cnf" <<END
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
string_mask = utf8only
[name]
O = radsecgw trial
CN = radsecgw trial CA $(date -u +%Y-%m-%d) $(openssl rand -hex 4)
[extensions]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
END
	make_key "$work/ca.key"
	openssl req -new -x509 -sha256 -days 3650 -config "$work/ca.cnf" -key "$work/ca.key" \
		-out "$work/ca.pem" 2>"$work/err" || fail "cannot make the CA: $(cat "$work/err")"
	install_file "$work/ca.key" "$directory/ca.key" 600
	install_file "$work/ca.pem" "$directory/ca.pem" 644
	say "ca.pem" "the CA that is to be trusted"
	say "ca.key" "the CA's key; keep it away from servers"
}

# A leaf certificate: name and purposes.
make_leaf()
{
	file=$(file_of "$1")
	cat >"$work/leaf.cnf" <<END
[req]
distinguished_name = name
prompt = no
string_mask = utf8only
[name]
O = radsecgw trial
END
	# A common name has at most 64 letters, and nobody needs it.
	if [ ${#1} -le 64 ]; then
		echo "CN = $1" >>"$work/leaf.cnf"
	fi
	cat >"$work/leaf.ext" <<END
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = $2
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = $(alternative_names "$1")
END
	make_key "$work/leaf.key"
	openssl req -new -sha256 -config "$work/leaf.cnf" -key "$work/leaf.key" \
		-out "$work/leaf.csr" 2>"$work/err" || fail "cannot ask for $1: $(cat "$work/err")"
	openssl x509 -req -sha256 -days "$days" -in "$work/leaf.csr" -CA "$directory/ca.pem" \
		-CAkey "$directory/ca.key" -set_serial "0x10$(openssl rand -hex 15)" \
		-extfile "$work/leaf.ext" -out "$work/leaf.pem" 2>"$work/err" ||
		fail "cannot sign $1: $(cat "$work/err")"
	cat "$work/leaf.pem" "$directory/ca.pem" >"$work/chain.pem"
	install_file "$work/leaf.key" "$directory/$file.key" 600
	install_file "$work/chain.pem" "$directory/$file.pem" 644
	say "$file.pem" "$(purposes_in_words "$2") $(alternative_names "$1")"
	say "$file.key" "its key"
}

purposes_in_words()
{
	case $1 in
	*,*) echo "server and client" ;;
	server*) echo "server" ;;
	*) echo "client" ;;
	esac
}

# Puts a finished file in its place with the right mode. The umask lets nobody else read it before
# that, and with -C the shell refuses to write to a file that is there.
install_file()
{
	(set -C; cat "$1" >"$2") 2>"$work/err" || fail "cannot make $2: $(cat "$work/err")"
	chmod "$3" "$2"
}

say()
{
	printf '  %-28s %s\n' "$1" "$2"
}

print_configuration()
{
	echo
	echo "To use them in radsecgw.ini:"
	for name in $all; do
		file=$(file_of "$name")
		printf '\n  # on the host that is %s\n' "$name"
		printf '  [tls trial]\n'
		printf '  certificate = %s/%s.pem\n' "$directory" "$file"
		printf '  key = %s/%s.key\n' "$directory" "$file"
		printf '  ca = %s/ca.pem\n' "$directory"
	done
	for name in $all; do
		kind=dns
		if is_ipv6 "$name" || is_ipv4 "$name"; then
			kind=ip
		fi
		if has "$servers" "$name"; then
			at=$name
			if is_ipv6 "$name"; then
				at="[$name]"
			fi
			printf '\n  # on those that connect to %s (its name is checked by itself)\n' "$name"
			printf '  [peer trial]\n  connect = %s\n  tls = trial\n' "$at"
		fi
		if has "$clients" "$name"; then
			printf '\n  # on those that %s connects to\n' "$name"
			printf '  [peer trial]\n  accept = yes\n  tls = trial\n  match = %s:%s\n' "$kind" "$name"
		fi
	done
}

# Keys must never get near a commit; build folders are ignored there.
refuse_repository()
{
	root=$(cd "$(dirname "$0")/.." && pwd -P)
	if [ ! -e "$root/.git" ]; then
		return
	fi
	there=$directory
	while [ ! -d "$there" ]; do
		there=$(dirname "$there")
	done
	rest=${directory#"$there"}
	case $rest in
	*..*) fail "write $directory without '..'" ;;
	esac
	case $(cd "$there" && pwd -P)/$rest/ in
	"$root"/build/* | "$root"/build-*/*) ;;
	"$root"/*) fail "$directory is inside the source tree, where keys must never be" ;;
	esac
}

directory=
servers=
clients=
all=
days=365

while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		usage
		exit 0 ;;
	--server | --client | --days)
		[ $# -ge 2 ] || fail "$1 needs a value; see --help" ;;
	esac
	case $1 in
	--server | --client)
		check_name "$2"
		case $1 in
		--server) servers="$servers $2" ;;
		--client) clients="$clients $2" ;;
		esac
		has "$all" "$2" || all="$all $2"
		shift 2 ;;
	--days)
		case $2 in
		'' | 0* | *[!0-9]* | ??????*) fail "--days needs a number of days" ;;
		esac
		days=$2
		shift 2 ;;
	-*)
		fail "unknown option $1; see --help" ;;
	*)
		[ -z "$directory" ] || fail "one directory only; see --help"
		[ -n "$1" ] || fail "which directory? see --help"
		directory=$1
		shift ;;
	esac
done

if [ -z "$directory" ]; then
	usage >&2
	exit 1
fi
if [ -z "$all" ]; then
	servers=localhost
	clients=gateway
	all="localhost gateway"
fi
command -v openssl >/dev/null || fail "this needs the openssl command"

refuse_repository
mkdir -p "$directory"
directory=$(cd "$directory" && pwd -P)
umask 077

for name in $all; do
	for suffix in pem key; do
		file=$directory/$(file_of "$name").$suffix
		[ ! -e "$file" ] || fail "$file exists; nothing was made or overwritten"
	done
done
if [ -e "$directory/ca.pem" ] && [ ! -e "$directory/ca.key" ]; then
	fail "$directory/ca.pem exists without ca.key; nothing was made or overwritten"
fi
if [ -e "$directory/ca.key" ] && [ ! -e "$directory/ca.pem" ]; then
	fail "$directory/ca.key exists without ca.pem; nothing was made or overwritten"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

echo "In $directory:"
[ -e "$directory/ca.pem" ] || make_ca
for name in $all; do
	purposes=
	if has "$servers" "$name"; then
		purposes=serverAuth
	fi
	if has "$clients" "$name"; then
		purposes=${purposes:+$purposes, }clientAuth
	fi
	make_leaf "$name" "$purposes"
done
print_configuration
