# SPDX-License-Identifier: GPL-2.0-or-later
"""The guides of etc/doc, each carried out from its own text up to a login that works."""
import subprocess

import pytest

from das import Place
from guide import Machine, follow
from lab import HOME_SECRET, NAS_SECRET, PASSWORD, Gateway, Lab, Process, binary, eapol_conf, wait_for

RADIUS1, RADIUS2, OWN = "192.0.2.1", "192.0.2.2", "192.0.2.10"


@pytest.fixture
def lab():
    with Lab() as lab:
        yield lab


def sign(machine, pki, name):
    """What an authority does with a request; its answer goes where the guide says."""
    certs = "/etc/radsecgw/certs"
    more = machine.lab.write("request.ext", f"subjectAltName = DNS:{name}\nextendedKeyUsage = serverAuth, clientAuth\n")
    machine.run("openssl", "x509", "-req", "-in", f"{certs}/{name}.csr", "-CA", pki / "ca.pem", "-CAkey", pki / "ca.key",
                "-CAcreateserial", "-days", "90", "-extfile", more, "-out", f"{certs}/{name}.pem", capture_output=True)
    machine.run("cp", pki / "ca.pem", certs)


def machines(lab, names):
    """The machine of the guide, and the place where others are, who have these names and addresses."""
    others = Place(lab, "others")
    machine = Machine(lab, OWN, others, names)
    for address in names.values():
        if address != OWN:
            others.run("ip", "address", "add", f"{address}/24", "dev", "uplink")
    others.run("sysctl", "-qw", "net.ipv6.conf.uplink.disable_ipv6=1")
    return machine, others


def elsewhere(lab, others, users):
    """The RADIUS server of others."""
    lab.before = others.before
    return lab.freeradius("elsewhere", users="".join(f'{name} Cleartext-Password := "{word}"\n' for name, word in users))


def gateway(lab, others, name, address, pki, home):
    """Another gateway, in front of that server."""
    conf = lab.write(f"{name}.ini", f"""\
[control]
socket = {lab.dir}/{name}.sock
[tls lab]
certificate = {pki}/{name}.pem
key = {pki}/{name}.key
ca = {pki}/ca.pem
[listen radsec]
tls = {address}:2083
profile = lab
[peer below]
accept = yes
match = any
tls = lab
[server home]
auth = 127.0.0.1:{home.auth}
acct = 127.0.0.1:{home.acct}
secret = {HOME_SECRET}
[realm *]
pool = home
""")
    program = Gateway(lab, name, [*others.before, *binary(), "run", "-c", conf])
    program.wait_log(" started: ")
    return program


def national(lab, others, pki, home):
    """radsecproxy as a national proxy, where an access point of others is, too."""
    conf = lab.write("national.conf", f"""\
ListenTLS {RADIUS1}:2083
ListenUDP {RADIUS1}:1812
LogLevel 3
tls default {{
    CACertificateFile {pki}/ca.pem
    CertificateFile {pki}/radius1.nro.example.pem
    CertificateKeyFile {pki}/radius1.nro.example.key
}}
client institution {{
    host 192.0.2.0/24
    type tls
    certificateNameCheck off
}}
client access-point {{
    host 192.0.2.1
    type udp
    secret {NAS_SECRET}
}}
server institution {{
    host {OWN}
    type tls
    certificateNameCheck off
}}
server elsewhere {{
    host 127.0.0.1
    port {home.auth}
    type udp
    secret {HOME_SECRET}
}}
realm example.org {{
    server institution
}}
realm * {{
    server elsewhere
}}
""")
    program = Process(lab, "national", [*others.before, "/usr/sbin/radsecproxy", "-f", "-c", conf])
    program.wait_log("listening for (tls|udp) on", count=2)
    return program


def test_eduroam(lab):
    pki = lab.pki(servers=("radius1.nro.example", "radius2.nro.example"), clients=("radius1.nro.example",))
    machine, others = machines(lab, {"radius1.nro.example": RADIUS1, "radius2.nro.example": RADIUS2})
    home = elsewhere(lab, others, [("guest@elsewhere.example", "guest-password")])
    national(lab, others, pki, home)
    gateway(lab, others, "radius2.nro.example", RADIUS2, pki, home)

    def login():
        text = f'User-Name = "bob@example.org"\nUser-Password = "{PASSWORD}"\nMessage-Authenticator = 0x00\n'

        def accepted():
            done = subprocess.run([*others.before, "radclient", "-x", "-t", "5", f"{RADIUS1}:1812", "auth", NAS_SECRET],
                                  input=text, capture_output=True, text=True, check=False)
            return "Received Access-Accept" in done.stdout
        wait_for("bob's login", accepted)
    try:
        follow(machine, "guide-eduroam.md",
               {"the operator signs the request": lambda: sign(machine, pki, "radius.example.org"),
                "bob logs in elsewhere": login})
    finally:
        machine.stop()


def test_router(lab):
    pki = lab.pki(servers=("radius.provider.example",), clients=())
    machine, others = machines(lab, {"radius.provider.example": RADIUS1})
    home = elsewhere(lab, others, [("bob@provider.example", PASSWORD)])
    gateway(lab, others, "radius.provider.example", RADIUS1, pki, home)
    machine.run("ip", "link", "add", "wlan0", "type", "veth", "peer", "name", "device")
    for name in ("wlan0", "device"):
        machine.run("ip", "link", "set", name, "up")

    def log_in():
        conf = eapol_conf(home, "PEAP-MSCHAPv2", user="bob@provider.example").replace("WPA-EAP", "IEEE8021X")
        conf = lab.write("device.conf", "ap_scan=0\n" + conf.replace('    ssid="lab"\n', "    eapol_flags=0\n"))
        device = Process(lab, "device", [*machine.before, "/sbin/wpa_supplicant", "-D", "wired", "-i", "device", "-c", conf])
        device.wait_log("CTRL-EVENT-EAP-SUCCESS", 30)
    try:
        follow(machine, "guide-router.md", {"the provider signs the request":
                                            lambda: sign(machine, pki, "router.example.org"), "a device logs in": log_in})
    finally:
        machine.stop()
