# SPDX-License-Identifier: GPL-3.0-or-later
"""The one door to the `cryptography` library, so that its absence is a message and no traceback. Private.

Modules ask `problem()` before anything else; all other files take the library from here when they run.
"""

from __future__ import annotations

import datetime
from typing import Any

OLDEST = 38
__all__ = [
    "InvalidSignature",
    "decode_dss_signature",
    "ec",
    "extension",
    "hashes",
    "moment",
    "padding",
    "pkcs7",
    "pkcs12",
    "problem",
    "rsa",
    "serialization",
    "x509",
]

try:
    import cryptography
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12

    VERSION = cryptography.__version__
except ImportError:
    VERSION = ""


def problem(version: str | None = None) -> str:
    """Why certificates cannot be worked on with this Python; empty when they can."""
    found = VERSION if version is None else version
    if not found:
        return (
            f"the Python library cryptography is missing; version {OLDEST} or newer is needed. "
            "Install python3-cryptography, or cryptography with pip, for the Python that runs this module"
        )
    if int(found.split(".")[0]) < OLDEST:
        return f"the Python library cryptography is {found}; version {OLDEST} or newer is needed"
    return ""


def moment(thing: Any, name: str) -> datetime.datetime:
    """A date of a certificate or list, with its zone: what carries it has another name since version 42."""
    aware = getattr(thing, f"{name}_utc", None)
    if aware is not None:
        return aware  # type: ignore[no-any-return]
    return getattr(thing, name).replace(tzinfo=datetime.timezone.utc)  # type: ignore[no-any-return]


def extension(thing: Any, kind: Any) -> Any:
    """The value of an extension of a certificate or request, or None."""
    try:
        return thing.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
