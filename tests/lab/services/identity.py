# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that servers of the lab show from the beginning, before any role has installed one."""

from __future__ import annotations

import dataclasses
import datetime
import ipaddress
import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFE: t.Final = datetime.timedelta(days=365)
CLOCKS_DIFFER: t.Final = datetime.timedelta(hours=1)


@dataclasses.dataclass(frozen=True)
class Identity:
    """A server's certificate and key, and the certificate of the authority that issued it; all PEM."""

    certificate: str
    key: str
    authority: str


def identity(names: t.Sequence[str], addresses: t.Sequence[str] = ()) -> Identity:
    """An identity for these names and addresses. Its authority issues no other: its key is forgotten at once."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    server_key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Lab authority of {names[0]}")])
    authority = (
        _certificate(issuer, issuer, authority_key, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )
    alternatives = [x509.DNSName(name) for name in names]
    reached_at = [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    server = (
        _certificate(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]), issuer, server_key, authority_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([*alternatives, *reached_at]), critical=False)
    )
    return Identity(
        certificate=_pem(server.sign(authority_key, hashes.SHA256())),
        key=server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        authority=_pem(authority.sign(authority_key, hashes.SHA256())),
    )


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCKS_DIFFER)
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
