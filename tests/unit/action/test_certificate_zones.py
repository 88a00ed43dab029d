# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the records go that prove names to an authority."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleError

from ansible_collections.openuc.ocs.plugins.action import certificate_issue

ZONES = [{"zone": "contoso.com", "server": "ns1"}, {"zone": "im.contoso.com", "server": "ns2"}]


def challenge(name: str, value: str = "v") -> dict[str, str]:
    return {"name": name, "record": f"_acme-challenge.{name}", "value": value}


def test_a_record_goes_into_the_longest_zone_and_answers_for_one_name_stand_together():
    placed = certificate_issue._placed(
        [challenge("im.contoso.com", "a"), challenge("sip.contoso.com", "b"), challenge("im.contoso.com", "c")], ZONES
    )
    assert [(zone["server"], [record["name"] for record in zone["records"]]) for zone in placed] == [
        ("ns1", ["_acme-challenge.sip.contoso.com"]),
        ("ns2", ["_acme-challenge.im.contoso.com"]),
    ]
    assert placed[1]["records"][0]["values"] == ["a", "c"]


def test_a_name_in_no_zone_is_told_with_those_that_are_there():
    with pytest.raises(AnsibleError) as caught:
        certificate_issue._placed([challenge("sip.notcontoso.com")], ZONES)
    assert str(caught.value) == (
        "dns: no zone is named for _acme-challenge.sip.notcontoso.com; zones are contoso.com, im.contoso.com. Name the "
        "zone, or write the records of phase: order by other means, and run phase: finish"
    )


@pytest.mark.parametrize(
    ("arguments", "by_dns"),
    [
        ({"authority": "acme"}, True),
        ({"authority": "acme", "challenge": "http-01"}, False),
        ({"authority": "acme", "phase": "order"}, False),
        ({"authority": "acme", "state": "gathered"}, False),
        ({"authority": "internal"}, False),
    ],
)
def test_records_are_written_only_where_all_is_done_by_dns(arguments, by_dns):
    assert certificate_issue._by_dns(arguments) is by_dns
