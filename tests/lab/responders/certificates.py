# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as they are installed: looked at again at each handshake, and read anew when a file has changed."""

from __future__ import annotations

import _ssl
import ctypes
import dataclasses
import hashlib
import os
import ssl
from pathlib import Path

from tests.lab.responders.configuration import Files

_END = "-----END CERTIFICATE-----"
# What OpenSSL calls the purpose of a certificate that authenticates a server (x509v3.h).
_PURPOSE_SERVER = 2
Signature = tuple[tuple[int, int, int] | None, ...]


@dataclasses.dataclass(frozen=True)
class Identity:
    """A certificate that can be shown, and the SHA-256 of it."""

    context: ssl.SSLContext
    fingerprint: str


class Certificate:
    """The certificate of one listener: the newest that could be used, and what is wrong with a newer one."""

    def __init__(self, files: Files | None, transport: str) -> None:
        self._files = files
        self._transport = transport
        self._seen: Signature | None = None
        self._identity: Identity | None = None
        self.problem = "" if files else "the plan has no certificate for it"

    def current(self) -> Identity | None:
        """What is to be shown now; what is installed badly, or taken away, leaves the one before."""
        if self._files is None:
            return None
        files = self._files
        now = tuple(_signature(path) for path in (files.certificate, files.key, files.trust))
        if now != self._seen:
            self._seen = now
            try:
                self._identity = _load(files, self._transport)
                self.problem = ""
            except FileNotFoundError as error:
                self.problem = f"{error.filename} is not there"
            except (OSError, ValueError) as error:
                self.problem = f"{files.certificate} with {files.key} and {files.trust} cannot be used: {error}"
        return self._identity


def _signature(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _load(files: Files, transport: str) -> Identity:
    first, end, _rest = Path(files.certificate).read_text(encoding="ascii").partition(_END)
    fingerprint = sha256(ssl.PEM_cert_to_DER_cert(first[max(first.find("-----BEGIN"), 0) :] + end))
    Path(files.key).stat()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # An encrypted key would have OpenSSL ask on the terminal.
    context.load_cert_chain(files.certificate, files.key, password=lambda: "")
    if transport == "mtls" or (transport == "tls_or_mtls" and Path(files.trust).exists()):
        Path(files.trust).stat()
        context.load_verify_locations(files.trust)
        _judge_as_servers(context)
        context.verify_mode = ssl.CERT_REQUIRED if transport == "mtls" else ssl.CERT_OPTIONAL
    return Identity(context, fingerprint)


def _judge_as_servers(context: ssl.SSLContext) -> None:
    """Take the certificates that servers show to one another, which the products ask the server's use of and no other.

    OpenSSL asks clients for the client's use, as Windows does not, and Python has no word for what to ask instead.
    """
    library = ctypes.CDLL(_ssl.__file__)
    library.SSL_CTX_set_purpose.argtypes = [ctypes.c_void_p, ctypes.c_int]
    # The first thing in Python's object after what all objects begin with is OpenSSL's.
    theirs = ctypes.c_void_p.from_address(id(context) + object.__basicsize__).value
    if not library.SSL_CTX_set_purpose(theirs, _PURPOSE_SERVER):
        raise ValueError("OpenSSL knows no such purpose of certificates")


def sha256(der: bytes) -> str:
    return hashlib.sha256(der).hexdigest()
