# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked for, and what is there: plain values, without the library. Private to the collection."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..items import problems_of
from ..specs import CERTIFICATE
from . import names

EKUS = {"server": "1.3.6.1.5.5.7.3.1", "client": "1.3.6.1.5.5.7.3.2"}
RSA_BITS = (1024, 2048, 3072, 4096, 8192)
EC_BITS = (256, 384, 521)
KEY_BITS: Mapping[str, Sequence[int]] = {"rsa": RSA_BITS, "ecdsa": EC_BITS, "ec": EC_BITS}
# An id is the name of a folder, here and on the hosts.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:+-]{0,199}")


@dataclasses.dataclass(frozen=True)
class Request:
    """One certificate that is wanted."""

    id: str
    subject: str
    sans: tuple[str, ...]
    eku: tuple[str, ...]
    algorithm: str
    bits: int
    own_key: bool = False
    hosts: tuple[str, ...] = ()
    crl_distribution_point: bool = False
    organisation: str = ""
    country: str = ""
    planned: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        """As an item of `requests`."""
        return {
            "stage": "",
            "why": [],
            **self.planned,
            "id": self.id,
            "subject": self.subject,
            "sans": list(self.sans),
            "eku": list(self.eku),
            "key_algorithm": self.algorithm,
            "key_bits": self.bits,
            "own_key": self.own_key,
            "hosts": list(self.hosts),
            "crl_distribution_point": self.crl_distribution_point,
        }


@dataclasses.dataclass(frozen=True)
class KeyFacts:
    """What may be told of a key: its kind, and the SHA-256 of its public half."""

    algorithm: str
    bits: int
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.algorithm} {self.bits}"


@dataclasses.dataclass(frozen=True)
class RequestFacts:
    """What stands on a request (CSR)."""

    subject: str
    sans: tuple[str, ...]
    eku: tuple[str, ...]
    key: str
    organisation: str = ""
    country: str = ""


@dataclasses.dataclass(frozen=True)
class CertificateFacts:
    """What stands on a certificate."""

    subject: str
    issuer: str
    serial: str
    sans: tuple[str, ...]
    eku: tuple[str, ...]
    key: str
    crl: tuple[str, ...]
    not_before: datetime.datetime
    not_after: datetime.datetime
    sha256: str

    def days_left(self, now: datetime.datetime) -> int:
        return int((self.not_after - now).total_seconds() // 86400)


@dataclasses.dataclass(frozen=True)
class Held:
    """What the folder holds for one id. A `*_problem` says why a file that is there cannot be used."""

    id: str
    key: KeyFacts | None = None
    key_problem: str = ""
    request: RequestFacts | None = None
    request_problem: str = ""
    certificate: CertificateFacts | None = None
    certificate_problem: str = ""
    chain_problem: str = ""
    given: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def has_key(self) -> bool:
        return bool(self.key or self.key_problem)

    @property
    def is_empty(self) -> bool:
        return not (self.has_key or self.request or self.request_problem or self.certificate)


def key_of(text: str) -> tuple[str, int]:
    """Algorithm and bits of `rsa2048`; bits that no key has when the text is no such thing."""
    found = re.fullmatch(r"([a-z]+)(\d+)", text)
    return (found[1], int(found[2])) if found else (text, 0)


def decode(items: Any, organisation: str = "", country: str = "") -> tuple[list[Request], list[str]]:
    """The requests of a slice, and everything that is wrong with them."""
    problems = problems_of("requests", items, CERTIFICATE)
    if country and not re.fullmatch("[A-Z]{2}", country):
        problems.append(f"country: {country!r} is no code of two capital letters such as DE")
    if problems:
        return [], problems
    requests: list[Request] = []
    seen: dict[str, int] = {}
    for index, item in enumerate(items):
        where = f"requests[{index}]"
        problems += [f"{where}{problem}" for problem in _problems(item)]
        if item["id"] in seen:
            problems.append(f"{where}.id: {item['id']!r} is that of requests[{seen[item['id']]}] too; each has its own")
        seen.setdefault(item["id"], index)
        requests.append(_request(item, organisation, country))
    return ([], problems) if problems else (requests, [])


def _request(item: Mapping[str, Any], organisation: str, country: str) -> Request:
    algorithm = "ecdsa" if item["key_algorithm"] == "ec" else item["key_algorithm"]
    return Request(
        id=item["id"],
        subject=item["subject"],
        sans=tuple(dict.fromkeys(names.normal(name) for name in item["sans"])),
        eku=tuple(item["eku"]),
        algorithm=algorithm,
        bits=item["key_bits"],
        own_key=bool(item.get("own_key")),
        hosts=tuple(item["hosts"]),
        crl_distribution_point=bool(item.get("crl_distribution_point")),
        organisation=organisation,
        country=country,
        planned={key: item[key] for key in ("stage", "why", "replaces") if key in item},
    )


def _problems(item: Mapping[str, Any]) -> list[str]:
    found = []
    if not _ID.fullmatch(item["id"]):
        found.append(f".id: {item['id']!r} cannot be the name of a folder; letters, digits and ._@:+- are allowed")
    if len(item["subject"]) > names.LONGEST_COMMON_NAME:
        found.append(
            f".subject: {item['subject']!r} is {len(item['subject'])} characters long; a common name has at most "
            f"{names.LONGEST_COMMON_NAME}. Choose a shorter name, and keep the long one among sans"
        )
    listed = [(".subject", item["subject"]), *((f".sans[{n}]", name) for n, name in enumerate(item["sans"]))]
    found += [f"{path}: {wrong}" for path, name in listed for wrong in [names.problem(name)] if wrong]
    if not item["sans"]:
        found.append(f".sans: is empty; clients look at nothing else, so list the subject {item['subject']!r} at least")
    found += [
        f".eku[{n}]: {word!r} is none of {', '.join(EKUS)}" for n, word in enumerate(item["eku"]) if word not in EKUS
    ]
    bits = KEY_BITS.get(item["key_algorithm"])
    if bits is None:
        found.append(f".key_algorithm: {item['key_algorithm']!r} is none of rsa, ecdsa")
    elif item["key_bits"] not in bits:
        allowed = ", ".join(str(size) for size in bits)
        found.append(f".key_bits: {item['key_bits']} is none of {allowed}, which {item['key_algorithm']} may have")
    return found
