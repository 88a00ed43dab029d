# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain controller and the remote registry, asked by their own protocols from another host."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from tests.integration.servers import throwaway
from tests.lab.services import directory

DC, FE = "10.99.0.10", "10.99.0.11"
ADMINISTRATOR, OPERATOR = "Adm1n-of-the-lab", "0perator-of-it"
KEYTAB = "/etc/openuc.keytab"
RTC = r"HKLM\Software\Microsoft\RTC"

CONTROLLER = directory.domain_controller(
    "dc1.corp.contoso.com",
    "corp.contoso.com",
    DC,
    ["192.0.2.1", "192.0.2.2"],
    ADMINISTRATOR,
    accounts=[directory.operator("openuc", OPERATOR, KEYTAB), directory.Account("alice", "Wonder-land-1")],
    computers=["fe1"],
    zones=["contoso.example"],
    hosts={
        "corp.contoso.com": {"fs1.corp.contoso.com": "10.99.0.12"},
        "contoso.example": {"webext.contoso.example": "10.99.0.13"},
    },
)
MEMBER = directory.registry_server("fe1.corp.contoso.com", FE, password=OPERATOR)

# As if the host had been killed just before the end of its preparation: all must be done again, over what there is.
UNFINISHED = CONTROLLER.prepare.removesuffix(f"rm {directory.COMMANDS}\n")
INTERRUPTED = dataclasses.replace(CONTROLLER, prepare=UNFINISHED + CONTROLLER.prepare)


class Domain(t.NamedTuple):
    network: throwaway.Network
    controller: throwaway.Process

    def records(self, name: str, kind: str) -> str:
        return self.network.client.run("dig", "+short", f"@{DC}", name, kind).stdout.strip()

    def registry(self, server: str, user: str, *words: str, check: bool = True) -> str:
        done = self.network.client.run("net", "rpc", "registry", *words, "-U", user, "-S", server, check=check)
        return done.stdout + done.stderr

    def as_operator(self, script: str, *, check: bool = True) -> str:
        return self.controller.run(f"kinit -k -t {KEYTAB} openuc\n{script}", check=check).stdout.strip()


@pytest.fixture(scope="module")
def domain() -> t.Iterator[Domain]:
    with throwaway.network() as network:
        yield Domain(network, network.host("dc1.corp.contoso.com", DC, INTERRUPTED))


@pytest.fixture(scope="module")
def front_end(domain: Domain) -> throwaway.Process:
    return domain.network.host("fe1", FE, MEMBER)


def settings(service) -> set[str]:
    return {line.strip() for line in service.files["/etc/samba/smb.conf"].text.splitlines()}


def test_passwords_stand_in_files_of_root_only_and_in_no_command():
    for service in (CONTROLLER, MEMBER):
        for password in (ADMINISTRATOR, OPERATOR):
            assert password not in service.prepare + service.start
            assert all(file.mode == 0o600 for file in service.files.values() if password in file.text)
    assert OPERATOR not in repr(directory.operator("openuc", OPERATOR))


def test_what_was_prepared_is_not_prepared_again():
    for service, secrets in ((CONTROLLER, directory.COMMANDS), (MEMBER, directory.PASSWORD)):
        assert service.prepare.startswith(f"[ -e {secrets} ] || exit 0\n")
        assert service.prepare.endswith(f"\nrm {secrets}\n")


def test_the_controller_listens_on_its_own_address_and_asks_the_forwarders():
    assert {f"interfaces = lo {DC}", "bind interfaces only = yes", "dns forwarder = 192.0.2.1 192.0.2.2"} <= settings(
        CONTROLLER
    )


def test_without_forwarders_samba_is_told_that_there_is_none():
    lonely = directory.domain_controller("dc1", "corp.contoso.com", DC, [], ADMINISTRATOR)
    assert "dns forwarder = 0.0.0.0" in settings(lonely)


@pytest.mark.parametrize(
    ("domain_name", "given", "expected"),
    [
        ("corp.contoso.com", "", "CORP"),
        ("a-very-long-department.contoso.com", "", "A-VERY-LONG-DEP"),
        ("corp.contoso.com", "CONTOSO", "CONTOSO"),
    ],
)
def test_the_short_name_of_a_domain_is_its_first_label_unless_given(domain_name, given, expected):
    made = directory.domain_controller("dc1", domain_name, DC, [], ADMINISTRATOR, netbios_domain=given)
    assert f"workgroup = {expected}" in settings(made)


@pytest.mark.usefixtures("domain")
class TestController:
    def test_its_services_are_found_through_its_dns(self, domain):
        assert domain.records("_ldap._tcp.corp.contoso.com", "SRV") == "0 100 389 dc1.corp.contoso.com."
        assert domain.records("_gc._tcp.corp.contoso.com", "SRV") == "0 100 3268 dc1.corp.contoso.com."
        assert domain.records("_kerberos._udp.corp.contoso.com", "SRV") == "0 100 88 dc1.corp.contoso.com."
        assert domain.records("dc1.corp.contoso.com", "A") == DC

    def test_it_serves_other_zones_and_hosts_from_its_first_start(self, domain):
        assert domain.records("contoso.example", "SOA").startswith("dc1.corp.contoso.com. hostmaster.contoso.example. ")
        assert domain.records("contoso.example", "NS") == "dc1.corp.contoso.com."
        assert domain.records("webext.contoso.example", "A") == "10.99.0.13"
        assert domain.records("fs1.corp.contoso.com", "A") == "10.99.0.12"

    def test_other_zones_are_changed_with_signed_updates_too(self, domain):
        update = "printf 'server dc1.corp.contoso.com\\nzone contoso.example\\nupdate add {} 300 A 10.0.0.9\\nsend\\n'"
        plain = domain.controller.run(f"{update.format('plain.contoso.example')} | nsupdate", check=False)
        assert "REFUSED" in plain.stderr
        # Samba's answer bears a signature that nsupdate cannot verify, hence its complaint; the update is done.
        domain.as_operator(f"{update.format('signed.contoso.example')} | nsupdate -g", check=False)
        assert domain.records("plain.contoso.example", "A") == ""
        assert domain.records("signed.contoso.example", "A") == "10.0.0.9"

    def test_users_and_computers_are_there_and_passwords_never_expire(self, domain):
        assert "alice" in domain.controller.run("samba-tool", "user", "list").stdout.split()
        assert "FE1$" in domain.controller.run("samba-tool", "computer", "list").stdout.split()
        policy = domain.controller.run("samba-tool", "domain", "passwordsettings", "show").stdout
        assert "Maximum password age (days): 0" in policy

    def test_the_keytab_opens_the_account_to_root_only(self, domain):
        assert domain.controller.run("stat", "-c%a:%U", KEYTAB).stdout == "600:root\n"
        assert "krbtgt/CORP.CONTOSO.COM" in domain.as_operator("klist")

    def test_passwords_do_not_stay_behind(self, domain):
        found = domain.controller.run("grep", "-rl", "-e", ADMINISTRATOR, "-e", OPERATOR, "/etc", check=False)
        assert found.stdout == ""

    def test_ldap_over_tls_shows_a_certificate_that_its_authority_vouches_for(self, domain):
        said = domain.controller.run(
            f"openssl s_client -connect {DC}:636 -CAfile {directory.AUTHORITY} -verify_return_error"
            " -verify_hostname dc1.corp.contoso.com </dev/null"
        )
        assert "Verify return code: 0 (ok)" in said.stdout

    def test_dns_takes_signed_updates_only(self, domain):
        update = "printf 'server dc1.corp.contoso.com\\nupdate add {} 300 A 10.0.0.7\\nsend\\n' | nsupdate {}"
        refused = domain.controller.run(update.format("plain.corp.contoso.com", ""), check=False)
        assert "REFUSED" in refused.stderr
        # Samba's answer bears a signature that nsupdate cannot verify, hence its complaint; the update is done.
        domain.as_operator(update.format("signed.corp.contoso.com", "-g"), check=False)
        assert domain.records("plain.corp.contoso.com", "A") == ""
        assert domain.records("signed.corp.contoso.com", "A") == "10.0.0.7"

    def test_the_operator_makes_zones_and_records_over_rpc(self, domain):
        domain.as_operator(
            "samba-tool dns zonecreate dc1.corp.contoso.com contoso.com --use-kerberos=required\n"
            "samba-tool dns add dc1.corp.contoso.com contoso.com sip A 10.0.0.8 --use-kerberos=required"
        )
        assert domain.records("sip.contoso.com", "A") == "10.0.0.8"

    def test_the_operator_writes_policies_into_sysvol_and_alice_does_not(self, domain):
        put = r"cd corp.contoso.com\Policies; put /etc/hostname {}; ls {}"

        def say(user: str, name: str):
            command = ("smbclient", f"//{DC}/sysvol", "-U", user, "-c", put.format(name, name))
            return domain.network.client.run(*command, check=False)

        assert say(f"CORP\\openuc%{OPERATOR}", "by-openuc").returncode == 0
        assert "NT_STATUS_ACCESS_DENIED" in say("CORP\\alice%Wonder-land-1", "by-alice").stdout

    @pytest.mark.parametrize(
        "user", [f"CORP\\Administrator%{ADMINISTRATOR}", f"CORP\\openuc%{OPERATOR}"], ids=["administrator", "openuc"]
    )
    def test_the_registry_is_written_from_afar(self, domain, user):
        domain.registry(DC, user, "createkey", RTC)
        domain.registry(DC, user, "setvalue", RTC, "Marking", "dword", "46")
        assert "Marking" in domain.registry(DC, user, "enumerate", RTC)

    def test_the_registry_is_not_written_by_just_anybody(self, domain):
        said = domain.registry(DC, "CORP\\alice%Wonder-land-1", "createkey", rf"{RTC}\Alice", check=False)
        assert "ACCESS_DENIED" in said

    def test_a_restart_forgets_nothing(self, domain):
        domain.registry(DC, f"CORP\\openuc%{OPERATOR}", "createkey", rf"{RTC}\Kept")
        domain.controller.run("service samba-ad-dc restart")
        domain.network.start(domain.controller, CONTROLLER)
        assert "Kept" in domain.registry(DC, f"CORP\\openuc%{OPERATOR}", "enumerate", RTC)
        assert domain.records("dc1.corp.contoso.com", "A") == DC


class TestRegistry:
    def test_its_user_writes_and_reads_it(self, domain, front_end):
        user = f"openuc%{OPERATOR}"
        domain.registry(FE, user, "createkey", RTC)
        domain.registry(FE, user, "setvalue", RTC, "Marking", "dword", "46")
        domain.registry(FE, user, "setvalue", RTC, "Name", "sz", "fe1")
        said = domain.registry(FE, user, "enumerate", RTC)
        assert [line.split(" = ")[1] for line in tidy(said)[:3]] == ["Marking", "REG_DWORD", "46"]
        assert [line.split(" = ")[1] for line in tidy(said)[3:]] == ["Name", "REG_SZ", '"fe1"']

    @pytest.mark.parametrize("user", ["openuc%wrong", "somebody%else", "%"], ids=["password", "name", "nobody"])
    def test_others_are_turned_away(self, domain, front_end, user):
        said = domain.registry(FE, user, "createkey", rf"{RTC}\Forbidden", check=False)
        assert "LOGON_FAILURE" in said or "ACCESS_DENIED" in said

    def test_a_restart_forgets_nothing(self, domain, front_end):
        domain.registry(FE, f"openuc%{OPERATOR}", "createkey", rf"{RTC}\Kept")
        front_end.run("service smbd restart")
        domain.network.start(front_end, MEMBER)
        assert "Kept" in domain.registry(FE, f"openuc%{OPERATOR}", "enumerate", RTC)


def tidy(text: str) -> list[str]:
    """Lines of what `net` prints, with one blank between words."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]
