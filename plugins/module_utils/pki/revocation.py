# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a certificate is revoked, asked as a peer on this host would ask: by its lists, over HTTP. Private."""

from __future__ import annotations

import datetime
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from typing import Any

from . import certificates
from . import library as lib

SECONDS = 5
LARGEST = 20 * 1024 * 1024


def fetch(url: str) -> bytes:
    """What is at an address; OSError, HTTPException or ValueError with the reason when nothing is."""
    # A proxy of whoever runs the playbook is not what servers use.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=SECONDS) as answer:
        data: bytes = answer.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"more than {LARGEST} bytes")
    return data


def problem(chain: Sequence[Any], now: datetime.datetime, get: Callable[[str], bytes] = fetch) -> str:
    """Why a chain, itself first and the root last, cannot be shown to be unrevoked; empty when it can."""
    found = (_one(below, above, now, get) for below, above in zip(chain, chain[1:]))
    return next((words for words in found if words), "")


def _one(below: Any, above: Any, now: datetime.datetime, get: Callable[[str], bytes]) -> str:
    facts = certificates.facts(below)
    urls = [url for url in facts.crl if url.startswith("http://")]
    if not urls:
        return f"{facts.subject} names no list that is fetched over http"
    problems = []
    for url in urls:
        problem = _list_problem(url, below, above, now, get)
        if not problem:
            return ""
        problems.append(f"{url}: {problem}")
    return "; ".join(problems)


def _list_problem(url: str, below: Any, above: Any, now: datetime.datetime, get: Callable[[str], bytes]) -> str:
    try:
        found = lib.x509.load_der_x509_crl(get(url))
    except urllib.error.URLError as error:
        return f"cannot be fetched from this host: {error.reason}"
    except (OSError, ValueError, http.client.HTTPException) as error:  # what speaks no HTTP is no OSError
        return f"gave no revocation list: {str(error).strip()}"
    if not certificates.signed(found, above):
        return "the list is signed by somebody else"
    end = lib.moment(found, "next_update")
    if now > end:
        return f"the list was to be renewed until {end:%Y-%m-%d %H:%M}Z"
    if found.get_revoked_certificate_by_serial_number(below.serial_number) is not None:
        return "the certificate is revoked"
    return ""
