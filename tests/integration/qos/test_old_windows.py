# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that speak SMB 1 alone, as Windows Server 2003 does: reached where the account allows it, and only there."""

from __future__ import annotations

import dataclasses
import typing as t
from pathlib import Path

import pytest

from tests.integration.qos.conftest import OPERATOR, Site, value
from tests.integration.qos.test_remote import outcomes
from tests.lab.services import directory

OLD = "10.99.0.13"
CONFIG = "/etc/samba/smb.conf"
KEY = r"SOFTWARE\Contoso\Old"


@pytest.fixture(scope="module")
def old_server(site: Site) -> None:
    service = directory.registry_server("old.corp.contoso.com", OLD, password=OPERATOR)
    config = service.files[CONFIG]
    spoken = config.text.replace(
        "[global]\n", "[global]\n    server min protocol = NT1\n    server max protocol = NT1\n"
    )
    files = {**service.files, CONFIG: dataclasses.replace(config, text=spoken)}
    site.network.host("old", OLD, dataclasses.replace(service, files=files))


def run(site: Site, journal: Path, **account: str) -> dict[str, t.Any]:
    return site.module(
        journal,
        target="old",
        address=OLD,
        values=[value("One", 1, key=KEY)],
        accounts={"old": {"user": "openuc", **account}},
        passwords={"old": OPERATOR},
    )


@pytest.mark.usefixtures("old_server")
def test_smb_1_is_spoken_where_the_account_says_so(site: Site, journal: Path) -> None:
    refused = run(site, journal)
    assert outcomes(refused) == {"old": "hung_up"}, refused["msg"]
    assert "oldest_protocol" in refused["msg"]
    applied = run(site, journal, oldest_protocol="NT1")
    assert "failed" not in applied, applied["msg"]
    assert applied["changed"]
    assert not run(site, journal, oldest_protocol="NT1")["changed"]
