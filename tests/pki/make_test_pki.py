#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the certificates that the tests need, good and odd ones, with their keys.

make_test_pki.py DIRECTORY           into a directory outside the repository; index.json says what
                                     each one is, which rules it satisfies and which it must not
make_test_pki.py --samples TESTS     renews the samples kept in the repository: certificates
                                     without keys (the keys are thrown away), valid for 100 years
"""

import argparse
import datetime
import hashlib
import ipaddress
import json
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku
from cryptography.x509.oid import NameOID, ObjectIdentifier

DAY = datetime.timedelta(days=1)
SERVER = ["server"]
CLIENT = ["client"]
BOTH = ["server", "client"]
EKU_OF = {"server": Eku.SERVER_AUTH, "client": Eku.CLIENT_AUTH,
          "any": ObjectIdentifier("2.5.29.37.0")}
NAIREALM = ObjectIdentifier("1.3.6.1.5.5.7.8.8")
SAN_OID = ObjectIdentifier("2.5.29.17")
# Stands for the second subjectAltName until the finished octets are changed; same length.
STAND_IN_OID = ObjectIdentifier("2.5.29.99")


def der(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 0x80:
        return bytes([tag, n]) + body
    length = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def dns(*names):
    return [x509.DNSName(n) for n in names]


def ips(*addresses):
    return [x509.IPAddress(ipaddress.ip_address(a)) for a in addresses]


def uris(*texts):
    return [x509.UniformResourceIdentifier(t) for t in texts]


def realms(*names):
    return [x509.OtherName(NAIREALM, der(0x0c, n.encode())) for n in names]


def rids(*oids):
    return [x509.RegisteredID(ObjectIdentifier(o)) for o in oids]


# Names of the good server. The other good certificates carry them too, so that one connection test
# fits all of them.
GOOD = dns("localhost", "radius.test") + ips("127.0.0.1", "::1")
GOOD_RULES = ["dns:localhost", "dns:radius.test", "ip:127.0.0.1", "ip:::1"]

# name, what it is, and what differs from an ECDSA P-256 leaf of the CA for both roles, called like
# the good server. `ok`: a correct check of the chain accepts it. `match`/`refuse`: rules.
CERTS = [
    ("server", "the good server", dict(roles=SERVER, match=GOOD_RULES,
                                       refuse=["dns:wrong.test", "ip:127.0.0.2", "cn:server"])),
    ("client", "the good client", dict(roles=CLIENT, san=dns("client.test"),
                                       match=["dns:client.test"], refuse=["dns:radius.test"])),
    ("both", "good in both roles", dict(match=GOOD_RULES)),
    ("no-eku", "no extended key usage: good in both roles", dict(eku=None, match=GOOD_RULES)),
    ("any-eku", "anyExtendedKeyUsage: good in both roles", dict(eku=["any"], match=GOOD_RULES)),
    ("chained", "good, issued by the intermediate; the file has the chain",
     dict(issuer="intermediate", chain=["intermediate"], match=GOOD_RULES)),
    ("unchained", "issued by the intermediate; the file lacks the chain",
     dict(issuer="intermediate", ok=False, match=GOOD_RULES)),
    ("chained-p521", "good, issued by an intermediate with a P-521 key; the file has the chain",
     dict(issuer="intermediate-p521", chain=["intermediate-p521"], match=GOOD_RULES)),
    ("under-no-ca", "issued by an intermediate that is none (basicConstraints CA:FALSE); the file has the chain",
     dict(issuer="intermediate-no-ca", chain=["intermediate-no-ca"], ok=False, match=GOOD_RULES)),
    ("under-no-sign", "issued by an intermediate whose keyUsage lacks keyCertSign; the file has the chain",
     dict(issuer="intermediate-no-sign", chain=["intermediate-no-sign"], ok=False, match=GOOD_RULES)),
    ("under-leaf", "issued with the key of a good leaf; the file has the chain",
     dict(issuer="both", chain=["both"], ok=False, match=GOOD_RULES)),
    ("under-leaf-alone", "the same; the file has nothing else",
     dict(issuer="both", ok=False, match=GOOD_RULES)),
    ("expired", "its validity is over", dict(dates=(-2000, -1000), ok=False, match=GOOD_RULES)),
    ("future", "its validity has not begun", dict(dates=(1000, 2000), ok=False, match=GOOD_RULES)),
    ("foreign", "issued by another CA of the same name, same serial number as server",
     dict(issuer="foreign-ca", serial_of="server", ok=False, match=GOOD_RULES)),
    ("self-signed", "issued by itself", dict(issuer=None, ok=False, match=GOOD_RULES)),
    ("clone-leaf", "issued with the key of the clone, which is in the chain",
     dict(issuer="clone", chain=["clone"], ok=False, match=GOOD_RULES)),
    ("leaf-ca", "issued by the CA as a CA (basicConstraints CA:TRUE), used as a leaf",
     dict(ca=True, ok=False)),
    ("server-as-client", "names of the server, extended key usage of a client only",
     dict(roles=CLIENT, match=GOOD_RULES)),
    ("client-as-server", "name of the client, extended key usage of a server only",
     dict(roles=SERVER, san=dns("client.test"), match=["dns:client.test"])),
    ("wrong-name", "another server", dict(san=dns("wrong.test"), match=["dns:wrong.test"],
                                          refuse=GOOD_RULES)),
    ("uri-bare", "a URI that reads like a host name",
     dict(san=uris("uri-victim.test"), match=["uri:uri-victim.test"],
          refuse=["dns:uri-victim.test", "cn:uri-victim.test", "nairealm:uri-victim.test"])),
    ("uri-radius", "a URI of a host",
     dict(san=uris("radius://victim.test"),
          match=["uri:radius://victim.test", "uri:/radius://.*/", "uri:/radius://(x|victim)[.]test/"],
          refuse=["uri:/victim[.]test/", "uri:/radius/", "dns:/.*/", "dns:victim.test", "uri:victim.test", "uri:radius://victim.test/"])),
    ("wildcard-within", "wildcard within a label", dict(
        san=dns("f*o.test", "f*o.radius.test"),
        refuse=["dns:foo.test", "dns:fo.test", "dns:foo.radius.test", "dns:*.radius.test"])),
    ("wildcard-bare", "nothing but a wildcard",
     dict(san=dns("*"), refuse=GOOD_RULES + ["dns:test", "cn:*", "nairealm:test"])),
    ("wildcard-tld", "a wildcard for a whole top-level domain",
     dict(san=dns("*.test"), refuse=GOOD_RULES + ["dns:a.radius.test"])),
    ("wildcard", "a proper wildcard",
     dict(san=dns("*.radius.test"),
          match=["dns:a.radius.test", "dns:A.Radius.TEST", "dns:*.radius.test",
                 "dns:a.radius.test."],
          refuse=["dns:/.*/", "dns:/.*[.]radius[.]test/", "dns:radius.test", "dns:a.b.radius.test", "dns:aradius.test", "dns:*.b.test"])),
    ("wildcard-twice", "two wildcards, and one in the middle",
     dict(san=dns("*.*.test", "a.*.test"),
          refuse=["dns:a.b.test", "dns:a.b.c.test", "dns:a.radius.test"])),
    ("trailing-dot", "the dot of the root in a dNSName",
     dict(san=dns("radius.test."), refuse=["dns:radius.test", "dns:radius.test.", "dns:/radius[.]test[.]?/"])),
    ("idna-a", "an internationalised name as it goes over the wire",
     dict(san=dns("xn--mnchen-3ya.test"), match=["dns:xn--mnchen-3ya.test", "dns:XN--MNCHEN-3YA.test"],
          refuse=["dns:mnchen.test", "dns:munchen.test", "dns:*.mnchen.test"])),
    ("idna-u", "an internationalised name in UTF-8, which is no IA5String",
     dict(raw_san=der(0x30, der(0x82, "m\u00fcnchen.test".encode())),
          refuse=["dns:xn--mnchen-3ya.test", "dns:munchen.test", "dns:/.*/"])),
    ("ia5-odd", "blanks, a line break and a tilde around a host name",
     dict(raw_san=der(0x30, b"".join(der(0x82, name) for name in (
         b" radius.test", b"radius.test ", b"radius.test\n", b"\tradius.test", b"radius~.test", b"", b"."))),
          refuse=["dns:radius.test", "dns:/.*radius.*/", "dns:/.*/"])),
    ("ip-mapped", "an IPv4 address dressed as an IPv6 address",
     dict(san=ips("::ffff:127.0.0.1"), match=["ip:::ffff:127.0.0.1"], refuse=["ip:127.0.0.1", "ip:::1"])),
    ("cn-only", "no alternative name, common name radius.test",
     dict(cn="radius.test", san=None, match=["cn:radius.test", "cn:RADIUS.test", "cn:/radius[.].*/"],
          refuse=["dns:radius.test", "dns:/.*/", "cn:/radius/"])),
    ("cn-and-dns", "common name radius.test, but a dNSName that says otherwise",
     dict(cn="radius.test", san=dns("other.test"), match=["dns:other.test", "dns:/(other|another)[.]test/"],
          refuse=["cn:/.*/", "cn:radius.test", "dns:radius.test"])),
    ("cn-wildcard", "common name *.radius.test",
     dict(cn="*.radius.test", san=None, refuse=["cn:a.radius.test", "dns:a.radius.test"])),
    ("nul", "a NUL within dNSName and common name",
     dict(cn="radius.test\0.evil.test", raw_san=der(0x30, der(0x82, b"radius.test\0.evil.test")),
          refuse=["dns:radius.test", "cn:radius.test", "dns:evil.test", "dns:/.*/", "cn:/.*/"])),
    ("ip-as-dns", "an address written as dNSName",
     dict(san=dns("127.0.0.1"), refuse=["ip:127.0.0.1", "cn:127.0.0.1"])),
    ("ip-bad", "an iPAddress of nine octets (text), so the certificate is malformed",
     dict(raw_san=der(0x30, der(0x87, b"127.0.0.1")), malformed=True, refuse=["any"])),
    ("san-twice", "two subjectAltName extensions, so the certificate is malformed",
     dict(second_san=dns("evil.test"), malformed=True, refuse=["any"])),
    ("nairealm", "NAIRealm names",
     dict(san=realms("example.test", "*.wild.test", "*.tld"),
          match=["nairealm:example.test", "nairealm:a.wild.test", "nairealm:x.tld"],
          refuse=["nairealm:EXAMPLE.test", "nairealm:wild.test", "nairealm:a.b.wild.test",
                  "nairealm:example.test.evil", "nairealm:xexample.test", "dns:example.test"])),
    ("nairealm-bad", "NAIRealm patterns that are not valid",
     dict(san=realms("*ar.foo.test", "bar.*.test", "*.*.example", "*"),
          refuse=["nairealm:bar.foo.test", "nairealm:a.b.example", "nairealm:test"])),
    ("rid", "a registeredID", dict(san=rids("2.999.7"), match=["rid:2.999.7"],
                                   refuse=["rid:2.999", "policy:2.999.7"])),
    ("policy", "certificate policies",
     dict(policies=["2.999.1", "2.999.2"], match=["policy:2.999.1", "policy:2.999.2"],
          refuse=["policy:2.999.3", "rid:2.999.1"])),
    ("rsa1024", "good but for its RSA key of 1024 bits", dict(key="rsa1024", match=GOOD_RULES)),
    ("rsa2048", "good, RSA key of 2048 bits", dict(key="rsa2048", match=GOOD_RULES)),
    ("rsa4096", "good, RSA key of 4096 bits", dict(key="rsa4096", match=GOOD_RULES)),
    ("p384", "good, ECDSA P-384", dict(key="p384", match=GOOD_RULES)),
    ("ed25519", "good, Ed25519", dict(key="ed25519", match=GOOD_RULES)),
]

# Kept in the repository: all but the large ones and those that differ in nothing the parser sees.
SAMPLES_WITHOUT = {"idna-a", "idna-u", "ia5-odd", "ip-mapped", "rsa1024", "rsa4096", "unchained", "clone-leaf", "chained-p521", "under-no-ca", "under-no-sign",
                   "under-leaf", "under-leaf-alone", "intermediate-p521", "intermediate-no-ca", "intermediate-no-sign"}

# name, what it is, key, CA:TRUE, keyCertSign
INTERMEDIATES = [
    ("intermediate", "an intermediate CA below the CA", "p256", True, True),
    ("intermediate-p521", "an intermediate CA with a P-521 key", "p521", True, True),
    ("intermediate-no-ca", "not a CA, though its key signs certificates", "p256", False, True),
    ("intermediate-no-sign", "a CA that must not sign certificates", "p256", True, False),
]


def new_key(kind):
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key({"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}[kind])


class Pki:
    def __init__(self, now, days):
        self.now = now
        self.days = days  # how long the certificates are valid that say nothing about it
        self.certs = {}
        self.keys = {}

    def builder(self, cn, key, serial, dates):
        name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "radsecgw tests"),
                          x509.NameAttribute(NameOID.COMMON_NAME, cn)])
        if dates is None:
            dates = (-1, self.days)
        start, end = self.now + dates[0] * DAY, self.now + dates[1] * DAY
        ski = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        return (x509.CertificateBuilder().subject_name(name).public_key(key.public_key())
                .serial_number(serial).not_valid_before(start).not_valid_after(end)
                .add_extension(ski, False))

    def sign(self, builder, issuer, own_key):
        if issuer is None:
            builder = builder.issuer_name(builder._subject_name)
            key = own_key
        else:
            builder = builder.issuer_name(self.certs[issuer].subject)
            key = self.keys[issuer]
        digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
        return builder.sign(key, digest)

    def make_ca(self, name, cn, serial, issuer=None, kind="p256", ca=True, sign=True):
        key = new_key(kind)
        b = self.builder(cn, key, serial, None)
        b = b.add_extension(x509.BasicConstraints(ca, None), True)
        b = b.add_extension(x509.KeyUsage(not sign, False, False, False, False, sign, True, False,
                                          False), True)
        self.certs[name] = self.sign(b, issuer, key)
        self.keys[name] = key

    def make_clone(self):
        """The CA's certificate octet by octet, only with another public key."""
        def point(k):
            return k.public_bytes(serialization.Encoding.X962,
                                  serialization.PublicFormat.UncompressedPoint)
        key = new_key("p256")
        octets = self.certs["ca"].public_bytes(serialization.Encoding.DER)
        old = point(self.certs["ca"].public_key())
        if octets.count(old) != 1:
            raise ValueError("the public key is not in the certificate exactly once")
        octets = octets.replace(old, point(key.public_key()))
        self.certs["clone"] = x509.load_der_x509_certificate(octets)
        self.keys["clone"] = key

    def resign(self, cert, old, new, issuer):
        """The certificate with some octets of its signed part changed, signed anew (ECDSA)."""
        tbs = cert.tbs_certificate_bytes
        if tbs.count(old) != 1 or len(old) != len(new):
            raise ValueError("cannot change these octets")
        tbs = tbs.replace(old, new)
        signature = self.keys[issuer].sign(tbs, ec.ECDSA(hashes.SHA256()))
        algorithm = bytes.fromhex("300a06082a8648ce3d040302")  # ecdsa-with-SHA256
        return x509.load_der_x509_certificate(
            der(0x30, tbs, algorithm, der(0x03, b"\0" + signature)))

    def make_leaf(self, name, serial, spec):
        key = new_key(spec.get("key", "p256"))
        b = self.builder(spec.get("cn", name), key, serial, spec.get("dates"))
        b = b.add_extension(x509.BasicConstraints(spec.get("ca", False), None), True)
        eku = spec.get("eku", spec.get("roles", BOTH))
        if eku is not None:
            b = b.add_extension(x509.ExtendedKeyUsage([EKU_OF[r] for r in eku]), False)
        san = spec.get("san", GOOD)
        if "raw_san" in spec:
            b = b.add_extension(x509.UnrecognizedExtension(SAN_OID, spec["raw_san"]), False)
        elif san is not None:
            b = b.add_extension(x509.SubjectAlternativeName(san), False)
        if "second_san" in spec:
            value = x509.SubjectAlternativeName(spec["second_san"]).public_bytes()
            b = b.add_extension(x509.UnrecognizedExtension(STAND_IN_OID, value), False)
        if "policies" in spec:
            b = b.add_extension(x509.CertificatePolicies(
                [x509.PolicyInformation(ObjectIdentifier(o), None) for o in spec["policies"]]),
                False)
        issuer = spec.get("issuer", "ca")
        cert = self.sign(b, issuer, key)
        if "second_san" in spec:
            cert = self.resign(cert, bytes.fromhex("0603551d63"), bytes.fromhex("0603551d11"),
                               issuer)
        self.certs[name] = cert
        self.keys[name] = key

    def make_all(self, without=()):
        serial = {name: 0x8000 + i for i, (name, _, _) in enumerate(CERTS)}
        self.make_ca("ca", "radsecgw test CA", 1)
        self.make_ca("foreign-ca", "radsecgw test CA", 1)
        for i, (name, _, kind, ca, sign) in enumerate(INTERMEDIATES):
            if name not in without:
                cn = f"radsecgw test {name} CA"
                self.make_ca(name, cn, 2 + i, "ca", kind, ca, sign)
        self.make_clone()
        for name, _, spec in CERTS:
            if name not in without:
                self.make_leaf(name, serial[spec.get("serial_of", name)], spec)


def pem_of(cert):
    return cert.public_bytes(serialization.Encoding.PEM)


def der_of(cert):
    return cert.public_bytes(serialization.Encoding.DER)


def write(path, octets, mode=0o644):
    """A new file each time, so that a key never lands in a file that others can read."""
    if os.path.exists(path):
        os.unlink(path)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as f:
        f.write(octets)


def spki_of(cert):
    key = cert.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "spki:" + hashlib.sha256(key).hexdigest()


def entry_of(name, what, cert, spec, other):
    """`other` is a certificate with another key."""
    has_key_rules = name in ("server", "client", "both")
    return {
        "name": name, "what": what,
        "certificate": name + ".pem", "key": name + ".key", "der": name + ".der",
        "serial": "%04X" % cert.serial_number,
        "sha256": cert.fingerprint(hashes.SHA256()).hex(),
        "roles": [] if spec.get("ca") else spec.get("roles", BOTH),
        "chain_ok": spec.get("ok", True), "malformed": spec.get("malformed", False),
        "match": spec.get("match", []) + ([spki_of(cert)] if has_key_rules else []),
        "refuse": spec.get("refuse", []) + ([spki_of(other)] if has_key_rules else []),
    }


def write_pki(pki, directory):
    os.makedirs(directory, exist_ok=True)
    specs = [("ca", "the CA that is trusted", dict(ca=True)),
             ("foreign-ca", "a CA of the same name with another key, not trusted",
              dict(ca=True, ok=False)),
             ("clone", "the octets of the CA certificate with another public key: its signature "
              "is the true one and does not fit (CVE-2026-93302)", dict(ca=True, ok=False))]
    # The other intermediates are in the files of those below them, and of no use as leaves.
    specs += [(name, what, dict(ca=True)) for name, what, *_ in INTERMEDIATES[:1]]
    index = []
    for name, what, spec in specs + CERTS:
        files = [name] + spec.get("chain", [])
        write(os.path.join(directory, name + ".pem"),
              b"".join(pem_of(pki.certs[f]) for f in files))
        write(os.path.join(directory, name + ".der"), der_of(pki.certs[name]))
        write(os.path.join(directory, name + ".key"), pki.keys[name].private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()), 0o600)
        index.append(entry_of(name, what, pki.certs[name], spec, pki.certs["ca"]))
    text = json.dumps({"trust": "ca.pem", "certificates": index}, indent=1) + "\n"
    write(os.path.join(directory, "index.json"), text.encode())


C_HEAD = """/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Made by tests/pki/make_test_pki.py --samples; what each one is stands there. Public certificates
 * only: their keys are gone. */
#include "certs.h"

#include <string.h>

static const struct {
\tconst char *name;
\tconst char *hex;
} samples[] = {
"""

C_TAIL = """};

const char *
test_cert_hex(const char *name)
{
\tfor (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
\t\tif (strcmp(samples[i].name, name) == 0)
\t\t\treturn samples[i].hex;
\treturn NULL;
}

const char *
test_cert_name(size_t i)
{
\treturn i < sizeof samples / sizeof samples[0] ? samples[i].name : NULL;
}
"""


def write_samples(pki, tests):
    corpus = os.path.join(tests, "fuzz", "corpus", "x509")
    os.makedirs(corpus, exist_ok=True)
    rows = []
    for name, cert in pki.certs.items():
        text = der_of(cert).hex()
        lines = ['\t\t"%s"' % text[i:i + 88] for i in range(0, len(text), 88)]
        rows.append('\t{ "%s",\n%s },\n' % (name, "\n".join(lines)))
        write(os.path.join(corpus, name + ".der"), der_of(cert))
    write(os.path.join(tests, "unit", "certs.c"), (C_HEAD + "".join(rows) + C_TAIL).encode())


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", help="where to write (with --samples: the tests folder)")
    parser.add_argument("--samples", action="store_true", help="renew the samples of the tests")
    args = parser.parse_args()
    if args.samples:
        pki = Pki(datetime.datetime(2020, 1, 2), 36523)
        pki.make_all(SAMPLES_WITHOUT)
        write_samples(pki, args.directory)
        return 0
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if os.path.commonpath([here, os.path.abspath(args.directory)]) == here and \
            not os.path.relpath(os.path.abspath(args.directory), here).startswith("build"):
        print("%s is inside the repository, where keys must never be" % args.directory,
              file=sys.stderr)
        return 1
    pki = Pki(datetime.datetime.utcnow().replace(microsecond=0), 3650)
    pki.make_all()
    write_pki(pki, args.directory)
    print("%d certificates in %s; index.json says what they are" % (len(pki.certs),
                                                                    args.directory))
    return 0


if __name__ == "__main__":
    sys.exit(main())
