# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of hosts over the network, beside what Samba's own command says of them."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import typing as t
from pathlib import Path

import pytest

from tests.integration.qos.conftest import DC, FE, MED, PASSWORDS, Site, value

AUDIO, VIDEO = value("ServiceTypeGuaranteed", 46), value("ServiceTypeControlledLoad", 34)
_numbers = itertools.count(1)


@pytest.fixture
def key() -> str:
    """A key that no other test uses, below one that is not there either."""
    return rf"SOFTWARE\Contoso\Test{next(_numbers)}\Below"


def fe(**options: t.Any) -> dict[str, t.Any]:
    return {"target": "fe1.corp.contoso.com", "address": FE, **options}


def outcomes(result: dict[str, t.Any]) -> dict[str, str]:
    return {item["target"]: item["outcome"] for item in result["targets"]}


def test_check_apply_apply_check(site: Site, journal: Path) -> None:
    arguments = fe(values=[AUDIO, VIDEO])
    promised = site.module(journal, **arguments, check=True)
    assert promised["changed"]
    assert site.values(FE) == {}
    assert not journal.exists()
    applied = site.module(journal, **arguments)
    assert applied["operations"] == promised["operations"]
    assert site.values(FE) == {
        "ServiceTypeGuaranteed": ("REG_DWORD", "46"),
        "ServiceTypeControlledLoad": ("REG_DWORD", "34"),
    }
    again = site.module(journal, **arguments)
    assert (again["changed"], again["undo_id"]) == (False, "")
    assert not site.module(journal, **arguments, check=True)["changed"]
    undone = site.module(journal, **fe(state="restored", run=applied["undo_id"]))
    assert undone["changed"]
    assert site.values(FE) == {}
    assert "Psched" not in site.registry(FE, "enumerate", r"HKLM\SOFTWARE\Policies", check=False)


def test_every_type_comes_back_as_it_was_given_and_gathered_values_are_arguments(site, journal, key) -> None:
    given = [
        value("", "the default", "REG_SZ", key),
        value("Text", 'with "quotes", \\ and ü', "REG_SZ", key),
        value("Empty", "", "REG_SZ", key),
        value("Expanded", "%TEMP%\\x", "REG_EXPAND_SZ", key),
        value("Several", ["one", "two three"], "REG_MULTI_SZ", key),
        value("None of several", [], "REG_MULTI_SZ", key),
        value("Large", 2**32 - 1, "REG_DWORD", key),
        value("Larger", 2**64 - 1, "REG_QWORD", key),
        value("Bytes", {"hex": "00ff10"}, "REG_BINARY", key),
        value("No bytes", {"hex": ""}, "REG_BINARY", key),
        value("Odd text", {"hex": "4100"}, "REG_SZ", key),
    ]
    site.module(journal, **fe(values=given))
    gathered = site.module(journal, **fe(state="gathered", keys=[f"HKLM\\{key}"]))["gathered"]
    found = {item["name"]: item for item in gathered[0]["values"]}
    # Without its end a text means the same, and is shown as text.
    given[-1] = value("Odd text", "A", "REG_SZ", key)
    assert found == {item["name"]: item for item in given}
    assert not site.module(journal, **fe(values=gathered[0]["values"]))["changed"]


def test_names_are_compared_as_windows_does(site, journal, key) -> None:
    site.module(journal, **fe(values=[value("Marking", 46, key=key)]))
    assert not site.module(journal, **fe(values=[value("MARKING", 46, key=key.upper())]))["changed"]


def test_a_wrong_type_with_the_same_data_is_a_difference(site, journal, key) -> None:
    site.registry(FE, "createkey", f"HKLM\\{key}")
    site.registry(FE, "setvalue", f"HKLM\\{key}", "Marking", "sz", "46")
    applied = site.module(journal, **fe(values=[value("Marking", 46, key=key)]))
    assert (applied["operations"][0]["before"], applied["operations"][0]["after"]) == ("REG_SZ '46'", "REG_DWORD 46")
    site.module(journal, **fe(state="restored", run=applied["undo_id"]))
    assert site.values(FE, key) == {"Marking": ("REG_SZ", '"46"')}


def test_values_of_others_stay_and_are_told(site, journal, key) -> None:
    site.registry(FE, "createkey", f"HKLM\\{key}")
    site.registry(FE, "setvalue", f"HKLM\\{key}", "Theirs", "sz", "kept")
    site.module(journal, **fe(values=[value("One", 1, key=key), value("Two", 2, key=key)]))
    result = site.module(journal, **fe(state="overridden", values=[value("One", 1, key=key)], report_foreign=True))
    assert result["summary"] == "1 to remove"
    assert result["foreign"] == [rf"fe1.corp.contoso.com: HKLM\{key}:Theirs"]
    assert set(site.values(FE, key)) == {"Theirs", "One"}


def test_what_somebody_changed_is_no_longer_ours(site, journal, key) -> None:
    site.module(journal, **fe(values=[value("One", 1, key=key)]))
    site.registry(FE, "setvalue", f"HKLM\\{key}", "One", "dword", "7")
    assert not site.module(journal, **fe(state="deleted", values=[]))["changed"]
    assert site.values(FE, key) == {"One": ("REG_DWORD", "7")}


def test_keys_that_were_made_go_with_the_last_value_and_those_of_others_stay(site, journal, key) -> None:
    above = key.rpartition("\\")[0]
    site.registry(FE, "createkey", f"HKLM\\{above}")
    site.module(journal, **fe(values=[value("One", 1, key=rf"{key}\Deep\Deeper")]))
    site.module(journal, **fe(state="deleted"))
    assert "Below" not in site.registry(FE, "enumerate", f"HKLM\\{above}")


def test_more_than_is_allowed_is_not_removed(site, journal, key) -> None:
    site.module(journal, **fe(values=[value(f"V{number}", number, key=key) for number in range(12)]))
    result = site.module(journal, **fe(state="overridden", values=[]))
    assert result["failed"]
    assert "12 of our 12 values would go" in result["msg"]
    assert "set most_deleted: 12 and most_deleted_ratio: 1 for this run" in result["msg"]
    assert len(site.values(FE, key)) == 12
    site.module(journal, **fe(state="overridden", values=[], most_deleted=12, most_deleted_ratio=1))
    assert site.values(FE, key) == {}


def test_undoing_is_refused_where_somebody_wrote_since(site, journal, key) -> None:
    run = site.module(journal, **fe(values=[value("One", 1, key=key)]))["undo_id"]
    site.registry(FE, "setvalue", f"HKLM\\{key}", "One", "dword", "7")
    result = site.module(journal, **fe(state="restored", run=run))
    assert result["failed"]
    assert rf"HKLM\{key}:One was left as REG_DWORD 1 and is REG_DWORD 7" in result["msg"]
    assert site.values(FE, key) == {"One": ("REG_DWORD", "7")}


def test_two_parts_of_one_run_are_undone_together(site, journal, key) -> None:
    site.module(journal, **fe(run="deploy-1", values=[value("One", 1, key=key)]))
    site.module(journal, **fe(run="deploy-1", values=[value("One", 2, key=key), value("Two", 2, key=key)]))
    site.module(journal, **fe(state="restored", run="deploy-1"))
    assert site.values(FE, key) == {}


def test_hosts_are_worked_on_side_by_side_and_one_that_fails_stops_no_other(site, journal, key) -> None:
    values = [value("One", 1, key=key)]
    result = site.module(
        journal,
        timeout=5,
        targets=[
            {"target": "gone", "address": "10.99.0.200", "account": "default", "values": values},
            fe(account="default", values=values),
            {"target": "nowhere.invalid", "account": "default", "values": values},
            {"target": "med1", "address": MED, "account": "default", "values": values},
            {"target": "dc1", "address": DC, "account": "user", "values": values},
        ],
    )
    assert outcomes(result) == {
        "gone": "unreachable",
        "fe1.corp.contoso.com": "ok",
        "nowhere.invalid": "unresolved",
        "med1": "ok",
        "dc1": "access_denied",
    }
    assert result["changed"]
    assert result["failed"]
    assert "gone: 10.99.0.200, TCP port 445: " in result["msg"]
    assert site.values(FE, key) == site.values(MED, key) == {"One": ("REG_DWORD", "1")}
    undone = site.module(
        journal,
        state="restored",
        run=result["undo_id"],
        targets=[fe(account="default"), {"target": "med1", "address": MED, "account": "default"}],
    )
    assert "failed" not in undone
    assert site.values(FE, key) == site.values(MED, key) == {}


def test_many_values_take_one_connection_beside_the_knock(site, journal, key) -> None:
    """As the host's own card sees it, for reading, writing and reading back."""
    many = [value(f"V{number}", number, key=key) for number in range(40)]
    beginnings = "tcp dst port 445 and tcp[tcpflags] & (tcp-syn | tcp-ack) == tcp-syn"
    command = ["tcpdump", "-ni", "any", "-l", "--immediate-mode", beginnings]
    capture = site.command("nsenter", f"--target={site.front_end.pid}", "--net", *command)
    with subprocess.Popen(capture, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            while "listening on" not in process.stderr.readline():
                assert process.poll() is None
            assert len(site.module(journal, **fe(values=many))["operations"]) == 40
        finally:
            process.terminate()
        assert process.stdout.read().count("Flags [S]") == 2


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_is_told_apart(site, journal, key, password) -> None:
    passwords = {**PASSWORDS, "default": password}
    result = site.module(journal, **fe(values=[value("One", 1, key=key)]), passwords=passwords)
    assert outcomes(result) == {"fe1.corp.contoso.com": "wrong_password"}
    assert "the account" in result["msg"]


def test_kerberos_with_a_password_and_with_a_ticket(site, journal, key) -> None:
    target = {"target": "dc1.corp.contoso.com", "address": DC, "account": "ticket"}
    assert "failed" not in site.module(journal, **target, values=[value("One", 1, key=key)])
    assert site.values(DC, key) == {"One": ("REG_DWORD", "1")}
    cache = journal.parent / "tickets"
    site.network.client.run(
        f"echo '{PASSWORDS['ticket']}' | kinit -c {cache} openuc", KRB5_CONFIG=str(journal.parent / "krb5.conf")
    )
    account = {"user": "openuc", "realm": "CORP.CONTOSO.COM", "authentication": "kerberos", "ticket_cache": str(cache)}
    result = site.module(
        journal,
        **{**target, "account": "cache"},
        values=[value("One", 2, key=key)],
        accounts={"cache": account},
        passwords={},
    )
    assert "failed" not in result, result["msg"]
    assert site.values(DC, key) == {"One": ("REG_DWORD", "2")}


def test_no_ticket_is_told_apart(site, journal, key) -> None:
    account = {
        "user": "openuc", "realm": "CORP.CONTOSO.COM", "authentication": "kerberos", "ticket_cache": "/nowhere/at/all",
    }  # fmt: skip
    result = site.module(
        journal,
        target="dc1.corp.contoso.com",
        address=DC,
        values=[value("One", 1, key=key)],
        accounts={"cache": account},
        passwords={},
    )
    assert outcomes(result) == {"dc1.corp.contoso.com": "no_ticket"}, result["msg"]


def test_a_run_that_is_killed_is_completed_by_the_next_and_can_be_undone(site, journal, key) -> None:
    """Killed when the first of many values is there: what was begun is ours all the same."""
    many = [value(f"V{number}", number, key=key) for number in range(400)]
    asked = fe(account="default", values=many, run="killed")
    with site.started(journal, **asked) as process:
        while not site.values(FE, key):
            assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
    assert 0 < len(site.values(FE, key)) < 400
    rest = site.module(journal, **fe(values=many))
    assert len(rest["operations"]) > 0
    assert len(site.values(FE, key)) == 400
    assert not site.module(journal, **fe(values=many))["changed"]
    site.module(journal, **fe(state="deleted", values=[]))
    assert site.values(FE, key) == {}


def test_a_host_that_falls_silent_is_given_up(site, journal, key) -> None:
    """Its answers stop while its TCP port still takes connections, as with a machine that hangs."""
    stop, go = (f"kill -{sign} $(cat /run/samba/smbd.pid)" for sign in ("STOP", "CONT"))
    site.mediation.run(stop)
    try:
        result = site.module(
            journal, target="med1", address=MED, account="default", values=[value("One", 1, key=key)], timeout=2
        )
    finally:
        site.mediation.run(go)
    assert outcomes(result) == {"med1": "gone"}
    assert "no answer within 2 s" in result["msg"]
    assert site.values(MED, key) == {}


def test_a_host_that_is_lost_half_way_is_told_with_how_far_it_came_and_completed_later(site, journal, key) -> None:
    """Its cable is pulled while values are being set."""
    many = [value(f"V{number}", number, key=key) for number in range(400)]
    cable = f"v{site.mediation.pid}"
    asked = {"target": "med1", "address": MED, "account": "default", "values": many}
    with site.started(journal, **asked, timeout=3) as process:
        while not site.values(MED, key):
            assert process.poll() is None
        site.network.client.run("ip", "link", "set", cable, "down")
        try:
            result = json.loads(process.stdout.read())
        finally:
            site.network.client.run("ip", "link", "set", cable, "up")
    (told,) = result["targets"]
    assert told["outcome"] == "gone"
    assert 0 < told["done"] < 400
    assert f"{told['done']} of 400 steps were done" in told["detail"]
    assert len(told["not_done"]) == min(100, 400 - told["done"])
    rest = site.module(journal, **asked)
    assert "failed" not in rest, rest["msg"]
    assert len(site.values(MED, key)) == 400
    site.module(journal, **{**asked, "values": []}, state="overridden", most_deleted=400, most_deleted_ratio=1)
    assert site.values(MED, key) == {}


def test_two_runs_do_not_meet_at_one_target(site, journal, key) -> None:
    many = [value(f"V{number}", number, key=key) for number in range(400)]
    with site.started(journal, **fe(account="default", values=many)) as process:
        while not site.values(FE, key):
            assert process.poll() is None
        os.kill(process.pid, signal.SIGSTOP)  # Still at work, however long the second takes to begin.
        second = site.module(journal, **fe(values=many))
        os.kill(process.pid, signal.SIGCONT)
        first = process.stdout.read()
    assert outcomes(second) == {"fe1.corp.contoso.com": "journal"}
    assert outcomes(json.loads(first)) == {"fe1.corp.contoso.com": "ok"}
    assert "another run works here" in second["msg"]
    assert len(site.values(FE, key)) == 400
