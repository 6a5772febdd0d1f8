# SPDX-License-Identifier: GPL-2.0-or-later
"""Certificates and keys as people have them: out of date, in all sorts of files, encrypted in all sorts of ways;
and what is said about them before they do harm."""
import os
import re
import socket
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

import chains
from chains import DAY, NOW
from lab import NAS_SECRET, Lab, binary, wait_for
from peer import TlsPeer
from test_trust import VERSIONS, outcomes, peer_section
from test_trust_inbound import admitted, conf_head


def check(conf, env=None):
    done = subprocess.run([*binary(), "check", "-c", str(conf)], capture_output=True, text=True,
                          env={**os.environ, **(env or {})})
    done.stderr = re.sub(r".*the TLS library is older than.*\n", "", done.stderr)
    return done


@pytest.fixture(scope="module")
def made():
    with Lab() as lab:
        folder = lab.dir / "certs"
        chains.write(folder)
        for name in chains.CERTIFICATES:
            (folder / f"{name}.pem").write_bytes(chains.pem(name))
        yield folder


def conf(lab, made, name="certs.ini", ca="root.pem", cert="own.pem", key="own.key", sections="", **more):
    """A configuration whose [tls] section is of these files; relative names are among the files of chains.py."""
    lab.auth = lab.port()
    files = {"ca": ca, "certificate": cert, "key": key}
    paths = {k: ", ".join(str(made / f.strip()) for f in str(v).split(",")) for k, v in files.items()}
    lines = [*(f"{k} = {v}" for k, v in paths.items()), *(f"{k.replace('_', '-')} = {v}" for k, v in more.items())]
    return lab.write(name, "[log]\nlevel = debug\nrate = 0\n[tls lab]\n" + "\n".join(lines) +
                     f"\n[listen local]\nudp = 127.0.0.1:{lab.auth}\n[client nas]\naddress = 127.0.0.1\n"
                     f"secret = {NAS_SECRET}\n[realm *]\npool = p0\n" +
                     (sections or peer_section("p0", 2083, "", "localhost")))


# ---- CAs

@pytest.mark.parametrize("ca,warning", [
    ("old.pem, root.pem", r"warning: \[tls lab\] ca: a CA that we trust has expired on \S+: CN=old"),
    ("root.pem, early.pem", r"warning: \[tls lab\] ca: a CA that we trust is not valid before \S+: CN=early"),
    ("old.pem", r"warning: \[tls lab\] ca: a CA that we trust has expired"),
])
def test_a_ca_out_of_date_is_loaded_with_a_warning(lab, made, ca, warning):
    done = check(conf(lab, made, ca=ca))
    assert done.returncode == 0 and re.search(warning, done.stderr), done.stderr
    assert f"ca: {len(ca.split(','))} CA certificate" in done.stdout
    gw = lab.gateway(conf(lab, made, ca=ca), wait="started")
    assert re.search(r" certificate-warning: .* tls=lab key=ca$", gw.log(), re.M)
    assert f" trust-loaded: CA certificates are loaded tls=lab number={len(ca.split(','))}" in gw.log()


def test_a_ca_out_of_date_lets_nobody_in(lab, made):
    """A CA that is out of date lets nobody in, and its name is in the reason. The other CA of the same section is as
    good as before."""
    ports = [lab.port(), lab.port()]
    peers = []
    for port, name in zip(ports, ("leaf-by-old", "leaf")):
        peers.append(TlsPeer(port, made / f"{name}.pem", made / f"{name}.key"))
    sections = "".join(peer_section(f"p{i}", port, "", "localhost") for i, port in enumerate(ports))
    gw = lab.gateway(conf(lab, made, ca="old.pem, root.pem", sections=sections), wait="started")
    found = outcomes(gw, ["p0", "p1"])
    assert "its CA in `ca` is not in force" in found["p0"] and "CN=old" in found["p0"] and found["p1"] is None
    for peer in peers:
        peer.close()


def folder_of(lab, made):
    """A directory of CAs as people keep it."""
    folder = lab.dir / "cas"
    folder.mkdir()
    (folder / "root.pem").write_bytes(chains.pem("root"))
    (folder / "0123abcd.0").symlink_to("root.pem")
    crl = x509.CertificateRevocationListBuilder(chains.subject_of("root"), NOW, NOW + DAY)
    (folder / "0123abcd.r0").write_bytes(crl.sign(chains.key_of("root"), hashes.SHA256()).public_bytes(
        serialization.Encoding.PEM))
    (folder / "README").write_text("These are our CAs.\n")
    (folder / "root.key").write_bytes((made / "root.key").read_bytes())
    (folder / "one.der").write_bytes(chains.certificate("one").public_bytes(serialization.Encoding.DER))
    (folder / "empty.pem").write_bytes(b"")
    (folder / "other.pem~").write_bytes(chains.pem("other"))
    (folder / "thief.pem.bak").write_bytes(chains.pem("thief"))
    (folder / "leaf.pem").write_bytes(chains.pem("leaf"))
    (folder / "broken.pem").write_bytes(chains.pem("other").replace(b"\nMI", b"\nAA"))
    (folder / ".hidden.pem").write_bytes(chains.pem("other"))
    (folder / "more").mkdir()
    return folder


LEFT_OUT = {
    "0123abcd.r0": "revocation list", "README": "BEGIN CERTIFICATE", "root.key": "private key",
    "one.der": "openssl x509 -inform der", "empty.pem": "is empty", "other.pem~": "old version",
    "thief.pem.bak": "old version", "leaf.pem": "not the certificate of a CA", "broken.pem": "cannot be read",
}


def test_a_directory_with_other_files(lab, made):
    """Each file of the directory that is left out is named, with the reason; hidden files are not looked at; a link
    counts once."""
    folder = folder_of(lab, made)
    done = check(conf(lab, made, ca=folder))
    assert done.returncode == 0 and "ca: 1 CA certificate\n" in done.stdout, done.stderr
    for name, said in LEFT_OUT.items():
        lines = [line for line in done.stderr.splitlines() if f"{folder}/{name} " in line]
        assert len(lines) == 1 and "left out" in lines[0] and said in lines[0], (name, done.stderr)
    assert len(done.stderr.splitlines()) == len(LEFT_OUT), done.stderr


def test_nobody_left_out_is_trusted(lab, made):
    """The CA of an old version of a file is not trusted again, nor is a certificate that is no CA an issuer."""
    folder = folder_of(lab, made)
    sections, peers, names = "", [], ("leaf-by-other", "leaf-by-thief", "leaf-by-leaf", "leaf")
    for i, name in enumerate(names):
        port = lab.port()
        peers.append(TlsPeer(port, made / f"{name}.pem", made / f"{name}.key"))
        sections += peer_section(f"p{i}", port, "", "localhost")
    gw = lab.gateway(conf(lab, made, ca=folder, sections=sections), wait="started")
    found = outcomes(gw, [f"p{i}" for i in range(len(names))])
    assert [found[f"p{i}"] is None for i in range(len(names))] == [False, False, False, True], found
    for peer in peers:
        peer.close()


@pytest.mark.parametrize("what", ["a file that has none", "a directory that has none"])
def test_nothing_is_left(lab, made, what):
    folder = lab.dir / "none"
    folder.mkdir()
    (folder / "x.pem").write_text("nothing\n")
    done = check(conf(lab, made, ca=folder / "x.pem" if "file" in what else folder))
    assert done.returncode == 1 and "error: [tls lab] ca: " in done.stderr and "holds no CA cert" in done.stderr


def test_files_that_hold_none_beside_one_that_does(lab, made):
    (lab.dir / "x.crl").write_text("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")
    (lab.dir / "empty").write_text("")
    done = check(conf(lab, made, ca=f"root.pem, {lab.dir}/x.crl, {lab.dir}/empty"))
    assert done.returncode == 0 and done.stderr.count("left out") == 2, done.stderr
    done = check(conf(lab, made, ca=f"root.pem, {lab.dir}/missing.pem"))
    assert done.returncode == 1 and "missing.pem: No such file" in done.stderr


def test_a_bundle_with_other_things(lab, made):
    bundle = chains.pem("old") + b"some words\n" + (made / "root.key").read_bytes() + chains.pem("leaf root other")
    (lab.dir / "bundle.pem").write_bytes(bundle)
    done = check(conf(lab, made, ca=lab.dir / "bundle.pem"))
    assert done.returncode == 0 and "ca: 3 CA certificates\n" in done.stdout
    assert "certificate 2 in " in done.stderr and "CN=leaf" in done.stderr, done.stderr


# ---- the clock

SHIM = """
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <dlfcn.h>
static time_t fake(void) { return (time_t)atoll(getenv("FAKE_TIME")); }
time_t time(time_t *t) { if (t != NULL) *t = fake(); return fake(); }
int gettimeofday(struct timeval *tv, void *tz) { (void)tz; tv->tv_sec = fake(); tv->tv_usec = 0; return 0; }
int clock_gettime(clockid_t id, struct timespec *ts)
{
	static int (*real)(clockid_t, struct timespec *);
	if (real == NULL)
		real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	if (id != CLOCK_REALTIME)
		return real(id, ts);
	*ts = (struct timespec){ fake(), 0 };
	return 0;
}
"""


@pytest.mark.skipif("asan" in " ".join(binary()), reason="the sanitizer wants to be the first that is loaded")
@pytest.mark.parametrize("year,seconds", [("1970", 5), ("2001", 1000000000)])
def test_a_clock_that_nobody_has_set(lab, made, year, seconds, monkeypatch):
    """The gateway starts with a clock that nobody has set, says so once, serves those who need no certificate, and
    tries the others again."""
    (lab.dir / "shim.c").write_text(SHIM)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(lab.dir / "shim.so"), str(lab.dir / "shim.c"), "-ldl"],
                   check=True)
    env = {"LD_PRELOAD": str(lab.dir / "shim.so"), "FAKE_TIME": str(seconds)}
    port = lab.port()
    peer = TlsPeer(port, made / "leaf.pem", made / "leaf.key")
    section = peer_section("p0", port, "", "localhost").replace("60s-60s", "500ms-500ms")
    path = conf(lab, made, sections=section)
    done = check(path, env)
    assert done.returncode == 0 and done.stderr.count("clock") == 1, done.stderr
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    gw = lab.gateway(path, wait="started")
    gw.wait_log(r" connect-failed: .*it is not valid yet \(is our clock right\?\)", count=2)
    assert gw.log().count(" clock-not-set: ") == 1 and " certificate-warning: " not in gw.log()
    assert gw.log().startswith(year)
    peer.close()


# ---- our own certificate

def own(lab, name="mine", key=None, days=300, since=1, eku=("SERVER_AUTH", "CLIENT_AUTH"), more=""):
    """A certificate of the gateway's own, signed by the root."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateBuilder(chains.subject_of("root"), chains.subject_of("own"), key.public_key(),
                                      x509.random_serial_number(), NOW - since * DAY, NOW + days * DAY)
    builder = builder.add_extension(x509.BasicConstraints(False, None), True)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
    builder = builder.add_extension(x509.ExtendedKeyUsage([getattr(ExtendedKeyUsageOID, e) for e in eku]), False)
    certificate = builder.sign(chains.key_of("root"), hashes.SHA256())
    (lab.dir / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM) +
                                          (chains.pem(more) if more else b""))
    (lab.dir / f"{name}.key").touch(0o600)
    (lab.dir / f"{name}.key").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return {"cert": lab.dir / f"{name}.pem", "key": lab.dir / f"{name}.key"}


def listener(lab):
    return f"[listen tls]\ntls = 127.0.0.1:{lab.port()}\nprofile = lab\n[peer q]\naccept = yes\ntls = lab\n" \
           f"name = peer.test\n[server p0]\nauth = 127.0.0.1:{lab.port()}\nsecret = {NAS_SECRET}\n"


@pytest.mark.parametrize("what,spec,more,said", [
    ("as it should be", {}, {}, None),
    ("31 days left", {"days": 31}, {}, None),
    ("expired", {"days": -2, "since": 9}, {}, r"our certificate has expired on \S+: CN=own"),
    ("early", {"since": -2}, {}, r"our certificate is not valid before \S+: CN=own"),
    ("three days left", {"days": 3}, {}, r"our certificate expires on \S+, in [23] days: CN=own"),
    ("29 days left", {"days": 29}, {}, r"our certificate expires on \S+, in 2[89] days: CN=own"),
    ("for servers", {"eku": ("SERVER_AUTH",)}, {}, r"it is not for clients, .* lacks clientAuth"),
    ("an expired intermediate", {"more": "one-old"}, {}, r"a certificate of our chain has expired on \S+: CN=one"),
    ("P-521", {"key": ec.generate_private_key(ec.SECP521R1())}, {}, r".*curve longer than P-384"),
    ("P-521 without 1.2", {"key": ec.generate_private_key(ec.SECP521R1())}, {"min_version": "1.3"}, None),
])
def test_own_certificate(lab, made, what, spec, more, said):
    path = conf(lab, made, **own(lab, **spec), **more)
    done = check(path)
    assert done.returncode == 0, done.stderr
    warnings = done.stderr.splitlines()
    if said is None:
        assert not warnings, warnings
        return
    assert len(warnings) == 1 and re.search(rf"certs\.ini:\d+: warning: \[tls lab\] certificate: {said}", warnings[0])
    gw = lab.gateway(path, wait="started")
    assert re.search(rf"warning certificate-warning: {said}.* tls=lab key=certificate$", gw.log(), re.M)


def test_own_certificate_is_for_clients_only(lab, made):
    mine = own(lab, eku=("CLIENT_AUTH",))
    assert "it is not for" not in check(conf(lab, made, **mine)).stderr
    done = check(conf(lab, made, **mine, sections=listener(lab)))
    assert "it is not for servers" in done.stderr and "lacks serverAuth" in done.stderr, done.stderr


def test_later_certificate_is_broken(lab, made):
    mine = own(lab)
    with open(mine["cert"], "ab") as file:
        file.write(chains.pem("one").replace(b"\nMI", b"\nAA"))
    done = check(conf(lab, made, **mine))
    assert "certificate 2 in " in done.stderr and "cannot be read" in done.stderr, done.stderr


def test_pss_key_is_refused(lab, made):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa-pss", "-nodes", "-subj", "/CN=own", "-days", "9",
                    "-keyout", str(lab.dir / "pss.key"), "-out", str(lab.dir / "pss.pem")],
                   check=True, capture_output=True)
    done = check(conf(lab, made, cert=lab.dir / "pss.pem", key=lab.dir / "pss.key"))
    assert done.returncode == 1 and "id-RSASSA-PSS" in done.stderr and "error: [tls lab] certificate" in done.stderr


# ---- kinds of keys

KINDS = {
    "rsa": ["rsa:2048"], "p256": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], "p521": ["ec", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "ed25519": ["ed25519"], "rsa-pss": ["rsa-pss"],
}
OURS = ("rsa", "p256", "p384", "ed25519")


@pytest.fixture(scope="module")
def kinds():
    """Certificates for keys of all kinds, for the gateway and for peers, from a CA with an RSA key."""
    with Lab() as lab:
        def run(*argv):
            subprocess.run(["openssl", *argv], check=True, capture_output=True, cwd=lab.dir)
        run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=ca", "-days", "99", "-keyout", "ca.key",
            "-out", "ca.pem")
        (lab.dir / "ext").write_text("basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth,clientAuth\n"
                                     "subjectAltName=DNS:localhost,DNS:peer.test\n")
        for side in "our", "peer":
            for kind, argv in KINDS.items():
                name = f"{side}-{kind}"
                run("req", "-newkey", *argv, "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", "csr")
                run("x509", "-req", "-in", "csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "90", "-extfile",
                    "ext", "-out", f"{name}.pem")
        yield lab.dir


def section(kinds, ours, version):
    return f"[tls {ours}]\ncertificate = {kinds}/our-{ours}.pem\nkey = {kinds}/our-{ours}.key\n" \
           f"ca = {kinds}/ca.pem\nmin-version = {version}\nmax-version = {version}\n"


def reason_for(theirs, version, connects):
    """What the log has to say if a peer with such a key does not come up; None if the peer has to come up."""
    if theirs == "rsa-pss":
        return "id-RSASSA-PSS"
    return "P-521" if theirs == "p521" and version == "1.2" and connects else None


@pytest.mark.parametrize("version", VERSIONS)
def test_kinds_of_keys_of_servers(lab, kinds, version):
    text = f"[log]\nrate = 0\n[listen local]\nudp = 127.0.0.1:{lab.port()}\n[client nas]\naddress = 127.0.0.1\n" \
           f"secret = {NAS_SECRET}\n[realm *]\npool = rsa--rsa\n" + "".join(section(kinds, o, version) for o in OURS)
    peers, pairs = [], [(ours, theirs) for ours in OURS for theirs in KINDS]
    for ours, theirs in pairs:
        port = lab.port()
        peers.append(TlsPeer(port, kinds / f"peer-{theirs}.pem", kinds / f"peer-{theirs}.key", kinds / "ca.pem",
                             version=VERSIONS[version]))
        text += peer_section(f"{ours}--{theirs}", port, "", "localhost").replace("tls = lab", f"tls = {ours}")
    gw = lab.gateway(lab.write("kinds.ini", text), wait="started")
    found = outcomes(gw, [f"{ours}--{theirs}" for ours, theirs in pairs])
    for ours, theirs in pairs:
        reason, said = reason_for(theirs, version, True), found[f"{ours}--{theirs}"]
        assert said is None or (reason is not None and reason in said), (ours, theirs, said)
    for peer in peers:
        peer.close()


@pytest.mark.parametrize("version", VERSIONS)
def test_kinds_of_keys_of_clients(lab, kinds, version):
    text, ports = conf_head(None, lab, version), {}
    for ours in OURS:
        ports[ours] = lab.port()
        text += section(kinds, ours, version) + f"[listen {ours}]\ntls = 127.0.0.1:{ports[ours]}\n" \
            f"profile = {ours}\n[peer {ours}]\naccept = yes\ntls = {ours}\nname = peer.test\n"
    gw = lab.gateway(lab.write("kinds.ini", text), wait="started")
    for ours in OURS:
        for theirs in KINDS:
            before, reason = len(gw.log()), reason_for(theirs, version, False)
            if not admitted(ports[ours], kinds, f"peer-{theirs}", version):
                assert reason is not None, (ours, theirs, gw.log()[before:])
                wait_for(f"{reason} for {ours} and {theirs}", lambda: reason in gw.log()[before:])


def test_a_strict_server_hears_that_renegotiation_is_safe(lab, made):
    """RFC 5746 3.4: the ClientHello has the extension renegotiation_info, empty."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        lab.gateway(conf(lab, made, sections=peer_section("p0", port, "", "localhost")), wait="started")
        server.settimeout(10)
        with server.accept()[0] as connection:
            hello = connection.recv(4096)
    assert hello[5] == 1 and b"\xff\x01\x00\x01\x00" in hello, hello.hex()


# ---- keys

def encrypted(lab, argv):
    """The gateway's key, encrypted by openssl in some way."""
    mine = own(lab, key=rsa.generate_private_key(65537, 2048))
    subprocess.run(["openssl", *argv, "-in", str(mine["key"]), "-out", str(lab.dir / "locked.key"),
                    "-passout", "pass:sesame"], check=True, capture_output=True)
    return {"cert": mine["cert"], "key": lab.dir / "locked.key", "key_password": "sesame"}


@pytest.mark.parametrize("name,argv", [
    ("PBES2 with aes-128-cbc", ["pkcs8", "-topk8", "-v2", "aes128"]),
    ("PBES2 with aes-256-cbc", ["pkcs8", "-topk8", "-v2", "aes256"]),
    ("PBES2 with des-ede3-cbc", ["pkcs8", "-topk8", "-v2", "des3"]),
    ("PBE-SHA1-3DES", ["pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES"]),
    ("PBES2 with scrypt", ["pkcs8", "-topk8", "-scrypt"]),
    ("DES-EDE3-CBC in the traditional form", ["rsa", "-traditional", "-des3"]),
    ("AES in the traditional form", ["rsa", "-traditional", "-aes128"]),
])
def test_encrypted_keys(lab, made, name, argv):
    """Encrypted keys are read, or the line names the cipher and the command that helps; and that command does help."""
    locked = encrypted(lab, argv)
    done = check(conf(lab, made, **locked))
    assert "sesame" not in done.stderr + done.stdout
    always = ("PBES2 with aes-128-cbc", "PBES2 with aes-256-cbc", "PBES2 with des-ede3-cbc")
    assert done.returncode == 0 or name not in always, done.stderr
    if done.returncode == 0:
        done = check(conf(lab, made, **{**locked, "key_password": "wrong"}))
        assert done.returncode == 1 and "key-password does not open it" in done.stderr
        assert f"is encrypted ({name});" in done.stderr or "traditional" in name
        return
    assert f"is encrypted with {name}, which this build cannot read" in done.stderr, done.stderr
    command = re.search(r"`(openssl .*)`", done.stderr)[1].replace("NEW", str(lab.dir / "new.key")).split()
    subprocess.run([*command, "-passin", "pass:sesame", "-passout", "pass:sesame"], check=True, capture_output=True)
    assert check(conf(lab, made, **{**locked, "key": lab.dir / "new.key"})).returncode == 0
