# SPDX-License-Identifier: GPL-3.0-or-later
"""The same policy in formats of other makes: what they say, and that what they do not say is told."""

from __future__ import annotations

import importlib
import re
import typing as t
from xml.etree import ElementTree

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.firewall import engine, vendors
from ansible_collections.openuc.ocs.plugins.module_utils.specs import FIREWALL_RULES

from .policies import options, rule

DNAT = [{"kind": "dnat", "public": "203.0.113.41", "private": "10.31.0.41"}]
WEB = rule("web", source="partners", destination="media", nat=DNAT)
MEDIA = rule(
    "media",
    ingress="eth1",
    egress="eth0",
    source="media",
    destination="world",
    protocol="udp",
    ports=[],
    source_ports="50000-59999",
)
POLICY = options(WEB, MEDIA)


def rendered(name: str, **changes: t.Any) -> tuple[str, list[str]]:
    files, unsaid = vendors.render({**POLICY, **changes}, name)
    return "\n".join(files.values()), unsaid


def test_asa_has_a_list_for_each_incoming_interface() -> None:
    files, _unsaid = vendors.render(POLICY, "asa")
    assert set(files) == {"eth0.asa", "eth1.asa"}
    assert (
        "access-list eth0_in extended permit tcp 192.0.2.0 255.255.255.0 host 10.31.0.41 eq https" in files["eth0.asa"]
    )
    assert "access-list eth1_in extended permit udp host 10.31.0.41 range 50000 59999" in files["eth1.asa"]
    assert "access-list eth0_in extended deny ip any host 10.31.0.31" in re.sub(
        r"0\.0\.0\.0 0\.0\.0\.0", "any", files["eth0.asa"]
    )


def test_srx_has_policies_between_zones() -> None:
    text, _unsaid = rendered("srx")
    assert "from-zone eth0 to-zone eth1 {" in text
    assert "protocol udp source-port 50000-59999;" in text
    assert "web row.web" in text, "the comment leads to the rule and its reason"


def test_paloalto_has_rules_between_zones() -> None:
    files, _unsaid = vendors.render(POLICY, "paloalto")
    root = ElementTree.fromstring(files["policy.xml"])
    entry = root.find(".//rules/entry[@name='rule-2']")
    assert entry is not None
    assert [entry.findtext(path) for path in ("from/member", "to/member", "action")] == ["eth1", "eth0", "allow"]
    assert root.findtext(".//service/entry/protocol/udp/source-port") == "50000-59999"


def test_iptables_has_a_chain_for_each_rule() -> None:
    text, _unsaid = rendered("iptables")
    assert re.search(r"-A F_rule-2 -p udp --sport 50000:59999 -s 10\.31\.0\.41/32 .*-j ACCEPT", text)
    assert ":FORWARD ACCEPT" in text, "all else is left to others"
    assert text.index("--state ESTABLISHED,RELATED -j ACCEPT") < text.index("F_rule-1"), "answers pass first"


def test_windows_has_commands() -> None:
    text, _unsaid = rendered("windows")
    assert re.search(
        r"netsh advfirewall .* dir=in remoteip=192\.0\.2\.0/24\S* localip=10\.31\.0\.41/32 localport=443", text
    )
    assert "action=block" not in text, "Windows looks at these before those that allow"


@pytest.mark.parametrize("name", ["srx", "paloalto"])
def test_no_two_ways_share_a_name(name: str) -> None:
    """Both take parts of the same name for one another, whatever zones they are between."""
    text, _unsaid = rendered(name)
    found = re.findall(r'policy (\S+) \{|<entry name="((?:rule|deny)-[^"]+)">', text)
    names = [one or other for one, other in found]
    assert sorted(names) == sorted(
        {"rule-1", "rule-2", *(f"deny-{end}-{way}" for end in ("to", "from") for way in (1, 2))}
    )


@pytest.mark.parametrize("name", vendors.FORMATS)
def test_translation_is_told(name: str) -> None:
    _text, unsaid = rendered(name)
    told = next(line for line in unsaid if line.startswith("web: eth0 > eth1: "))
    assert "what comes to 203.0.113.41 goes to 10.31.0.41" in told
    assert ("before translation" in told) is (name == "paloalto"), "its rules look at packets as they arrive"


@pytest.mark.parametrize("name", vendors.FORMATS)
def test_nothing_is_denied_where_a_firewall_only_observes(name: str) -> None:
    text, unsaid = rendered(name, enforce="observe")
    assert "deny" not in text.lower()
    assert "block" not in text.lower()
    assert "all rules: to observe; nothing is denied yet, and nothing is counted" in unsaid


def test_ranges_of_addresses_are_networks() -> None:
    sets = [{"name": "world", "addresses": ["10.0.0.1-10.0.0.3"]}, {"name": "media", "addresses": ["10.31.0.41"]}]
    text, _unsaid = rendered("asa", sets=sets, rules=[rule("a", destination="media")])
    assert "permit tcp host 10.0.0.1 host" in text
    assert "permit tcp 10.0.0.2 255.255.255.254 host" in text


def asked(**changes: t.Any) -> dict[str, t.Any]:
    """What the module returns that is asked to render."""
    defaults = {name: spec.get("default") for name, spec in FIREWALL_RULES.items()}
    return engine.run({**defaults, **POLICY, "state": "rendered", **changes}, check=False)


def test_the_module_returns_files_and_what_they_leave_unsaid() -> None:
    found = asked(format="asa")
    assert set(found["rendered"]) == {"eth0.asa", "eth1.asa", "not-said.txt"}
    assert found["not_said"][-1].startswith("web: ")
    assert found["rendered"]["not-said.txt"].splitlines() == found["not_said"]
    assert found["changed"] is False


def test_what_aerleon_cannot_generate_is_told() -> None:
    found = asked(format="paloalto", guarded=[], interfaces={}, rules=[rule("a", ingress="z" * 40)])
    assert found["failed"] is True
    assert found["msg"].startswith("Aerleon does not generate policy: ")
    assert "z" * 40 in found["msg"]


def test_without_aerleon_nft_is_rendered_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> t.NoReturn:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", missing)
    assert asked()["rendered"]["rules.nft"].startswith("table inet openuc_filter")
    refused = asked(format="srx")
    assert "pip install aerleon where this task runs, or render nft" in refused["msg"]
    assert refused["failed"] is True
