# SPDX-License-Identifier: GPL-2.0-or-later
"""CRLs of all kinds, and the certificates that they speak of: what `chains` has for chains."""
import datetime
import functools
import os
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ObjectIdentifier

import chains
from chains import ca, leaf

HOUR = datetime.timedelta(hours=1)
SECOND = datetime.timedelta(seconds=1)

chains.CERTIFICATES.update({
    "visitor.test": leaf("root", names=("visitor.test",)),
    "second.test": leaf("root", names=("second.test",)),
    "far.test": leaf("root", names=("far.test", "localhost")),
    "near.test": leaf("root", names=("far.test", "localhost")),
    "gateway.test": leaf("root", names=("gateway.test",)),
    "localhost": leaf("root", names=("localhost",)),
    "by-one": leaf("one"),
    "twin-a": ca("twin-a", subject="twin"),
    "twin-b": ca("twin-b", subject="twin"),
    "by-twin-a": leaf("twin-a"),
    "by-twin-b": leaf("twin-b"),
    "mute": ca("mute", key_usage={"key_cert_sign"}),  # may not sign CRLs
    "by-mute": leaf("mute"),
    "big": ca("big", rsa=2048),
    "by-big": leaf("big"),
    **{f"ca{i}": ca(f"ca{i}") for i in range(10)},
    **{f"by-ca{i}": leaf(f"ca{i}") for i in range(10)},
})


def serial(name):
    return chains.certificate(name).serial_number


def now():
    return datetime.datetime.utcnow().replace(microsecond=0)


def crl(issuer, *revoked, number=1, since=-HOUR, until=24 * 30 * HOUR, key=None, more=(), aki=True, form="pem"):
    """A CRL of this CA that lists these certificates; times are counted from now on. `key` is that of another one."""
    signer = chains.key_of(key or issuer)
    builder = x509.CertificateRevocationListBuilder(chains.subject_of(issuer), now() + since, now() + until)
    for name in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial(name) if isinstance(name, str) else name)
        builder = builder.add_revoked_certificate(entry.revocation_date(chains.NOW).add_extension(
            x509.CRLReason(x509.ReasonFlags.key_compromise), False).build())
    if number:
        builder = builder.add_extension(x509.CRLNumber(number), False)
    if aki:
        known = chains.key_of(issuer).public_key()
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(known), False)
    for extension, critical in more:
        builder = builder.add_extension(extension, critical)
    made = builder.sign(signer, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM if form == "pem" else serialization.Encoding.DER)


def scope(**flags):
    usual = {"full_name": None, "relative_name": None, "only_contains_user_certs": False,
             "only_contains_ca_certs": False, "only_some_reasons": None, "indirect_crl": False,
             "only_contains_attribute_certs": False}
    return [(x509.IssuingDistributionPoint(**{**usual, **flags}), True)]


DELTA = [(x509.DeltaCRLIndicator(1), True)]
INDIRECT = scope(indirect_crl=True)
SOME_REASONS = scope(only_some_reasons=frozenset([x509.ReasonFlags.key_compromise]))
CRITICAL = [(x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00"), True)]


def spoiled(octets):
    """The same with another last octet: a signature that is wrong."""
    der = x509.load_pem_x509_crl(octets).public_bytes(serialization.Encoding.DER)
    return der[:-1] + bytes([der[-1] ^ 1])


def put(path, octets):
    """Writes a file beside the path and renames it, as one should."""
    new = path.parent / f".{path.name}.new"
    new.write_bytes(octets)
    os.rename(new, path)


def write(folder, *names):
    """The certificates and keys of these, and of those that the gateway itself has; ca.pem is the root."""
    folder.mkdir(exist_ok=True)
    for name in ("visitor.test", "second.test", "far.test", "near.test", "gateway.test", "localhost", *names):
        key = folder / f"{name}.key"
        key.touch(0o600)
        key.write_bytes(chains.key_of(name).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        (folder / f"{name}.pem").write_bytes(chains.pem(f"{name} one" if name == "by-one" else name))
    (folder / "ca.pem").write_bytes(chains.pem("root"))
    return folder


@functools.lru_cache(maxsize=None)
def big(folder, entries):
    """A CRL of the CA `big`, made by `openssl ca`, that lists so many serial numbers of 16 octets."""
    key = folder / "big.key"
    key.write_bytes(chains.key_of("big").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    (folder / "big.pem").write_bytes(chains.pem("big"))
    lines = [f"R\t330101000000Z\t260101000000Z,keyCompromise\t{(i * 0x9e3779b97f4a7c15f39cc0605cedc835) % 2**127 | 2**126:032X}"
             f"\tunknown\t/CN=c{i}\n" for i in range(entries)]
    lines.append(f"R\t330101000000Z\t260101000000Z,keyCompromise\t{serial('by-big'):040X}\tunknown\t/CN=by-big\n")
    (folder / "index.txt").write_text("".join(lines))
    (folder / "index.txt.attr").write_text("unique_subject = no\n")
    (folder / "crlnumber").write_text("1000\n")
    (folder / "ca.cnf").write_text(f"""
[ca]
default_ca = x
[x]
database = {folder}/index.txt
crlnumber = {folder}/crlnumber
default_md = sha256
default_crl_days = 30
crl_extensions = e
[e]
authorityKeyIdentifier = keyid
""")
    out = folder / "big.crl"
    subprocess.run(["openssl", "ca", "-config", folder / "ca.cnf", "-gencrl", "-cert", folder / "big.pem", "-keyfile", key,
                    "-out", out], check=True, capture_output=True)
    return out
