# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe action of a verification: what was seen is kept, and how far it is is told while it goes on."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import yaml

from tests import support


def test_each_vantage_keeps_what_it_saw_and_is_told_of_when_it_is_done(tmp_path: Path) -> None:
    (tmp_path / "estate").mkdir()
    hosts = {"all": {"hosts": {"here": {"ansible_connection": "local"}}}}
    (tmp_path / "estate" / "hosts.yml").write_text(yaml.safe_dump(hosts))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        planned = {"stage": "first_pool", "kind": "flow", "host": "fe1", "items": ["f1"], "why": ["row"]}
        port = listener.getsockname()[1]
        probe = {"id": "p1", "protocol": "tcp", "address": "127.0.0.1", "port": port, "expect": "served", **planned}
        (tmp_path / "here.json").write_text(json.dumps({"probes": [probe, {**probe, "id": "p2", "stage": "voice"}]}))
        task = {
            "slice": str(tmp_path / "here.json"),
            "stages": ["first_pool"],
            "observed_dir": str(tmp_path / "observed"),
        }
        play = [{"hosts": "here", "gather_facts": False, "tasks": [{"openuc.ocs.probe": task}]}]
        (tmp_path / "play.yml").write_text(yaml.safe_dump(play))
        environment = {**os.environ, "ANSIBLE_CONFIG": str(support.ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
        environment["ANSIBLE_PYTHON_INTERPRETER"] = sys.executable
        program = str(Path(sys.executable).parent / "ansible-playbook")
        command = [program, "-i", str(tmp_path / "estate"), str(tmp_path / "play.yml")]
        done = subprocess.run(command, env=environment, cwd=support.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^here: 1 probes in \d+\.\d s$", done.stdout, re.MULTILINE)
    kept = json.loads((tmp_path / "observed" / "here.json").read_text())
    assert [item["id"] for item in kept["expected"]] == ["p1"]
    assert [result["outcome"] for result in kept["results"]] == ["open"]
