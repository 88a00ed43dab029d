# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that a web server proves: http-01 against a real ACME server, in steps and after an abort."""

from __future__ import annotations

import json
import os
import pathlib
import sys
import typing as t

import pytest

from tests.integration.servers import throwaway
from tests.integration.servers.test_services_public_ca import ANSWERS, CA, SERVICE, WEB
from tests.lab.services import public_ca
from tests.lab.services.crl import crl_server
from tests.support import ROOT

ISSUING = str(pathlib.Path(__file__).with_name("issuing.py"))
PATHS = os.pathsep.join([str(ROOT), str(ROOT / ".build/collections")])


class Client(t.NamedTuple):
    network: throwaway.Network
    folder: pathlib.Path
    challenges: pathlib.Path

    def issue(self, place: str, *names: str, **acme: t.Any) -> dict[str, t.Any]:
        item = {
            "id": "web@site",
            "stage": "s",
            "why": [],
            "subject": names[0],
            "sans": list(names),
            "eku": ["server"],
            "key_algorithm": "ecdsa",
            "key_bits": 256,
            "hosts": ["web"],
        }
        given = {
            "folder": str(self.folder / place),
            "requests": [item],
            "trust": str(self.folder / "root.pem"),
            "acme": {
                "directory": f"https://{CA}/dir",
                "directory_trust": str(self.folder / "authority.pem"),
                "challenge_dir": str(self.challenges),
                **acme,
            },
        }
        done = self.network.client.run("env", f"PYTHONPATH={PATHS}", sys.executable, ISSUING, json.dumps(given))
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def client(tmp_path_factory) -> t.Iterator[Client]:
    folder = tmp_path_factory.mktemp("http01")
    (folder / "authority.pem").write_text(SERVICE.files[public_ca.AUTHORITY].text)
    with throwaway.network() as network:
        network.background(sys.executable, "-c", ANSWERS)
        web = network.host("web", WEB, crl_server(WEB, "/srv/web"))
        web.run("mkdir -p /srv/web/.well-known/acme-challenge; chmod -R 755 /srv/web")
        network.host("acme", CA, SERVICE)
        trust = str(folder / "authority.pem")
        root = network.client.run("curl", "-sS", "--cacert", trust, f"https://{CA}:15000/roots/0").stdout
        (folder / "root.pem").write_text(root)
        challenges = pathlib.Path(f"/proc/{web.pid}/root/srv/web/.well-known/acme-challenge")
        yield Client(network, folder, challenges)


def test_a_web_server_that_shows_the_answers_proves_the_names(client: Client):
    assert client.issue("plain", "www.example.org", "sip.example.org") == {
        "problems": [],
        "states": ["issued"],
        "challenges": [],
    }


def test_an_order_is_gone_on_with_by_another_run(client: Client):
    ordered = client.issue("steps", "a.example.org", phase="order")
    assert ordered["states"] == ["requested"]
    assert [each["name"] for each in ordered["challenges"]] == ["a.example.org"]
    assert len(list((client.folder / "steps/orders").iterdir())) == 1
    assert client.issue("steps", "a.example.org", phase="finish")["states"] == ["issued"]
    assert list((client.folder / "steps/orders").iterdir()) == []


def test_a_name_that_is_not_there_is_told_in_the_words_of_the_server(client: Client):
    found = client.issue("absent", "absent.example.org")
    assert found["states"] == ["requested"]
    assert found["problems"][0].startswith("web@site: absent.example.org: is not proved: ")


def test_a_name_that_the_server_does_not_issue_for_is_refused(client: Client):
    found = client.issue("refused", "no_host.example.org")
    assert found["states"] == ["requested"]
    assert "refused with status 400" in found["problems"][0]
