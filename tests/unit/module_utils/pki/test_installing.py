# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates on the host that shows them: how they travel, how they are swapped in, and back."""

from __future__ import annotations

import json
import os
import ssl
import stat
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.journal import JournalError
from ansible_collections.openuc.ocs.plugins.module_utils.limits import Limits
from ansible_collections.openuc.ocs.plugins.module_utils.pki import bundles, installing
from ansible_collections.openuc.ocs.plugins.module_utils.pki.store import Store
from tests.unit.module_utils.pki.conftest import DAY, EDGE, FRONT, NOW, Estate, item


class Host:
    """A host that gets certificates of an estate."""

    def __init__(self, folder: Path, estate: Estate) -> None:
        self.folder, self.estate = folder, estate

    def material(self, name: str) -> bundles.Material:
        files = ("key.pem", "certificate.pem", "trust.pem")
        return bundles.Material(*(self.estate.path(file, name).read_bytes() for file in files))

    def run(self, *names: str, check: bool = False, send: bool = True, **options) -> installing.Outcome:
        materials = {name: self.material(name) for name in names}
        expected = [bundles.expected(name, material) for name, material in materials.items()]
        work = installing.Installation(installing.Options(str(self.folder), **options))
        return work.run(expected, materials if send else None, NOW, check=check)

    def snapshot(self) -> dict[str, object]:
        found: dict[str, object] = {}
        for path in sorted(self.folder.rglob("*")):
            if path.is_symlink():
                found[str(path)] = os.readlink(path)
            elif path.is_file() and path.name != "lock":
                found[str(path)] = path.read_bytes()
        return found


@pytest.fixture
def host(estate: Estate, tmp_path: Path) -> Host:
    estate.request(item(), item(EDGE))
    estate.issue(item(), item(EDGE))
    return Host(tmp_path / "etc", estate)


def told(outcome: installing.Outcome) -> list[str]:
    return [f"{operation.action} {operation.name}" for operation in outcome.operations]


def test_four_runs(host: Host):
    assert told(host.run(FRONT, check=True)) == [f"add certificate {FRONT}"]
    assert not host.folder.exists()
    assert told(host.run(FRONT)) == [f"add certificate {FRONT}"]
    before = host.snapshot()
    assert told(host.run(FRONT, send=False)) == []
    assert told(host.run(FRONT, check=True)) == []
    assert host.snapshot() == before


def test_nothing_is_sent_before_it_is_known_to_be_needed(host: Host):
    host.run(FRONT)
    outcome = host.run(FRONT, EDGE, send=False)
    assert (outcome.needed, told(outcome)) == ([EDGE], [])


def test_servers_can_load_what_is_installed_and_others_cannot_read_keys(host: Host):
    host.run(FRONT)
    folder = host.folder / FRONT
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    context.load_cert_chain(folder / "combined.pem")
    context.load_verify_locations(folder / "trust.pem")
    assert all(stat.S_IMODE((folder / name).stat().st_mode) == 0o600 for name in ("key.pem", "combined.pem"))


def test_what_is_told_of_it_holds_digests_and_days_and_no_key(host: Host):
    shown = host.run(FRONT).installed[0]
    assert shown["id"] == FRONT
    assert shown["days_left"] == 365
    assert shown["wrong"] == {}
    assert "PRIVATE" not in json.dumps(shown)
    assert host.run(FRONT).installed[0]["key_sha256"] == Store(str(host.estate.folder)).read(FRONT, NOW).key.fingerprint


@pytest.mark.parametrize("file", ["key.pem", "certificate.pem", "trust.pem", "combined.pem"])
def test_half_of_an_installation_is_mended(host: Host, file):
    host.run(FRONT)
    before = host.snapshot()
    (host.folder / FRONT / file).unlink()
    assert told(host.run(FRONT)) == [f"change certificate {FRONT}"]
    known = {path: data for path, data in host.snapshot().items() if ".journal" not in path}
    assert known == {path: data for path, data in before.items() if ".journal" not in path}


def test_a_key_that_others_can_read_is_mended(host: Host):
    host.run(FRONT)
    key = host.folder / FRONT / "key.pem"
    key.chmod(0o644)
    assert told(host.run(FRONT)) == [f"change certificate {FRONT}"]
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_renewed_certificate_is_swapped_in_and_back(host: Host):
    host.run(FRONT)
    old = (host.folder / FRONT / "certificate.pem").read_bytes()
    host.estate.issue(now=NOW + 340 * DAY)
    outcome = host.run(FRONT, run="renewal")
    assert told(outcome) == [f"change certificate {FRONT}"]
    assert (host.folder / FRONT / "certificate.pem").read_bytes() != old
    assert told(host.run(state="restored", run="renewal", check=True)) == [f"change certificate {FRONT}"]
    host.run(state="restored", run="renewal")
    assert (host.folder / FRONT / "certificate.pem").read_bytes() == old
    assert told(host.run(state="restored", run="renewal")) == []


def test_a_run_that_nobody_knows_is_told(host: Host):
    with pytest.raises(JournalError, match="'other' is not stored"):
        host.run(state="restored", run="other")
    assert "undo_id of the run" in host.run(state="restored").problems[0]


def test_a_run_is_not_restored_when_what_it_found_is_no_more(host: Host):
    host.run(FRONT)
    last = host.run(FRONT, state="deleted").run
    for path in (host.folder / ".sets" / FRONT).iterdir():
        path.rename(path.with_name(".gone"))
    assert host.run(state="restored", run=last).problems[0].endswith("is no more")


def test_what_was_put_there_by_hand_is_kept_until_it_is_brought_back(host: Host):
    (host.folder / FRONT).mkdir(parents=True)
    (host.folder / FRONT / "certificate.pem").write_text("by hand")
    outcome = host.run(FRONT)
    assert told(outcome) == [f"change certificate {FRONT}"]
    assert outcome.operations[0].before == "unusable"
    host.run(state="restored", run=outcome.run)
    assert (host.folder / FRONT / "certificate.pem").read_text() == "by hand"


def test_overridden_removes_ours_and_tells_of_others(host: Host):
    host.run(FRONT, EDGE)
    (host.folder / "foreign").mkdir()
    outcome = host.run(FRONT, state="overridden")
    assert told(outcome) == [f"remove certificate {EDGE}"]
    assert outcome.foreign == ["foreign"]
    assert not (host.folder / EDGE).exists()
    host.run(state="restored", run=outcome.run)
    assert (host.folder / EDGE / "key.pem").exists()


def test_more_than_a_few_are_removed_only_when_allowed(host: Host):
    host.run(FRONT, EDGE)
    before = host.snapshot()
    assert (
        "2 of our 2 certificates would go" in host.run(FRONT, EDGE, state="deleted", limits=Limits(1, 0.3)).problems[0]
    )
    assert host.snapshot() == before
    assert len(host.run(FRONT, EDGE, state="deleted").operations) == 2


def test_what_was_sent_must_be_what_was_announced(host: Host):
    announced = [bundles.expected(FRONT, host.material(FRONT))]
    work = installing.Installation(installing.Options(str(host.folder)))
    wrong = work.run(announced, {FRONT: host.material(EDGE)}, NOW, check=False)
    assert wrong.problems == [f"{FRONT}: what came is not what was announced: key_sha256, sha256, chain_sha256 differ"]
    mixed = bundles.Material(host.material(EDGE).key, host.material(FRONT).certificate, host.material(FRONT).trust)
    said = work.run(announced, {FRONT: mixed}, NOW, check=False).problems[0]
    assert said == f"{FRONT}: the certificate is for another key than the one beside it"
    assert work.run(announced, {EDGE: mixed}, NOW, check=False).problems == [f"{FRONT}: was not sent"]
    assert not (host.folder / FRONT).exists()


def test_only_the_newest_sets_stay(host: Host):
    for number in range(installing.MOST_SETS + 3):
        host.estate.issue(state="deleted")
        host.estate.issue()
        host.run(FRONT)
        for age, path in enumerate(sorted((host.folder / ".sets" / FRONT).iterdir(), key=os.path.getmtime)):
            os.utime(path, (number + age, number + age))
    assert len(list((host.folder / ".sets" / FRONT).iterdir())) == installing.MOST_SETS
    assert (host.folder / FRONT / "key.pem").exists()


class TestTravelling:
    def test_what_is_unpacked_is_what_was_packed(self, host: Host):
        materials = {name: host.material(name) for name in (FRONT, EDGE)}
        assert bundles.unpack(bundles.pack(materials, "secret"), "secret") == materials

    def test_no_key_can_be_read_on_the_way(self, host: Host):
        data = bundles.pack({FRONT: host.material(FRONT)}, "secret")
        assert b"PRIVATE KEY" not in data
        with pytest.raises(bundles.BundleError, match="the passphrase is wrong, or what was sent is damaged"):
            bundles.unpack(data, "guess")

    @pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"a": {}}', b'{"a": {"pkcs12": "!", "trust": ""}}'])
    def test_what_is_damaged_is_told(self, data):
        with pytest.raises(bundles.BundleError, match="nothing was changed"):
            bundles.unpack(data, "secret")
