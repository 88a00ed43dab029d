# SPDX-License-Identifier: GPL-3.0-or-later
"""A name server, and the engine as the module calls it."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.dns import engine
from ansible_collections.openuc.ocs.plugins.module_utils.specs import DNS_RECORDS

from .nameserver import SECRET, Nameserver, running

Item = dict[str, t.Any]
DEFAULTS = {name: option.get("default") for name, option in DNS_RECORDS.items()}


def record(name: str, kind: str, *values: str, ttl: int | None = 600, **more: t.Any) -> Item:
    return {"name": f"{name}.contoso.com", "type": kind, "ttl": ttl, "values": list(values), **more}


def options(**given: t.Any) -> dict[str, t.Any]:
    """Options as the module has them when only some are set."""
    assert set(given) <= set(DEFAULTS)
    return {**DEFAULTS, **given}


class Estate:
    """A zone, its server, and runs over it."""

    def __init__(self, server: Nameserver, journal: Path) -> None:
        self.server, self.journal = server, journal

    def zone(self, **more: t.Any) -> dict[str, t.Any]:
        given = {"server": "ns1", "address": "127.0.0.1", "port": self.server.port, "zone": "contoso.com"}
        return {**given, "view": "internal", "key_name": "openuc", **more}

    def run(self, records: list[Item] | None = None, *, check: bool = False, **more: t.Any) -> dict[str, t.Any]:
        own = {"keys": {"openuc": SECRET}, "journal_dir": str(self.journal), "timeout": 5.0}
        return engine.run(options(**{**self.zone(), **own, "records": records, **more}), check)


@pytest.fixture
def server() -> t.Iterator[Nameserver]:
    with running(Nameserver()) as made:
        yield made


@pytest.fixture
def estate(server: Nameserver, tmp_path: Path) -> Estate:
    return Estate(server, tmp_path / "journal")
