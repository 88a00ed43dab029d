# SPDX-License-Identifier: GPL-3.0-or-later
"""The module as Ansible runs it, and its own checks."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.openuc.ocs.plugins.modules import probe
from tests import support


def main(capsys: pytest.CaptureFixture[str], **options: t.Any) -> dict[str, t.Any]:
    """What the module prints."""
    with patch_module_args(options), pytest.raises(SystemExit):
        probe.main()
    return json.loads(capsys.readouterr().out)


def tcp(port: int, count: int = 1, **options: t.Any) -> list[dict[str, t.Any]]:
    return [
        {"id": str(number), "protocol": "tcp", "address": "127.0.0.1", "port": port, **options}
        for number in range(count)
    ]


def test_many_results_are_capped_and_all_are_in_the_file(
    capsys: pytest.CaptureFixture[str], closed_port: int, tmp_path: Path
) -> None:
    path = tmp_path / "results.jsonl"
    made = main(capsys, probes=tcp(closed_port, 150, expect="refused"), results_file=str(path))
    assert made["changed"] is False
    assert made["counts"] == {"probes": 150, "met": 150, "unmet": 0, "outcomes": {"refused": 150}}
    assert len(made["results"]) == 100
    assert made["results_file"] == str(path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["id"] for line in lines] == [str(number) for number in range(150)]
    assert lines[:100] == [{**shown} for shown in made["results"]]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_check_mode_probes_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], closed_port: int, tmp_path: Path
) -> None:
    path = tmp_path / "results.jsonl"
    made = main(capsys, probes=tcp(closed_port), results_file=str(path), _ansible_check_mode=True)
    assert made["counts"]["outcomes"] == {"refused": 1}
    assert made["results_file"] is None
    assert list(tmp_path.iterdir()) == []


def test_all_problems_are_told_before_anything_is_tried(capsys: pytest.CaptureFixture[str]) -> None:
    made = main(capsys, probes=tcp(0), defaults={}, at_once=0, results_file="/nowhere/at/all.jsonl")
    assert made["failed"] is True
    assert made["msg"].splitlines() == [
        "3 problem(s) with the options; nothing was probed:",
        "probes[0].port: expected 1 to 65535, got 0",
        "at_once: expected 1 or more, got 0",
        "results_file: there is no folder /nowhere/at on this host; make it first",
    ]


def test_thousands_of_problems_are_not_all_told(capsys: pytest.CaptureFixture[str]) -> None:
    lines = main(capsys, probes=tcp(0, 250))["msg"].splitlines()
    assert len(lines) == 102
    assert lines[-1] == "and 150 more"


def test_a_file_that_cannot_be_written(capsys: pytest.CaptureFixture[str], closed_port: int, tmp_path: Path) -> None:
    made = main(capsys, probes=tcp(closed_port), results_file=str(tmp_path))
    assert made["failed"] is True
    assert made["msg"].startswith(f"results_file: {tmp_path}")
    assert "name another place" in made["msg"]
    assert made["counts"]["probes"] == 1
    assert list(tmp_path.iterdir()) == []


def test_ansible_runs_it(servers: t.Any, closed_port: int, tmp_path: Path) -> None:
    port = servers.tcp(lambda _connection: None)
    (first,) = tcp(port, expect="open", slow_after=30)
    (second,) = tcp(closed_port, expect="open")
    arguments = json.dumps({"probes": [first, {**second, "id": "1"}]})
    result = subprocess.run(
        [
            Path(sys.executable).with_name("ansible"),
            "localhost",
            "--module-name=openuc.ocs.probe",
            f"--args={arguments}",
            "--check",
        ],
        env={
            **os.environ,
            "ANSIBLE_CONFIG": str(support.ROOT / "ansible.cfg"),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
            "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local"),
            "ANSIBLE_REMOTE_TEMP": str(tmp_path / "remote"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        },
        cwd=support.ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "localhost | SUCCESS => " in result.stdout, result.stdout + result.stderr
    made = json.loads(result.stdout.split("SUCCESS => ", 1)[1])
    assert made["changed"] is False
    assert made["counts"] == {"probes": 2, "met": 1, "unmet": 1, "outcomes": {"open": 1, "refused": 1}}
    assert [entry["outcome"] for entry in made["results"]] == ["open", "refused"]
