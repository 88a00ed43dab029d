# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates: read in any of the forms that authorities hand out, and their chains followed. Private."""

from __future__ import annotations

import datetime
import functools
import hashlib
import re
from collections.abc import Sequence
from typing import Any

from . import keys
from . import library as lib
from .model import CertificateFacts
from .requests import common_name, eku_of, sans_of

LONGEST_CHAIN = 8
# What stands around the blocks is no matter: OpenSSL and many authorities write explanations there.
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)


def load_all(data: bytes) -> list[Any]:
    """All certificates of PEM, DER or PKCS#7 data, in their order; ValueError with the reason when there are none."""
    try:
        found = _from_pem(data) if b"-----BEGIN" in data else _from_der(data)
    except Exception as error:  # the library raises errors of many kinds
        raise ValueError(f"it is damaged: {error}") from error
    if not found:
        raise ValueError("no certificate is in it")
    return found


def _from_pem(data: bytes) -> list[Any]:
    found: list[Any] = []
    for block in _BLOCK.finditer(data):
        if block[1] == b"PKCS7":
            found += lib.pkcs7.load_pem_pkcs7_certificates(block[0])
        elif block[1] in {b"CERTIFICATE", b"X509 CERTIFICATE"}:
            found.append(lib.x509.load_pem_x509_certificate(block[0]))
        else:
            raise ValueError(f"a block of {block[1].decode()} is not expected among certificates")
    if data.count(b"-----BEGIN") != len(list(_BLOCK.finditer(data))):
        raise ValueError("a block has no end")
    return found


def _from_der(data: bytes) -> list[Any]:
    try:
        return [lib.x509.load_der_x509_certificate(data)]
    except ValueError:
        return list(lib.pkcs7.load_der_pkcs7_certificates(data))


def pem_of(certificates: Sequence[Any]) -> bytes:
    """Certificates one after another."""
    return b"".join(c.public_bytes(lib.serialization.Encoding.PEM) for c in certificates)


def facts(certificate: Any) -> CertificateFacts:
    """What stands on a certificate."""
    points = lib.extension(certificate, lib.x509.CRLDistributionPoints) or ()
    return CertificateFacts(
        subject=common_name(certificate.subject),
        issuer=_words_of(certificate.issuer),
        serial=f"{certificate.serial_number:x}",
        sans=sans_of(certificate),
        eku=eku_of(certificate),
        key=keys.fingerprint(certificate.public_key()),
        crl=tuple(str(name.value) for point in points for name in point.full_name or ()),
        not_before=lib.moment(certificate, "not_valid_before"),
        not_after=lib.moment(certificate, "not_valid_after"),
        sha256=sha256(certificate),
    )


@functools.lru_cache(maxsize=64)
def _words_of(name: Any) -> str:
    """The same authorities stand on many certificates."""
    return str(name.rfc4514_string())


def sha256(certificate: Any) -> str:
    return hashlib.sha256(certificate.public_bytes(lib.serialization.Encoding.DER)).hexdigest()


def sha1(chain: bytes) -> str:
    """What Windows calls the first of a chain by; it is a name there, and proves nothing."""
    der = load_all(chain)[0].public_bytes(lib.serialization.Encoding.DER)
    return hashlib.sha1(der, usedforsecurity=False).hexdigest()


def roots_of(trust: bytes) -> dict[str, bytes]:
    """Each root as a file of its own, as Windows takes them."""
    der = lib.serialization.Encoding.DER
    return {f"root-{sha256(root)[:16]}.cer": root.public_bytes(der) for root in load_all(trust)}


def chain_of(leaf: Any, others: Sequence[Any], roots: Sequence[Any], now: datetime.datetime) -> tuple[list[Any], str]:
    """The chain from a certificate to a trusted root, itself first and the root last; or what is wrong with it."""
    trusted = {sha256(root) for root in roots}
    chain = [leaf]
    while sha256(chain[-1]) not in trusted:
        below = chain[-1]
        named = [c for c in (*roots, *others) if c.subject == below.issuer]
        issuers = [c for c in named if _issued(below, c)]
        if not issuers or len(chain) > LONGEST_CHAIN:
            why = "another key than that of the one at hand" if named else "it is neither among the chain nor trusted"
            return [], f"{_name(below)} is issued by {_name_of(below.issuer)}: {why}"
        chain.append(issuers[0])
        problem = _issuer_problem(issuers[0], len(chain) - 2, now)
        if problem:
            return [], problem
    return chain, ""


def _issuer_problem(issuer: Any, below: int, now: datetime.datetime) -> str:
    """Why an authority may not have issued; `below` counts the authorities between it and the certificate."""
    constraints = lib.extension(issuer, lib.x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        return f"{_name(issuer)} issued a certificate, but is no authority"
    if constraints.path_length is not None and below > constraints.path_length:
        return f"{_name(issuer)} allows {constraints.path_length} authorities below it, and there are {below}"
    usage = lib.extension(issuer, lib.x509.KeyUsage)
    if usage is not None and not usage.key_cert_sign:
        return f"{_name(issuer)} issued a certificate, but its key may not sign any"
    return date_problem(
        lib.moment(issuer, "not_valid_before"), lib.moment(issuer, "not_valid_after"), now, _name(issuer)
    )


def date_problem(start: datetime.datetime, end: datetime.datetime, now: datetime.datetime, name: str) -> str:
    """Whether it is expired, or not valid yet; with both moments, since the clock may be what is wrong."""
    if now > end:
        return f"{name} expired at {end:%Y-%m-%d %H:%M}Z; the clock of this host says {now:%Y-%m-%d %H:%M}Z"
    if now < start:
        return f"{name} is valid from {start:%Y-%m-%d %H:%M}Z on; the clock of this host says {now:%Y-%m-%d %H:%M}Z"
    return ""


def signed(below: Any, issuer: Any) -> bool:
    """Whether a certificate or revocation list is signed by the key of an authority."""
    body = getattr(below, "tbs_certificate_bytes", None) or below.tbs_certlist_bytes
    return signature_fits(issuer.public_key(), below.signature, body, below.signature_hash_algorithm)


@functools.lru_cache(maxsize=64)
def _issued(below: Any, issuer: Any) -> bool:
    """The same authorities stand above many certificates."""
    return signed(below, issuer)


def signature_fits(public: Any, signature: bytes, body: bytes, algorithm: Any) -> bool:
    try:
        if isinstance(public, lib.rsa.RSAPublicKey):
            public.verify(signature, body, lib.padding.PKCS1v15(), algorithm)
        elif isinstance(public, lib.ec.EllipticCurvePublicKey):
            public.verify(signature, body, lib.ec.ECDSA(algorithm))
        else:
            return False
    except lib.InvalidSignature:
        return False
    return True


def _name(certificate: Any) -> str:
    return _name_of(certificate.subject)


def _name_of(name: Any) -> str:
    return common_name(name) or str(name.rfc4514_string())
