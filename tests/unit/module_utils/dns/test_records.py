# SPDX-License-Identifier: GPL-3.0-or-later
"""Records as options: what they may be, and all that is wrong with them at once."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.dns import names, records

ZONE = "contoso.com"


def item(name: str = "sip.contoso.com", kind: str = "A", *values: str, **more: t.Any) -> dict[str, t.Any]:
    return {"name": name, "type": kind, "values": list(values or ("10.0.0.1",)), **more}


def problems(*items: t.Any) -> list[str]:
    return records.decode(ZONE, list(items))[1]


def test_neither_case_nor_order_nor_dots_nor_doubles_make_a_difference() -> None:
    one, _none = records.decode(ZONE, [item("SIP.contoso.com.", "A", "10.0.0.2", "10.0.0.1", "10.0.0.2")])
    other, _none = records.decode("Contoso.com.", [item("sip.contoso.com", "A", "10.0.0.1", "10.0.0.2")])
    assert one == other


def test_null_is_the_same_as_not_there() -> None:
    wanted = next(iter(records.decode(ZONE, [item(ttl=None, replaces=None)])[0].values()))
    assert wanted.ttl is None


def test_a_time_to_live_of_nothing_is_one() -> None:
    wanted = next(iter(records.decode(ZONE, [item(ttl=0)])[0].values()))
    assert wanted.ttl == 0


def test_what_another_replaces_is_left_out() -> None:
    old = item(id="old", stage="first", why=["row.a"])
    new = item("_sip._tls.contoso.com", "SRV", "0 0 443 sip.contoso.com.", id="new", replaces="old", why=["row.b"])
    decoded = list(records.decode(ZONE, [old, new])[0].items())
    assert len(decoded) == 1
    key, wanted = decoded[0]
    assert records.key_text(key) == "_sip._tls.contoso.com SRV"
    assert wanted.why == "row.b"


def test_everything_wrong_is_told_at_once_with_its_index() -> None:
    assert problems(
        item("sip.fabrikam.com"),
        item(values=[]),
        item("alias.contoso.com", "CNAME", "a.example.", "b.example."),
        item(ZONE, "CNAME", "a.example."),
        item("x.contoso.com", ttl=-1),
        item("y.contoso.com", ttl=2**31),
        item("z.contoso.com", "A", "10.0.0.300"),
    ) == [
        "records[0]: sip.fabrikam.com A: is not in the zone contoso.com; names are whole ones",
        "records[1]: sip.contoso.com A: values is empty; leave the record out to have none",
        "records[2]: alias.contoso.com CNAME: an alias has one target, got 2",
        "records[3]: contoso.com CNAME: the zone's own name cannot be an alias; write A records",
        "records[4]: x.contoso.com A: ttl: expected 0 to 2147483647, got -1",
        "records[5]: y.contoso.com A: ttl: expected 0 to 2147483647, got 2147483648",
        "records[6]: z.contoso.com A: '10.0.0.300' is no IPv4 address",
    ]


def test_a_name_without_its_zone_gets_a_hint() -> None:
    assert problems(item("sip"))[0].endswith("names are whole ones; did you mean sip.contoso.com?")
    assert problems(item("_sip._tls"))[0].endswith("names are whole ones; did you mean _sip._tls.contoso.com?")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("a.b", "records: expected a list, got str"),
        ([17], "records[0]: expected a mapping, got 17"),
        ([{**item(), "typ": "A"}], "records[0].typ: no such option; did you mean type?"),
        ([item("a.contoso.com", "SVR")], "records[0].type: 'SVR' is none of A, AAAA, CNAME, MX, PTR, SRV, TXT"),
        ([item(ttl="600")], "records[0].ttl: expected int, got '600'"),
        ([{"name": "a.contoso.com", "type": "A"}], "records[0].values: is missing"),
    ],
)
def test_the_shape_is_checked_first(given: t.Any, told: str) -> None:
    (found,) = records.decode(ZONE, given)[1]
    assert found.startswith(told)


def test_a_zone_that_is_no_name() -> None:
    assert records.decode("contoso..com", []) == ({}, ["zone: 'contoso..com' has an empty label"])


def test_a_name_and_type_stands_once() -> None:
    assert problems(item(), item(values=["10.0.0.2"])) == [
        (
            "records[1]: sip.contoso.com A stands in records[0] already; "
            "write all values of a name and type in one record"
        )
    ]


def test_nothing_stands_beside_an_alias() -> None:
    assert problems(item("sip.contoso.com", "CNAME", "a.example."), item()) == [
        (
            "records[0]: sip.contoso.com CNAME: an alias allows nothing beside it, "
            "but records[1] is A of the same name; keep one of them"
        )
    ]


def test_an_item_and_its_set_are_each_others_reverse() -> None:
    given = item("sip.contoso.com", "SRV", "0 0 5061 a.example.", "1 0 5061 b.example.", ttl=60)
    assert records.item_of(*records.set_of(given)) == given


def test_records_are_in_order_of_the_tree() -> None:
    listed = ["b.contoso.com", "a.b.contoso.com", "contoso.com", "a.contoso.com"]
    keys = [(names.from_text(name), 1) for name in listed]
    assert [names.to_text(key[0]) for key in sorted(keys, key=records.tree_order)] == [
        "contoso.com",
        "a.contoso.com",
        "b.contoso.com",
        "a.b.contoso.com",
    ]
