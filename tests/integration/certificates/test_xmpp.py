# SPDX-License-Identifier: GPL-3.0-or-later
"""An XMPP gateway of the lab, whose TLS begins on a stream (RFC 6120), as somebody on the Internet sees it."""

from __future__ import annotations

import re
import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.integration.conftest import RunningLab, own_name
from tests.lab import estate, lab
from tests.lab.lab import Lab
from tests.support import ROOT

INVENTORY: t.Final = ROOT / "tests/integration/inventories/xmpp.yml"
GATEWAY: t.Final = "xmpp1.contoso.com"
INSIDE, OUTSIDE = (f"ocs2007r2.certificate.xmpp-{side}@{GATEWAY}" for side in ("inside", "outside"))
INSTALLED: t.Final = "/etc/openuc/certificates"
AUTHORITY: t.Final = {"authority": "internal", "name": "Lab", "url": "http://crl.contoso.com", "tolerated": ["crl"]}
APPLY: t.Final = f"""
- ansible.builtin.import_playbook: openuc.ocs.plan
- hosts: {GATEWAY}
  gather_facts: false
  roles: [openuc.ocs.certificates]
"""
LOOK: t.Final = """
- hosts: edge.example.net
  gather_facts: false
  tasks:
    - ansible.builtin.include_role: {name: openuc.ocs.certificates, tasks_from: verify}
"""


class Gateway(t.NamedTuple):
    lab: RunningLab
    folder: Path

    def play(self, text: str) -> subprocess.CompletedProcess[str]:
        playbook, options = self.folder / "play.yml", self.folder / "options.yml"
        playbook.write_text(text)
        estate_folder = self.folder / "estate"
        given = {
            "uc_estate_dir": str(estate_folder),
            "uc_access": "ssh",
            "certificates_plan_dir": str(estate_folder / "intended"),
            "certificates_issuers": {"internal": AUTHORITY, "public": AUTHORITY},
        }
        options.write_text(yaml.safe_dump(given))
        return self.lab.ansible("ansible-playbook", INVENTORY, str(playbook), "-v", "-e", f"@{options}")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Gateway]:
    """With the certificates that are planned for it."""
    name = Lab(own_name("v"))
    try:
        running = RunningLab(name, lab.up(name, estate.read(INVENTORY), let_in=False, say=print))
        found = Gateway(running, tmp_path_factory.mktemp("xmpp"))
        done = found.play(APPLY)
        assert done.returncode == 0, done.stdout + done.stderr
        yield found
    finally:
        lab.down(name, print)


def test_the_gateway_shows_its_outer_certificate_after_starttls(gateway: Gateway):
    done = gateway.play(LOOK)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"id: {GATEWAY} at 203.0.113.61:5269" in done.stdout
    assert "days_left: " in done.stdout


def test_the_report_tells_the_days_that_are_left_and_connects_to_nobody(gateway: Gateway):
    variable = f"uc_estate_dir={gateway.folder}/estate"
    done = gateway.lab.ansible("ansible-playbook", INVENTORY, "openuc.ocs.certificates", "-e", variable)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in (INSIDE, OUTSIDE):
        assert re.search(rf"36[45] days  issued +{re.escape(name)}  {GATEWAY}", done.stdout), done.stdout


def test_openssl_agrees(gateway: Gateway):
    """A client that is not ours, with the roots that are installed on the gateway."""
    trust = gateway.lab.on(GATEWAY, "cat", f"{INSTALLED}/{OUTSIDE}/trust.pem").stdout
    asked = (
        "openssl s_client -starttls xmpp-server -xmpphost xmpp.contoso.com -connect 203.0.113.61:5269 "
        "-verify_return_error -verify_hostname xmpp.contoso.com -CAfile /tmp/roots.pem </dev/null 2>&1"
    )
    told = gateway.lab.on("edge.example.net", "sh", "-c", f"printf %s '{trust}' >/tmp/roots.pem; {asked}", check=False)
    assert "Verification: OK" in told.stdout, told.stdout


def test_the_inner_certificate_in_its_place_is_told(gateway: Gateway):
    place = f"{INSTALLED}/{OUTSIDE}"
    kept = gateway.lab.on(GATEWAY, "readlink", place).stdout.strip()
    other = gateway.lab.on(GATEWAY, "readlink", f"{INSTALLED}/{INSIDE}").stdout.strip()
    gateway.lab.on(GATEWAY, "ln", "-sfn", other, place)
    try:
        done = gateway.play(LOOK)
    finally:
        gateway.lab.on(GATEWAY, "ln", "-sfn", kept, place)
    assert done.returncode == 2
    assert f"{GATEWAY} at 203.0.113.61:5269: name: alternative names lack xmpp.contoso.com" in done.stdout
