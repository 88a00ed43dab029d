# SPDX-License-Identifier: GPL-3.0-or-later
"""The role and the action as a user meets them, by ansible-playbook where the hosts can be reached."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.integration.qos.conftest import ADMINISTRATOR, CONTROLLER, DC, DOMAIN, FE, MED, OPERATOR, PSCHED, Site, value
from tests.integration.qos.test_group_policy import seen
from tests.support import ROOT

HOSTS = {
    f"fe1.{DOMAIN}": {"uc_addresses": FE, "uc_backend": {"qos": "registry_rpc"}, "qos_account": "local"},
    f"med1.{DOMAIN}": {"uc_addresses": {"internal": MED}},
    CONTROLLER: {"uc_addresses": [f"{DC}/24"], "uc_backend": {"qos": "registry_rpc"}},
    "cwa1.contoso.com": {"uc_addresses": "10.99.0.200", "uc_backend": {"qos": "registry_rpc"}},
}
AUDIO, VIDEO = value("ServiceTypeGuaranteed", 46), value("ServiceTypeControlledLoad", 34)


def planned(item: dict[str, t.Any], stage: str, **more: str) -> dict[str, t.Any]:
    return {"id": f"row@{item['name']}", "stage": stage, "why": ["row"], "replaces": "", **item, **more}


class Estate(t.NamedTuple):
    site: Site
    folder: Path

    def slice(self, path: str, **content: t.Any) -> None:
        file = self.folder / "plan/slices/qos_registry" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"state": "replaced", **content}))

    def play(self, *arguments: str, tasks_from: str = "main", **options: t.Any) -> tuple[int, str]:
        """Run the role on all hosts; how it ended and all that was said."""
        role = {"name": "openuc.ocs.qos", "tasks_from": tasks_from}
        given = {
            "qos_plan_dir": str(self.folder / "plan"),
            "qos_accounts": {"default": {"user": "openuc", "domain": "CORP"}, "local": {"user": "openuc"}},
            "qos_passwords": {"default": "{{ vaulted }}", "local": "{{ vaulted }}"},
            "vaulted": OPERATOR,
            **options,
        }
        task = {"ansible.builtin.include_role": role, "vars": given}
        (self.folder / "play.yml").write_text(
            yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": [task]}])
        )
        program = str(Path(sys.executable).parent / "ansible-playbook")
        command = [program, "-i", str(self.folder / "inventory"), str(self.folder / "play.yml"), *arguments]
        done = subprocess.run(
            self.site.command(*command),
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
            cwd=ROOT,
            env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
        )
        said = done.stdout + done.stderr
        assert OPERATOR not in said
        assert ADMINISTRATOR not in said
        return done.returncode, said


@pytest.fixture
def estate(site: Site, tmp_path: Path) -> Estate:
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory/hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": HOSTS}}))
    (tmp_path / "plan").mkdir()
    (tmp_path / "plan/manifest.json").write_text("{}")
    return Estate(site, tmp_path)


def test_hosts_policies_and_files_each_in_their_way(estate: Estate) -> None:
    """fe1 over the network, the population's object on the domain controller, med1 by a file; cwa1 has no slice."""
    site = estate.site
    for host in (f"fe1.{DOMAIN}", f"med1.{DOMAIN}"):
        values = [planned(AUDIO, "first_pool"), planned(VIDEO, "voice")]
        estate.slice(f"{host}.json", target=host, gpo="", values=values)
    population = {"target": "hq", "gpo": "UC QoS by role", "values": [planned(AUDIO, "preflight")]}
    estate.slice(f"{CONTROLLER}/hq.json", **population)
    reached = {"qos_stages": ["preflight", "first_pool"], "qos_run": "deploy-1"}

    code, said = estate.play("--check", "--diff", **reached)
    assert code == 0, said
    assert rf"fe1.{DOMAIN}: HKLM\{PSCHED}:ServiceTypeGuaranteed REG_DWORD 46" in said
    assert site.values(FE) == {}
    assert seen(site, "UC QoS by role") is None
    assert not (estate.folder / "inventory.estate").exists()

    code, said = estate.play(**reached)
    assert code == 0, said
    assert site.values(FE) == {"ServiceTypeGuaranteed": ("REG_DWORD", "46")}
    assert seen(site, "UC QoS by role").machine == [[PSCHED, "ServiceTypeGuaranteed", 4, 46]]
    assert site.values(MED) == {}
    rendered = estate.folder / "inventory.estate/rendered/qos" / f"med1.{DOMAIN}.reg"
    assert '"ServiceTypeGuaranteed"=dword:0000002e' in rendered.read_bytes().decode("utf-16")

    code, said = estate.play(**reached)
    assert (code, "changed=0" in said, "changed=1" in said) == (0, True, False), said

    code, said = estate.play(tasks_from="restore", **reached)
    assert code == 0, said
    assert site.values(FE) == {}
    assert seen(site, "UC QoS by role").machine == []


def test_a_host_that_cannot_be_reached_fails_alone_and_says_why(estate: Estate) -> None:
    for host in (f"fe1.{DOMAIN}", "cwa1.contoso.com"):
        estate.slice(f"{host}.json", target=host, gpo="", values=[planned(AUDIO, "first_pool")])
    # Ansible's own Python lacks Samba's libraries here: the module looks for one that has them.
    code, said = estate.play(qos_timeout=3, qos_run="deploy-2", qos_python=sys.executable)
    assert code == 2
    assert "cwa1.contoso.com: 10.99.0.200, TCP port 445: " in said
    assert "see whether the host is up" in said
    assert estate.site.values(FE) == {"ServiceTypeGuaranteed": ("REG_DWORD", "46")}
    code, said = estate.play(tasks_from="restore", qos_run="deploy-2")
    assert code == 0, said
    assert estate.site.values(FE) == {}


def test_passwords_come_out_of_a_vault(estate: Estate) -> None:
    """Encrypted in the inventory, as `ansible-vault encrypt_string` writes it, and in no output."""
    key = estate.folder / "vault.key"
    key.write_text("of this test only\n")
    key.chmod(0o600)
    program = str(Path(sys.executable).parent / "ansible-vault")
    command = [program, "encrypt_string", "--vault-password-file", str(key), "--name", "secret", OPERATOR]
    secret = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    (estate.folder / "inventory/group_vars").mkdir()
    (estate.folder / "inventory/group_vars/all.yml").write_text(secret)
    estate.slice(f"fe1.{DOMAIN}.json", target=f"fe1.{DOMAIN}", gpo="", values=[planned(AUDIO, "first_pool")])
    given = {"vaulted": "{{ secret }}", "qos_run": "vaulted"}
    code, said = estate.play("-vvv", "--vault-password-file", str(key), **given)
    assert code == 0, said
    assert estate.site.values(FE) == {"ServiceTypeGuaranteed": ("REG_DWORD", "46")}
    code, said = estate.play("--vault-password-file", str(key), tasks_from="restore", **given)
    assert code == 0, said


def test_undoing_a_run_that_never_began_is_no_error(estate: Estate) -> None:
    estate.slice(f"fe1.{DOMAIN}.json", target=f"fe1.{DOMAIN}", gpo="", values=[])
    code, said = estate.play(tasks_from="restore", qos_run="never")
    assert code == 0, said
    assert "changed=1" not in said


def test_an_estate_without_slices_is_left_alone(estate: Estate) -> None:
    code, said = estate.play()
    assert code == 0, said
    assert said.count("changed=0") == len(HOSTS)


def test_a_folder_without_a_plan_is_refused(estate: Estate) -> None:
    (estate.folder / "plan/manifest.json").unlink()
    code, said = estate.play()
    assert code != 0
    assert f"{estate.folder / 'plan'} holds no manifest.json, so there is no plan to apply" in " ".join(said.split())
