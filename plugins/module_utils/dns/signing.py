# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys, and signatures of messages (TSIG, RFC 8945). Private to the collection."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import os
import re
import struct
import time
from typing import Any

from . import gss, library, names
from .errors import BadSignatureError
from .wire import HEADER, TSIG, Message

if not library.MISSING:
    import dns.exception
    import dns.name
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype
    import dns.rdtypes.ANY.TSIG
    import dns.tsig

    # Without types in some releases.
    _sign: Any = dns.tsig.sign
    _validate: Any = dns.tsig.validate
    _Tsig: Any = dns.rdtypes.ANY.TSIG.TSIG

ALGORITHMS = ("hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-sha224", "hmac-sha1", "hmac-md5")
USUAL = "hmac-sha256"
_LONG_NAMES = {"hmac-md5": "HMAC-MD5.SIG-ALG.REG.INT"}
FUDGE = 300


@dataclasses.dataclass(frozen=True)
class Key:
    """A key; its secret never shows."""

    name: str
    algorithm: str
    secret: bytes = dataclasses.field(repr=False)


class BadKeyError(ValueError):
    """A key that cannot be used, without its secret in the message."""


def key_of(name: str, text: str) -> Key:
    """A key from its secret in base64, with its algorithm before a colon unless that is hmac-sha256."""
    algorithm, colon, secret = text.strip().rpartition(":")
    algorithm = algorithm.lower().rstrip(".") if colon else USUAL
    if algorithm not in ALGORITHMS:
        raise BadKeyError(f"keys[{name!r}]: the algorithm {algorithm!r} is none of {', '.join(ALGORITHMS)}")
    try:
        return Key(name, algorithm, base64.b64decode(secret, validate=True))
    except (binascii.Error, ValueError):
        raise BadKeyError(f"keys[{name!r}]: the secret is no base64; it was not looked at further") from None


_KEY_CLAUSE = re.compile(r'key\s+"?([^"\s{]+)"?\s*\{([^}]*)\}', re.IGNORECASE)
_OPTION = re.compile(r'(algorithm|secret)\s+"?([^";\s]+)"?\s*;', re.IGNORECASE)


def keys_in(path: str) -> dict[str, str]:
    """The keys of a file as BIND has them (key "name" { algorithm ...; secret "..."; };), as `key_of` reads them."""
    try:
        status = os.stat(path)
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise BadKeyError(f"key_file: {path}: {reason}; it is read where the module runs") from None
    if status.st_mode & 0o077:
        raise BadKeyError(f"key_file: {path} can be read by others (mode {status.st_mode & 0o777:04o}); chmod 0600 it")
    found = {}
    for name, body in _KEY_CLAUSE.findall(text):
        options = {word.lower(): value for word, value in _OPTION.findall(body)}
        if "secret" in options:
            found[name.rstrip(".").lower()] = f"{options.get('algorithm', USUAL)}:{options['secret']}"
    if not found:
        raise BadKeyError(
            f'key_file: {path} has no key; one is written as key "name" {{ algorithm {USUAL}; secret "…"; }};'
        )
    return found


class Session:
    """Signs one request after another, and checks the answers to each. `agreed` is a key of the library's already."""

    def __init__(self, key: Key | gss.Account | None, clock: Any = time.time, agreed: Any = None) -> None:
        self._name = key.name if key else ""
        self._clock = clock
        self._key = _library_key(key) if isinstance(key, Key) else agreed

    def sign(self, wire: bytes) -> tuple[bytes, bytes]:
        """The request with its signature, and the code that the answer's depends on."""
        if self._key is None:
            return wire, b""
        number = HEADER.unpack_from(wire)[0]
        blank = _Tsig(dns.rdataclass.ANY, dns.rdatatype.TSIG, self._key.algorithm, 0, FUDGE, b"", number, 0, b"")
        signed, _context = _sign(wire, self._key, blank, int(self._clock()))
        value = signed.to_wire()
        record = self._key.name.to_wire() + struct.pack("!HHIH", TSIG, 255, 0, len(value)) + value
        more = HEADER.unpack_from(wire)[5] + 1
        return wire[:10] + struct.pack("!H", more) + wire[12:] + record, signed.mac

    def answers(self, code: bytes) -> Answers:
        return Answers(self._key, self._name, code, self._clock)


class Answers:
    """Checks the messages of one answer, of which those between signed ones may bear no signature."""

    def __init__(self, key: Any, name: str, code: bytes, clock: Any) -> None:
        self._key, self._name, self._code, self._clock = key, name, code, clock
        self._context: Any = None
        self._unsigned = False

    def check(self, message: Message, several: bool = False) -> None:
        """Raise when a message was not signed as it must be."""
        if self._key is None:
            return
        if message.signature is None:
            self._without(message)
            return
        start, owner, value = message.signature
        rdata = dns.rdata.from_wire(dns.rdataclass.ANY, dns.rdatatype.TSIG, value, 0, len(value))
        try:
            self._context = _validate(
                message.wire,
                self._key,
                dns.name.from_text(names.to_text(owner)),
                rdata,
                int(self._clock()),
                self._code,
                start,
                self._context,
                several,
            )
        except (dns.exception.DNSException, NotImplementedError) as error:
            if not (isinstance(error, dns.tsig.BadSignature) and self._by_samba(message, rdata, start)):
                raise _explained(error, self._name, rdata) from None
        self._unsigned = False

    def _by_samba(self, message: Message, rdata: Any, start: int) -> bool:
        return self._key.algorithm == dns.tsig.GSS_TSIG and gss.signed_as_samba_did(
            message, self._key, rdata, start, self._code
        )

    def _without(self, message: Message) -> None:
        if self._context is not None and hasattr(self._context, "update"):
            self._context.update(message.wire)
            self._unsigned = True
        elif not message.header.code:
            raise BadSignatureError(
                "the answer bears no signature although the question did",
                "Somebody between may have changed it; ask the server itself",
            )

    def finish(self) -> None:
        """After the last message, which must be signed."""
        if self._unsigned:
            raise BadSignatureError(
                "the last message of the transfer bears no signature", "Run again; look at the server"
            )


def _library_key(key: Key) -> Any:
    algorithm = dns.name.from_text(_LONG_NAMES.get(key.algorithm, key.algorithm))
    return dns.tsig.Key(dns.name.from_text(key.name.lower()), key.secret, algorithm)


def _explained(error: Exception, key: str, rdata: Any) -> BadSignatureError:
    if isinstance(error, dns.tsig.PeerBadKey):
        return BadSignatureError(
            f"the server does not know the key {key}, or not with this algorithm (BADKEY)",
            "Compare the key's name and algorithm with those on the server",
        )
    if isinstance(error, dns.tsig.PeerBadSignature):
        return BadSignatureError(
            f"the server says that our signature with the key {key} is wrong (BADSIG)",
            "The secrets differ: compare that of the key with the server's",
        )
    if isinstance(error, (dns.tsig.PeerBadTime, dns.tsig.BadTime)):
        theirs = int.from_bytes(rdata.other, "big") if len(rdata.other) == 6 else rdata.time_signed
        drift = theirs - int(time.time())
        return BadSignatureError(
            f"the clocks differ: the server's is {drift:+d} seconds from ours, {FUDGE} are allowed (BADTIME)",
            "Set the clocks of this machine and of the server",
        )
    return BadSignatureError(
        f"the signature of the server's answer does not agree with the key {key} ({type(error).__name__})",
        "The secrets differ, or somebody changed the answer on its way",
    )
