# SPDX-License-Identifier: GPL-3.0-or-later
"""What people are told to do for QoS, and the scripts they are given."""

from __future__ import annotations

import typing as t

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering import qos_guide
from tests import support


def files(example: str = "lab", **changes: t.Any) -> dict[str, str]:
    made = design(support.changed(support.example(example), changes), support.TODAY)
    assert made.plan, [finding.message for finding in made.errors]
    return dict(qos_guide.render(made.topology, made.plan))


def steps(page: str, heading: str) -> list[str]:
    part = page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [line.partition(". ")[2] for line in part.splitlines() if line[:1].isdigit()]


def test_a_host_gets_its_steps_in_the_order_in_which_they_work() -> None:
    found = steps(files()["qos-hosts.md"], "med1.corp.contoso.com")
    assert [text.split()[0] for text in found] == ["Install", "Set", "Set", "Then:", "Then:", "See"]
    assert "Windows Server 2003 R2" in found[0]
    assert "`native/qos/med1.corp.contoso.com.ps1`" in found[2]


def test_a_population_gets_its_policy_explained() -> None:
    found = steps(files()["qos-hosts.md"], "UC QoS hq")
    assert "holds 4 values" in found[0]
    assert "on dc1.corp.contoso.com" in found[0]
    assert "network clients" in found[1]


def test_what_is_left_to_windows_is_not_counted_among_values_of_a_policy() -> None:
    page = files(uc_qos={"dscp": {"audio": "not_configured", "video": "disabled"}})["qos-hosts.md"]
    assert "holds 2 values" in steps(page, "UC QoS hq")[0]


def test_switches_get_the_priority_that_a_mark_begins_with() -> None:
    page = files()["qos-hosts.md"]
    assert "| audio | EF | 46 | 5 |" in page
    assert "| video | AF41 | 34 | 4 |" in page


def test_scripts_ask_for_one_instance_change_it_and_show_it() -> None:
    made = files()
    powershell, wmic = (made[f"native/qos/pool1.corp.contoso.com.{kind}"] for kind in ("ps1", "cmd"))
    assert r"""where backend="sql1.corp.contoso.com\\rtc"'""" in powershell
    assert powershell.index("throw") < powershell.index(".Put()") < powershell.rindex("ServerQoSEnabled")
    assert r"""where "backend='sql1.corp.contoso.com\\rtc'" set ServerQoSEnabled=True""" in wmic
    assert " where " not in made["native/qos/med1.corp.contoso.com.cmd"]


def test_without_qos_there_is_nothing() -> None:
    assert files(uc_qos={"enabled": False}) == {}
