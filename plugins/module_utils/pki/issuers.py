# SPDX-License-Identifier: GPL-3.0-or-later
"""Who issues: the authority made here, one that speaks ACME, or one that is asked by hand. Private."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Mapping, Sequence

from ..files import read_bytes
from . import requesting, windows
from .issuing import Issuing, Options, Outcome
from .issuing_acme import AcmeIssuing
from .issuing_internal import InternalIssuing
from .issuing_returned import ReturnedIssuing
from .model import Request
from .store import REQUEST, Store

_KINDS: Mapping[str, type[Issuing]] = {
    "internal": InternalIssuing,
    "acme": AcmeIssuing,
    "returned": ReturnedIssuing,
}


def run(options: Options, wanted: Sequence[Request], now: datetime.datetime, *, check: bool) -> Outcome:
    """Do what the options say; in check mode only tell it."""
    store = Store(options.folder)
    check = check or options.state == "gathered"
    with contextlib.nullcontext() if check else store.locked():
        return _run(store, options, wanted, now, check=check)


def _run(store: Store, options: Options, wanted: Sequence[Request], now: datetime.datetime, *, check: bool) -> Outcome:
    if options.state == "restored":
        done = requesting.restore(store, options.run, check=check)
        return Outcome(operations=done.operations, problems=done.problems, run=done.run)
    return _KINDS[options.authority](store, options, wanted, now, check=check).run()


def _script(lines: Sequence[str]) -> str:
    return "".join(f"{line}\r\n" for line in lines)


def rendered(requests: Sequence[Request], folder: str, authority: str, template: str) -> dict[str, str]:
    """Texts for who brings requests to an authority by hand, by the name of their file; nothing secret is in them."""
    texts: dict[str, str] = {}
    for request in requests:
        name = windows.file_name(request.id)
        texts[f"{name}.inf"] = windows.request_inf(request)
        pem = read_bytes(Store(folder).path(request.id, REQUEST)) if folder else None
        if pem:
            texts[f"{name}.req"] = pem.decode("ascii")
        texts[f"{name}.cmd"] = _script(windows.submit_lines(request, authority, template))
        texts[f"{name}-own-key.cmd"] = _script(windows.own_key_lines(request, authority, template))
    return texts
