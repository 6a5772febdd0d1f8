# SPDX-License-Identifier: GPL-2.0-or-later
"""Where clients ask."""
import radius
from inbound import FakeHome
from lab import wait_for
from peer import Nas


def test_clients_behind_one_address(lab):
    """P-TCP-6: told apart by where they ask, each with its own secret."""
    home, first, second = FakeHome(lab), lab.port(), lab.port()
    gw = lab.gateway(lab.write("places.ini", f"""\
[log]
rate = 0
[listen first]
udp = 127.0.0.1:{first}
[listen second]
udp = 127.0.0.1:{second}
[client wireless]
address = 127.0.0.1
secret = the secret of the wireless
listen = first
[client wired]
address = 127.0.0.1
secret = the secret of the wired ones
listen = second
[server home]
auth = 127.0.0.1:{home.auth}
secret = {home.secret}
[realm *]
pool = home
"""), wait="started")
    places = {first: "the secret of the wireless", second: "the secret of the wired ones"}
    for port, secret in places.items():
        nas = Nas(port, secret)
        request = radius.access_request(1, secret.encode())
        nas.send(request)
        assert home.receive()
        home.answer()
        assert radius.answer_ok(nas.receive(5), request, secret.encode())
        # With the secret of the other one it is nobody's.
        other = next(s for s in places.values() if s != secret)
        nas.send(radius.access_request(2, other.encode()))
        nas.close()
    wait_for("both drops", lambda: gw.counters().get("udp_bad_message_authenticator") == 2)
    home.close()
