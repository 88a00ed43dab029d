# SPDX-License-Identifier: GPL-3.0-or-later
"""A deployed lab is verified, broken in each of many ways, and verified again: what is broken must be named.

Takes several minutes: `make detect`.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import typing as t
from pathlib import Path

import pytest

from tests.detection.breakages import BREAKAGES, EDGE, LISTS_MATTER, Breakage, lists_published, trusted
from tests.detection.publishing import Told, page
from tests.integration.conftest import own_name
from tests.integration.rollout.test_deployed_lab import INVENTORY, DeployedLab
from tests.lab import estate, lab
from tests.lab.lab import Lab

Report = dict[str, t.Any]
# A page that is written anew when all was tried.
PAGE = "OPENUC_DETECTION_PAGE"


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


@dataclasses.dataclass
class Run:
    """What this run came to so far."""

    checks: int = 0
    failed: int = 0
    tried: dict[str, tuple[Breakage, Told]] = dataclasses.field(default_factory=dict)


@pytest.fixture(scope="module")
def run() -> t.Iterator[Run]:
    made = Run()
    yield made
    path = os.environ.get(PAGE)
    if path and made.checks and list(made.tried) == list(BREAKAGES):
        today = datetime.datetime.now(datetime.UTC).date()
        Path(path).write_text(page(made.tried, made.checks, made.failed, today), encoding="utf-8")


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


def test_a_deployed_lab_is_as_planned(deployed: DeployedLab, run: Run, tmp_path: Path) -> None:
    found = verified(deployed, tmp_path)
    failed = [(v["vantage"], v["id"], v["outcome"], v["detail"]) for v in found["verdicts"] if v["status"] == "failed"]
    run.checks, run.failed = len(found["verdicts"]), len(failed)
    assert failed == []
    kinds = {verdict["kind"] for verdict in found["verdicts"]}
    assert kinds == {"flow", "name", "certificate", "story", "mark", "member", "comparison", "proof"}
    assert (deployed.folder / "report/report.html").stat().st_size > 100_000


def test_revocation_lists_that_are_published_are_found(deployed: DeployedLab, tmp_path: Path) -> None:
    """So that it is their way that is seen to be shut, and not that nobody published them."""
    with lists_published(deployed):
        found = verified(deployed, tmp_path, EDGE, settings=LISTS_MATTER)
    assert [verdict["detail"] for verdict in found["verdicts"] if verdict["status"] == "failed"] == []
    assert "certificate_verify" in {verdict["protocol"] for verdict in found["verdicts"]}


@pytest.mark.parametrize("slug", BREAKAGES)
def test_what_is_broken_is_named(deployed: DeployedLab, run: Run, tmp_path: Path, slug: str) -> None:
    case = BREAKAGES[slug]
    run.tried[slug] = case, Told()
    with case.broken(deployed):
        found = verified(deployed, tmp_path, *case.vantages, settings=case.settings)
    told = {item["id"]: item for item in found["diagnoses"]}
    fitting = [item for name, item in told.items() if name in case.failures]
    naming = [item for item in fitting if all(word in _all_words(item) for word in case.words)]
    if naming:
        best = next((cause for cause in naming[0]["causes"] if case.words[0] in cause), naming[0]["causes"][0])
        run.tried[slug] = case, Told(tuple(item["title"] for item in fitting), best)
    assert naming, {name: _all_words(item) for name, item in told.items()}


def _all_words(item: Report) -> str:
    return " ".join((*item["causes"], *item["remedies"]))
