# SPDX-License-Identifier: GPL-2.0-or-later
"""Chains of certificates, good, odd and forged, in both roles and over both versions of TLS: exactly those pass
that should. chains.py has them."""
import subprocess

import pytest

import chains
from lab import Lab, binary
from peer import TlsPeer
from test_trust import VERSIONS, outcomes
from test_trust_inbound import admitted, conf_head

WEAK = "ALL:@SECLEVEL=0"


pytestmark = pytest.mark.filterwarnings("ignore:SHA1 signatures are deprecated")


@pytest.fixture(scope="module")
def made():
    with Lab() as lab:
        yield chains.write(lab.dir / "chains")


def is_old_library():
    """Is the library too old for this case? What only newer versions can is not asked of it."""
    said = subprocess.run([*binary(), "--version"], capture_output=True, text=True, check=True).stdout
    return "wolfSSL 5.5" in said


def is_asked(accepted):
    return accepted != "newer" or not is_old_library()


def section_of(trust, version):
    """A [tls] section; its name tells the trust."""
    own = trust.parent
    return f"""\
[tls {trust.stem}]
certificate = {own}/own.pem
key = {own}/own.key
ca = {trust}
min-version = {version}
max-version = {version}
"""


def identities(cases, version):
    return "".join(section_of(t, version) for t in sorted({c[3] for c in cases}))


@pytest.mark.parametrize("version", VERSIONS)
def test_chains_of_servers(lab, made, version):
    """P-CRT-2: exactly those chains of servers pass that should."""
    text = f"[log]\nlevel = debug\nrate = 0\n{identities(made, version)}"
    text += f"[listen local]\nudp = 127.0.0.1:{lab.port()}\n[client nas]\naddress = 127.0.0.1\n" \
            "secret = a secret of more than twenty-four octets\n[realm *]\npool = p0\n"
    peers = []
    for i, (what, chain, key, trust, _) in enumerate(made):
        port = lab.port()
        peers.append(TlsPeer(port, chain, key, version=VERSIONS[version], ciphers=WEAK))
        text += f"[peer p{i}]\nconnect = 127.0.0.1:{port}\ntls = {trust.stem}\nname = localhost\n" \
                "connections = 1-1\nreconnect = 60s-60s\n"
    gw = lab.gateway(lab.write("chains.ini", text), wait="started")
    found = outcomes(gw, [f"p{i}" for i in range(len(made))])
    wrong = [f"{case[0]}: {found[f'p{i}'] or 'admitted'}" for i, case in enumerate(made)
             if (found[f"p{i}"] is None) != (case[4] != "no") and is_asked(case[4])]
    assert not wrong, "\n".join(wrong)
    assert sum(case[4] == "no" for case in made) >= 80
    # A reason is always given, and it is about the certificate.
    unclear = [f"{case[0]}: {found[f'p{i}']}" for i, case in enumerate(made)
               if case[4] == "no" and not found[f"p{i}"].startswith("certificate refused: ")]
    assert not unclear, "\n".join(unclear)
    for peer in peers:
        peer.close()


@pytest.mark.parametrize("version", VERSIONS)
def test_chains_of_clients(lab, made, version):
    text = conf_head(None, lab, version) + identities(made, version)
    ports = {}
    for trust in sorted({c[3] for c in made}):
        ports[trust] = lab.port()
        text += f"[listen {trust.stem}]\ntls = 127.0.0.1:{ports[trust]}\nprofile = {trust.stem}\n" \
                f"[peer {trust.stem}]\naccept = yes\ntls = {trust.stem}\nname = peer.test\n"
    gw = lab.gateway(lab.write("chains.ini", text), wait="started")
    wrong = []
    for what, chain, key, trust, accepted in made:
        link = chain.with_name(chain.stem + ".key")
        if not link.exists():
            link.symlink_to(key)
        good = accepted != "no"
        if admitted(ports[trust], chain.parent, chain.stem, version) != good and is_asked(accepted):
            wrong.append(f"{what}: {'refused' if good else 'admitted'}")
    assert not wrong, "\n".join(wrong) + gw.log()[-3000:]
