# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory tells what it holds to an account that it knows, over TLS, and nothing to others."""

from __future__ import annotations

import json
import os
import sys
import typing as t

import pytest

from tests.integration.conftest import RunningLab
from tests.lab.services.directory import AUTHORITY
from tests.support import ROOT

CONTROLLER = "dc1.corp.contoso.com"
NAME = "openuc@corp.contoso.com"
# Asks what the argument says, where the lab's hosts can be reached.
PROGRAM = """
import json, sys
from ansible_collections.openuc.ocs.plugins.module_utils.probing import directory
asked = json.loads(sys.argv[1])
try:
    account = directory.Account(asked["name"], asked["password"], asked["trust"])
    with directory.opened("10.20.0.2", 636, asked["server"], account, 10) as there:
        base = there.root()[asked["part"]]
        print(json.dumps(there.named(base, asked["key"], asked["value"], [asked["attribute"]])))
except directory.DirectoryError as error:
    print(json.dumps(str(error)))
"""


@pytest.fixture(scope="module")
def known(running_lab: RunningLab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a question to the directory of the lab has to say."""
    trust = tmp_path_factory.mktemp("trust") / "authority.pem"
    trust.write_text(running_lab.on(CONTROLLER, "cat", AUTHORITY).stdout)
    password = (running_lab.lab.folder / "keys" / "operator.password").read_text().strip()
    group = {"part": "defaultNamingContext", "key": "sAMAccountName", "attribute": "sAMAccountName"}
    return {"name": NAME, "password": password, "trust": str(trust), "server": CONTROLLER, **group}


def answer(running_lab: RunningLab, known: dict[str, str], **changes: str) -> t.Any:
    collections = f"PYTHONPATH={ROOT / '.build' / 'collections'}"
    asked = json.dumps({**known, **changes})
    told = running_lab.controlling("env", collections, sys.executable, "-c", PROGRAM, asked).stdout
    return json.loads(told)


def test_groups_are_found_by_their_name(running_lab: RunningLab, known: dict[str, str]) -> None:
    assert answer(running_lab, known, value="Domain Admins") == {"sAMAccountName": "Domain Admins"}
    assert answer(running_lab, known, value="RTCUniversalServerAdmins") is None, "nobody has prepared the lab's forest"


def test_limits_of_attributes_are_read_from_the_schema(running_lab: RunningLab, known: dict[str, str]) -> None:
    part = {"part": "schemaNamingContext", "key": "cn", "attribute": "rangeUpper"}
    assert answer(running_lab, known, value="Title", **part) == {"rangeUpper": "128"}
    assert answer(running_lab, known, value="ms-RTC-SIP-SchemaVersion", **part) is None


def test_why_a_directory_does_not_tell_is_said(running_lab: RunningLab, known: dict[str, str]) -> None:
    assert "does not know this name and password" in answer(running_lab, known, value="x", password="wrong")
    other = answer(running_lab, known, value="x", server="dc9.corp.contoso.com")
    assert "not trusted for dc9.corp.contoso.com" in other
    nobody = answer(running_lab, known, value="x", trust=os.devnull)
    assert nobody.startswith("/dev/null holds no authorities to trust")
