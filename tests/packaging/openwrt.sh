#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the init script of OpenWrt under busybox's ash, with stubs in place of uci, procd and logger, and looks at the
# configuration that it makes and at what procd is told.
#
#   openwrt.sh RADSECGW
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
radsecgw=$(command -v "$1")
ash="busybox ash"
command -v busybox >/dev/null || ash=dash
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
passed=0
failed=0

check() {
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAIL %s\n--- wanted\n%s\n--- got\n%s\n' "$1" "$3" "$2"
	fi
}

# What rc.common and functions.sh of OpenWrt do for the script, as far as it uses them. UCI files are shell-like: words,
# quoted or not.
cat >"$work/stubs" <<'END'
config() { config_cb "$1" "${2:-cfg01}"; }
option() { option_cb "$1" "$2"; }
list() { list_cb "$1" "$2"; }
config_load() { . "$WORK/uci"; config_cb; }
reset_cb() { :; }
logger() { shift 4 2>/dev/null || shift $(($# - 1)); echo "logger: $*" >>"$WORK/said"; }
chown() { echo "chown $*" >>"$WORK/said"; }
procd_open_instance() { echo "open" >>"$WORK/said"; }
procd_set_param() { echo "set $*" >>"$WORK/said"; }
procd_close_instance() { echo "close" >>"$WORK/said"; }
procd_add_reload_trigger() { echo "trigger $*" >>"$WORK/said"; }
restart() { echo "restart" >>"$WORK/said"; }
stop() { echo "stop" >>"$WORK/said"; }
END
sed -e "s,^PROG=.*,PROG=$radsecgw," -e "s,^RUN=.*,RUN=$work/run," "$root/etc/openwrt/files/radsecgw.init" >"$work/script"

# run FUNCTION: its status; what it said is in $work/said.
run() {
	rm -f "$work/said"
	: >"$work/said"
	WORK=$work $ash -c ". $work/stubs; . $work/script; $1" >"$work/out" 2>&1 && echo 0 || echo $?
}

certs=$work/pki
"$root/certs/make-pki.sh" "$certs" --client gateway >/dev/null 2>&1
sample() {
	sed -e "s,/etc/radsecgw/gateway,$certs/gateway,; s,/etc/radsecgw/ca,$certs/ca,; s,enabled '0',enabled '1'," \
		"$root/etc/openwrt/files/radsecgw.config"
}

cp "$root/etc/openwrt/files/radsecgw.config" "$work/uci"
check "the sample as it comes starts nothing" "$(run start_service) $(grep -c open "$work/said")" "0 0"

sample >"$work/uci"
check "the sample starts once it is enabled" "$(run start_service) $(cat "$work/out")" "0 "
check "the configuration is what the file says" "$(cat "$work/run/radsecgw.ini")" "[control]
socket = $work/run/control.sock
[gateway]
[log]
level = info
[tls wifi]
certificate = $certs/gateway.pem
key = $certs/gateway.key
ca = $certs/ca.pem
[listen local]
udp = 127.0.0.1:1812
udp = 127.0.0.1:1813
[client hostapd]
address = 127.0.0.1
secret = change-me
[peer home]
connect = radsec.example.org
tls = wifi
[realm *]
pool = home"
check "others cannot read the secrets" "$(stat -c %a "$work/run/radsecgw.ini")" 600
check "procd hears of the program and of its file" "$(grep -E 'command|set file|user' "$work/said")" \
	"set command $radsecgw run -c $work/run/radsecgw.ini
set file $work/run/radsecgw.ini
set user radsecgw"

check "a change in UCI is a reload" "$(run service_triggers) $(cat "$work/said")" "0 trigger radsecgw"

# A semicolon begins a comment, a quote a quoted value, a comma the next item; and options come in any order.
{
	sample | sed '/config realm/,$d; s/change-me/one;two"three/'
	printf "config realm\n\toption pool 'home'\n\toption realm 'example.org'\n"
	printf "config rewrite 'more'\n\tlist set 'Reply-Message = one, two'\n\toption packets 'access-accept, access-reject'\n"
	printf "config realm\n\toption realm '*'\n\toption pool 'home'\n"
} >"$work/uci"
check "special characters arrive" "$(run start_service) $(cat "$work/out")" "0 "
check "the secret is quoted" "$(grep '^secret' "$work/run/radsecgw.ini")" 'secret = "one;two""three"'
check "an item of a list keeps its comma" "$(grep '^set' "$work/run/radsecgw.ini")" 'set = "Reply-Message = one, two"'
check "an option keeps several" "$(grep '^packets' "$work/run/radsecgw.ini")" 'packets = access-accept, access-reject'
check "the name of a realm may come last" "$(sed -n '/example.org]/,/^pool/p' "$work/run/radsecgw.ini")" \
	"[realm example.org]
pool = home"

before=$(cat "$work/run/radsecgw.ini")
sample | sed "s/'change-me'/'two\\nlines'/" | sed 's/\\n/\n/' >"$work/uci"
check "a line break starts nothing" "$(run start_service) $(grep -c open "$work/said")" "1 0"
check "it is said which option has it" "$(grep -c 'option secret has a line break' "$work/said")" 1
check "the configuration in use stays" "$(cat "$work/run/radsecgw.ini")" "$before"

sample | sed "s/option pool 'home'/option pool 'hom'/" >"$work/uci"
check "a mistake starts nothing" "$(run start_service) $(grep -c open "$work/said")" "1 0"
check "the log says what is wrong" "$(grep -c "logger: .*hom" "$work/said")" 1

if command -v shellcheck >/dev/null; then
	check "shellcheck has nothing to say" "$(shellcheck "$root/etc/openwrt/files/radsecgw.init" 2>&1)" ""
fi
sample >"$work/uci"
check "a gateway that cannot take it up is started anew" "$(run reload_service) $(grep -c restart "$work/said")" "0 1"
cp "$root/etc/openwrt/files/radsecgw.config" "$work/uci"
check "a gateway that is disabled stops" "$(run reload_service) $(grep -c stop "$work/said")" "0 1"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
