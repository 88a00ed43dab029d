# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate signing requests: made, read and compared. Private to the collection."""

from __future__ import annotations

import ipaddress
from typing import Any

from . import keys, names
from . import library as lib
from .model import EKUS, Request, RequestFacts

_WORDS = {oid: word for word, oid in EKUS.items()}


def build(request: Request, key: Any) -> bytes:
    """The request, signed, as PEM."""
    builder = lib.x509.CertificateSigningRequestBuilder().subject_name(subject(request))
    for value, critical in extensions(request):
        builder = builder.add_extension(value, critical=critical)
    signed = builder.sign(key, hash_of(request.bits if request.algorithm == "ecdsa" else 0))
    return bytes(signed.public_bytes(lib.serialization.Encoding.PEM))


def hash_of(ec_bits: int) -> Any:
    """SHA-256, and for longer curves what is as strong as they are."""
    return {384: lib.hashes.SHA384, 521: lib.hashes.SHA512}.get(ec_bits, lib.hashes.SHA256)()


def subject(request: Request) -> Any:
    """The distinguished name, from the widest part to the common name."""
    oids = lib.x509.NameOID
    parts = [
        (oids.COUNTRY_NAME, request.country),
        (oids.ORGANIZATION_NAME, request.organisation),
        (oids.COMMON_NAME, request.subject),
    ]
    return lib.x509.Name([lib.x509.NameAttribute(oid, value) for oid, value in parts if value])


def extensions(request: Request) -> list[tuple[Any, bool]]:
    """What the certificate shall say, each with whether it is critical."""
    x509 = lib.x509
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        # Older peers send the session's key encrypted with that of the certificate, which only RSA can do.
        key_encipherment=request.algorithm == "rsa",
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    found: list[tuple[Any, bool]] = [
        (x509.SubjectAlternativeName([alternative(name) for name in request.sans]), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (usage, True),
    ]
    if request.eku:
        purposes = [x509.ObjectIdentifier(EKUS[word]) for word in request.eku]
        found.append((x509.ExtendedKeyUsage(purposes), False))
    return found


def alternative(name: str) -> Any:
    """A subject alternative name of the right kind."""
    if names.is_address(name):
        return lib.x509.IPAddress(ipaddress.ip_address(name))
    return lib.x509.DNSName(name)


def facts(request: Request, fingerprint: str) -> RequestFacts:
    """What stands on a request that is made for a key."""
    return RequestFacts(
        subject=request.subject,
        sans=request.sans,
        eku=request.eku,
        key=fingerprint,
        organisation=request.organisation,
        country=request.country,
    )


def read(pem: bytes) -> RequestFacts:
    """What stands on a request; ValueError with the reason when it is none, or not signed by its own key."""
    try:
        found = lib.x509.load_pem_x509_csr(pem)
        if not found.is_signature_valid:
            raise ValueError("its signature is not by its own key")
        return RequestFacts(
            subject=common_name(found.subject),
            sans=sans_of(found),
            eku=eku_of(found),
            key=keys.fingerprint(found.public_key()),
            organisation=_attribute(found.subject, lib.x509.NameOID.ORGANIZATION_NAME),
            country=_attribute(found.subject, lib.x509.NameOID.COUNTRY_NAME),
        )
    except Exception as error:  # what is no request makes the library raise errors of many kinds
        raise ValueError(f"it is no certificate signing request in PEM: {error}") from error


def common_name(name: Any) -> str:
    return _attribute(name, lib.x509.NameOID.COMMON_NAME)


def _attribute(name: Any, oid: Any) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""


def sans_of(thing: Any) -> tuple[str, ...]:
    """The alternative names of a request or certificate, in their order."""
    return tuple(str(name.value) for name in lib.extension(thing, lib.x509.SubjectAlternativeName) or ())


def eku_of(thing: Any) -> tuple[str, ...]:
    """What a request or certificate may be used for, in our words; what we have no word for as its number."""
    found = lib.extension(thing, lib.x509.ExtendedKeyUsage) or ()
    return tuple(_WORDS.get(oid.dotted_string, oid.dotted_string) for oid in found)


def differences(request: Request, found: RequestFacts) -> list[str]:
    """In which way what is there is not what is wanted."""
    compared = [
        ("subject", found.subject, request.subject),
        ("sans", " ".join(found.sans), " ".join(request.sans)),
        ("eku", " ".join(found.eku), " ".join(request.eku)),
        ("organisation", found.organisation, request.organisation),
        ("country", found.country, request.country),
    ]
    return [
        f"{name} {is_now or '(none)'} -> {shall or '(none)'}" for name, is_now, shall in compared if is_now != shall
    ]
