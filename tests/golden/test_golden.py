# SPDX-License-Identifier: GPL-3.0-or-later
"""The example inventories still come to the committed trees, which `make golden` rewrites.

Read the diff before committing. Goldens guard against drift only: whether a plan is right is the business of
tests/documents.
"""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.intended import making
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import SCHEMA_VERSION
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.pages import files_of
from tests import support

HERE = Path(__file__).parent
EXAMPLES = sorted(path.name for path in (support.ROOT / "inventories").iterdir() if (path / "hosts.yml").exists())
PLAN_SCHEMA = json.loads((support.ROOT / "docs" / "schema" / "plan.schema.json").read_text())


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_comes_to_its_golden_tree(name: str, tmp_path: Path) -> None:
    with making(HERE / name / "intended", tmp_path / "plan", keep=False) as tree:
        changes = tree.seal(tree.lay(planned(name)), support.example_digest(name), SCHEMA_VERSION)
    assert [change.path for change in changes] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_plan_follows_its_schema(name: str) -> None:
    jsonschema.validate(json.loads(planned(name)["plan.json"]), PLAN_SCHEMA)


def planned(name: str) -> dict[str, str]:
    """Files of an example."""
    design = support.example_design(name)
    assert design.errors == ()
    return files_of(design)
