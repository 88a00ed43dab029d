# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller sees of steps of people: servers that answer, names, and what a directory holds."""

from __future__ import annotations

import contextlib
import socket
import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.probing import directory
from ansible_collections.openuc.ocs.plugins.plugin_utils.acting.looking import Lookout, checks_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.blueprint import PlannedStep
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.checks import Seen

HERE = "127.0.0.1"
ACCOUNT = directory.Account("reader@corp.contoso.com", "secret")
Objects = dict[str, dict[str, str]]


def step(name: str, *targets: str, stage: str = "first_pool") -> PlannedStep:
    row = f"ocs2007r2.step.{name}@{stage}"
    return PlannedStep(id=row, stage=stage, title=name, kind="checkpoint", targets=targets)


def lookout(port: int = 0, account: directory.Account | None = None) -> Lookout:
    clusters = [
        {"name": "pool1", "servers": ["fe1"], "roles": {"front_end": ["fe1"]}},
        {"name": "dc", "servers": ["dc.corp.contoso.com"], "roles": {"domain_controller": ["dc.corp.contoso.com"]}},
    ]
    flow = {"source": "x", "destination": "front_end@pool1", "protocol": "tcp", "leg": "direct", "stage": "first_pool"}
    plan = {
        "overview": {"clusters": clusters},
        "sets": [{"name": "front_end@pool1", "members": [{"host": "fe1", "address": HERE}]}],
        "flows": [{**flow, "ports": [str(port)]}],
        "zones": [{"name": "corp.contoso.com", "view": "internal", "server": "ns"}],
    }
    return Lookout(plan, {"directory": 0, "first_pool": 1}, lambda _server: HERE, account)


def only(found: t.Sequence[Seen]) -> Seen:
    assert len(found) == 1
    return found[0]


def test_a_server_that_listens_is_seen_and_one_that_refuses_is_missing() -> None:
    start = step("enterprise-pool-start", "pool1")
    with socket.create_server((HERE, 0)) as server:
        port = server.getsockname()[1]
        assert only(lookout(port).look(start)).state == "seen"
    refused = only(lookout(port).look(start))
    assert (refused.state, refused.words) == ("missing", f"fe1 port {port}: refused")


def test_a_step_that_nobody_can_see_has_nothing_to_look_for() -> None:
    assert checks_of(step("edge-activate")) == ()
    assert checks_of(PlannedStep(id="nowhere.step.x@y", stage="y", title="", kind="checkpoint")) == ()


def test_a_name_server_that_does_not_answer_says_nothing_about_the_step() -> None:
    found = only(lookout().look(step("active-directory-check", stage="directory")))
    assert found.state in ("unknown", "missing")
    assert "_ldap._tcp.dc._msdcs.corp.contoso.com at ns" in found.words


class StoredDirectory:
    """A directory that holds objects by name."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects

    def root(self) -> dict[str, str]:
        return {"schemaNamingContext": "CN=Schema", "defaultNamingContext": "DC=corp"}

    def named(self, base: str, key: str, value: str, _attributes: t.Iterable[str]) -> dict[str, str] | None:
        return self.objects.get(f"{base} {key} {value}")


@pytest.fixture
def holding(monkeypatch: pytest.MonkeyPatch) -> t.Callable[[Objects], None]:
    """Put a directory behind the connection that would be opened."""

    def holds(objects: Objects) -> None:
        @contextlib.contextmanager
        def opened(*_where: object) -> t.Iterator[StoredDirectory]:
            yield StoredDirectory(objects)

        monkeypatch.setattr(directory, "opened", opened)

    return holds


SCHEMA = step("active-directory-schema", stage="directory")
VERSION = "CN=Schema cn ms-RTC-SIP-SchemaVersion"


@pytest.mark.parametrize(
    ("objects", "state", "words"),
    [
        ({VERSION: {"rangeUpper": "1008"}}, "seen", "dc.corp.contoso.com has rangeUpper 1008"),
        ({VERSION: {"rangeUpper": "1007"}}, "missing", "dc.corp.contoso.com has rangeUpper 1007, 1008 is wanted"),
        ({}, "missing", "dc.corp.contoso.com has no ms-RTC-SIP-SchemaVersion"),
    ],
    ids=["extended", "of an earlier version", "not extended"],
)
def test_the_version_of_the_schema_is_compared(
    holding: t.Callable[[Objects], None], objects: Objects, state: str, words: str
) -> None:
    holding(objects)
    assert lookout(account=ACCOUNT).look(SCHEMA) == (Seen("ocs2007r2.step-check.schema-version", state, words),)  # type: ignore[arg-type]


def test_groups_that_are_not_there_are_named(holding: t.Callable[[Objects], None]) -> None:
    holding({"DC=corp sAMAccountName RTCUniversalServerAdmins": {}})
    found = only(lookout(account=ACCOUNT).look(step("active-directory-forest", stage="directory")))
    assert found.state == "missing"
    assert found.words == "dc.corp.contoso.com has no RTCUniversalUserAdmins, RTCUniversalGuestAccessGroup"


def test_without_an_account_the_directory_is_not_asked_and_that_is_said() -> None:
    found = only(lookout().look(SCHEMA))
    assert (found.state, found.words) == ("unknown", "no account is named for the directory (checkpoint_directory)")


def test_a_directory_that_cannot_be_reached_says_nothing_about_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((HERE, 0)) as server:
        port = server.getsockname()[1]
    opened = directory.opened
    monkeypatch.setattr(directory, "opened", lambda where, _port, *more: opened(where, port, *more))
    found = only(lookout(account=ACCOUNT).look(SCHEMA))
    assert (found.state, found.words) == ("unknown", "dc.corp.contoso.com: Connection refused")
