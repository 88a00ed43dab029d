# SPDX-License-Identifier: GPL-3.0-or-later
"""The example lab with a way from the controller to the Internet, and runs of the role over it."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.integration.conftest import RunningLab
from tests.lab import kernel
from tests.lab.layout import CONTROLLER, WORLD
from tests.support import ROOT

LAB = ROOT / "inventories/lab"
PLAN = ROOT / "tests/golden/lab/intended"
AUTHORITY = "ca1.corp.contoso.com"
RESPONDER = "cd /usr/local/lib/openuc-lab; exec python3 -B -m tests.lab.responders.responder --status"
PLAY = """
- hosts: "{{ only | default('all') }}"
  gather_facts: false
  tasks:
    - ansible.builtin.include_role: {name: openuc.ocs.certificates, tasks_from: "{{ tasks | default('main') }}"}
"""


@pytest.fixture(scope="session")
def connected_lab(running_lab: RunningLab) -> t.Iterator[RunningLab]:
    """With a route to the Internet, where the public authority is."""
    controller = kernel.namespace(running_lab.lab.name, CONTROLLER)
    route = ["198.51.100.0/24", "via", "203.0.113.1"]
    subprocess.run(["ip", "-n", controller, "route", "add", *route], check=True)
    try:
        yield running_lab
    finally:
        subprocess.run(["ip", "-n", controller, "route", "del", *route], check=True)


@dataclasses.dataclass
class Certified:
    """The lab, with certificates kept in a folder of this test."""

    lab: RunningLab
    folder: Path
    issuers: dict[str, dict[str, t.Any]]

    def play(self, *arguments: str, **variables: t.Any) -> subprocess.CompletedProcess[str]:
        playbook = self.folder / "play.yml"
        playbook.write_text(PLAY)
        options = {
            "uc_estate_dir": str(self.folder / "estate"),
            "certificates_plan_dir": str(PLAN),
            "certificates_pki": str(self.pki),
            "certificates_issuers": self.issuers,
            **variables,
        }
        extra = self.folder / "options.yml"
        extra.write_text(yaml.safe_dump(options))
        return self.lab.ansible("ansible-playbook", LAB, str(playbook), "-e", f"@{extra}", "-f", "10", *arguments)

    @property
    def pki(self) -> Path:
        return self.folder / "pki"

    def shown(self, host: str) -> dict[str, dict[str, t.Any]]:
        """By address and port, what the listeners of a host show, as the responder sees it."""
        status = json.loads(self.lab.on(host, "sh", "-c", RESPONDER).stdout)
        return {f"{each['address']}:{each['port']}": each for each in status["listeners"]}

    def fingerprint(self, name: str) -> str:
        """SHA-256 of the certificate that is kept for an id."""
        path = self.pki / "certificates" / name / "certificate.pem"
        command = ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.strip().partition("=")[2].replace(":", "").lower()


def recap(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, int]]:
    """What Ansible counted for each host."""
    found = {}
    for line in done.stdout.rpartition("PLAY RECAP")[2].splitlines():
        name, colon, counts = line.partition(":")
        if colon and "ok=" in counts:
            found[name.strip()] = {key: int(number) for key, number in re.findall(r"(\w+)=(\d+)", counts)}
    return found


@pytest.fixture(scope="module")
def certified(connected_lab: RunningLab, tmp_path_factory: pytest.TempPathFactory) -> Certified:
    folder = tmp_path_factory.mktemp("certified")
    (folder / "acme.pem").write_text(connected_lab.on(WORLD, "cat", "/etc/pebble/authority.pem").stdout)
    roots = ("curl", "-sS", "--cacert", str(folder / "acme.pem"), "https://198.51.100.1:15000/roots/0")
    (folder / "acme-root.pem").write_text(connected_lab.controlling(*roots).stdout)
    issuers = {
        "internal": {
            "authority": "internal",
            "name": "Contoso",
            "url": "http://10.20.0.3",
            "publish": {"host": AUTHORITY, "folder": "/srv/pki"},
        },
        "public": {
            "authority": "acme",
            "directory": "https://198.51.100.1/dir",
            "directory_trust": str(folder / "acme.pem"),
            "trust": str(folder / "acme-root.pem"),
            "terms_agreed": True,
            # The test server names no revocation lists.
            "tolerated": ["crl"],
            "dns_key_file": str(connected_lab.lab.folder / "keys/openuc.key"),
        },
    }
    return Certified(connected_lab, folder, issuers)
