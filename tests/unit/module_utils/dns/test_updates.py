# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes as messages: their order, their size, and what they require of what is there."""

from __future__ import annotations

import dns.message
import dns.rdataclass
import dns.update
import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.dns import names, planning, updates
from ansible_collections.openuc.ocs.plugins.module_utils.dns.errors import DnsError
from ansible_collections.openuc.ocs.plugins.module_utils.dns.planning import Change, Policy
from ansible_collections.openuc.ocs.plugins.module_utils.dns.transfer import Live

from .test_planning import APEX, SOA, live, ours, sets, wanted


def read(update: updates.Update) -> dns.update.UpdateMessage:
    message = dns.message.from_wire(update.writer.wire(1), one_rr_per_rrset=True)
    assert isinstance(message, dns.update.UpdateMessage)
    return message


def texts(rrsets: list[dns.rrset.RRset]) -> list[str]:
    """As `class name type value`; the class says what is done, or required."""
    found = []
    for each in rrsets:
        class_ = dns.rdataclass.to_text(each.deleting if each.deleting is not None else each.rdclass)
        value = each[0].to_text() if len(each) else ""
        found.append(f"{class_} {each.name.to_text(omit_final_dot=True)} {each.rdtype.name} {value}".strip())
    return found


def messages(want: list[str], have: list[str], own: list[str] | None = None, most: int = 64000) -> list[updates.Update]:
    there = live(*have)
    decision = planning.plan(wanted(*want), there, ours(*(own or [])), Policy("overridden"))
    return updates.messages(decision.changes, there, most)


def test_what_is_new_requires_that_the_name_is_free() -> None:
    (update,) = messages(["a 60 A 10.0.0.1"], [])
    assert texts(read(update).prerequisite) == ["NONE a.contoso.com ANY"]
    assert texts(read(update).update) == ["IN a.contoso.com A 10.0.0.1"]


def test_what_comes_beside_others_requires_that_its_type_is_free_and_no_alias_came() -> None:
    (update,) = messages(["a 60 A 10.0.0.1"], ["a 60 TXT x"])
    assert texts(read(update).prerequisite) == ["NONE a.contoso.com A", "NONE a.contoso.com CNAME"]


def test_what_is_changed_requires_all_its_values() -> None:
    (update,) = messages(["a 60 A 10.0.0.1", "a 60 A 10.0.0.3"], ["a 60 A 10.0.0.1", "a 60 A 10.0.0.2"])
    assert texts(read(update).prerequisite) == ["IN a.contoso.com A 10.0.0.1", "IN a.contoso.com A 10.0.0.2"]
    assert texts(read(update).update) == ["NONE a.contoso.com A 10.0.0.2", "IN a.contoso.com A 10.0.0.3"]


def test_a_new_time_to_live_is_written_with_every_value() -> None:
    (update,) = messages(["a 90 A 10.0.0.1", "a 90 A 10.0.0.2"], ["a 60 A 10.0.0.1", "a 60 A 10.0.0.2"])
    assert [(each.ttl, each[0].to_text()) for each in read(update).update] == [(90, "10.0.0.1"), (90, "10.0.0.2")]


def test_what_goes_goes_as_a_set() -> None:
    (update,) = messages([], ["a 60 A 10.0.0.1", "a 60 A 10.0.0.2"], ["a 60 A 10.0.0.1", "a 60 A 10.0.0.2"])
    assert texts(read(update).update) == ["ANY a.contoso.com A"]


def test_addresses_come_before_what_leads_to_them_and_go_after() -> None:
    new, old = "_s._tcp.contoso.com 60 SRV 0 0 1 new.contoso.com.", "_o._tcp.contoso.com 60 SRV 0 0 1 old.contoso.com."
    have = ["old 60 A 10.0.0.9", old]
    made = messages([new, "new 60 A 10.0.0.1"], have, own=have, most=200)
    order = [names.to_text(change.key[0]).split(".", maxsplit=1)[0] for update in made for change in update.changes]
    assert order == ["new", "_s", "_o", "old"]
    assert len(made) > 1


def test_no_name_is_divided_and_no_message_too_long() -> None:
    listed = [f"h{number} 60 A 10.0.{number}.{last}" for number in range(60) for last in (1, 2)]
    listed += [f"h{number} 60 TXT {'x' * number}" for number in range(60)]
    made = messages(listed, [], most=2000)
    assert len(made) > 3
    assert all(len(update.writer) <= 2000 for update in made)
    named = [{change.key[0] for change in update.changes} for update in made]
    assert sum(map(len, named)) == len(set().union(*named)) == 60


def test_a_message_is_as_long_as_it_may_be() -> None:
    """Estimates are upper bounds, but not wasteful ones: each message costs a server a transaction."""
    made = messages([f"host-{number} 60 A 10.0.{number // 250}.{number % 250}" for number in range(2000)], [])
    assert len(made) <= 3


def test_what_one_message_cannot_carry_says_so() -> None:
    change = Change(
        next(iter(sets("a 60 TXT x"))), None, (60, tuple(bytes([255]) + bytes(255) for _time in range(300)))
    )
    with pytest.raises(DnsError) as told:
        updates.messages([change], Live(APEX, SOA, {}))
    assert told.value.record == "a.contoso.com TXT"
    assert "more than one message carries" in told.value.what
