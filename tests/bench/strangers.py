#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Logins of a peer that is connected with a pre-shared key, while strangers name identities that nobody has.

    strangers.py RADSECGW [SECONDS [PER_SECOND]]

Prints how many handshakes a second the strangers got through, and the times of logins without and with them: once
with the limits as they are by default, and once without limits. The strangers come from 200 addresses.
"""
import multiprocessing
import os
import pathlib
import selectors
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
os.environ["RADSECGW"] = sys.argv[1]

import psk  # noqa: E402
import radius  # noqa: E402
from inbound import NO_RATES  # noqa: E402
from lab import HOME_SECRET, Lab  # noqa: E402
from peer import Nas  # noqa: E402
from rawtls import GROUP, HANDSHAKE, RAW, SUITE, extension, message, record, vector  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # noqa: E402

SHARE = X25519PrivateKey.generate().public_key().public_bytes(*RAW)


def hello(name):
    """A ClientHello with an identity and a binder that cannot be right."""
    number = struct.pack
    extensions = extension(10, vector(number("!H", GROUP), 2)) + extension(13, vector(number("!H", 0x0403), 2)) + \
        extension(43, vector(number("!H", 0x0304), 1)) + extension(51, vector(number("!H", GROUP) + vector(SHARE, 2), 2)) + \
        extension(45, vector(b"\x01", 1)) + extension(41, vector(vector(name, 2) + bytes(4), 2) +
                                                      vector(vector(bytes(32), 1), 2))
    return record(HANDSHAKE, message(1, number("!H", 0x0303) + os.urandom(32) + vector(bytes(32), 1) + vector(
        number("!H", SUITE), 2) + vector(b"\x00", 1) + vector(extensions, 2)), 0x0301)


class Strangers(multiprocessing.Process):
    """So many connections a second, from many addresses, with less claim to the processor."""

    def __init__(self, port, per_second):
        super().__init__(daemon=True)
        self.port, self.per_second, self.made, self.told = port, per_second, 0, multiprocessing.Value("i", 0)

    def run(self):
        os.nice(10)
        began, known = time.monotonic(), selectors.DefaultSelector()
        while True:
            self.told.value = self.made
            due = int((time.monotonic() - began) * self.per_second)
            while self.made < due and len(known.get_map()) < 2000:
                s = socket.socket()
                s.setblocking(False)
                try:
                    s.bind((f"127.1.{self.made % 200 + 1}.1", 0))
                    s.connect_ex(("127.0.0.1", self.port))
                except OSError:
                    s.close()
                    continue
                finally:
                    self.made += 1
                known.register(s, selectors.EVENT_WRITE)
            for key, events in known.select(0.005):
                s = key.fileobj
                try:
                    if events & selectors.EVENT_WRITE:
                        s.send(hello(b"nobody%d@example.org" % self.made))
                        known.modify(s, selectors.EVENT_READ)
                        continue
                    done = s.recv(4096) == b"" or True
                except OSError:
                    done = True
                if done:
                    known.unregister(s)
                    s.close()


def answer(nas):
    while True:
        try:
            packet, sender = nas.socket.recvfrom(4096)
        except OSError:
            continue
        nas.socket.sendto(radius.usual_answer(packet, HOME_SECRET.encode()), sender)


def logins(client, seconds):
    """Times of logins in milliseconds, one after the other, 200 a second at the most."""
    times, end, i = [], time.monotonic() + seconds, 0
    while time.monotonic() < end:
        i += 1
        packet = radius.access_request(i % 256, b"radsec")
        began = time.monotonic()
        client.send_sealed(23, packet)
        kind, got = client.receive()
        assert kind == 23 and radius.answer_ok(got, packet, b"radsec")
        times.append((time.monotonic() - began) * 1000)
        time.sleep(0.005)
    times.sort()
    return times


def tell(what, times):
    print(f"{what}: {len(times)} logins, p50 {times[len(times) // 2]:.2f} ms, "
          f"p99 {times[len(times) * 99 // 100]:.2f} ms, longest {times[-1]:.2f} ms")


def measure(name, gateway, seconds, per_second):
    with Lab() as lab:
        home = Nas(0, HOME_SECRET)
        home.auth, home.secret = home.socket.getsockname()[1], HOME_SECRET
        threading.Thread(target=answer, args=(home,), daemon=True).start()
        conf = psk.server_conf(lab, home=home, gateway=gateway)
        conf.write_text(conf.read_text().replace("level = debug\nrate = 0\n", "level = info\n"))
        gw = lab.gateway(conf, wait="started")
        client = psk.RawPsk(lab.radsec, [(psk.NAME.encode(), bytes.fromhex(psk.KEY), 0)])
        assert client.finish_and_ask()
        tell(f"{name}, nobody else", logins(client, seconds))
        strangers = Strangers(lab.radsec, per_second)
        strangers.start()
        before = gw.counters()
        began = time.monotonic()
        times = logins(client, seconds)
        took = time.monotonic() - began
        after = gw.counters()
        made = strangers.told.value
        strangers.kill()
        tell(f"{name}, strangers", times)
        print(f"  {made / took:.0f} connections a second, of which {after['accepted'] - before['accepted']} "
              f"were accepted and {after.get('psk_unknown_identity', 0)} named an identity that nobody has; "
              f"{len(gw.lines('handshake-failed'))} lines")
        refused = {k: v for k, v in after.items() if k.startswith("refused")}
        print(f"  {refused}")


def main():
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 10
    per_second = float(sys.argv[3]) if len(sys.argv) > 3 else 1700
    measure("limits as they are", "", seconds, per_second)
    measure("no limits", NO_RATES + "max-half-open-per-address = 1024\n", seconds, per_second)


main()
