# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones of a domain controller, changed with Kerberos. Run with Debian's own Python, whose libraries are the oldest."""

from __future__ import annotations

import base64
import json
import sys
import typing as t
from pathlib import Path

import pytest

from tests.integration.dns.conftest import CALLING, Result, ok
from tests.integration.servers import throwaway
from tests.lab.services import directory
from tests.support import ROOT

DC, NAME = "10.99.0.30", "dc1.corp.contoso.com"
KEYTAB = "/etc/openuc.keytab"
JOURNAL = "/var/lib/openuc-tests"
COLLECTIONS = ROOT / ".build/collections"
CONTROLLER = directory.domain_controller(
    NAME,
    "corp.contoso.com",
    DC,
    [],
    "Adm1n-of-the-lab",
    accounts=[directory.operator("openuc", "0perator-of-it", KEYTAB), directory.Account("alice", "Wonder-land-1")],
    zones=["contoso.com"],
)
POOL = {"name": "pool1.corp.contoso.com", "type": "A", "ttl": 600, "values": ["10.20.0.10", "10.20.0.11"]}
SRV = {"name": "_sipinternaltls._tcp.corp.contoso.com", "type": "SRV", "ttl": 600,
       "values": ["0 0 5061 pool1.corp.contoso.com."]}  # fmt: skip
SIP = {"name": "sip.corp.contoso.com", "type": "CNAME", "ttl": 600, "values": ["pool1.corp.contoso.com."]}


Play = t.Callable[..., str]


class Domain:
    def __init__(self, network: throwaway.Network, controller: throwaway.Process) -> None:
        self.network, self.controller = network, controller

    def run(self, records: list[Result] | None = None, keytab: str = KEYTAB, **more: t.Any) -> Result:
        given = {"server": NAME, "address": DC, "zone": "corp.contoso.com", "update": "gss", "timeout": 5.0}
        options = {**given, "journal_dir": JOURNAL, "records": records, **more}
        self.controller.run(f"cat >/tmp/options.json <<'end'\n{json.dumps(options)}\nend")
        # A cache of the run's own, so that no ticket of another account is found.
        environment = {"KRB5_CLIENT_KTNAME": keytab, "KRB5CCNAME": "MEMORY:"}
        return json.loads(self.controller.run("/usr/bin/python3", CALLING, "/tmp/options.json", **environment).stdout)

    def dig(self, *words: str) -> list[str]:
        return sorted(self.controller.run("dig", "+short", f"@{DC}", *words).stdout.split("\n")[:-1])


@pytest.fixture(scope="module")
def domain() -> t.Iterator[Domain]:
    with throwaway.network() as network:
        yield Domain(network, network.host(NAME, DC, CONTROLLER))


@pytest.fixture(autouse=True)
def _clean(domain: Domain) -> t.Iterator[None]:
    yield
    ok(domain.run(None, state="deleted"))


def test_four_runs(domain: Domain) -> None:
    asked = [POOL, SRV, SIP]
    predicted = ok(domain.run(asked, check=True))
    applied = ok(domain.run(asked))
    assert applied["operations"] == predicted["operations"]
    assert (applied["zones"][0]["read"], applied["zones"][0]["verified"]) == ("queries", True)
    assert domain.dig("pool1.corp.contoso.com", "A") == ["10.20.0.10", "10.20.0.11"]
    for check in (False, True):
        assert not ok(domain.run(asked, check=check))["changed"]


def test_what_is_no_longer_listed_goes_and_the_domains_own_stays(domain: Domain) -> None:
    services = domain.dig("_ldap._tcp.corp.contoso.com", "SRV")
    ok(domain.run([POOL, SRV]))
    ok(domain.run([POOL], state="overridden"))
    assert domain.dig("_sipinternaltls._tcp.corp.contoso.com", "SRV") == []
    assert domain.dig("_ldap._tcp.corp.contoso.com", "SRV") == services != []


def test_a_run_is_undone(domain: Domain) -> None:
    ok(domain.run([POOL]))
    changed = ok(domain.run([{**POOL, "values": ["10.20.0.99"]}, SRV]))
    ok(domain.run(None, state="restored", run=changed["undo_id"]))
    assert domain.dig("pool1.corp.contoso.com", "A") == ["10.20.0.10", "10.20.0.11"]
    assert domain.dig("_sipinternaltls._tcp.corp.contoso.com", "SRV") == []


def test_another_zone_of_the_controller(domain: Domain) -> None:
    ok(domain.run([{**POOL, "name": "sip.contoso.com"}], zone="contoso.com"))
    assert domain.dig("sip.contoso.com", "A") == ["10.20.0.10", "10.20.0.11"]
    ok(domain.run(None, zone="contoso.com", state="deleted"))
    assert domain.dig("sip.contoso.com", "A") == []


def test_an_editor_that_is_faster_is_noticed(domain: Domain) -> None:
    """Prerequisites are kept by this server too: a record set that is not as it was read is left alone."""
    ok(domain.run([POOL]))
    domain.controller.run(
        f"kinit -k -t {KEYTAB} openuc; samba-tool dns update {NAME} corp.contoso.com pool1 A 10.20.0.10 10.20.0.77"
        " --use-kerberos=required"
    )
    stopped = domain.run(None, state="restored", run=_last_run(domain))
    assert "pool1.corp.contoso.com A: it was changed since that run" in stopped["msg"]
    assert domain.dig("pool1.corp.contoso.com", "A") == ["10.20.0.11", "10.20.0.77"]
    ok(domain.run([POOL]))


def _last_run(domain: Domain) -> str:
    listed = domain.controller.run(f"ls -t {JOURNAL}/corp.contoso.com_{NAME}/runs/*.json").stdout.split()
    return listed[0].rpartition("/")[2].removesuffix(".json")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"keytab": "/nonexistent"}, "Kerberos gave no key of the task's Kerberos account for dc1.corp.contoso.com"),
        ({"server": "nobody.corp.contoso.com"}, "Kerberos gave no key of the task's Kerberos account for nobody"),
        ({"zone": "fabrikam.com"}, "zone fabrikam.com at dc1.corp.contoso.com (10.99.0.30)"),
    ],
)
def test_what_goes_wrong_is_said(domain: Domain, more: dict[str, t.Any], words: str) -> None:
    name = f"sip.{more.get('zone', 'corp.contoso.com')}"
    result = domain.run([{**POOL, "name": name}], **more)
    assert result["failed"]
    assert words in result["msg"]


def test_an_account_without_the_right_is_refused(domain: Domain) -> None:
    """Whoever makes a name owns it: another account of the domain may not change it. Samba calls that SERVFAIL."""
    ok(domain.run([POOL]))
    keytab = "/etc/alice.keytab"
    domain.controller.run(f"samba-tool domain exportkeytab {keytab} --principal=alice@CORP.CONTOSO.COM")
    result = domain.run([{**POOL, "values": ["10.66.6.6"]}], keytab=keytab)
    assert "the account may not change the record (Active Directory)" in result["msg"]
    assert domain.dig("pool1.corp.contoso.com", "A") == ["10.20.0.10", "10.20.0.11"]


class TestRole:
    """The role and the plan of an example whose zones are a domain controller's, with a keytab in its environment."""

    PLAN = ROOT / "tests/golden/standard/intended"

    @pytest.fixture
    def environment(self, domain: Domain, tmp_path: Path) -> dict[str, str]:
        """What a controller outside the domain needs: the account's keytab, and where the domain is."""
        keytab = base64.b64decode(domain.controller.run(f"base64 {KEYTAB}").stdout)
        (tmp_path / "dns.keytab").write_bytes(keytab)
        (tmp_path / "krb5.conf").write_text(
            "[libdefaults]\ndefault_realm = CORP.CONTOSO.COM\ndns_canonicalize_hostname = false\nrdns = false\n"
            f"[realms]\nCORP.CONTOSO.COM = {{\n kdc = {DC}\n}}\n"
            "[domain_realm]\n.corp.contoso.com = CORP.CONTOSO.COM\n"
        )
        files = {"KRB5_CLIENT_KTNAME": "dns.keytab", "KRB5_CONFIG": "krb5.conf"}
        return {"KRB5CCNAME": "MEMORY:", **{name: str(tmp_path / file) for name, file in files.items()}}

    @pytest.fixture
    def play(self, domain: Domain, tmp_path: Path, environment: dict[str, str]) -> Play:
        def run(**variables: t.Any) -> str:
            given = {
                "dns_plan_dir": str(self.PLAN),
                "dns_environment": environment,
                "uc_addresses": DC,
                "uc_estate_dir": str(tmp_path / "estate"),
                # Debian's Python has the library for Kerberos.
                "ansible_python_interpreter": "/usr/bin/python3",
                **variables,
            }
            path = tmp_path / "play.yml"
            path.write_text(json.dumps([{"hosts": NAME, "gather_facts": False, "roles": ["openuc.ocs.dns"]}]))
            program = str(Path(sys.executable).with_name("ansible-playbook"))
            words = [program, "-i", f"{NAME},", "-e", json.dumps(given), str(path)]
            settings = {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)}
            return domain.network.client.run(*words, **settings).stdout

        return run

    def test_planned_records_come_stay_and_are_pruned(self, domain: Domain, play: Play) -> None:
        assert "changed=1" in play()
        assert "changed=0" in play()
        planned = [
            record
            for path in (self.PLAN / "slices/dns_records" / NAME).glob("*.json")
            for record in json.loads(path.read_text())["records"]
        ]
        assert planned
        for record in planned:
            assert domain.dig(record["name"], record["type"]) == sorted(record["values"])
        pruning = {"dns_prune": True, "dns_stages": [], "dns_most_deleted": 100, "dns_most_deleted_ratio": 1.0}
        assert "changed=1" in play(**pruning)
        assert domain.dig("_sipinternaltls._tcp.contoso.com", "SRV") == []
