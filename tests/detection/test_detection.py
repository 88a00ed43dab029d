# SPDX-License-Identifier: GPL-3.0-or-later
"""A deployed lab is verified, broken in each of many ways, and verified again: what is broken must be named.

Takes several minutes: `make detect`.
"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from tests.detection.breakages import BREAKAGES, trusted
from tests.integration.conftest import own_name
from tests.integration.rollout.test_deployed_lab import INVENTORY, DeployedLab
from tests.lab import estate, lab
from tests.lab.lab import Lab

Report = dict[str, t.Any]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[DeployedLab]:
    name = Lab(own_name("q"))
    try:
        lab.up(name, estate.read(INVENTORY), let_in=False, say=print)
        made = DeployedLab(name, tmp_path_factory.mktemp("estate"))
        done = made.play("openuc.ocs.deploy")
        assert done.returncode == 0, done.stdout[-5000:]
        yield made
    finally:
        lab.down(name, print)


def verified(
    deployed: DeployedLab, folder: Path, *vantages: str, settings: t.Mapping[str, t.Any] | None = None
) -> Report:
    """What verification says, looking from these hosts; from all of them when none are named."""
    variables = folder / "variables.json"
    variables.write_text(json.dumps({"uc_verify_trust": trusted(deployed), **(settings or {})}))
    limit = ["--limit", ",".join(vantages)] if vantages else []
    done = deployed.play("openuc.ocs.verify", "-e", f"@{variables}", *limit)
    path = deployed.folder / "report/verification.json"
    assert path.exists(), done.stdout[-3000:] + done.stderr[-1000:]
    found: Report = json.loads(path.read_text())
    path.unlink()
    return found


def test_a_deployed_lab_is_as_planned(deployed: DeployedLab, tmp_path: Path) -> None:
    found = verified(deployed, tmp_path)
    failed = [(v["vantage"], v["id"], v["outcome"], v["detail"]) for v in found["verdicts"] if v["status"] == "failed"]
    assert failed == []
    kinds = {verdict["kind"] for verdict in found["verdicts"]}
    assert kinds >= {"flow", "name", "certificate", "story"}
    assert (deployed.folder / "report/report.html").stat().st_size > 100_000


@pytest.mark.parametrize("slug", BREAKAGES)
def test_what_is_broken_is_named(deployed: DeployedLab, tmp_path: Path, slug: str) -> None:
    case = BREAKAGES[slug]
    with case.broken(deployed):
        found = verified(deployed, tmp_path, *case.vantages, settings=case.settings)
    told = {item["id"]: " ".join((*item["causes"], *item["remedies"])) for item in found["diagnoses"]}
    fitting = [words for name, words in told.items() if name in case.failures]
    assert any(all(word in words for word in case.words) for words in fitting), told
