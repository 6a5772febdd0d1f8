# SPDX-License-Identifier: GPL-2.0-or-later
"""Chains of certificates as peers send them, good, odd and forged: CHAINS has them all, written in a small
language, and `write` makes the files.

A chain is the certificates that are sent, the leaf first, and the CAs that are trusted. Names of certificates
are keys of CERTIFICATES; what they say differs from the usual only in what stands there.
"""
import datetime
import functools
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

NOW = datetime.datetime.utcnow().replace(microsecond=0)
DAY = datetime.timedelta(days=1)
PAST = (NOW - 800 * DAY, NOW - 10 * DAY)
FUTURE = (NOW + 10 * DAY, NOW + 800 * DAY)
NAMES = ("localhost", "peer.test")


def ca(issuer, **more):
    return {"issuer": issuer, "ca": True, **more}


def leaf(issuer, **more):
    return {"issuer": issuer, "ca": False, **more}


# The certificate names itself as issuer: it is a root. `subject` and `key` are those of another certificate of that
# name.
CERTIFICATES = {
    "root": ca("root"),
    "other": ca("other"),
    "old": ca("old", dates=PAST),
    "early": ca("early", dates=FUTURE),
    "thief": ca("thief", subject="root"),                       # the name of the root, another key
    "thief-copy": ca("thief-copy", subject="root", skid="root"),  # and what the root says of its key
    "plain": ca("plain", plain=True),                           # without identifiers of keys
    "plain1": ca("plain", plain=True),
    "one": ca("root"),
    "two": ca("one"),
    "three": ca("two"),
    "one-old": ca("root", subject="one", key="one", dates=PAST),
    "one-early": ca("root", subject="one", key="one", dates=FUTURE),
    "two-old": ca("one", subject="two", key="two", dates=PAST),
    "root-by-other": ca("other", subject="root", key="root"),
    "root-by-other-old": ca("other", subject="root", key="root", dates=PAST),
    "one-by-thief": ca("thief", subject="one", key="one"),
    "no-ku": ca("root", key_usage=None),
    "not-ca": ca("root", ca=False),
    "no-bc": ca("root", ca=None),
    "no-sign": ca("root", key_usage={"digital_signature", "crl_sign"}),
    "len0": ca("root", path_length=0),
    "below-len0": ca("len0"),
    "len1": ca("root", path_length=1),
    "below-len1": ca("len1"),
    "below-below-len1": ca("below-len1"),
    "nc": ca("root", permitted=("good.test",)),
    "below-nc": ca("nc", names=("ca.good.test",)),
    "nc-in": ca("root", permitted=("localhost", "test"), excluded=("evil.test", "x.peer.test")),
    "below-nc-in": ca("nc-in", names=("ca.test",)),
    "below-nc-out": ca("nc-out", names=("ca.test",)),
    "nc-root": ca("nc-root", permitted=("good.test",)),
    "below-nc-root": ca("nc-root", names=("ca.good.test",)),
    "nc-ip": ca("root", permitted=("localhost", "test"), addresses=("192.0.2.0/24",)),
    "below-nc-ip": ca("nc-ip", names=("ca.test",)),
    "nc-out": ca("root", excluded=NAMES),
    "critical": ca("root", critical=True),
    "sha1": ca("root", hash=hashes.SHA1()),
    "md5": ca("rsa", hash=hashes.MD5()),
    "rsa": ca("rsa", rsa=2048),
    "rsa1024": ca("root", rsa=1024),
    "by-other": ca("other"),

    "own": leaf("root"),  # of the gateway itself
    "leaf": leaf("root"),
    "leaf-plain": leaf("plain", plain=True),
    "leaf-plain1": leaf("plain1", plain=True),
    "leaf1": leaf("one"),
    "leaf2": leaf("two"),
    "leaf3": leaf("three"),
    "leaf-old": leaf("root", dates=PAST),
    "leaf-early": leaf("root", dates=FUTURE),
    "leaf1-old": leaf("one", dates=PAST),
    "leaf2-old": leaf("two", dates=PAST),
    "leaf-by-old": leaf("old"),
    "leaf-by-early": leaf("early"),
    "leaf-by-other": leaf("other"),
    "leaf-by-by-other": leaf("by-other"),
    "leaf-by-thief": leaf("thief"),
    "leaf-by-thief-copy": leaf("thief-copy"),
    "leaf-no-ku": leaf("no-ku"),
    "leaf-not-ca": leaf("not-ca"),
    "leaf-no-bc": leaf("no-bc"),
    "leaf-no-sign": leaf("no-sign"),
    "leaf-below-len0": leaf("below-len0"),
    "leaf-len0": leaf("len0"),
    "leaf-below-len1": leaf("below-len1"),
    "leaf-below-below-len1": leaf("below-below-len1"),
    "leaf-nc": leaf("nc"),
    "leaf-below-nc": leaf("below-nc"),
    "leaf-below-nc-in": leaf("below-nc-in"),
    "leaf-wild-nc-in": leaf("below-nc-in", names=(*NAMES, "*.peer.test")),
    "leaf-evil-nc-in": leaf("below-nc-in", names=(*NAMES, "a.evil.test")),
    "leaf-below-nc-out": leaf("below-nc-out"),
    "leaf-below-nc-root": leaf("below-nc-root"),
    "leaf-below-nc-ip": leaf("below-nc-ip", address="192.0.2.7"),
    "leaf-off-nc-ip": leaf("below-nc-ip", address="192.0.3.7"),
    "leaf-nc-out": leaf("nc-out"),
    "leaf-by-critical": leaf("critical"),
    "leaf-critical": leaf("root", critical=True),
    "leaf1-critical": leaf("one", critical=True),
    "leaf-sha1": leaf("root", hash=hashes.SHA1()),
    "leaf2-sha1": leaf("two", hash=hashes.SHA1()),
    "leaf-md5": leaf("rsa", hash=hashes.MD5()),
    "leaf-rsa-sha1": leaf("rsa", hash=hashes.SHA1()),
    "leaf-by-md5": leaf("md5"),
    "leaf-rsa": leaf("rsa"),
    "leaf-by-sha1": leaf("sha1"),
    "leaf-rsa1024": leaf("root", rsa=1024),
    "leaf2-rsa1024": leaf("two", rsa=1024),
    "leaf-by-rsa1024": leaf("rsa1024"),
    "leaf-email": leaf("root", eku=(ExtendedKeyUsageOID.EMAIL_PROTECTION,)),
    "leaf2-email": leaf("two", eku=(ExtendedKeyUsageOID.EMAIL_PROTECTION,)),
    "leaf-by-leaf": leaf("leaf"),
    "leaf-by-leaf1": leaf("leaf1"),
    "leaf-as-ca": ca("root", names=NAMES, key_usage={"digital_signature", "key_cert_sign"}),
    "forged": leaf("root", sign_with="other"),
    "forged1": leaf("one", sign_with="other"),
    "one-forged": ca("root", sign_with="other"),
    "leaf-one-forged": leaf("one-forged"),
    "self": leaf("self"),
    "leaf-by-self": leaf("self"),
    "stranger": leaf("other", names=("stranger.test",)),
    "other-old": ca("other-old", dates=PAST),
}
for _i in range(1, 11):
    CERTIFICATES[f"n{_i}"] = ca("root" if _i == 1 else f"n{_i - 1}")
CERTIFICATES["leaf-n8"] = leaf("n8")
CERTIFICATES["leaf-n9"] = leaf("n9")
CERTIFICATES["leaf-n10"] = leaf("n10")

ROOT = "root"

# What is sent, the trust, and whether it must be accepted: "yes", "no", "newer" where not all versions of the
# library can, see the manual.
CHAINS = [
    # as they should be
    ("leaf", ROOT, "yes"),
    ("leaf1 one", ROOT, "yes"),
    ("leaf1 one root", ROOT, "yes"),
    ("leaf3 three two one", ROOT, "yes"),
    ("leaf-len0 len0", ROOT, "yes"),
    ("leaf-below-len1 below-len1 len1", ROOT, "yes"),
    ("leaf-rsa", "rsa", "yes"),
    # without identifiers of keys
    ("leaf-plain", "plain", "yes"),
    ("leaf-plain1 plain1", "root plain", "yes"),
    # in another order
    ("leaf2 one two", ROOT, "yes"),
    ("leaf3 one two three", ROOT, "yes"),
    ("leaf3 two one three", ROOT, "yes"),
    ("leaf3 three one two", ROOT, "yes"),
    ("leaf3 root one two three", ROOT, "yes"),
    # with what does not belong there
    ("leaf stranger", ROOT, "yes"),
    ("leaf other", ROOT, "yes"),
    ("leaf other-old", ROOT, "yes"),
    ("leaf1 stranger one", ROOT, "yes"),
    ("leaf1 one stranger", ROOT, "yes"),
    ("leaf1 other one", ROOT, "yes"),
    ("leaf1 one other", ROOT, "yes"),
    ("leaf2 other one two stranger", ROOT, "yes"),
    ("leaf1 leaf1 one", ROOT, "yes"),
    ("leaf leaf", ROOT, "yes"),
    ("leaf1 one by-other other", ROOT, "yes"),
    # a twin that is out of date
    ("leaf1 one one-old", ROOT, "yes"),
    ("leaf1 one-old one", ROOT, "yes"),
    ("leaf1 one-early one", ROOT, "yes"),
    ("leaf1 one-old", "root one", "yes"),
    ("leaf1 one-old", "one", "yes"),
    ("leaf2 two two-old one-old one", ROOT, "yes"),
    ("leaf2 two-old one two", ROOT, "yes"),
    # a root that another one has signed
    ("leaf1 one root-by-other", "root other", "yes"),
    ("leaf1 one root-by-other-old", "root other", "yes"),
    ("leaf1 one root-by-other-old", "root", "yes"),
    ("leaf root-by-other-old", "root other", "yes"),
    ("leaf1 one root-by-other", "other", "yes"),
    # many of them
    ("leaf-n8 n8 n7 n6 n5 n4 n3 n2 n1", ROOT, "yes"),
    ("leaf-n9 n9 n8 n7 n6 n5 n4 n3 n2 n1", ROOT, "newer"),
    # an intermediate that says nothing of the use of its key
    ("leaf-no-ku no-ku", ROOT, "newer"),
    # names that are allowed, from far above
    ("leaf-below-nc-in below-nc-in nc-in", ROOT, "yes"),
    ("leaf-below-nc-ip below-nc-ip nc-ip", ROOT, "yes"),
    ("leaf1 one nc", ROOT, "yes"),
    # trust with something that is out of date in it
    ("leaf", "old root", "yes"),
    # the very certificate of a peer
    ("self", "self root", "yes"),
    ("leaf", "root early", "yes"),

    # no way to the trust
    ("leaf1", ROOT, "no"),
    ("leaf2 two", ROOT, "no"),
    ("leaf2 one", ROOT, "no"),
    ("leaf3 two one", ROOT, "no"),
    ("leaf3 three one", ROOT, "no"),
    ("leaf-by-other", ROOT, "no"),
    ("leaf-by-other other", ROOT, "no"),
    ("leaf-by-other root", ROOT, "no"),
    ("leaf-by-by-other by-other other", ROOT, "no"),
    ("leaf-by-by-other other by-other", ROOT, "no"),
    ("leaf-by-by-other root by-other other", ROOT, "no"),
    ("self", ROOT, "no"),
    ("self self", ROOT, "no"),
    ("self one", ROOT, "no"),
    ("leaf1 one root-by-other-old", "other", "no"),
    ("leaf-n10 n10 n9 n8 n7 n6 n5 n4 n3 n2 n1", ROOT, "no"),
    # dates
    ("leaf-old", ROOT, "no"),
    ("leaf-early", ROOT, "no"),
    ("leaf1-old one", ROOT, "no"),
    ("leaf2-old one two", ROOT, "no"),
    ("leaf2-old two one stranger", ROOT, "no"),
    ("leaf1 one-old", ROOT, "no"),
    ("leaf1 one-early", ROOT, "no"),
    ("leaf1 one-old one-early", ROOT, "no"),
    ("leaf2 two one-old", ROOT, "no"),
    ("leaf2 one-old two", ROOT, "no"),
    ("leaf2 two-old one", ROOT, "no"),
    ("leaf2 one two-old", ROOT, "no"),
    ("leaf2 two-old one stranger", ROOT, "no"),
    ("leaf-by-old", "old", "no"),
    ("leaf-by-old old", "old", "no"),
    ("leaf-by-old", "root old", "no"),
    ("leaf-by-early", "early root", "no"),
    # the name of the root, with another key
    ("leaf-by-thief", ROOT, "no"),
    ("leaf-by-thief thief", ROOT, "no"),
    ("leaf-by-thief thief root", ROOT, "no"),
    ("leaf-by-thief root thief", ROOT, "no"),
    ("leaf-by-thief-copy thief-copy", ROOT, "no"),
    ("leaf-by-thief-copy thief-copy root", ROOT, "no"),
    ("leaf-by-thief-copy root thief-copy", ROOT, "no"),
    ("leaf1 one-by-thief", ROOT, "no"),
    ("leaf1 one-by-thief thief", ROOT, "no"),
    # signatures of somebody else
    ("forged", ROOT, "no"),
    ("forged other", ROOT, "no"),
    ("forged1 one", ROOT, "no"),
    ("forged1 stranger one", ROOT, "no"),
    ("forged1 other one", ROOT, "no"),
    ("leaf-one-forged one-forged", ROOT, "no"),
    ("leaf-one-forged one-forged other", ROOT, "no"),
    ("leaf-one-forged other one-forged", ROOT, "no"),
    # who is no CA
    ("leaf-not-ca not-ca", ROOT, "no"),
    ("leaf-not-ca not-ca stranger", ROOT, "no"),
    ("leaf-no-bc no-bc", ROOT, "no"),
    ("leaf-no-sign no-sign", ROOT, "no"),
    ("leaf-no-sign no-sign stranger", ROOT, "no"),
    ("leaf-by-leaf leaf", ROOT, "no"),
    ("leaf-by-leaf1 leaf1 one", ROOT, "no"),
    ("leaf-by-leaf1 one leaf1", ROOT, "no"),
    ("leaf-by-leaf leaf stranger", ROOT, "no"),
    ("leaf-by-leaf", "leaf root", "no"),
    # nor is a peer that is believed as it is, by its own certificate
    ("leaf-by-self", "self root", "no"),
    ("leaf-by-self self", "self", "no"),
    ("leaf-as-ca", ROOT, "no"),
    # length of the path
    ("leaf-below-len0 below-len0 len0", ROOT, "no"),
    ("leaf-below-len0 len0 below-len0", ROOT, "no"),
    ("leaf-below-below-len1 below-below-len1 below-len1 len1", ROOT, "no"),
    ("leaf-below-below-len1 len1 below-len1 below-below-len1", ROOT, "no"),
    ("leaf-below-below-len1 below-len1 len1 below-below-len1", ROOT, "no"),
    # names
    ("leaf-nc nc", ROOT, "no"),
    ("leaf-nc nc stranger", ROOT, "no"),
    ("leaf-nc-out nc-out", ROOT, "no"),
    ("leaf-below-nc below-nc nc", ROOT, "no"),
    ("leaf-below-nc nc below-nc", ROOT, "no"),
    ("leaf-nc", "root nc", "no"),
    ("leaf-evil-nc-in below-nc-in nc-in", ROOT, "no"),
    ("leaf-wild-nc-in below-nc-in nc-in", ROOT, "no"),
    ("leaf-below-nc-out below-nc-out nc-out", ROOT, "no"),
    ("leaf-below-nc-root below-nc-root", "nc-root", "no"),
    ("leaf-off-nc-ip below-nc-ip nc-ip", ROOT, "no"),
    ("leaf-off-nc-ip nc-ip below-nc-ip", ROOT, "no"),
    # extensions
    ("leaf-critical", ROOT, "no"),
    ("leaf1-critical one", ROOT, "no"),
    ("leaf-by-critical critical", ROOT, "no"),
    ("leaf-by-critical critical stranger", ROOT, "no"),
    ("leaf-email", ROOT, "no"),
    ("leaf2-email two one", ROOT, "no"),
    ("leaf2-email one two", ROOT, "no"),
    # strength
    ("leaf-sha1", ROOT, "no"),
    ("leaf2-sha1 one two", ROOT, "no"),
    ("leaf-by-sha1 sha1", ROOT, "no"),
    ("leaf-by-sha1 sha1 stranger", ROOT, "no"),
    ("leaf-md5", "rsa", "no"),
    ("leaf-rsa-sha1", "rsa", "no"),
    ("leaf-by-md5 md5", "rsa", "no"),
    ("leaf-by-md5 md5 stranger", "rsa root", "no"),
    ("leaf-rsa1024", ROOT, "no"),
    ("leaf2-rsa1024 one two", ROOT, "no"),
    ("leaf-by-rsa1024 rsa1024", ROOT, "no"),
    ("leaf-by-rsa1024 rsa1024 stranger", ROOT, "no"),
]


@functools.lru_cache(maxsize=None)
def key_of(name):
    c = CERTIFICATES[name]
    if "key" in c:
        return key_of(c["key"])
    return rsa.generate_private_key(65537, c["rsa"]) if "rsa" in c else ec.generate_private_key(ec.SECP256R1())


def subject_of(name):
    text = CERTIFICATES[name].get("subject", name)
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "radsecgw tests"),
                      x509.NameAttribute(NameOID.COMMON_NAME, text)])


def key_usage(bits):
    return x509.KeyUsage(**{b: b in bits for b in (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")})


def extensions_of(name):
    """The extensions of a certificate as (extension, critical)."""
    c, names = CERTIFICATES[name], CERTIFICATES[name].get("names", () if CERTIFICATES[name]["ca"] else NAMES)
    is_ca = c["ca"] is True
    skid = key_of(c.get("skid", name)).public_key()
    if not c.get("plain"):
        yield x509.SubjectKeyIdentifier.from_public_key(skid), False
        yield x509.AuthorityKeyIdentifier.from_issuer_public_key(key_of(c["issuer"]).public_key()), False
    if c["ca"] is not None:
        yield x509.BasicConstraints(is_ca, c.get("path_length") if is_ca else None), True
    usual = {"key_cert_sign", "crl_sign"} if is_ca else {"digital_signature"}
    if c.get("key_usage", usual) is not None:
        yield key_usage(c.get("key_usage", usual)), True
    if names and c["ca"] is not None:
        address = [x509.IPAddress(ipaddress.ip_address(c["address"]))] if "address" in c else []
        yield x509.SubjectAlternativeName([x509.DNSName(n) for n in names] + address), False
    if c["ca"] is False:
        yield x509.ExtendedKeyUsage(c.get("eku", (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH))), \
            False
    if "permitted" in c or "excluded" in c:
        addresses = [x509.IPAddress(ipaddress.ip_network(a)) for a in c.get("addresses", ())]
        permitted, excluded = ([x509.DNSName(n) for n in c.get(k, ())] for k in ("permitted", "excluded"))
        yield x509.NameConstraints(permitted + addresses or None, excluded or None), True
    if c.get("critical"):
        yield x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00"), True


@functools.lru_cache(maxsize=None)
def certificate(name):
    c = CERTIFICATES[name]
    begin, end = c.get("dates", (NOW - DAY, NOW + 300 * DAY))
    builder = x509.CertificateBuilder(subject_of(c["issuer"]), subject_of(name), key_of(name).public_key(),
                                      x509.random_serial_number(), begin, end)
    for extension, critical in extensions_of(name):
        builder = builder.add_extension(extension, critical)
    return builder.sign(key_of(c.get("sign_with", c["issuer"])), c.get("hash", hashes.SHA256()))


def pem(names):
    return b"".join(certificate(n).public_bytes(serialization.Encoding.PEM) for n in names.split())


def write(folder):
    """Makes the files of all chains; returns the cases (what, chain file, key file, file of the trust, accepted)."""
    folder.mkdir()
    for name in CERTIFICATES:
        (folder / f"{name}.key").touch(0o600)
        (folder / f"{name}.key").write_bytes(key_of(name).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    (folder / "own.pem").write_bytes(pem("own"))
    cases = []
    for i, (sent, trust, accepted) in enumerate(CHAINS):
        (folder / f"chain{i}.pem").write_bytes(pem(sent))
        (folder / f"trust-{trust.replace(' ', '-')}.pem").write_bytes(pem(trust))
        cases.append((f"{sent} | {trust}", folder / f"chain{i}.pem", folder / f"{sent.split()[0]}.key",
                      folder / f"trust-{trust.replace(' ', '-')}.pem", accepted))
    return cases
