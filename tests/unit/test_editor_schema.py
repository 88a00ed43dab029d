# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON Schema that editors use accepts the examples and marks what the planner would refuse."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests import support

SCHEMA = json.loads((support.ROOT / "docs" / "schema" / "inventory.schema.json").read_text())
FILES = sorted((support.ROOT / "inventories").glob("*/group_vars/**/*.yml"))


def name_of(path: Path) -> str:
    return path.relative_to(support.ROOT / "inventories").as_posix()


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_examples_follow_the_schema(path: Path) -> None:
    jsonschema.validate(yaml.safe_load(path.read_text()), SCHEMA)


@pytest.mark.parametrize(
    "variables",
    [
        {"uc_pols": {}},
        {"uc_features": ["im_presense"]},
        {"uc_pools": {"pool1.contoso.com": {"edition": "enterprize"}}},
        {"uc_pools": {"pool1.contoso.com": {}}},
        {"uc_sites": {"hq": {"usrs": 5}}},
        {"uc_networks": {"lan": {"cidr": 5, "zone": "internal", "kind": "servers"}}},
    ],
)
def test_mistakes_do_not(variables: dict[str, t.Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(variables, SCHEMA)
