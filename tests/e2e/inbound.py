# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of the other direction need: radsecgw as a RADIUS/TLS server in front of a RADIUS/UDP
server, and TLS clients of several makes."""
import socket
import ssl
import struct
import time

import radius
from lab import HOME_SECRET, NAS_SECRET, Process


NO_RATES = "connect-rate = 0\nconnect-rate-per-address = 0\n"


def inbound_conf(lab, pki, home, name="home.ini", cert="localhost", listen="", peer="", server="", gateway="",
                 match="", level="debug", extra="", profile="lab", realm="*"):
    """A gateway that takes requests from peers with a certificate for gateway.test and asks the home
    server. lab.radsec is its port."""
    lab.radsec = lab.port()
    return lab.write(name, f"""\
[gateway]
{gateway if "connect-rate" in gateway else NO_RATES + gateway}

[log]
level = {level}
rate = 0

[tls lab]
certificate = {pki}/{cert}.pem
key = {pki}/{cert}.key
ca = {pki}/ca.pem

[listen radsec]
tls = 127.0.0.1:{lab.radsec}
profile = {profile}
{listen}

[peer visitor]
accept = yes
{match or 'name = gateway.test'}
tls = lab
{peer}

[server home]
auth = 127.0.0.1:{home.auth}
acct = 127.0.0.1:{home.acct}
secret = {home.secret}
{server}

[realm {realm}]
pool = home
{extra}
""")


class FakeHome:
    """A RADIUS/UDP server that does what a test wants, on one of its ports."""

    def __init__(self, lab, like=None, on="auth"):
        """Makes a new server, or one at the ports of another."""
        self.secret, self.packets = HOME_SECRET, []
        self.auth, self.acct = (like.auth, like.acct) if like else (lab.port(), lab.port())
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("127.0.0.1", self.auth if on == "auth" else self.acct))

    def receive(self, timeout=5.0):
        """Returns the next datagram, or None."""
        self.socket.settimeout(timeout)
        try:
            data, sender = self.socket.recvfrom(8192)
        except TimeoutError:
            return None
        self.packets.append((data, sender))
        return data

    def answer(self, code=None, attrs=b"", packet=None):
        data, sender = packet or self.packets[-1]
        reply = (radius.usual_answer(data, self.secret.encode()) if code is None else
                 radius.answer(code, data, attrs, self.secret.encode()))
        self.socket.sendto(reply, sender)

    def close(self):
        self.socket.close()


class Visitor:
    """A raw TLS client of the gateway."""

    def __init__(self, port, pki, cert="gateway.test", version=None, sni="localhost", ca=True, connect=True,
                 source=None, address="127.0.0.1", alpn=("radius/1.0",), ciphers=None, verify=True):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
        if verify:
            self.context.load_verify_locations(str(pki / "ca.pem"))
        if ciphers:
            self.context.set_ciphers(ciphers)
        if version:
            self.context.minimum_version = self.context.maximum_version = version
        if cert:
            self.context.load_cert_chain(str(pki / f"{cert}.pem"), str(pki / f"{cert}.key"))
        if alpn:
            self.context.set_alpn_protocols(list(alpn))
        self.port, self.address, self.sni, self.source = port, address, sni, source
        self.stream, self.tls = b"", None
        if connect:
            self.connect()

    def connect(self):
        plain = socket.create_connection((self.address, self.port), 10,
                                         source_address=(self.source, 0) if self.source else None)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tls = self.context.wrap_socket(plain, server_hostname=self.sni)

    def send(self, data):
        self.tls.sendall(data)

    def receive(self, timeout=5.0):
        """Returns the next packet; None when nothing comes, b"" when the connection has ended."""
        end = time.monotonic() + timeout
        while not (len(self.stream) >= 4 and len(self.stream) >= struct.unpack("!H", self.stream[2:4])[0]):
            self.tls.settimeout(max(0.001, end - time.monotonic()))
            try:
                data = self.tls.recv(65536)
            except TimeoutError:
                return None
            except (ConnectionError, ssl.SSLError):
                return b""
            if not data:
                return b""
            self.stream += data
        size = struct.unpack("!H", self.stream[2:4])[0]
        packet, self.stream = self.stream[:size], self.stream[size:]
        return packet

    def ask(self, packet, timeout=5.0, secret=b"radsec"):
        """Sends a packet and waits for the answer to it; checks its authenticators."""
        self.send(packet)
        got = self.receive(timeout)
        assert got, f"no answer ({got!r})"
        assert radius.answer_ok(got, packet, secret), got.hex()
        return got

    def is_closed(self, timeout=5.0):
        return self.receive(timeout) == b""

    def close(self):
        try:
            self.tls.unwrap()
        except (OSError, ValueError):
            pass
        self.tls.close()


def radsecproxy_client(lab, pki, *ports, name="radsecproxy-nas", cert="gateway.test"):
    """Starts Debian's radsecproxy between a NAS and the gateways. Its port is for both kinds of requests."""
    listen = lab.port()
    servers = "".join(f"""\
server gateway{i} {{
    host 127.0.0.1
    port {port}
    type tls
    tls default
    secret radsec
    statusServer on
    certificateNameCheck off
}}
""" for i, port in enumerate(ports))
    asks = "".join(f"    server gateway{i}\n    accountingServer gateway{i}\n" for i in range(len(ports)))
    conf = lab.write(f"{name}.conf", f"""\
ListenUDP 127.0.0.1:{listen}
LogLevel 3
tls default {{
    CACertificateFile {pki}/ca.pem
    CertificateFile {pki}/{cert}.pem
    CertificateKeyFile {pki}/{cert}.key
}}
client nas {{
    host 127.0.0.1
    type udp
    secret {NAS_SECRET}
}}
{servers}realm * {{
{asks}}}
""")
    proxy = Process(lab, name, [*lab.before, "/usr/sbin/radsecproxy", "-f", "-c", conf])
    proxy.port = listen
    return proxy


def freeradius_client(lab, pki, *ports, name="freeradius-nas", cert="gateway.test", response_window=10):
    """Starts FreeRADIUS between a NAS and the gateways, each of them a home_server with TLS."""
    auth, acct, folder = lab.port(), lab.port(), lab.dir / name
    servers = "".join(f"""\
home_server gateway{i} {{
    ipaddr = 127.0.0.1
    port = {port}
    type = auth+acct
    secret = radsec
    proto = tcp
    status_check = status-server
    check_interval = 6
    response_window = {response_window}
    tls {{
        private_key_file = {pki}/{cert}.key
        certificate_file = {pki}/{cert}.pem
        ca_file = {pki}/ca.pem
        tls_min_version = "1.2"
        tls_max_version = "1.3"
        cipher_list = "DEFAULT"
        ecdh_curve = ""
        fragment_size = 8192
    }}
}}
""" for i, port in enumerate(ports))
    asks = "".join(f"    home_server = gateway{i}\n" for i in range(len(ports)))
    folder.mkdir()
    lab.write(f"{name}/dictionary", "$INCLUDE /usr/share/freeradius/dictionary\n")
    lab.write(f"{name}/radiusd.conf", f"""\
prefix = /usr
name = freeradius
raddbdir = {folder}
logdir = {folder}
run_dir = {folder}
libdir = /usr/lib/freeradius
pidfile = {folder}/pid
max_request_time = 30
cleanup_delay = 5
security {{
    max_attributes = 200
    reject_delay = 0
    status_server = yes
    allow_vulnerable_openssl = yes
}}
thread pool {{
    start_servers = 2
    max_servers = 4
}}
client nas {{
    ipaddr = 127.0.0.1
    secret = {NAS_SECRET}
    require_message_authenticator = no
}}
proxy server {{
    default_fallback = no
}}
{servers}home_server_pool gateway {{
{asks}}}
realm example.org {{
    pool = gateway
    nostrip
}}
modules {{
    realm suffix {{
        format = suffix
        delimiter = "@"
    }}
    always ok {{ rcode = ok }}
}}
server default {{
    listen {{
        type = auth
        ipaddr = 127.0.0.1
        port = {auth}
    }}
    listen {{
        type = acct
        ipaddr = 127.0.0.1
        port = {acct}
    }}
    authorize {{
        suffix
    }}
    authenticate {{
    }}
    preacct {{
        suffix
    }}
    accounting {{
        ok
    }}
}}
""")
    server = Process(lab, name, [*lab.before, "/usr/sbin/freeradius", "-d", folder, "-f", "-l", "stdout", "-x"])
    server.auth, server.acct = auth, acct
    server.wait_log("Ready to process requests")
    return server
