# SPDX-License-Identifier: GPL-3.0-or-later
"""The load_balancer and drain actions as a user meets them: slices, stages, and the member that is meant."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests import support

HOST, BALANCER = "fe1.corp.contoso.com", "lb1.corp.contoso.com"
SLICE = support.ROOT / "tests/golden/lab/intended/slices/load_balancer" / f"{BALANCER}.json"
OUTER = SLICE.with_name("lb-out.contoso.com.json")

Run = t.Callable[..., list[dict[str, t.Any]]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """What tasks return, in one play over the Front End; nobody is connected to."""
    local = {"ansible_connection": "local"}
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": {HOST: local, BALANCER: local}}}))

    def run(*tasks: dict[str, t.Any]) -> list[dict[str, t.Any]]:
        listed: list[dict[str, t.Any]] = []
        for number, task in enumerate(tasks):
            listed.append({**task, "register": f"found{number}", "ignore_errors": True})
            written = {"content": f"{{{{ found{number} | to_json }}}}", "dest": f"{tmp_path}/{number}.json"}
            listed.append({"ansible.builtin.copy": written})
        (tmp_path / "play.yml").write_text(yaml.safe_dump([{"hosts": HOST, "gather_facts": False, "tasks": listed}]))
        environment = {**os.environ, "ANSIBLE_CONFIG": str(support.ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
        environment["ANSIBLE_PYTHON_INTERPRETER"] = sys.executable
        program = str(Path(sys.executable).parent / "ansible-playbook")
        command = [program, "-i", str(tmp_path / "hosts.yml"), str(tmp_path / "play.yml")]
        done = subprocess.run(command, env=environment, cwd=support.ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return [json.loads((tmp_path / f"{number}.json").read_text()) for number in range(len(tasks))]

    return run


def balance(**arguments: t.Any) -> dict[str, t.Any]:
    return {"openuc.ocs.load_balancer": arguments}


def drain(**arguments: t.Any) -> dict[str, t.Any]:
    return {"openuc.ocs.drain": {"config": "/nowhere/openuc.cfg", **arguments}}


def test_a_slice_is_rendered_by_path_and_stages_leave_out_what_comes_later(run: Run) -> None:
    whole, first, none = run(
        balance(state="rendered", slice=str(SLICE)),
        balance(state="rendered", slice=str(SLICE), stages=["first_pool"]),
        balance(state="rendered", slice=str(OUTER), stages=["first_pool"]),
    )
    assert whole["rendered"]["haproxy.cfg"] == (SLICE.parents[2] / "native" / f"{BALANCER}.cfg").read_text()
    assert "# stage: first_pool" in first["rendered"]["haproxy.cfg"]
    assert "# stage: director" in whole["rendered"]["haproxy.cfg"]
    assert "# stage: director" not in first["rendered"]["haproxy.cfg"]
    assert "listen" not in none["rendered"]["haproxy.cfg"].partition("defaults openuc")[2]


def test_what_the_task_says_goes_before_what_the_slice_says(run: Run) -> None:
    [found] = run(balance(state="rendered", slice=str(SLICE), services=[]))
    assert "server" not in found["rendered"]["haproxy.cfg"].partition("shutdown-sessions")[2]


def test_addresses_wait_for_the_first_stage_that_serves_on_them(run: Run, tmp_path: Path) -> None:
    """The card is none of this host's, so that the module names the addresses that it was given."""
    content = json.loads(SLICE.read_text())
    content["addresses"] = [{**each, "interface": f"no{number}"} for number, each in enumerate(content["addresses"])]
    changed = tmp_path / "slice.json"
    changed.write_text(json.dumps(content))
    later = {each["vip"] for each in content["services"] if each["stage"] != "first_pool"} - {
        each["vip"] for each in content["services"] if each["stage"] == "first_pool"
    }
    assert later
    common = {"journal_dir": str(tmp_path / "journal"), "config": str(tmp_path / "openuc.cfg")}
    checked = [
        {**balance(slice=str(changed), **common), "check_mode": True},
        {**balance(slice=str(changed), stages=["first_pool"], **common), "check_mode": True},
    ]
    whole, first = run(*checked)
    counts = [sum("this host has no card" in line for line in each["would_need"]) for each in (whole, first)]
    assert counts == [len(content["addresses"]), len(content["addresses"]) - len(later)]


def test_a_slice_that_is_not_there_is_told_with_its_path(run: Run) -> None:
    [found] = run(balance(slice="/nowhere/lb1.json"))
    assert "slice: /nowhere/lb1.json: No such file or directory" in found["msg"]
    assert "intended/slices/load_balancer" in found["msg"]


def test_a_delegated_task_means_the_host_of_the_play(run: Run, tmp_path: Path) -> None:
    own = tmp_path / "openuc.cfg"
    own.write_text((SLICE.parents[2] / "native" / f"{BALANCER}.cfg").read_text())
    delegated, plain, gathered, wrong = run(
        {**drain(config=str(own), socket="/nowhere/socket"), "delegate_to": BALANCER},
        drain(),
        drain(state="gathered"),
        drain(wait=-1, least=-1),
    )
    assert "/nowhere/socket: No such file or directory; is HAProxy running?" in delegated["msg"]
    assert "/nowhere/openuc.cfg is missing: no service of ours is balanced on this host" in plain["msg"]
    assert gathered["members"] == []
    assert wrong["msg"] == "wait: expected 0 or more, got -1\nleast: expected 0 or more, got -1"


def test_what_a_proxy_publishes_comes_by_its_slice_and_its_stages(run: Run, tmp_path: Path) -> None:
    site = {
        "id": "site", "stage": "outside", "why": [], "name": "site.example", "address": "127.0.0.9", "port": "80",
        "backend": "server.example", "backend_addresses": ["127.0.0.1"], "backend_port": "80", "allowed": ["/*"],
    }  # fmt: skip
    later = {**site, "id": "later", "stage": "later", "name": "later.example", "replaces": "site"}
    path = tmp_path / "slice.json"
    path.write_text(json.dumps({"state": "replaced", "publications": [site, later]}))
    publish = {"state": "rendered", "slice": str(path)}
    whole, first = run(
        {"openuc.ocs.publications": publish}, {"openuc.ocs.publications": {**publish, "stages": ["outside"]}}
    )
    names = [found["rendered"]["publications.cfg"].count("\nbackend openuc-later.example") for found in (whole, first)]
    assert names == [1, 0]
    assert "\nbackend openuc-site.example" not in whole["rendered"]["publications.cfg"]
    assert "\nbackend openuc-site.example" in first["rendered"]["publications.cfg"]
