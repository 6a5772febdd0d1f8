# SPDX-License-Identifier: GPL-2.0-or-later
"""A site whose stations can be sent away from home, with real parts, for tests in a network namespace of their own.

    radclient, FreeRADIUS -> home gateway -> [national gateway ->] [NAT ->] site gateway -> hostapd, FreeRADIUS

The site has a network namespace of its own. It opens the connection on which all of this travels: with `nat`, behind a
router that hides its addresses and lets nothing in; with `national`, to a third gateway that connects to the home one.
hostapd is an access point with 802.1X on a cable, at which stations with wpa_supplicant log in by PEAP; FreeRADIUS is a
switch that takes CoA, too, and the server at home."""
import contextlib
import os
import re
import subprocess
import time

from lab import HOME_SECRET, NAS_SECRET, Gateway, Home, Process, binary, eapol_conf, pap, radclient, wait_for
from test_coa import AccessPoint

TOOLS = ("hostapd", "wpa_supplicant", "freeradius", "radclient", "nft", "ip", "unshare", "nsenter")
ALL = "allow = auth, acct, coa, disconnect"
HOME, ROUTER = "198.51.100.1", "198.51.100.2"  # what the two sides of the internet look like
SITE = "10.66.0.2"  # behind the router
AP, SWITCH = "127.0.0.11", "127.0.0.12"  # at the site
USERS = 'DEFAULT Cleartext-Password := "hello"'


def run(*words):
    subprocess.run([str(w) for w in words], check=True)


class Place:
    """A network namespace, which lives as long as its process."""

    def __init__(self, lab, name):
        self.process = Process(lab, name, ["unshare", "--net", "sleep", "infinity"])
        self.pid, own = self.process.pid, os.readlink("/proc/self/ns/net")
        wait_for(f"the network of {name}", lambda: os.readlink(f"/proc/{self.pid}/ns/net") != own)
        self.before = ["nsenter", f"--net=/proc/{self.pid}/ns/net"]
        self.run("ip", "link", "set", "lo", "up")

    def run(self, *words):
        run(*self.before, *words)

    @contextlib.contextmanager
    def programs(self, lab):
        """The lab's programs start here."""
        lab.before = self.before
        yield
        lab.before = ()

    def address(self, interface, address):
        self.run("ip", "address", "add", f"{address}/24", "dev", interface)
        self.run("ip", "link", "set", interface, "up")


class Server(Home):
    """The FreeRADIUS at home, which sends a CoA by itself when `steered` logs in, and a Disconnect for the station that
    `ender` names as Called-Station-Id."""

    def __init__(self, lab, coa_port):
        self.coa_port = coa_port
        super().__init__(lab, "server", USERS, None, HOME_SECRET)
        self.start()

    def _write(self, users, tls):
        super()._write(users, tls)
        path = self.folder / "radiusd.conf"
        text = path.read_text().replace("client local {", f"""\
home_server gateway {{
    type = coa
    ipaddr = 127.0.0.1
    port = {self.coa_port}
    secret = {NAS_SECRET}
    coa {{
        irt = 2
        mrt = 16
        mrc = 5
        mrd = 30
    }}
}}
client local {{
    coa_server = gateway
""", 1).replace("    accounting {\n", """\
    post-auth {
        if (&User-Name =~ /^steered/) {
            update coa {
                &User-Name := "%{User-Name}"
                &Calling-Station-Id := "%{Calling-Station-Id}"
                &NAS-Identifier := "%{NAS-Identifier}"
                &Filter-Id := "steered"
                &Event-Timestamp := "%l"
            }
        }
        if (&User-Name =~ /^ender/) {
            update disconnect {
                &Calling-Station-Id := "%{Called-Station-Id}"
                &Event-Timestamp := "%l"
                &Message-Authenticator := 0x00
            }
        }
        ok
    }
    accounting {
""", 1)
        path.write_text(text)


class Hostapd(Process):
    """hostapd with 802.1X on a cable."""

    def __init__(self, lab):
        self.control = lab.dir / "hostapd"
        conf = lab.write("hostapd.conf", f"""\
interface=port
driver=wired
logger_stdout=-1
logger_stdout_level=0
ctrl_interface={self.control}
ieee8021x=1
own_ip_addr={AP}
radius_client_addr={AP}
nas_identifier=ap
auth_server_addr=127.0.0.1
auth_server_port=1812
auth_server_shared_secret={NAS_SECRET}
acct_server_addr=127.0.0.1
acct_server_port=1813
acct_server_shared_secret={NAS_SECRET}
radius_das_port=3799
radius_das_client=127.0.0.1 {NAS_SECRET}
radius_das_require_event_timestamp=1
radius_das_require_message_authenticator=1
""")
        super().__init__(lab, "hostapd", [*lab.before, "/usr/sbin/hostapd", "-d", conf])
        self.wait_log("AP-ENABLED")

    def ask(self, *words):
        return subprocess.run(["/usr/sbin/hostapd_cli", "-p", self.control, "-i", "port", *words], capture_output=True,
                              text=True, check=True, timeout=20).stdout

    def stations(self):
        """The addresses of those who are logged in, and their accounting sessions."""
        found = {}
        for text in re.split(r"^(?=(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$)", self.ask("all_sta"), flags=re.M):
            if "[AUTHORIZED]" in text:
                found[text.split()[0]] = re.search(r"^dot1xAuthSessionId=(\S+)", text, re.M)[1]
        return found


class Station(Process):
    """wpa_supplicant with an address of its own on the cable. No address is used twice: hostapd sends away who comes
    back within seconds after a Disconnect."""

    def __init__(self, world, number):
        lab, port = world.lab, f"station{number}"
        self.user, self.mac, self.session = f"user{number}@example.org", f"02:00:00:00:01:{number:02x}", None
        world.site.run("ip", "link", "add", "link", "cable", "name", port, "address", self.mac, "type", "macvlan")
        world.site.run("ip", "link", "set", port, "up")
        conf = eapol_conf(world.server, "PEAP-MSCHAPv2", user=self.user).replace("WPA-EAP", "IEEE8021X")
        conf = conf.replace('    ssid="lab"\n', "    eapol_flags=0\n")
        conf = lab.write(f"{port}.conf", f"ap_scan=0\n{conf}")
        argv = ["/sbin/wpa_supplicant", "-D", "wired", "-i", port, "-c", conf]
        super().__init__(lab, port, [*world.site.before, *argv])

    @property
    def calling(self):
        """The attribute that names the station, as hostapd writes it."""
        return f'Calling-Station-Id = "{self.mac.replace(":", "-").upper()}"'


class World:
    def __init__(self, lab, nat=False, national=False):
        self.lab, self.nat, self.national, self.stations = lab, nat, None, 0
        self.pki = lab.pki(servers=("home.test", "national.test"), clients=("site.test", "national.test"))
        self._network(nat)
        self.coa = lab.port()
        self.server = Server(lab, self.coa)
        port = lab.port()
        self.home = self.gateway("home", f"""
{self._listen(port)}
{self._accept("national.test" if national else "site.test")}
[listen coa]
udp = 127.0.0.1:{self.coa}
accept = coa
[client home]
address = 127.0.0.1
secret = {NAS_SECRET}
allow = coa, disconnect
[server home]
auth = 127.0.0.1:{self.server.auth}
acct = 127.0.0.1:{self.server.acct}
secret = {HOME_SECRET}
[realm *]
pool = home
""")
        if national:
            home, port = port, lab.port()
            text = self._listen(port) + self._accept("site.test") + self._connect("home", home)
            self.national = self.gateway("national", text)
            self.national.wait_log(" connection-up: ")
        with self.site.programs(lab):
            self.switch = AccessPoint(lab, "switch")
            self.site_gateway = self.gateway("site", f"""
[listen local]
udp = 127.0.0.1:1812, 127.0.0.1:1813
[client ap]
address = {AP}
secret = {NAS_SECRET}
coa = 127.0.0.1:3799
[client switch]
address = {SWITCH}
secret = {NAS_SECRET}
coa = 127.0.0.1:{self.switch.port}
{self._connect("national" if national else "home", port)}
""")
            self.site_gateway.wait_log(" connection-up: ")
            self.ap = Hostapd(lab)

    def _network(self, nat):
        """The cable between home and the site, and the one at the access point."""
        lab, self.site = self.lab, Place(self.lab, "site-network")
        router = Place(lab, "router-network") if nat else self.site
        run("ip", "link", "add", "uplink", "type", "veth", "peer", "name", "wan", "netns", router.pid)
        run("ip", "address", "add", f"{HOME}/24", "dev", "uplink")
        run("ip", "link", "set", "uplink", "up")
        router.address("wan", ROUTER)
        if nat:
            router.run("ip", "link", "add", "lan", "type", "veth", "peer", "name", "uplink", "netns", self.site.pid)
            router.address("lan", "10.66.0.1")
            self.site.address("uplink", SITE)
            self.site.run("ip", "route", "add", "default", "via", "10.66.0.1")
            rules = lab.write("router.nft", """
table ip nat {
    chain leaving { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
}
table ip filter {
    chain forward {
        type filter hook forward priority 0; policy drop;
        iifname "lan" accept
        ct state established,related accept
    }
    chain input { type filter hook input priority 0; iifname "wan" drop; }
}
""")
            router.run("nft", "-f", rules)
            router.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.site.run("ip", "link", "add", "port", "type", "veth", "peer", "name", "cable")
        for name in ("port", "cable"):
            self.site.run("ip", "link", "set", name, "up")

    # ---- the gateways

    def gateway(self, name, text):
        cert = f"{name}.test"
        conf = self.lab.write(f"{name}.ini", f"""\
[gateway]
connect-rate = 0
connect-rate-per-address = 0
[log]
level = debug
rate = 0
[control]
socket = {self.lab.dir}/{name}.sock
[tls lab]
certificate = {self.pki}/{cert}.pem
key = {self.pki}/{cert}.key
ca = {self.pki}/ca.pem
{text}
""")
        gateway = Gateway(self.lab, name, [*self.lab.before, *binary(), "run", "-c", conf])
        gateway.wait_log(" started: ")
        return gateway

    def _listen(self, port):
        return f"[listen radsec]\ntls = {HOME}:{port}\nprofile = lab\n"

    def _accept(self, name):
        return f"[peer below]\naccept = yes\nname = {name}\ntls = lab\n{ALL}\n"

    def _connect(self, name, port):
        return f"[peer above]\nconnect = {HOME}:{port}\nname = {name}.test\ntls = lab\n{ALL}\n[realm *]\npool = above\n"

    def gateways(self):
        """All of them, from home to the site."""
        return [gateway for gateway in (self.home, self.national, self.site_gateway) if gateway]

    # ---- what happens

    def log_in(self):
        """Two new stations log in by PEAP through all gateways."""
        stations = [Station(self, self.stations + n) for n in (1, 2)]
        self.stations += 2
        wait_for("the stations to be logged in", lambda: {s.mac for s in stations} <= self.ap.stations().keys())
        for station in stations:
            station.session = self.ap.stations()[station.mac]
        return stations

    def log_in_at_the_switch(self, user, mac, more=""):
        text = pap(user=f"{user}@example.org", more=f'Packet-Src-IP-Address = {SWITCH}\nNAS-Identifier = "switch"\n'
                   f'Calling-Station-Id = "{mac}"\n{more}')
        words = ["/usr/bin/radclient", "-x", "-t", "10", "127.0.0.1:1812", "auth", NAS_SECRET]
        done = subprocess.run([*self.site.before, *words], input=text, capture_output=True, text=True, timeout=60,
                              check=False)
        assert "Received Access-Accept" in done.stdout, done.stdout + done.stderr

    def send(self, kind, attributes, stamp=True, timeout=15):
        """radclient at home sends a CoA or a Disconnect to the home gateway; gives what it says."""
        when = f"Event-Timestamp = {int(time.time())}\n" if stamp else ""
        text = f"{attributes}\n{when}Message-Authenticator = 0x00\n"
        return radclient(self.coa, kind, text, timeout=timeout)[1]
