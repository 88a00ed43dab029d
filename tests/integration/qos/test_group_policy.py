# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of Group Policy objects on a domain controller, beside what Samba's own tools and parser say of them."""

from __future__ import annotations

import itertools
import json
import re
import typing as t
from pathlib import Path

import pytest

from tests.integration.qos.conftest import CONTROLLER, DC, DOMAIN, FE, PASSWORDS, PSCHED, Site, value
from tests.integration.qos.test_remote import outcomes

AUDIO, VIDEO = value("ServiceTypeGuaranteed", 46), value("ServiceTypeControlledLoad", 34)
_numbers = itertools.count(1)

# Samba's own parser of the format, by its own definition of it.
PARSER = """
import json, sys
from samba.dcerpc import preg
from samba.ndr import ndr_unpack
found = ndr_unpack(preg.file, sys.stdin.buffer.read())
assert found.header.version == 1
print(json.dumps([[e.keyname, e.valuename, e.type, e.data if isinstance(e.data, int) else str(e.data)]
                  for e in found.entries]))
"""


@pytest.fixture
def name() -> str:
    return f"UC QoS test {next(_numbers)}"


def at(name: str, **options: t.Any) -> dict[str, t.Any]:
    return {
        "target": "hq",
        "gpo": name,
        "domain_controller": CONTROLLER,
        "address": DC,
        "account": "domain",
        **options,
    }


class Policy(t.NamedTuple):
    """What tools that are not ours see of an object."""

    guid: str
    version: int
    gpt_version: int
    extensions: str
    machine: list[list[t.Any]]


def seen(site: Site, name: str) -> Policy | None:
    asked = f"(&(objectClass=groupPolicyContainer)(displayName={name}))"
    said = site.controller.run(
        f"ldbsearch -H /var/lib/samba/private/sam.ldb '{asked}' name versionNumber gPCMachineExtensionNames"
    ).stdout
    found = dict(re.findall(r"(?m)^(\w+): (.*)$", said.replace("\n ", "")))
    if "name" not in found:
        return None
    folder = f"/var/lib/samba/sysvol/{DOMAIN}/Policies/{found['name']}"
    gpt = site.controller.run(f"cat '{folder}/GPT.INI'").stdout
    there = site.controller.run(f"[ -e '{folder}/Machine/Registry.pol' ]", check=False).returncode == 0
    parse = f"/usr/bin/python3 -c '{PARSER}' <'{folder}/Machine/Registry.pol'"
    machine = json.loads(site.controller.run(parse).stdout) if there else []
    version = re.search(r"(?i)version=(\d+)", gpt)
    assert version
    extensions = found.get("gPCMachineExtensionNames", "")
    return Policy(found["name"], int(found["versionNumber"]), int(version[1]), extensions, machine)


def test_check_apply_apply_check(site: Site, journal: Path, name: str) -> None:
    arguments = at(name, values=[AUDIO, VIDEO])
    promised = site.module(journal, **arguments, check=True)
    assert promised["changed"]
    assert promised["would_need"] == [f"Group Policy object '{name}', which is made with the first value"]
    assert seen(site, name) is None
    applied = site.module(journal, **arguments)
    assert "failed" not in applied, applied["msg"]
    assert applied["operations"] == promised["operations"]
    policy = seen(site, name)
    assert policy
    assert policy.machine == [[PSCHED, "ServiceTypeGuaranteed", 4, 46], [PSCHED, "ServiceTypeControlledLoad", 4, 34]]
    assert policy.version == policy.gpt_version == 1
    assert policy.extensions == ("[{35378EAC-683F-11D2-A89A-00C04FBBCFA2}{D02B1F72-3407-48AE-BA88-E8213C6761F1}]")
    assert not site.module(journal, **arguments)["changed"]
    assert not site.module(journal, **arguments, check=True)["changed"]
    assert seen(site, name) == policy


def test_a_change_raises_the_version_and_undoing_it_does_too(site: Site, journal: Path, name: str) -> None:
    site.module(journal, **at(name, values=[AUDIO]))
    run = site.module(journal, **at(name, values=[AUDIO, VIDEO]))["undo_id"]
    assert seen(site, name).version == 2
    undone = site.module(journal, **at(name, state="restored", run=run))
    assert undone["summary"] == "1 to remove"
    policy = seen(site, name)
    assert (policy.version, policy.gpt_version) == (3, 3)
    assert policy.machine == [[PSCHED, "ServiceTypeGuaranteed", 4, 46]]


def test_both_halves_have_their_own_file_and_count(site: Site, journal: Path, name: str) -> None:
    mine = value("Colour", "blue", "REG_SZ", r"Software\Contoso", "HKCU")
    result = site.module(journal, **at(name, values=[AUDIO, mine]))
    assert "failed" not in result, result["msg"]
    policy = seen(site, name)
    assert policy.version == policy.gpt_version == (1 << 16) + 1
    assert policy.machine == [[PSCHED, "ServiceTypeGuaranteed", 4, 46]]
    gathered = site.module(journal, **at(name, state="gathered", values=[AUDIO, mine]))["gathered"][0]
    assert gathered["values"] == [AUDIO, mine]
    assert not site.module(journal, **at(name, values=gathered["values"]))["changed"]


def test_what_others_set_in_the_object_stays(site: Site, journal: Path, name: str) -> None:
    theirs = value("Theirs", 1, key=r"SOFTWARE\Contoso")
    site.module(journal.parent / "another", **at(name, values=[theirs]))
    site.module(journal, **at(name, values=[AUDIO]))
    result = site.module(journal, **at(name, state="deleted"))
    assert result["summary"] == "1 to remove"
    assert seen(site, name).machine == [[r"SOFTWARE\Contoso", "Theirs", 4, 1]]


@pytest.mark.parametrize("left", ["folder", "file", "version"])
def test_what_a_killed_run_left_half_done_is_finished(site: Site, journal: Path, name: str, left: str) -> None:
    """The entry is there and its folder is not; or the file is old; or the file is new and GPT.INI is old."""
    site.module(journal, **at(name, values=[AUDIO]))
    folder = f"/var/lib/samba/sysvol/{DOMAIN}/Policies/{seen(site, name).guid}"
    spoil = {
        "folder": f"rm -r '{folder}'",
        "file": f"rm '{folder}/Machine/Registry.pol'",
        "version": f"sed -i s/Version=1/Version=0/ '{folder}/GPT.INI'",
    }
    site.controller.run(spoil[left])
    result = site.module(journal, **at(name, values=[AUDIO]))
    assert result["changed"]
    policy = seen(site, name)
    assert policy.machine == [[PSCHED, "ServiceTypeGuaranteed", 4, 46]]
    assert policy.version == policy.gpt_version == 2
    assert not site.module(journal, **at(name, values=[AUDIO]))["changed"]


def test_the_folder_has_the_rights_that_samba_wants_for_the_entry(site: Site, journal: Path, name: str) -> None:
    site.module(journal, **at(name, values=[AUDIO]))
    guid = seen(site, name).guid
    said = site.controller.run("samba-tool gpo aclcheck", check=False)
    assert guid not in said.stdout + said.stderr
    assert "samba-tool" not in said.stderr
    assert name in site.controller.run("samba-tool", "gpo", "listall").stdout


def test_kerberos_works_too(site: Site, journal: Path, name: str) -> None:
    result = site.module(journal, **at(name, values=[AUDIO], account="ticket"))
    assert "failed" not in result, result["msg"]
    assert seen(site, name).version == 1


@pytest.mark.parametrize(
    ("account", "passwords", "outcome"),
    [("domain", {"domain": "wrong"}, "wrong_password"), ("user", {}, "access_denied")],
)
def test_who_may_not_is_told_so(site, journal, name, account, passwords, outcome) -> None:
    result = site.module(journal, **at(name, values=[AUDIO], account=account), passwords={**PASSWORDS, **passwords})
    assert outcomes(result) == {"hq": outcome}, result["msg"]
    assert seen(site, name) is None


def test_a_host_without_sysvol_is_told_apart(site: Site, journal: Path, name: str) -> None:
    result = site.module(journal, **at(name, values=[AUDIO], address=FE, account="default"))
    assert outcomes(result) == {"hq": "no_directory"}, result["msg"]


def test_a_controller_that_does_not_share_sysvol_is_told_apart(site: Site, journal: Path, name: str) -> None:
    config = "/etc/samba/smb.conf"
    rename = "cp {config} /run/kept.conf && sed 's/^.sysvol.$/[elsewhere]/' /run/kept.conf >{config} && {reload}"
    reload = "smbcontrol all reload-config"
    site.controller.run(rename.format(config=config, reload=reload))
    try:
        result = site.module(journal, **at(name, values=[AUDIO]))
    finally:
        site.controller.run(f"cat /run/kept.conf >{config} && {reload}")
    assert outcomes(result) == {"hq": "no_share"}, result["msg"]
    assert "shares SYSVOL" in result["msg"]
    assert seen(site, name) is None


def test_a_file_that_is_no_policy_is_named(site: Site, journal: Path, name: str) -> None:
    site.module(journal, **at(name, values=[AUDIO]))
    path = f"/var/lib/samba/sysvol/{DOMAIN}/Policies/{seen(site, name).guid}/Machine/Registry.pol"
    site.controller.run(f"echo spoilt >'{path}'")
    result = site.module(journal, **at(name, values=[AUDIO]))
    assert outcomes(result) == {"hq": "damaged"}
    assert r"Machine\Registry.pol: byte 0: expected 5052656701000000" in result["msg"]
    assert site.controller.run(f"cat '{path}'").stdout == "spoilt\n"
