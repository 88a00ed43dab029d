# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys agreed upon with Kerberos (TKEY, GSS-TSIG, RFC 3645), for Active Directory. Private to the collection.

The account is that of the task: the tickets or the keytab that its environment names (KRB5CCNAME, KRB5_CLIENT_KTNAME).
"""

from __future__ import annotations

import dataclasses
import secrets
import struct
import time
import traceback
from typing import Any, Callable

from . import library, names
from .errors import BadSignatureError, RefusedError, of_code
from .wire import ANY_CLASS, HEADER, QUESTION_TAIL, Message, Reader

if not library.MISSING:
    import dns.name
    import dns.tsig

try:
    import gssapi
except ImportError:
    MISSING: str | None = traceback.format_exc()
else:
    MISSING = None

TKEY = 249
ALGORITHM = b"\x08gss-tsig\0"
_MODE = 3
_LIFETIME = 3600
_MOST_ROUNDS = 8
_FIXED = struct.Struct("!IIHH")
_TAIL = struct.Struct("!HHIH")
_ERRORS = {16: "BADSIG", 17: "BADKEY", 18: "BADTIME", 19: "BADMODE", 20: "BADNAME", 21: "BADALG"}
_REMEDY = (
    "Has the task's account a ticket (klist), named by KRB5CCNAME in its environment, or a keytab, named by "
    "KRB5_CLIENT_KTNAME? Does krb5.conf know the realm, and is the server named in full, as its account is?"
)

# Sends a message, and returns the answer.
Ask = Callable[[bytes], Message]


def problem() -> str:
    """What is wrong with the library of this host; empty when it will do."""
    if not MISSING:
        return ""
    return (
        "update: gss needs the Python library gssapi for the Python that Ansible uses here; "
        "install it (apt install python3-gssapi, dnf install python3-gssapi, pip install gssapi)"
    )


@dataclasses.dataclass(frozen=True)
class Account:
    """The Kerberos account of the task, towards one server."""

    server: str

    @property
    def name(self) -> str:
        return f"of the task's Kerberos account for {self.server}"

    def context(self) -> Any:
        service = gssapi.Name(f"DNS@{self.server}", gssapi.NameType.hostbased_service)
        flag = gssapi.RequirementFlag
        # No order: error messages bear no signature of their own with some servers.
        wanted = [flag.mutual_authentication, flag.replay_detection, flag.integrity]
        return gssapi.SecurityContext(name=service, usage="initiate", flags=wanted)


def agree(account: Account, ask: Ask, number: int) -> tuple[Any, Message]:
    """A key that the server and we agree upon, as the library takes it, and the answer that may be signed with it."""
    owner = names.from_text(f"{secrets.token_hex(16)}.{account.server}"[:200])
    try:
        context = account.context()
        token = context.step()
        for _round in range(_MOST_ROUNDS):
            answer = ask(_request(number, owner, token))
            token = context.step(_token(answer, owner, account))
            if context.complete:
                key = dns.tsig.Key(dns.name.from_text(names.to_text(owner)), context, dns.tsig.GSS_TSIG)
                return _proven(key, account), answer
            number = (number + 1) & 0xFFFF
    except gssapi.exceptions.GSSError as error:
        words = " ".join(str(error).split())
        raise BadSignatureError(f"Kerberos gave no key {account.name} ({words})", _REMEDY) from None
    raise BadSignatureError(f"no key {account.name} came about in {_MOST_ROUNDS} messages", _REMEDY)


def _proven(key: Any, account: Account) -> Any:
    """Only when the server has proven in turn who it is."""
    if gssapi.RequirementFlag.mutual_authentication not in key.secret.actual_flags:
        raise BadSignatureError(f"{account.server} did not prove who it is", _REMEDY)
    return key


def _request(number: int, owner: bytes, token: bytes) -> bytes:
    now = int(time.time())
    value = ALGORITHM + _FIXED.pack(now, now + _LIFETIME, _MODE, 0)
    value += struct.pack("!H", len(token)) + token + struct.pack("!H", 0)
    question = owner + QUESTION_TAIL.pack(TKEY, ANY_CLASS)
    record = owner + _TAIL.pack(TKEY, ANY_CLASS, 0, len(value)) + value
    return HEADER.pack(number, 0, 1, 0, 0, 1) + question + record


def _token(answer: Message, owner: bytes, account: Account) -> bytes:
    """What the server says to our account."""
    if answer.header.code:
        raise of_code(answer.header.code, "to agree upon a key (TKEY)", account.name)
    for name, kind, _class, _ttl, value in answer.answers:
        if kind == TKEY and name == owner:
            _name, position = Reader(value).name(0)
            _inception, _expiration, _mode, error = _FIXED.unpack_from(value, position)
            if error:
                said = _ERRORS.get(error, f"error {error}")
                raise BadSignatureError(f"the server did not accept the key {account.name} ({said})", _REMEDY)
            position += _FIXED.size
            (length,) = struct.unpack_from("!H", value, position)
            return value[position + 2 : position + 2 + length]
    raise RefusedError(
        "the server answered without a key (TKEY)", "Does it do GSS-TSIG? Otherwise use update: tsig with a key"
    )


def signed_as_samba_did(message: Message, key: Any, value: Any, start: int, code: bytes) -> bool:
    """True for an answer of Samba before 4.21, which signs the request's code without the octets of its length.

    All else is signed as it must be. Its refusals bear the signature of the request instead of their own.
    """
    if value.mac == code:
        return bool(message.header.code)
    (more,) = struct.unpack_from("!H", message.wire, 10)
    whole = struct.pack("!H", value.original_id) + message.wire[2:10] + struct.pack("!H", more - 1)
    seconds = value.time_signed
    variables = (
        key.name.canonicalize().to_wire()
        + struct.pack("!HI", ANY_CLASS, 0)
        + ALGORITHM
        + struct.pack("!HIH", seconds >> 32, seconds & 0xFFFFFFFF, value.fudge)
        + struct.pack("!HH", value.error, len(value.other))
        + value.other
    )
    try:
        key.secret.verify_signature(code + whole + message.wire[12:start] + variables, value.mac)
    except gssapi.exceptions.GSSError:
        return False
    return bool(abs(seconds - int(time.time())) <= value.fudge)
