# SPDX-License-Identifier: GPL-3.0-or-later
"""How a key travels: in PKCS#12 under a passphrase, with its certificate and chain. Private to the collection."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from . import certificates, keys
from . import library as lib

SECRETS = ("combined.pem", "key.pem")


class BundleError(ValueError):
    """What travelled cannot be used, with the reason in words that hold none of it."""


@dataclasses.dataclass(frozen=True)
class Material:
    """What is installed for one certificate."""

    key: bytes
    certificate: bytes
    trust: bytes

    @property
    def files(self) -> dict[str, bytes]:
        """As they are installed. Some servers want key and chain in one file, which is there for them."""
        return {
            "certificate.pem": self.certificate,
            "combined.pem": self.certificate + self.key,
            "key.pem": self.key,
            "trust.pem": self.trust,
        }


@dataclasses.dataclass(frozen=True)
class Expected:
    """What a host must hold, in digests that may be told: of the public key, of the certificate, of both chains."""

    id: str
    key_sha256: str
    sha256: str
    chain_sha256: str
    trust_sha256: str


def expected(name: str, material: Material) -> Expected:
    """Digests of material, which proves on the way that key and certificate belong together."""
    try:
        found = certificates.facts(certificates.load_all(material.certificate)[0])
        certificates.load_all(material.trust)
        own = keys.fingerprint(keys.load(material.key, known=True).public_key())
    except ValueError as error:
        raise BundleError(f"{name}: {error}") from error
    if own != found.key:
        raise BundleError(f"{name}: the certificate is for another key than the one beside it")
    return Expected(name, own, found.sha256, digest(material.certificate), digest(material.trust))


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def pkcs12_of(name: str, material: Material, passphrase: str, *, for_windows: bool = False) -> bytes:
    """Key, certificate and chain, encrypted. Windows before 2019 reads nothing newer than triple DES in it."""
    leaf, *chain = certificates.load_all(material.certificate)
    made: bytes = lib.pkcs12.serialize_key_and_certificates(
        name.encode(),
        keys.load(material.key, known=True),
        leaf,
        chain or None,
        _for_windows(passphrase) if for_windows else lib.serialization.BestAvailableEncryption(passphrase.encode()),
    )
    return made


def _for_windows(passphrase: str) -> Any:
    builder = lib.serialization.PrivateFormat.PKCS12.encryption_builder().kdf_rounds(100_000)
    builder = builder.key_cert_algorithm(lib.pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
    return builder.hmac_hash(lib.hashes.SHA1()).build(passphrase.encode())


def pack(materials: Mapping[str, Material], passphrase: str) -> bytes:
    """All that goes to one host, as one file."""
    parts = {
        name: {
            "pkcs12": base64.b64encode(pkcs12_of(name, material, passphrase)).decode(),
            "trust": material.trust.decode("ascii"),
        }
        for name, material in materials.items()
    }
    return json.dumps(parts).encode()


def unpack(data: bytes, passphrase: str) -> dict[str, Material]:
    """What came, by id."""
    try:
        parts = json.loads(data)
        return {name: _material(name, part, passphrase) for name, part in parts.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, BundleError):
            raise
        raise BundleError("what was sent is damaged; nothing was changed") from error


def _material(name: str, part: Mapping[str, str], passphrase: str) -> Material:
    sent = base64.b64decode(part["pkcs12"])
    try:
        key, leaf, chain = lib.pkcs12.load_key_and_certificates(sent, passphrase.encode())
    except ValueError as error:
        raise BundleError(f"{name}: the passphrase is wrong, or what was sent is damaged; nothing was changed") from (
            error
        )
    if key is None or leaf is None:
        raise BundleError(f"{name}: what was sent lacks its key or its certificate; nothing was changed")
    return Material(keys.pem_of(key), certificates.pem_of([leaf, *chain]), part["trust"].encode("ascii"))
