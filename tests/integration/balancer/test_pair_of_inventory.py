# SPDX-License-Identifier: GPL-3.0-or-later
"""An inventory whose balancer has another one to stand in for it, from its plan to the packets of a client."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from tests.integration.balancer.ends import CLIENT, End, until
from tests.integration.conftest import RunningLab, own_name
from tests.lab import estate, lab
from tests.lab.lab import Lab
from tests.support import ROOT

INVENTORY: t.Final = ROOT / "tests/integration/inventories/pair.yml"
CARDS: t.Final = {"lb-in.contoso.com": "inside", "lb-in2.contoso.com": "eth1"}
HELD: t.Final = {"10.30.0.100", "10.30.0.101", "10.30.0.250"}
# The service whose members see their clients, and send their answers to the balancer as their gateway.
MEDIA: t.Final = "10.30.0.101 3478"
SEEN: t.Final = "10.21.0.51 True"
PLAY: t.Final = """
- ansible.builtin.import_playbook: openuc.ocs.plan
- hosts: load_balancer
  gather_facts: false
  roles:
    - role: openuc.ocs.load_balancer
      load_balancer_plan_dir: "{{ uc_estate_dir }}/intended"
"""


@pytest.fixture(scope="module")
def paired(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[RunningLab]:
    """A lab whose balancers are as planned."""
    name, folder = Lab(own_name("w")), tmp_path_factory.mktemp("pair")
    (folder / "play.yml").write_text(PLAY)
    try:
        running = RunningLab(name, lab.up(name, estate.read(INVENTORY), let_in=False, say=print))
        _play(running, folder)
        yield running
    finally:
        lab.down(name, print)


def _play(running: RunningLab, folder: Path) -> None:
    variable = f"uc_estate_dir={folder}/estate"
    done = running.ansible("ansible-playbook", INVENTORY, str(folder / "play.yml"), "-e", variable)
    assert done.returncode == 0, done.stdout + done.stderr


def _holders(running: RunningLab) -> list[str]:
    """Balancers that have all addresses of the services."""
    shown = {host: running.on(host, "ip", "-4", "address", "show", card).stdout for host, card in CARDS.items()}
    return [host for host, text in shown.items() if all(f"inet {each}/" in text for each in HELD)]


def test_clients_are_served_by_the_other_when_the_one_that_serves_them_dies(paired: RunningLab) -> None:
    client = End(paired, "client1.corp.contoso.com", CLIENT)
    try:
        # Which of them that is at first, chance tells.
        until(lambda: len(_holders(paired)) == 1)
        (serving,) = _holders(paired)
        until(lambda: client.tell(f"stun 1 {MEDIA}") == SEEN)
        lab.stop(paired.lab, serving)
        until(lambda: client.tell(f"stun 2 {MEDIA}") == SEEN)
    finally:
        client.stop()
