# SPDX-License-Identifier: GPL-3.0-or-later
"""Private keys: made on all cores, loaded, told apart by fingerprint. Private to the collection."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import hashlib
import multiprocessing
import os
from collections.abc import Sequence
from typing import Any

from . import library as lib
from .model import KeyFacts, Request

EXPONENT = 65537
# Below this many RSA keys a pool of processes costs more than it brings.
FEW = 2


class KeyFaultError(ValueError):
    """A key that cannot be used, with the reason in words that hold none of it."""


@dataclasses.dataclass(frozen=True)
class Made:
    """A new key, and the text of its file."""

    key: Any = dataclasses.field(repr=False)
    pem: bytes = dataclasses.field(repr=False)


def make(requests: Sequence[Request]) -> list[Made]:
    """A new key for each request; RSA keys on all cores, since the library makes one at a time a process."""
    slow = [request.bits for request in requests if _is_rsa(request)]
    cores = _cores()
    if len(slow) < FEW or cores < 2:
        return [_made(new(request.algorithm, request.bits)) for request in requests]
    with concurrent.futures.ProcessPoolExecutor(
        min(cores, len(slow)), mp_context=multiprocessing.get_context("fork")
    ) as pool:
        found = pool.map(_rsa_pem, slow)
        quick = {
            request.id: _made(new(request.algorithm, request.bits)) for request in requests if not _is_rsa(request)
        }
        return [quick[request.id] if request.id in quick else _travelled(next(found)) for request in requests]


def _is_rsa(request: Request) -> bool:
    return request.algorithm == "rsa"


def _made(key: Any) -> Made:
    return Made(key, pem_of(key))


def _rsa_pem(bits: int) -> bytes:
    return pem_of(new("rsa", bits))


def _travelled(pem: bytes) -> Made:
    """A key that came from another process as text."""
    return Made(load(pem, known=True), pem)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def new(algorithm: str, bits: int) -> Any:
    """A new private key."""
    if algorithm == "rsa":
        return lib.rsa.generate_private_key(EXPONENT, bits)
    curves: dict[int, Any] = {256: lib.ec.SECP256R1, 384: lib.ec.SECP384R1, 521: lib.ec.SECP521R1}
    return lib.ec.generate_private_key(curves[bits]())


def pem_of(key: Any) -> bytes:
    """The key as unencrypted PKCS#8, as all servers read it."""
    made: bytes = key.private_bytes(
        lib.serialization.Encoding.PEM, lib.serialization.PrivateFormat.PKCS8, lib.serialization.NoEncryption()
    )
    return made


def load(pem: bytes, *, known: bool = False) -> Any:
    """The private key. One that is known by the digest of its file is not proved anew, which takes 30 ms with RSA."""
    try:
        if known:
            try:
                return lib.serialization.load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
            except TypeError:  # a library older than 39, or a key with a password, which the next line tells apart
                pass
        key = lib.serialization.load_pem_private_key(pem, None)
    except TypeError as error:
        raise KeyFaultError("the key has a password; put it there without one, readable by its owner only") from error
    except Exception as error:  # the library raises errors of many kinds for broken keys
        raise KeyFaultError("the file holds no usable private key in PEM; it is damaged or something else") from error
    if not isinstance(key, (lib.rsa.RSAPrivateKey, lib.ec.EllipticCurvePrivateKey)):
        raise KeyFaultError(f"the key is neither RSA nor ECDSA but {type(key).__name__.strip('_')}")
    return key


def facts(key: Any) -> KeyFacts:
    """Of a private key."""
    algorithm = "rsa" if isinstance(key, lib.rsa.RSAPrivateKey) else "ecdsa"
    return KeyFacts(algorithm, key.key_size, fingerprint(key.public_key()))


def fingerprint(public: Any) -> str:
    """SHA-256 of a public key as it stands in certificates: the same for a key, its request and its certificate."""
    return hashlib.sha256(
        public.public_bytes(lib.serialization.Encoding.DER, lib.serialization.PublicFormat.SubjectPublicKeyInfo)
    ).hexdigest()


def digest(pem: bytes) -> str:
    """What a key file is known by."""
    return hashlib.sha256(pem).hexdigest()
