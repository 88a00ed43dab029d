# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of runs and of what is ours, per zone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.dns.errors import Place
from ansible_collections.openuc.ocs.plugins.module_utils.dns.journal import Journal, JournalError
from ansible_collections.openuc.ocs.plugins.module_utils.dns.planning import Change

from .test_planning import ours, sets

PLACE = Place("contoso.com", "ns1.corp.contoso.com", "10.0.0.5", "internal")
POOL, OTHER = "pool 600 A 10.0.0.1", "pool 600 A 10.0.0.2"


def change(before: str | None, after: str | None) -> Change:
    key = next(iter(sets(before or after or "")))
    return Change(key, sets(before)[key] if before else None, sets(after)[key] if after else None)


def test_what_is_ours_comes_back(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path), PLACE)
    assert journal.owned() == {}
    owned = ours(POOL, OTHER, "_s._tcp.contoso.com 60 SRV 0 0 1 pool.contoso.com.")
    journal.own(owned)
    assert Journal(str(tmp_path), PLACE).owned() == owned


def test_each_zone_of_each_server_and_view_has_its_own_files(tmp_path: Path) -> None:
    places = [PLACE, Place("contoso.com", "ns1.corp.contoso.com", "", "external"), Place("contoso.com", "ns2", "")]
    for place in places:
        Journal(str(tmp_path), place).own({})
    assert len(list(tmp_path.glob("*/owned.json"))) == 3


def test_a_record_set_stands_on_a_line_of_its_own(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path), PLACE)
    journal.own(ours(POOL, "sip 60 A 10.0.0.9"))
    (file,) = tmp_path.glob("*/owned.json")
    lines = [json.loads(line.rstrip(",")) for line in file.read_text().splitlines()[1:-1]]
    assert [line["name"] for line in lines] == ["pool.contoso.com", "sip.contoso.com"]


def test_what_a_run_changed_comes_back(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path), PLACE)
    path = journal.begin("one", [change(POOL, OTHER), change(None, "sip 60 A 10.0.0.9")], ours(POOL))
    journal.progress("one", "message 1 of 1: 2 done")
    key, sip = next(iter(sets(POOL))), next(iter(sets("sip 60 A 10.0.0.9")))
    assert journal.stored("one") == [
        (key, sets(POOL)[key], sets(OTHER)[key], ours(POOL)[key]),
        (sip, None, sets("sip 60 A 10.0.0.9")[sip], frozenset()),
    ]
    assert Path(path).with_suffix(".log").read_text().endswith(" message 1 of 1: 2 done\n")


def test_a_run_that_comes_again_is_put_back_to_what_it_found_first(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path), PLACE)
    journal.begin("one", [change(POOL, OTHER)], ours(POOL))
    journal.begin("one", [change(OTHER, None), change(None, "sip 60 A 10.0.0.9")], {})
    (pool, *_rest) = stored = journal.stored("one")
    assert pool == (pool[0], sets(POOL)[pool[0]], None, ours(POOL)[pool[0]])
    assert len(stored) == 2


@pytest.mark.parametrize("text", ["[]", '{"records": [{"name": "a..b", "type": "A", "values": []}]}', "{"])
def test_a_spoilt_file_is_named_with_what_to_do(tmp_path: Path, text: str) -> None:
    journal = Journal(str(tmp_path), PLACE)
    journal.own({})
    (file,) = tmp_path.glob("*/owned.json")
    file.write_text(text)
    with pytest.raises(JournalError, match=r"owned\.json is spoilt .*nothing is removed"):
        journal.owned()


def test_a_spoilt_run_is_named(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path), PLACE)
    path = journal.begin("one", [change(POOL, OTHER)], {})
    Path(path).write_text('{"changes": [{}]}')
    with pytest.raises(JournalError, match=r"one\.json is spoilt"):
        journal.stored("one")


def test_an_unknown_run_lists_the_known(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path), PLACE)
    journal.begin("one", [change(POOL, OTHER)], {})
    with pytest.raises(JournalError, match=r"'two' is not stored in .*; stored are one"):
        journal.stored("two")
