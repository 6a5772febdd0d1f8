#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Boots a Debian with systemd in systemd-nspawn, with the package of `make deb` in it, and looks at the service: off at
# first, then with a key that only root can read, reload, a crash, stop. As root.
#
#   boot.sh PACKAGE.deb
set -eu
deb=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")/../.." && pwd)
work=$here/build/boot
for tool in systemd-nspawn mmdebstrap; do
	command -v $tool >/dev/null || { echo "skipped: there is no $tool" && echo "0 passed, 0 failed, 1 skipped" && exit 0; }
done
[ "$(id -u)" = 0 ] || { echo "skipped: only root can boot a container" && echo "0 passed, 0 failed, 1 skipped" && exit 0; }

mkdir -p "$work"
mirror=$(apt-get --print-uris update 2>/dev/null | sed -nE "s,^'(.*)/dists/bookworm/InRelease'.*,\1,p" | head -n 1)
[ -s "$work/base.tar" ] || mmdebstrap --quiet --variant=minbase --include=systemd-sysv,dbus,adduser,procps,openssl,freeradius-utils \
	bookworm "$work/base.tar" "$mirror"
rm -rf "$work/root"
mkdir "$work/root"
tar xf "$work/base.tar" -C "$work/root"
root=$work/root
cp "$deb" "$root/radsecgw.deb"
cp /etc/resolv.conf "$root/etc/"
chroot "$root" sh -c '{ apt-get update && apt-get install -y --no-install-recommends /radsecgw.deb; } >/install.log 2>&1' ||
	{ cat "$root/install.log" && exit 1; }

"$here/certs/make-pki.sh" "$work/pki.$$" --client gateway >/dev/null
cp "$work/pki.$$"/gateway.pem "$work/pki.$$"/ca.pem "$root/etc/radsecgw/"
install -m 600 "$work/pki.$$"/gateway.key "$root/etc/radsecgw/gateway.key"
rm -rf "$work/pki.$$"
cat >"$root/etc/radsecgw/radsecgw.ini.new" <<'END'
[tls federation]
certificate = gateway.pem
key = ${CREDENTIALS_DIRECTORY}/gateway.key
ca = ca.pem
[listen local]
udp = 127.0.0.1:1812
[client local]
address = 127.0.0.1
secret = secret-of-this-test
[peer national]
connect = 127.0.0.1:2083
name = radius.nro.example
tls = federation
[realm *]
reject = nobody is at home
END
mkdir -p "$root/etc/systemd/system/radsecgw.service.d"
printf '[Service]\nLoadCredential=gateway.key:/etc/radsecgw/gateway.key\n' \
	>"$root/etc/systemd/system/radsecgw.service.d/key.conf"
cat >"$root/check.sh" <<'END'
#!/bin/sh
# In the container, once it has booted.
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
says() { "$@" >/dev/null 2>&1 && echo yes || echo no; }
pid() { systemctl show -P MainPID radsecgw; }
patiently() { for _ in $(seq 100); do "$@" >/dev/null 2>&1 && return 0; sleep 0.2; done; return 1; }

check "the service is off after the installation" "$(systemctl is-enabled radsecgw) $(systemctl is-active radsecgw)" "disabled inactive"
check "only root and the gateway look into the configuration" "$(stat -c '%U:%G %a' /etc/radsecgw)" "root:radsecgw 750"
check "without a configuration it does not start" "$(says systemctl start radsecgw)" no
systemctl reset-failed radsecgw
mv /etc/radsecgw/radsecgw.ini.new /etc/radsecgw/radsecgw.ini
check "it starts" "$(says systemctl start radsecgw)" yes
check "it answers" "$(says patiently radsecgw ping)" yes
check "it is no root" "$(ps -o user= -p "$(pid)")" radsecgw
check "it has no capabilities" "$(sed -n 's/^Cap\(Prm\|Eff\|Bnd\|Amb\):.*\([1-9a-f]\).*/\1/p' /proc/"$(pid)"/status)" ""
check "the system calls have a filter" "$(sed -n 's/^Seccomp:[^0-9]*//p' /proc/"$(pid)"/status)" 2
check "requests are answered" "$(echo 'User-Name=a@b.example,User-Password=x,Message-Authenticator=0x00' |
	radclient -r 3 127.0.0.1:1812 auth secret-of-this-test 2>&1 | grep -c 'Received Access-Reject')" 1
before=$(pid)
check "reload is taken" "$(says systemctl reload radsecgw)" yes
check "and it is the same process" "$(pid) $(says radsecgw ping)" "$before yes"
kill -SEGV "$before"
again() { [ "$(pid)" != "$before" ] && [ "$(pid)" != 0 ] && radsecgw ping; }
check "it comes back after a crash" "$(says patiently again)" yes
check "it stops" "$(says systemctl stop radsecgw) $(systemctl show -P Result radsecgw)" "yes success"
[ "$failed" = 0 ] || journalctl -u radsecgw --no-pager | tail -n 40
echo "$passed passed, $failed failed"
END
chmod +x "$root/check.sh"
cat >"$root/etc/systemd/system/check.service" <<'END'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c '/check.sh >/check.log 2>&1'
ExecStopPost=/bin/systemctl poweroff --no-block
TimeoutStartSec=240
[Install]
WantedBy=multi-user.target
END
chroot "$root" systemctl enable check.service >/dev/null 2>&1
timeout 600 systemd-nspawn -q --register=no --keep-unit --private-network -b -D "$root" >"$work/console.log" 2>&1 </dev/null || true
if [ ! -s "$root/check.log" ]; then
	tail -n 30 "$work/console.log"
	echo "0 passed, 1 failed"
	exit 1
fi
cat "$root/check.log"
grep -q ' 0 failed$' "$root/check.log"
