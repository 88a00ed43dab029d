# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task asks of a balancer, decoded, and the states that look at no host. Private to the collection."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..columns import Table
from ..contract import result
from ..items import refused
from ..rendered import written
from . import packets, pairs, parsing, text, vendors
from .model import Service, decode, decode_addresses
from .pairs import decode_pair
from .places import BalancerError, Places
from .planning import Want

OFFLINE = ("rendered", "parsed")

Result = dict[str, Any]


def offline(options: Mapping[str, Any], check: bool) -> Result:
    """What the states return that look at no host."""
    if options["state"] == "parsed":
        try:
            return {
                **result([]),
                "parsed": [service.as_item() for service in parsing.parse(options["text"] or "").services],
            }
        except parsing.UnreadableTextError as error:
            raise BalancerError(f"text: {error}") from error
    files, unserved = _rendered(options["format"], wanted(options))
    return {**written(options["rendered_dir"], files, check), "rendered": files, "unserved": unserved}


def _rendered(form: str, want: Want) -> tuple[dict[str, str], list[Result]]:
    services = want.services
    if form in vendors.TARGETS:
        rendering = vendors.render(form, services)
        ids = _ids(services)
        return dict(rendering.files), [
            {"service": key, "id": ids[key], "reason": reason} for key, reason in rendering.limits
        ]
    files = {
        "haproxy.cfg": text.render(services, paired=want.pair is not None),
        "balance.nft": packets.table(services),
        "keepalived.conf": pairs.render(want.pair, want.addresses, str(Places().program)) if want.pair else "",
    }
    return {name: content for name, content in files.items() if content}, unserved_of(services)


def _ids(services: Sequence[Service]) -> dict[str, str]:
    return {service.key: service.id for service in services}


def wanted(options: Mapping[str, Any]) -> Want:
    """What a task asks for; BalancerError with all that is wrong with it."""
    given = options["services"]
    if isinstance(given, str):
        # Ansible copies lists several times over, and text never.
        try:
            given = json.loads(given)
        except ValueError as error:
            raise BalancerError(f"services: expected a list, or one as JSON; {error}") from error
    services, problems = decode(Table.read(given) or given or [])
    addresses, more = decode_addresses(options["addresses"])
    pair, wrong = decode_pair(options.get("pair"))
    problems = [*problems, *more, *wrong]
    if problems:
        raise BalancerError(refused(problems))
    ids = {service.replaces for service in services} - {""}
    kept = tuple(service for service in services if service.id not in ids)
    return Want(options["state"], kept, tuple(addresses), pair, everything=not given)


def unserved_of(services: Sequence[Service]) -> list[dict[str, str]]:
    return [
        {"service": service.key, "id": service.id, "reason": reason}
        for service in services
        if (reason := text.unserved(service))
    ]
