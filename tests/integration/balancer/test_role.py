# SPDX-License-Identifier: GPL-3.0-or-later
"""The role on every host of the estate, and the playbook that an administrator drains members with."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest

from tests.integration.balancer.conftest import BALANCER, FIRST, LAB, OUTSIDE, Balancer
from tests.integration.conftest import RunningLab
from tests.support import ROOT

# Once all hosts have been asked, the balancers and one that is none will do.
FEW: t.Final = ("--limit", "load_balancer:front_end")
PLAY: t.Final = f"""
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.import_role:
        name: openuc.ocs.load_balancer
        tasks_from: "{{{{ tasks | default('main') }}}}"
      vars:
        load_balancer_plan_dir: {ROOT}/tests/golden/lab/intended
        load_balancer_run: "{{{{ given_run | default('role') }}}}"
"""
_RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)


@pytest.fixture
def play(running_lab: RunningLab, tmp_path: Path) -> t.Iterator[t.Callable[..., dict[str, tuple[int, int]]]]:
    """Runs a playbook: how many changes and failures each host has."""
    book = tmp_path / "play.yml"
    book.write_text(PLAY)

    def run(*options: str, book: Path = book) -> dict[str, tuple[int, int]]:
        done = running_lab.ansible("ansible-playbook", LAB, str(book), *options)
        found = {each[1]: (int(each[3]), int(each[4]) + int(each[5])) for each in _RECAP.finditer(done.stdout)}
        assert found, done.stdout + done.stderr
        return found

    yield run
    for host in (BALANCER, OUTSIDE, "lb-in.contoso.com"):
        left = Balancer(running_lab, host)
        left.module("load_balancer", {"state": "deleted", "most_deleted": 1000, "most_deleted_ratio": 1.0})
        left.on("rm", "-rf", "/var/lib/openuc/load_balancer")


def _changed(recap: dict[str, tuple[int, int]]) -> set[str]:
    assert {failed for _changed, failed in recap.values()} == {0}
    return {host for host, (changed, _failed) in recap.items() if changed}


def test_check_apply_apply_check_and_restore(play: t.Callable[..., dict[str, tuple[int, int]]]) -> None:
    balancers = {BALANCER, OUTSIDE, "lb-in.contoso.com"}
    assert _changed(play("--check", "--diff")) == balancers
    assert _changed(play()) == balancers
    assert _changed(play(*FEW)) == set()
    assert _changed(play(*FEW, "--check")) == set()
    assert _changed(play(*FEW, "-e", "tasks=restore")) == balancers
    assert _changed(play(*FEW, "-e", "tasks=restore", "-e", "given_run=never")) == set()


def test_an_appliance_is_rendered_for_and_not_connected_to(
    play: t.Callable[..., dict[str, tuple[int, int]]], tmp_path: Path
) -> None:
    given = {"uc_backend": {"load_balancer": "rendered"}, "uc_estate_dir": str(tmp_path / "estate")}
    unreachable = {"ansible_host": "192.0.2.1", "load_balancer_render_format": "f5_as3"}
    rendered = tmp_path / "estate/rendered/load_balancer" / BALANCER / "as3.json"
    arguments = (*FEW, "-e", json.dumps({**given, **unreachable}))
    everywhere = _changed(play("--check", *arguments))
    assert len(everywhere) == 3
    assert not rendered.exists()
    assert _changed(play(*arguments)) == everywhere
    assert _changed(play(*arguments)) == set()
    assert json.loads(rendered.read_text())["class"] == "AS3"


def test_an_administrator_drains_a_member_by_its_name(play: t.Callable[..., dict[str, tuple[int, int]]]) -> None:
    drain = ROOT / "playbooks/drain.yml"
    play(*FEW)
    member = ("-e", f"member={FIRST}", "-e", "wait=20")
    assert _changed(play(*member, "--check", book=drain)) == {BALANCER}
    assert _changed(play(*member, book=drain)) == {BALANCER}
    assert _changed(play(*member, book=drain)) == set()
    assert _changed(play(*member, "-e", "state=enabled", book=drain)) == {BALANCER}
    refused = play("-e", "member=fe9", book=drain)
    assert sum(failed for _changed, failed in refused.values()) == 1
