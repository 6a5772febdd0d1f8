# SPDX-License-Identifier: GPL-2.0-or-later
"""RADIUS packets by the formulas of the RFCs, independent of the program under test."""
import hashlib
import hmac
import os
import struct

ACCESS_REQUEST, ACCESS_ACCEPT, ACCESS_REJECT = 1, 2, 3
ACCOUNTING_REQUEST, ACCOUNTING_RESPONSE = 4, 5
ACCESS_CHALLENGE, STATUS_SERVER, COA_REQUEST, PROTOCOL_ERROR = 11, 12, 43, 52
USER_NAME, USER_PASSWORD, REPLY_MESSAGE, PROXY_STATE, MESSAGE_AUTHENTICATOR = 1, 2, 18, 33, 80
ZERO = bytes(16)
HASHED = (4, 40, 43)


def md5(*parts):
    return hashlib.md5(b"".join(parts)).digest()


def attr(kind, value):
    return bytes([kind, len(value) + 2]) + value


def attributes(packet):
    """The attributes of a packet as [(type, value)]; ValueError when they do not fill it."""
    out, at, end = [], 20, struct.unpack("!H", packet[2:4])[0]
    if not 20 <= end <= len(packet):
        raise ValueError("length")
    while at < end:
        size = packet[at + 1] if at + 1 < end else 0
        if size < 2 or at + size > end:
            raise ValueError("attribute")
        out.append((packet[at], packet[at + 2:at + size]))
        at += size
    return out


def get(packet, kind):
    return next((v for k, v in attributes(packet) if k == kind), None)


def hide(password, secret, auth):
    """A User-Password, hidden (RFC 2865 5.2)."""
    password = password + bytes(-len(password) % 16 or (16 if not password else 0))
    out, previous = b"", auth
    for i in range(0, len(password), 16):
        block = bytes(a ^ b for a, b in zip(password[i:i + 16], md5(secret, previous)))
        out, previous = out + block, block
    return out


def unhide(value, secret, auth):
    out, previous = b"", auth
    for i in range(0, len(value), 16):
        out += bytes(a ^ b for a, b in zip(value[i:i + 16], md5(secret, previous)))
        previous = value[i:i + 16]
    return out


def _sign(code, ident, attrs, auth_for_ma, secret, with_ma):
    body = attr(MESSAGE_AUTHENTICATOR, ZERO) + attrs if with_ma else attrs
    head = struct.pack("!BBH", code, ident, 20 + len(body))
    if with_ma:
        mac = hmac.new(secret, head + auth_for_ma + body, "md5").digest()
        body = attr(MESSAGE_AUTHENTICATOR, mac) + attrs
    return head, body


def request(code, ident, attrs, secret, auth=None, with_ma=None):
    """A signed request; User-Password must be hidden by the caller with `auth`."""
    with_ma = code in (ACCESS_REQUEST, STATUS_SERVER) if with_ma is None else with_ma
    auth = ZERO if code in HASHED else auth or os.urandom(16)
    head, body = _sign(code, ident, attrs, auth, secret, with_ma)
    if code in HASHED:
        auth = md5(head, ZERO, body, secret)
    return head + auth + body


def access_request(ident, secret, user=b"bob@example.org", password=b"hello", more=b"", with_ma=True):
    auth = os.urandom(16)
    attrs = attr(USER_NAME, user) + attr(USER_PASSWORD, hide(password, secret, auth)) + more
    return request(ACCESS_REQUEST, ident, attrs, secret, auth, with_ma)


def answer(code, req, attrs, secret, with_ma=None):
    """A signed answer to a request."""
    with_ma = code != ACCOUNTING_RESPONSE if with_ma is None else with_ma
    head, body = _sign(code, req[1], attrs, req[4:20], secret, with_ma)
    return head + md5(head, req[4:20], body, secret) + body


def usual_answer(req, secret=b"radsec"):
    code = {ACCESS_REQUEST: ACCESS_ACCEPT, ACCOUNTING_REQUEST: ACCOUNTING_RESPONSE,
            STATUS_SERVER: ACCESS_ACCEPT}[req[0]]
    states = b"".join(attr(k, v) for k, v in attributes(req) if k == PROXY_STATE)
    return answer(code, req, states, secret)


def answer_ok(packet, req, secret):
    """Is this a correct answer to the request: is the authenticator right, and Message-Authenticator if there is
    one?"""
    size = struct.unpack("!H", packet[2:4])[0]
    if size != len(packet) or packet[1] != req[1]:
        return False
    if md5(packet[:4], req[4:20], packet[20:], secret) != packet[4:20]:
        return False
    return message_authenticator_ok(packet, req[4:20], secret) is not False


def message_authenticator_ok(packet, auth, secret):
    """Is the Message-Authenticator right? None when there is none."""
    at = 20
    for kind, value in attributes(packet):
        if kind == MESSAGE_AUTHENTICATOR:
            zeroed = packet[:4] + auth + packet[20:at + 2] + ZERO + packet[at + 18:]
            return hmac.compare_digest(hmac.new(secret, zeroed, "md5").digest(), value)
        at += 2 + len(value)
    return None
