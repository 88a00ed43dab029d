# SPDX-License-Identifier: GPL-3.0-or-later
"""What narrows a run stays safe: check mode, stages, limits, approved plans, people, and other runs."""

from __future__ import annotations

import json
import os
import shutil
import socket
from pathlib import Path

from tests.integration.rollout.stubs import StubbedEstate


def everything_below(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_check_mode_leaves_an_untouched_estate_untouched(estate: StubbedEstate) -> None:
    done = estate.deploy("--check", "--diff")
    assert done.returncode == 0, done.stdout
    assert not estate.kept.exists()
    assert "(check mode: nothing is written)" in done.stdout


def test_check_mode_changes_no_byte_of_a_deployed_estate_and_waits_for_nobody(estate: StubbedEstate) -> None:
    assert estate.deploy(uc_until="directory").returncode == 0
    before = everything_below(estate.kept)
    done = estate.deploy("--check", "--diff", uc_confirmed=[])
    assert done.returncode == 0, done.stdout
    assert "would wait for people: Create the pool" in done.stdout
    assert everything_below(estate.kept) == before


def test_a_stage_whose_predecessors_are_not_complete_is_refused(estate: StubbedEstate) -> None:
    done = estate.deploy(uc_stage="first_pool")
    assert done.returncode != 0
    assert "uc_stage: first_pool: an earlier stage is not complete: preflight lacks 3 steps of people" in done.stdout
    assert estate.notes() == []
    assert not estate.journal.exists()
    assert estate.deploy(uc_until="infrastructure").returncode == 0
    assert estate.deploy(uc_stage="first_pool").returncode == 0


def test_tags_never_choose_away_people(estate: StubbedEstate) -> None:
    done = estate.deploy("--tags", "dns", uc_confirmed=[])
    assert done.returncode != 0
    assert "The roll-out waits at preflight." in done.stdout
    assert estate.notes() == []


def test_a_wrong_tag_or_site_begins_nothing(estate: StubbedEstate) -> None:
    done = estate.deploy("--tags", "dsn", uc_only=["ofice"])
    assert done.returncode != 0
    assert "uc_only: ofice: expected a site, a pool or a server of the inventory; nearest: office" in done.stdout
    allowed = "certificates, dns, firewall, load_balancer, publications, qos"
    assert f"tag dsn: expected one of {allowed}; nearest: dns" in done.stdout


def test_a_limit_changes_only_its_hosts(estate: StubbedEstate) -> None:
    done = estate.deploy("--limit", "fe1.corp.contoso.com,lb.corp.contoso.com", uc_until="first_pool")
    assert done.returncode == 0, done.stdout
    assert {note.split()[2] for note in estate.notes()} == {"fe1", "lb"}


def test_only_an_approved_plan_is_deployed(estate: StubbedEstate) -> None:
    assert estate.deploy("--tags", "dns", uc_until="preflight").returncode == 0
    approved = estate.folder / "approved"
    shutil.copytree(estate.kept / "intended", approved)
    assert estate.deploy(uc_until="preflight", uc_approved=str(approved)).returncode == 0
    inventory = estate.inventory / "group_vars/all/uc.yml"
    inventory.write_text(inventory.read_text().replace("count: 100", "count: 101"))
    runs = len(estate.entries("begun"))
    done = estate.deploy(uc_until="preflight", uc_approved=str(approved / "plan.json"))
    assert done.returncode != 0
    assert "this is not the plan that was approved: the inventory has changed since" in done.stdout
    assert len(estate.entries("begun")) == runs


def test_people_are_waited_for_and_confirm_in_a_file(estate: StubbedEstate) -> None:
    waiting = estate.deploy(uc_until="preflight", uc_confirmed=[])
    assert waiting.returncode != 0
    assert "Id: ocs2007r2.step.planning-plan-review" in waiting.stdout
    assert estate.verdicts() == ["waiting"]
    said = [{"step": "ocs2007r2.step.planning-*", "by": "bob", "evidence": "signed on paper"}]
    (estate.kept / "confirmed.yml").write_text(json.dumps(said))
    done = estate.deploy(uc_until="preflight", uc_confirmed=[])
    assert done.returncode == 0, done.stdout
    reviewed = next(e for e in estate.entries("checkpoint") if "plan-review" in e.data["step"])
    assert (reviewed.data["by"], reviewed.data["evidence"]) == ("bob", "signed on paper")
    left_out = next(e for e in estate.entries("checkpoint") if "plan-adjust" in e.data["step"])
    assert left_out.data["left_out"] is False, "the pattern vouches for optional steps too"


def test_two_administrators_at_once_are_told_of_one_another(estate: StubbedEstate) -> None:
    born = Path(f"/proc/{os.getpid()}/stat").read_text().rpartition(")")[2].split()[19]
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    holder = {
        "run": "20261101T100000Z-aaaaaa",
        "user": "ann",
        "machine": socket.gethostname(),
        "process": os.getpid(),
        "born": f"{boot}/{born}",
    }
    lease = {"holder": holder, "taken_at": "2026-11-01T10:00:00Z", "until": "2026-11-01T12:00:00Z"}
    path = estate.kept / "journal" / "lease.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(lease))
    refused = estate.deploy(uc_until="preflight")
    assert refused.returncode != 0
    assert "run 20261101T100000Z-aaaaaa of ann on" in refused.stdout
    assert estate.notes() == []
    assert json.loads(path.read_text()) == lease
    taken = estate.deploy(uc_until="preflight", uc_take_over="20261101T100000Z-aaaaaa")
    assert taken.returncode == 0, taken.stdout
    assert estate.entries("begun")[-1].data["taken_over"] == "20261101T100000Z-aaaaaa"


def test_a_waiver_that_has_expired_stops_before_anything_is_begun(estate: StubbedEstate) -> None:
    """As long as what is wrong is waived, the estate is deployed all the same."""
    inventory = estate.inventory / "group_vars/all/uc.yml"
    networks = "uc_networks:\n"
    guests = "  guests: {cidr: 10.20.0.192/26, zone: perimeter, kind: clients}\n"
    inventory.write_text(inventory.read_text().replace(networks, networks + guests))
    waived = ("finding.overlapping-networks", "finding.no-way")
    waivers = [{"finding": name, "reason": "It is being renumbered", "until": "2026-11-30"} for name in waived]
    assert estate.deploy(uc_until="preflight", uc_waivers=waivers).returncode == 0
    runs = len(estate.entries("begun"))
    done = estate.deploy(uc_waivers=waivers, uc_as_of="2026-12-01")
    assert done.returncode != 0
    assert "was good until 2026-11-30 only, and no longer holds" in done.stdout
    assert len(estate.entries("begun")) == runs
