# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that watch themselves: certificates are replaced under logins in both directions, by nothing but their files, in
the ways of those who renew them."""
import os
import pathlib
import ssl
import subprocess
import threading
import time

import pytest

import radius
from lab import NAS_SECRET, PATIENCE, ROOT, wait_for
from reloading import Reloading

# Seconds until a change is taken up: it settles for one.
SOON = 3


def first_of(pem):
    """The first certificate in a file, as it comes over the wire."""
    text = pathlib.Path(pem).read_text()
    end = "-----END CERTIFICATE-----"
    return ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN"):text.index(end) + len(end)] + "\n")


class Traffic(threading.Thread):
    """A few logins a second in both directions; the visitor has one connection for all of them."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world, self.going, self.done, self.lost = world, True, 0, []
        self.nas, self.visitor = world.nas(), world.visitor()
        self.start()

    def run(self):
        for i in range(100000):
            if not self.going:
                return
            outbound = radius.access_request(i % 256, NAS_SECRET.encode(), b"bob@elsewhere.example")
            inbound = radius.access_request(i % 256, b"radsec", b"bob@home.example")
            try:
                assert radius.answer_ok(self.nas.ask(outbound), outbound, NAS_SECRET.encode())
                self.visitor.ask(inbound)
                self.done += 2
            except Exception as e:  # pylint: disable=broad-except
                self.lost.append(repr(e))
            time.sleep(0.1)

    def end(self):
        self.going = False
        self.join()
        self.nas.close()
        assert not self.lost and self.done > 10, (self.lost, self.done)


class Certbot:
    """live/NAME.pem -> ../archive/NAME1.pem, and each link is replaced by one to the next generation."""

    def __init__(self, world, folder):
        self.world, self.folder, self.n = world, folder, 0
        (folder / "live").mkdir(parents=True)
        (folder / "archive").mkdir()

    def path(self, name):
        return self.folder / "live" / name

    def put(self, files):
        """name -> text; the links change one by one."""
        self.n += 1
        for name, text in files.items():
            stem, suffix = name.rsplit(".", 1)
            self.world.lab.write(f"{self.folder.name}/archive/{stem}{self.n}.{suffix}", text)
        for name in files:
            stem, suffix = name.rsplit(".", 1)
            new = self.folder / "live" / f".{name}"
            new.symlink_to(f"../archive/{stem}{self.n}.{suffix}")
            new.rename(self.path(name))


class Kubernetes:
    """NAME.pem -> ..data/NAME.pem, ..data -> ..2026_1, and the link to the folder is replaced."""

    def __init__(self, world, folder):
        self.world, self.folder, self.n, self.files = world, folder, 0, {}
        folder.mkdir()

    def path(self, name):
        return self.folder / name

    def put(self, files):
        self.n += 1
        old = self.folder / f"..2026_{self.n - 1}"
        new = self.folder / f"..2026_{self.n}"
        new.mkdir()
        self.files.update(files)
        for name, text in self.files.items():
            self.world.lab.write(f"{self.folder.name}/{new.name}/{name}", text)
            if not self.path(name).is_symlink():
                self.path(name).symlink_to(f"..data/{name}")
        (self.folder / "..data_tmp").symlink_to(new.name)
        (self.folder / "..data_tmp").rename(self.folder / "..data")
        if old.exists():
            for file in old.iterdir():
                file.unlink()
            old.rmdir()


class World(Reloading):
    """A gateway whose certificates are where one of these ways puts them."""

    def __init__(self, lab, way, workers):
        self.way, self.names = way, ("door", "lab")
        self.lab = lab
        super().__init__(lab, workers)

    def certificate(self, name):
        """Called for [tls lab] and then for [tls door], before the gateway starts."""
        if not hasattr(self, "store"):
            subprocess.run([ROOT / "certs/make-pki.sh", self.pki, "--server", "door2.test", "--server", "door3.test",
                            "--client", "lab2.test", "--client", "lab3.test"], check=True, capture_output=True)
            self.store = self.way(self, self.lab.dir / "store")
            self.store.put(self.files(1))
        section = "lab" if name == "gateway.test" else "door"
        return {"certificate": self.store.path(f"{section}.pem"), "key": self.store.path(f"{section}.key"),
                "ca": self.pki / "ca.pem"}

    def source(self, section, n):
        """The n-th certificate of a section."""
        first = {"lab": "gateway.test", "door": "localhost"}[section]
        return self.pki / (first if n == 1 else f"{section}{n}.test")

    def files(self, n, sections=("lab", "door"), key=None):
        return {f"{section}.{kind}": pathlib.Path(f"{self.source(section, (key or n) if kind == 'key' else n)}.{kind}")
                .read_text() for section in sections for kind in ("pem", "key")}

    def shown(self):
        """Which certificate a new connection from a peer is shown."""
        visitor = self.visitor()
        got = visitor.tls.getpeercert(True)
        visitor.close()
        return got

    def is_shown(self, n):
        return self.shown() == first_of(f"{self.source('door', n)}.pem")

    def wait_shown(self, n):
        began = time.monotonic()
        wait_for(f"certificate {n}", lambda: self.is_shown(n), SOON)
        assert time.monotonic() - began < SOON * PATIENCE


@pytest.fixture(params=[(Certbot, 1), (Kubernetes, 3)], ids=["certbot", "kubernetes"])
def world(request, lab):
    made = World(lab, *request.param)
    yield made
    made.close()


def test_certificates_are_replaced_by_their_files_alone(world):
    """Nothing is lost, new handshakes in both directions have the new certificate within two seconds, what stands stays;
    a bad pair keeps the old one and is told, and when it is mended all goes on."""
    traffic = Traffic(world)
    assert world.is_shown(1)
    world.store.put(world.files(2))
    world.wait_shown(2)
    assert world.gw.lines("reloaded", why="certificates have changed")
    assert world.national.ended == 0
    before = world.national.handshakes
    world.done("reconnect", "national")
    wait_for("a new connection to the peer", lambda: world.national.handshakes > before)
    assert world.national.connections[-1].getpeercert(True) == first_of(f"{world.source('lab', 2)}.pem")

    world.store.put(world.files(3, ("door",), key=1))
    world.gw.wait_line("watch-waits")
    assert not world.gw.lines("reload-failed")
    failed = world.gw.wait_line("reload-failed", 45)
    assert failed.time - world.gw.lines("watch-waits")[0].time > 25
    assert "door.key is not the key of the first certificate" in world.gw.log()
    assert world.is_shown(2)
    assert world.status()["configuration"]["failed"] == 1

    world.store.put(world.files(3, ("door",)))
    world.wait_shown(3)
    traffic.end()


def test_configuration_is_not_read_with_certificates(world):
    """What has changed in the configuration meanwhile waits for a reload."""
    world.write(world.changed({"realm second.example": {"pool": "national"}}))
    world.store.put(world.files(2))
    world.wait_shown(2)
    assert [row["name"] for row in world.status("realms")["realms"]].count("second.example") == 0


def test_files_that_are_not_watched(lab):
    """With watch = no a new certificate waits until somebody asks."""
    world = World(lab, Certbot, 1)
    off = {"watch": "no"}
    world.reload(world.changed({"tls door": off, "tls lab": off}))
    world.store.put(world.files(2))
    # This one is noticed.
    world.reload(world.changed({"gateway": {"watch": "yes"}}))
    assert world.is_shown(2)
    world.store.put(world.files(3))
    lab.write("new.ini", world.text() + "\n").rename(world.path)
    wait_for("the configuration", lambda: world.gw.lines("reloaded", why="files of the configuration have changed"))
    assert world.is_shown(3)
    assert not world.gw.lines("reloaded", why="certificates have changed")
    world.close()


def test_files_that_are_not_watched_beside_others(lab):
    """Somebody is at work on the files of a section with watch = no: they are not read with those of others, and keep
    nobody from being renewed."""
    world = World(lab, Certbot, 1)
    world.reload(world.changed({"tls lab": {"watch": "no"}}))
    loaded = len(world.gw.lines("trust-loaded", tls="lab"))
    world.store.put(world.files(2, ("lab",), key=3))
    world.store.put(world.files(2, ("door",)))
    world.wait_shown(2)
    world.store.put(world.files(3, ("lab", "door")))
    world.wait_shown(3)
    world.logins()
    assert len(world.gw.lines("trust-loaded", tls="lab")) == loaded
    world.done("reload")
    assert len(world.gw.lines("trust-loaded", tls="lab")) == loaded + 1
    world.close()


def test_configuration_watches_itself(lab):
    """With [gateway] watch = yes a change of the configuration's files is loaded, and a bad one refused; the files that
    are watched follow it."""
    world = World(lab, Certbot, 1)
    world.reload(world.changed({"gateway": {"watch": "yes"}}))
    why = "files of the configuration have changed"
    traffic = Traffic(world)
    more = lab.write("more.ini", "[realm third.example]\npool = national\n")

    def realms():
        return [row["name"] for row in world.status("realms")["realms"]]

    world.write(world.changed({"realm second.example": {"pool": "national"}, "gateway": {"include": "more.ini"}}))
    wait_for("the new realms", lambda: {"second.example", "third.example"} <= set(realms()), SOON)
    assert len(world.gw.lines("reloaded", why=why)) == 1
    more.write_text("[realm third.example]\npool = nobody\n")
    wait_for("that it is refused", lambda: world.gw.lines("reload-failed", why=why), SOON)
    assert any(line.fields.get("file", "").endswith("more.ini") and line.fields["line"] == "2"
               for line in world.gw.lines("reload-failed"))
    assert "third.example" in realms()
    os.replace(lab.write("mended.ini", "[realm fourth.example]\npool = national\n"), more)
    wait_for("the last realm", lambda: "fourth.example" in realms() and "third.example" not in realms(), SOON)
    traffic.end()
    world.close()
