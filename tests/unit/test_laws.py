# SPDX-License-Identifier: GPL-3.0-or-later
"""The laws that the code of this collection keeps, checked on the code itself."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.facts import FindingFact
from tests import support

PLUGINS = support.ROOT / "plugins"
CORE = PLUGINS / "plugin_utils"
SOURCES = sorted(PLUGINS.rglob("*.py"))
# What action plugins share speaks to Ansible; all else plans and proves without it.
ACTING = CORE / "acting"
CORE_SOURCES = sorted(path for path in CORE.rglob("*.py") if ACTING not in path.parents)

# Each layer may import itself and those before it; findings and json_text are words and text that all may use.
LAYERS = (
    "schema",
    "json_text",
    "memory",
    "catalogue",
    "findings",
    "topology",
    "fingerprint",
    "planning",
    "engine",
    "proof",
    "verification",
    "rendering",
    "rollout",
)
FIGURE = re.compile(r"\b(?:50[0-9]{2}|8057|8404|3478|4443|5269|1433|3268|50000|59999|49152)\b")
NAME = re.compile(r"(?:^|\W)_sip|ucupdates|lyncdiscover|_xmpp")


def relative(path: Path) -> str:
    return path.relative_to(PLUGINS).as_posix()


def imports_of(path: Path) -> t.Iterator[str]:
    """Absolute names of what a file imports; our own begin with a dot's worth of folders under plugins/."""
    folder = path.relative_to(PLUGINS).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = folder[: len(folder) - node.level + 1] if node.level else ()
            stem = ".".join([*(("plugins", *base) if node.level else ()), *filter(None, [node.module])])
            yield stem
            yield from (f"{stem}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", CORE_SOURCES, ids=relative)
def test_the_core_needs_no_ansible(path: Path) -> None:
    assert [name for name in imports_of(path) if name.split(".")[0] in ("ansible", "ansible_collections")] == []


@pytest.mark.parametrize("path", CORE_SOURCES, ids=relative)
def test_dependencies_point_one_way(path: Path) -> None:
    layer = path.relative_to(CORE).parts[0].removesuffix(".py")
    allowed = LAYERS[: LAYERS.index(layer) + 1] if layer in LAYERS else (layer, "schema")
    ours = {name.split(".")[2] for name in imports_of(path) if name.startswith("plugins.plugin_utils.")}
    assert {name for name in ours if name in LAYERS} <= set(allowed)


@pytest.mark.parametrize("path", sorted((PLUGINS / "module_utils").rglob("*.py")), ids=relative)
def test_what_is_shipped_to_targets_needs_nothing_of_the_controller(path: Path) -> None:
    ours = [name for name in imports_of(path) if name.startswith("plugins.")]
    assert all(name.startswith("plugins.module_utils") for name in ours)


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_facts_of_products_are_data(path: Path) -> None:
    """Ports and record names stand in the catalogue; documentation strings may give examples."""
    code = path.read_text()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool):
            assert path.name == "kinds.py" or not FIGURE.fullmatch(str(node.value)), f"line {node.lineno}: {node.value}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 40:
            assert not NAME.search(node.value), f"line {node.lineno}: {node.value}"


@pytest.mark.parametrize("path", [path for path in SOURCES if path.stat().st_size], ids=relative)
def test_every_file_names_its_licence(path: Path) -> None:
    assert "SPDX-License-Identifier: GPL-3.0-or-later" in path.read_text()[:400]


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_files_stay_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def test_checks_report_only_findings_that_the_catalogue_words() -> None:
    """That each finding is reported by some check is what the scenarios show."""
    code = "".join(path.read_text() for path in CORE_SOURCES)
    known = {fact.id for name in loader.products() for fact in loader.load(name).facts(FindingFact)}
    assert set(re.findall(r'"(finding\.[a-z0-9-]+)"', code)) - known == set()


def test_every_role_has_its_scenario() -> None:
    """Those of server types find servers in the examples that labs are made from: see molecule.sh."""
    folder = support.ROOT / "molecule"
    scenarios = {path.parent.name for path in folder.glob("*/molecule.yml")}
    assert {path.parents[1].name for path in support.ROOT.glob("roles/*/tasks/main.yml")} - scenarios == set()
    servers = {name for name in scenarios if "shared/server" in (folder / name / "molecule.yml").read_text()}
    examples = re.search(r"^examples=\((.*)\)$", (support.ROOT / "tests/tools/molecule.sh").read_text(), re.MULTILINE)
    assert examples
    groups = {group for name in examples[1].split() for host in support.example(name).hosts for group in host.groups}
    assert servers - groups == set()


INPUTS = CORE / "topology" / "inputs"


def test_every_variable_is_read_by_somebody() -> None:
    """One that nothing comes of would be a promise. Paths of findings and conditions name some as text."""
    offered = {
        statement.target.id: path
        for path in INPUTS.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        for statement in node.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    }
    readers = [*PLUGINS.rglob("*.py"), *PLUGINS.rglob("*.yml"), *(support.ROOT / "playbooks").rglob("*.yml")]
    text = "\n".join(path.read_text() for path in readers if path.parent != INPUTS)
    words = {word.removeprefix("uc_") for word in re.findall(r"\w+", text)}
    assert len(offered) > 100
    assert sorted(set(offered) - words) == []


PLAN = """
import hashlib, random, sys
from tests import support
from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.pages import files_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inventory import RawInventory

inventory = support.example("multisite")
hosts = list(inventory.hosts)
random.Random(int(sys.argv[1])).shuffle(hosts)
files = files_of(design(RawInventory(tuple(hosts)), support.TODAY))
print(hashlib.sha256("".join(f"{name}{files[name]}" for name in sorted(files)).encode()).hexdigest())
"""


def test_the_same_inventory_comes_to_the_same_bytes() -> None:
    """Whatever the order of hosts, and whatever Python's hash seed."""

    def digest(seed: str) -> str:
        paths = os.pathsep.join([str(support.ROOT), str(support.ROOT / ".build" / "collections")])
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": paths}
        command = [sys.executable, "-c", PLAN, seed]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    assert len({digest(seed) for seed in ("1", "2", "77")}) == 1
