# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are killed before any step that others can see, and states that are foretold, done, and done with."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.pki import bundles, installing
from tests.unit.module_utils.pki.conftest import DAY, EDGE, FRONT, NOW, Estate, item
from tests.unit.module_utils.pki.test_installing import Host

BOTH = (item(), item(EDGE))


class Killed(BaseException):
    """As good as a signal: nothing catches it by accident."""


@pytest.fixture
def kill_after(monkeypatch: pytest.MonkeyPatch) -> t.Callable[[int], t.Callable[[], bool]]:
    """From now on the run dies instead of its nth rename; what is returned says whether it did, and ends it."""

    def arm(steps: int) -> t.Callable[[], bool]:
        replace, count = os.replace, [0]

        def failing(source: t.Any, destination: t.Any) -> None:
            count[0] += 1
            if count[0] > steps:
                raise Killed
            replace(source, destination)

        monkeypatch.setattr(os, "replace", failing)

        def disarm() -> bool:
            monkeypatch.setattr(os, "replace", replace)
            return count[0] > steps

        return disarm

    return arm


@pytest.mark.parametrize("steps", range(11))
def test_issuing_that_was_killed_is_completed_and_all_that_was_issued_can_be_revoked(
    estate: Estate, kill_after, steps: int
):
    """Two keys and two certificates of the authority, the ledger, four files of certificates, four of lists."""
    estate.request(*BOTH)
    disarm = kill_after(steps)
    with pytest.raises(Killed):
        estate.issue(*BOTH)
    assert disarm()
    outcome = estate.issue(*BOTH)
    assert outcome.problems == []
    assert [status.state for status in outcome.statuses] == ["issued", "issued"]
    assert estate.issue(*BOTH).operations == []
    held = {status.sha256 for status in outcome.statuses}
    assert len(held) == 2
    revoked = estate.issue(*BOTH, state="deleted")
    assert sum(operation.name.startswith("revocation ") for operation in revoked.operations) >= 3


@pytest.mark.parametrize("steps", range(12))
def test_an_installation_that_was_killed_shows_the_old_or_the_new_and_nothing_between(
    estate: Estate, tmp_path: Path, kill_after, steps: int
):
    estate.request(*BOTH)
    estate.issue(*BOTH)
    host = Host(tmp_path / "etc", estate)
    host.run(FRONT, EDGE)
    old = {name: bundles.expected(name, host.material(name)) for name in (FRONT, EDGE)}
    estate.issue(*BOTH, now=NOW + 340 * DAY)
    new = {name: bundles.expected(name, host.material(name)) for name in (FRONT, EDGE)}
    disarm = kill_after(steps)
    with contextlib.suppress(Killed):
        host.run(FRONT, EDGE, run="r1")
    killed = disarm()
    work = installing.Installation(installing.Options(str(host.folder)))
    there = work.read()
    assert all(there[name] in {old[name], new[name]} for name in (FRONT, EDGE)), "a key beside another's certificate"
    assert killed or there == new
    host.run(FRONT, EDGE, run="r1")
    assert work.read() == new
    host.run(state="restored", run="r1")
    assert work.read() == old
    assert not list(host.folder.rglob(".half-*"))


@pytest.mark.parametrize(
    ("before", "after", "options"),
    [
        ((), BOTH, {}),
        (BOTH, (item(),), {"state": "overridden"}),
        (BOTH, (item(),), {"state": "deleted"}),
    ],
)
def test_four_runs_of_every_state_of_requests(estate: Estate, before, after, options):
    if before:
        estate.request(*before)
    start = estate.snapshot()
    foretold = estate.request(*after, check=True, **options).operations
    assert estate.snapshot() == start
    done = estate.request(*after, **options)
    assert list(done.operations) == list(foretold) != []
    settled = estate.snapshot()
    assert list(estate.request(*after, **options).operations) == []
    assert list(estate.request(*after, check=True, **options).operations) == []
    assert estate.snapshot() == settled
    back = estate.request(check=True, state="restored", run=done.run).operations
    assert list(estate.request(state="restored", run=done.run).operations) == list(back) != []
    assert list(estate.request(state="restored", run=done.run).operations) == []
    kept = {path: data for path, data in start.items() if path.startswith("certificates/")}
    assert {path: data for path, data in estate.snapshot().items() if path.startswith("certificates/")} == kept


@pytest.mark.parametrize("options", [{"state": "overridden"}, {"state": "deleted"}])
def test_four_runs_of_every_state_of_installations(estate: Estate, tmp_path: Path, options):
    estate.request(*BOTH)
    estate.issue(*BOTH)
    host = Host(tmp_path / "etc", estate)
    host.run(FRONT, EDGE)
    start = host.snapshot()
    foretold = list(host.run(FRONT, check=True, **options).operations)
    assert host.snapshot() == start
    done = host.run(FRONT, **options)
    assert list(done.operations) == foretold != []
    settled = host.snapshot()
    assert list(host.run(FRONT, **options).operations) == []
    assert list(host.run(FRONT, check=True, **options).operations) == []
    assert host.snapshot() == settled
    back = host.run(check=True, state="restored", run=done.run).operations
    assert list(host.run(state="restored", run=done.run).operations) == list(back) != []
    assert [dataclasses.asdict(each)["id"] for each in work_of(host)] == sorted([FRONT, EDGE])


def work_of(host: Host) -> list[bundles.Expected]:
    found = installing.Installation(installing.Options(str(host.folder))).read()
    return [each for _name, each in sorted(found.items()) if each]
