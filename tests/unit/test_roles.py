# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles say what they take, take what they say, and there is one for each server type on which something is done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.facts import server_type_facts
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.blueprint import MECHANISMS
from tests.support import ROOT

ROLES = sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir())
# Server types without a role, and why.
WITHOUT = {
    "firewall": "a mechanism's role",
    "load_balancer": "a mechanism's role",
    "dns_server": "the role dns",
    "resolver": "nothing is done on it",
    "vantage": "it only looks",
    "file_server": "its shares are steps of people in the process of a pool",
    "admin_console": "its tools are installed by people, in a process of its own",
    "sip_trunk": "it is a provider's",
}
PRODUCT_FIGURE = re.compile(r"\b(?:50[0-9]{2}|3478|443|1433|8057)\b")


def content(path: Path) -> dict[str, object]:
    return yaml.safe_load(path.read_text()) or {}


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_what_a_role_takes_is_specified_and_has_a_default(role: Path) -> None:
    specs = content(role / "meta/argument_specs.yml")["argument_specs"]
    assert isinstance(specs, dict)
    defaults = content(role / "defaults/main.yml")
    for entry in (role / "tasks").glob("*.yml"):
        if entry.stem in ("main", "restore", "judge"):
            assert entry.stem in specs, f"{entry.stem} is an entry point"
    options = {name: option for spec in specs.values() for name, option in spec.get("options", {}).items()}
    assert set(options) == set(defaults)
    assert all(name.startswith(f"{role.name}_") for name in options)
    assert all(option.get("description") for option in options.values())


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_a_role_goes_back_and_explains_itself(role: Path) -> None:
    assert (role / "tasks/main.yml").exists()
    assert (role / "tasks/restore.yml").exists() or role.name == "verify", "which changes nothing"
    assert (role / "README.md").read_text().count("\n") >= 5


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_a_role_knows_no_figure_of_a_product(role: Path) -> None:
    found = [path for path in role.rglob("*.yml") if PRODUCT_FIGURE.search(path.read_text())]
    assert found == []


def test_each_server_type_has_a_role_or_a_reason_for_none() -> None:
    types = set().union(*(server_type_facts(loader.load(name)) for name in loader.products()))
    names = {role.name for role in ROLES}
    assert types - names == WITHOUT.keys() - names
    assert names - types <= set(MECHANISMS.values()) | {"verify"}
