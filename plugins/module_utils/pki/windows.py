# SPDX-License-Identifier: GPL-3.0-or-later
"""Words for Windows: requests that `certreq` understands, and the command lines around them. Private.

None of it is exercised here, since no Windows is at hand; file formats and switches are those of Microsoft's pages.
"""

from __future__ import annotations

from collections.abc import Sequence

from .model import EKUS, Request

_CURVES = {256: "ECDSA_P256", 384: "ECDSA_P384", 521: "ECDSA_P521"}


def request_inf(request: Request) -> str:
    """Policy file for `certreq -new`, for who wants the key to be made on the Windows server itself."""
    parts = [("CN", request.subject), ("O", request.organisation), ("C", request.country)]
    subject = ", ".join(f"{key}={_quoted(value)}" for key, value in parts if value)
    lines = [
        "[Version]",
        'Signature = "$Windows NT$"',
        "",
        "[NewRequest]",
        f'Subject = "{subject}"',
        f"KeyAlgorithm = {_CURVES[request.bits] if request.algorithm == 'ecdsa' else 'RSA'}",
        f"KeyLength = {request.bits}",
        # One that several servers hold has to leave the one it was made on.
        f"Exportable = {'TRUE' if len(request.hosts) > 1 else 'FALSE'}",
        "MachineKeySet = TRUE",
        "RequestType = PKCS10",
        "HashAlgorithm = SHA256",
        "",
        "[EnhancedKeyUsageExtension]",
        *(f"OID = {EKUS[word]}" for word in request.eku),
        "",
        "[Extensions]",
        '2.5.29.17 = "{text}"',
        *(f'_continue_ = "{_kind(name)}={name}&"' for name in request.sans),
        "",
    ]
    return "\r\n".join(lines)


def submit_lines(request: Request, authority: str, template: str) -> list[str]:
    """Command lines that bring a request to an authority of Active Directory, and what comes back to us."""
    config = f'-config "{authority}" ' if authority else ""
    attribute = f'-attrib "CertificateTemplate:{template}" ' if template else ""
    name = file_name(request.id)
    return [
        f'certreq -submit {config}{attribute}"{name}.req" "{name}.cer" "{name}.p7b"',
        f'certreq -retrieve {config}REQUEST_ID "{name}.cer" "{name}.p7b"',
    ]


def own_key_lines(request: Request, authority: str, template: str) -> list[str]:
    """Command lines for who has the key made on the Windows server itself, where it stays."""
    name = file_name(request.id)
    return [
        f'certreq -new "{name}.inf" "{name}.req"',
        *submit_lines(request, authority, template),
        f'certreq -accept "{name}.cer"',
    ]


def install_lines(request: Request, host: str, sha1: str, roots: Sequence[str]) -> list[str]:
    """Command lines that put a PKCS#12 file where Windows looks for it, and prove that it is there.

    Only roots go into the store of roots; authorities between are in the file, and Windows puts them where they belong.
    """
    name = file_name(request.id)
    return [
        f"rem {request.id} on {host}",
        *(f'certutil -addstore -f Root "{root}"' for root in roots),
        f'certutil -importpfx "{name}.p12" NoExport',
        f"certutil -verifystore My {sha1}",
        f'del "{name}.p12"',
    ]


def file_name(name: str) -> str:
    """An id as the name of a file that Windows accepts."""
    return name.replace(":", "_").replace("@", "_")


def _kind(name: str) -> str:
    return "ipaddress" if name.replace(".", "").isdigit() or ":" in name else "dns"


def _quoted(value: str) -> str:
    """Values with signs of their own stand in doubled quotes, within the quotes of the line."""
    inner = value.replace('"', "'")
    return f'""{inner}""' if any(sign in inner for sign in ",=+;") else inner
