# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules say of themselves can be read, and is what they take."""

from __future__ import annotations

import ast
import importlib
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.module_utils import specs
from tests.support import ROOT

MODULES = sorted((ROOT / "plugins/modules").glob("*.py"))
COLLECTION = "openuc.ocs."
Options = dict[str, dict[str, t.Any]]


def said(path: Path) -> dict[str, t.Any]:
    """The three texts of a module, read as YAML."""
    assigned = {
        target.id: node.value.value
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return {name: yaml.safe_load(assigned[name]) for name in ("DOCUMENTATION", "EXAMPLES", "RETURN")}


def fragment(slug: str) -> dict[str, t.Any]:
    name, _dot, part = slug.removeprefix(COLLECTION).partition(".")
    module = importlib.import_module(f"ansible_collections.openuc.ocs.plugins.doc_fragments.{name}")
    loaded: dict[str, t.Any] = yaml.safe_load(getattr(module.ModuleDocFragment, (part or "DOCUMENTATION").upper()))
    return loaded


def options_of(documentation: dict[str, t.Any]) -> Options:
    """With those of fragments, over which the module's own words go."""
    found: Options = {}
    for source in (*map(fragment, documentation.get("extends_documentation_fragment", ())), documentation):
        for name, option in (source.get("options") or {}).items():
            found[name] = {**found.get(name, {}), **option}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_can_be_read_about(path: Path) -> None:
    texts = said(path)
    assert texts["DOCUMENTATION"]["module"] == path.stem
    assert all(task.get("name") for task in texts["EXAMPLES"])
    assert all(option.get("description") for option in options_of(texts["DOCUMENTATION"]).values())


@pytest.mark.parametrize(
    "path", [path for path in MODULES if hasattr(specs, path.stem.upper())], ids=lambda path: path.stem
)
def test_a_module_takes_what_it_says(path: Path) -> None:
    documented = options_of(said(path)["DOCUMENTATION"])
    spec = getattr(specs, path.stem.upper())
    facts = ("type", "default", "choices", "elements", "required")
    assert {name: {fact: option.get(fact) for fact in facts} for name, option in documented.items()} == {
        name: {fact: option.get(fact) for fact in facts} for name, option in spec.items()
    }
