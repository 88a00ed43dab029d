# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of a certificate that a server showed. Private to the collection.

The `cryptography` library tells all of them. Without it, Python's own `ssl` tells most of a certificate that it
trusted, and only the fingerprint of others; `missing` says what is not known and why.
"""

from __future__ import annotations

import datetime
import hashlib
import ssl
from collections.abc import Mapping
from typing import Any

_PURPOSES = {"1.3.6.1.5.5.7.3.1": "serverAuth", "1.3.6.1.5.5.7.3.2": "clientAuth"}
_HINT = "install python3-cryptography on this host"


def facts_of(der: bytes, trusted: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Facts of a certificate; `trusted` is what ssl decoded of it, when it trusted it."""
    fingerprint = {"sha256": hashlib.sha256(der).hexdigest()}
    try:
        from cryptography import x509  # noqa: PLC0415 - costs 0.1 s, and not every batch has TLS; may be missing
    except ImportError:
        return {**_facts_of_ssl(trusted or {}), **fingerprint}
    try:
        return {**_facts(x509.load_der_x509_certificate(der)), **fingerprint}
    except Exception as error:  # noqa: BLE001 - whatever a server shows, the probe has an answer
        return {**_facts_of_ssl(trusted or {}, f"the certificate is malformed: {error}"), **fingerprint}


def _facts(certificate: Any) -> dict[str, Any]:
    from cryptography import x509  # noqa: PLC0415

    return {
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "serial": _hex(certificate.serial_number),
        "not_before": _moment(certificate, "not_valid_before"),
        "not_after": _moment(certificate, "not_valid_after"),
        "sans": [_text(name.value) for name in _extension(certificate, x509.SubjectAlternativeName)],
        "eku": [
            _PURPOSES.get(purpose.dotted_string, purpose.dotted_string)
            for purpose in _extension(certificate, x509.ExtendedKeyUsage)
        ],
        "crl": [
            _text(name.value)
            for point in _extension(certificate, x509.CRLDistributionPoints)
            for name in point.full_name or ()
        ],
        "key": _key(certificate),
    }


def _extension(certificate: Any, kind: Any) -> Any:
    from cryptography import x509  # noqa: PLC0415

    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return ()


def _key(certificate: Any) -> dict[str, Any]:
    key = certificate.public_key()
    kind = type(key).__name__.strip("_").replace("PublicKey", "").replace("EllipticCurve", "EC")
    return {"kind": kind, "bits": getattr(key, "key_size", None)}


def _moment(certificate: Any, name: str) -> str:
    # Before cryptography 42 there were only moments without a zone; they are in UTC.
    moment = getattr(certificate, f"{name}_utc", None) or getattr(certificate, name).replace(
        tzinfo=datetime.timezone.utc
    )
    return str(moment.strftime("%Y-%m-%dT%H:%M:%SZ"))


def _hex(serial: int) -> str:
    digits = f"{serial:X}"
    return digits.zfill(len(digits) + len(digits) % 2)


def _text(value: Any) -> str:
    return str(value) if not hasattr(value, "rfc4514_string") else str(value.rfc4514_string())


def _facts_of_ssl(
    decoded: Mapping[str, Any], reason: str = f"cryptography is not installed; {_HINT}"
) -> dict[str, Any]:
    if not decoded:
        return {"missing": f"all but the fingerprint: {reason}"}
    return {
        "subject": _name(decoded.get("subject", ())),
        "issuer": _name(decoded.get("issuer", ())),
        "serial": decoded.get("serialNumber", ""),
        "not_before": _seconds(decoded["notBefore"]),
        "not_after": _seconds(decoded["notAfter"]),
        "sans": [value for _kind, value in decoded.get("subjectAltName", ())],
        "crl": list(decoded.get("crlDistributionPoints", ())),
        "missing": f"eku, key: {reason}",
    }


def _name(parts: Any) -> str:
    short = {
        "commonName": "CN",
        "organizationName": "O",
        "organizationalUnitName": "OU",
        "countryName": "C",
        "localityName": "L",
        "stateOrProvinceName": "ST",
        "domainComponent": "DC",
    }
    pairs = [f"{short.get(key, key)}={value}" for part in parts for key, value in part]
    return ",".join(reversed(pairs))  # as RFC 4514 writes it: the last part first


def _seconds(moment: str) -> str:
    seconds = ssl.cert_time_to_seconds(moment)
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
