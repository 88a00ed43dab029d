# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and requests: made once, never replaced unless asked, and brought back."""

from __future__ import annotations

import errno
import json
import os
import stat
import typing as t

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ansible_collections.openuc.ocs.plugins.module_utils import files as shared_files
from ansible_collections.openuc.ocs.plugins.module_utils.files import FileError
from ansible_collections.openuc.ocs.plugins.module_utils.journal import JournalError
from ansible_collections.openuc.ocs.plugins.module_utils.limits import Limits
from ansible_collections.openuc.ocs.plugins.module_utils.pki import files, keys, requesting
from tests.unit.module_utils.pki.conftest import EDGE, FRONT, NOW, Estate, item, wanted


def told(outcome: requesting.Outcome) -> list[str]:
    return [f"{operation.action} {operation.name}" for operation in outcome.operations]


def test_four_runs(estate: Estate):
    first = estate.request(check=True)
    assert told(first) == [f"add key {FRONT}", f"add request {FRONT}"]
    assert not estate.folder.exists()
    assert told(estate.request()) == told(first)
    before = estate.snapshot()
    assert told(estate.request()) == []
    assert told(estate.request(check=True)) == []
    assert estate.snapshot() == before


def test_a_request_says_all_that_the_plan_says_in_its_order(estate: Estate):
    sans = ["pool.contoso.com", "sip.contoso.com", "192.0.2.1"]
    chosen = requesting.Options(str(estate.folder))
    requesting.run(
        chosen, wanted(item(sans=sans, eku=["server", "client"]), organisation="A, B", country="DE"), NOW, check=False
    )
    found = x509.load_pem_x509_csr(estate.path("request.pem").read_bytes())
    assert found.is_signature_valid
    assert [(a.oid, a.value) for a in found.subject] == [
        (NameOID.COUNTRY_NAME, "DE"),
        (NameOID.ORGANIZATION_NAME, "A, B"),
        (NameOID.COMMON_NAME, "pool.contoso.com"),
    ]
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == sans
    uses = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not found.extensions.get_extension_for_class(x509.KeyUsage).value.key_encipherment


@pytest.mark.parametrize(("algorithm", "bits", "hash_name"), [("rsa", 2048, "sha256"), ("ecdsa", 384, "sha384")])
def test_keys_are_of_the_kind_that_is_wanted(estate: Estate, algorithm, bits, hash_name):
    estate.request(item(key_algorithm=algorithm, key_bits=bits))
    key = serialization.load_pem_private_key(estate.path("key.pem").read_bytes(), None)
    assert key.key_size == bits
    found = x509.load_pem_x509_csr(estate.path("request.pem").read_bytes())
    assert found.signature_hash_algorithm.name == hash_name
    assert found.extensions.get_extension_for_class(x509.KeyUsage).value.key_encipherment is (algorithm == "rsa")


def test_several_rsa_keys_are_made_by_several_processes_and_each_has_its_own(estate: Estate):
    kinds = ("rsa", "ecdsa", "rsa", "rsa")
    sizes = {"rsa": 2048, "ecdsa": 256}
    items = [item(f"row@{n}", key_algorithm=kind, key_bits=sizes[kind]) for n, kind in enumerate(kinds)]
    made = keys.make(wanted(*items))
    assert [keys.facts(one.key).algorithm for one in made] == list(kinds)
    assert len({one.pem for one in made}) == len(kinds)
    assert all(keys.facts(keys.load(one.pem)) == keys.facts(one.key) for one in made)
    assert "PRIVATE" not in repr(made)


def test_only_their_owner_can_read_what_is_made(estate: Estate):
    old = os.umask(0)
    try:
        estate.request()
    finally:
        os.umask(old)
    for path in (estate.folder, *estate.folder.rglob("*")):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_a_key_that_others_can_read_is_closed_and_kept(estate: Estate):
    estate.request()
    key = estate.path("key.pem")
    before = key.read_bytes()
    key.chmod(0o644)
    outcome = estate.request()
    assert [(o.name, o.before, o.after) for o in outcome.operations] == [(f"mode of key {FRONT}", "0644", "0600")]
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_bytes() == before


def test_other_names_need_another_request_for_the_same_key(estate: Estate):
    estate.request()
    key = estate.path("key.pem").read_bytes()
    outcome = estate.request(item(sans=["pool.contoso.com"]))
    assert told(outcome) == [f"change request {FRONT}"]
    assert outcome.operations[0].why == "sans pool.contoso.com sip.contoso.com -> pool.contoso.com"
    assert estate.path("key.pem").read_bytes() == key


class TestReplacingKeys:
    @pytest.fixture(autouse=True)
    def _other_key(self, estate: Estate):
        estate.request()

    def other(self, estate: Estate, regenerate: str) -> requesting.Outcome:
        return estate.request(item(key_bits=384), regenerate=regenerate)

    def test_fail_says_what_would_replace_it(self, estate: Estate):
        before = estate.snapshot()
        outcome = self.other(estate, "fail")
        assert outcome.problems == (
            (
                f"{FRONT}: the key is ecdsa 256, wanted is ecdsa 384. Nothing was changed; "
                "regenerate: full_idempotence would replace it, and the certificate made for it would be of no more use"
            ),
        )
        assert estate.snapshot() == before

    def test_never_keeps_it_and_says_that_it_is_wrong(self, estate: Estate):
        outcome = self.other(estate, "never")
        assert "key" in outcome.statuses[0].wrong
        assert f"change key {FRONT}" not in told(outcome)

    @pytest.mark.parametrize("regenerate", ["partial_idempotence", "full_idempotence"])
    def test_the_others_replace_it_with_its_request(self, estate: Estate, regenerate):
        assert told(self.other(estate, regenerate)) == [f"change key {FRONT}", f"change request {FRONT}"]
        assert self.other(estate, "fail").statuses[0].state == "requested"

    def test_a_broken_key_is_replaced_by_full_idempotence_only(self, estate: Estate):
        estate.path("key.pem").write_text("-----BEGIN PRIVATE KEY-----\nhalf")
        for regenerate in ("fail", "partial_idempotence"):
            assert "holds no usable private key" in estate.request(regenerate=regenerate).problems[0]
        assert told(estate.request(regenerate="full_idempotence"))[0] == f"change key {FRONT}"

    def test_the_certificate_of_a_key_that_goes_goes_with_it_and_both_come_back(self, estate: Estate):
        estate.issue()
        before = {file: estate.path(file).read_bytes() for file in ("key.pem", "request.pem", "certificate.pem")}
        outcome = self.other(estate, "full_idempotence")
        assert f"remove certificate {FRONT}" in told(outcome)
        assert not estate.path("certificate.pem").exists()
        estate.request(state="restored", run=outcome.run)
        assert {file: estate.path(file).read_bytes() for file in before} == before


def test_a_key_with_a_password_is_told(estate: Estate):
    estate.request()
    path = estate.path("key.pem")
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    assert "the key has a password; put it there without one" in estate.request().problems[0]


def test_one_key_of_two_certificates_is_told_where_it_must_be_its_own(estate: Estate):
    both = [item(), item(EDGE, own_key=True)]
    estate.request(*both)
    estate.path("key.pem", EDGE).write_bytes(estate.path("key.pem").read_bytes())
    outcome = estate.request(*both)
    assert outcome.statuses[1].wrong == {"key": f"the key is that of {FRONT} too, and must be nobody else's"}
    assert outcome.statuses[0].wrong == {}


def test_what_is_gathered_is_what_was_asked_for_and_changes_nothing(estate: Estate):
    asked = [item(own_key=False), item(EDGE, own_key=True)]
    estate.request(*asked)
    found = list(estate.request(state="gathered").gathered)
    assert sorted(found, key=lambda one: one["id"], reverse=True) == asked
    assert told(estate.request(*found)) == []


def test_overridden_removes_ours_of_the_same_issuer_and_nothing_else(estate: Estate):
    estate.request(item(EDGE))
    estate.request(item("public@x"), issuer="public")
    estate.path("", "by-hand").mkdir()
    outcome = estate.request(state="overridden")
    assert told(outcome)[-1] == f"remove certificate {EDGE}"
    assert outcome.foreign == ["by-hand"]
    assert sorted(p.name for p in (estate.folder / "certificates").iterdir()) == ["by-hand", FRONT, "public@x"]
    estate.request(state="restored", run=outcome.run)
    assert estate.path("key.pem", EDGE).exists()
    assert not estate.path("key.pem").exists()


def test_more_than_a_few_are_removed_only_when_allowed(estate: Estate):
    items = [item(f"row@{n}") for n in range(3)]
    estate.request(*items)
    before = estate.snapshot()
    (said,) = estate.request(*items, state="deleted", limits=Limits(2, 0.3)).problems
    assert said.startswith("nothing was changed, since 3 of our 3 certificates would go (row@0, row@1, row@2), ")
    assert estate.snapshot() == before
    assert len(estate.request(*items, state="deleted", limits=Limits(3, 0.3)).operations) == 3


def test_a_ratio_stops_what_a_number_does_not(estate: Estate):
    items = [item(f"row@{n}") for n in range(10)]
    estate.request(*items)
    (said,) = estate.request(*items[:4], state="deleted").problems
    assert "4 of our 10 certificates would go (row@0, row@1, row@2, row@3), more than most_deleted_ratio (30%)" in said


def test_two_runs_at_once_are_told_apart(estate: Estate):
    estate.request()
    store = requesting.Store(str(estate.folder))
    with store.locked(), pytest.raises(JournalError, match="another run works here"):
        estate.request(item(EDGE))


def test_a_run_that_nobody_knows_is_told(estate: Estate):
    run = estate.request().run
    with pytest.raises(JournalError, match=rf"'other' is not stored in .*; stored are {run}"):
        estate.request(state="restored", run="other")
    with pytest.raises(FileError, match="undo_id of the run"):
        estate.request(state="restored")


def test_what_a_killed_run_left_is_removed_and_gone_on_from(estate: Estate):
    estate.request()
    half = estate.path(".half-key.pem-abcd")
    half.write_text("half")
    estate.path("request.pem").unlink()
    key = estate.path("key.pem").read_bytes()
    assert told(estate.request()) == [f"add request {FRONT}"]
    assert not half.exists()
    assert estate.path("key.pem").read_bytes() == key


class Killed(BaseException):
    """As good as a signal: nothing catches it by accident."""


@pytest.mark.parametrize("after", range(8))
def test_a_run_killed_after_any_write_is_completed_by_the_next_and_can_be_undone(estate: Estate, monkeypatch, after):
    estate.request()
    estate.issue()
    before = estate.snapshot()
    target = [item(key_bits=384), item(EDGE)]
    replace, count = os.replace, [0]

    def failing(source: t.Any, destination: t.Any) -> None:
        count[0] += 1
        if count[0] > after:
            raise Killed
        replace(source, destination)

    monkeypatch.setattr(shared_files.os, "replace", failing)
    with pytest.raises(Killed):
        estate.request(*target, regenerate="full_idempotence", run="r1")
    monkeypatch.setattr(shared_files.os, "replace", replace)
    for name in (FRONT, EDGE):
        path = estate.path("key.pem", name)
        if path.exists():
            keys.load(path.read_bytes())
    outcome = estate.request(*target, regenerate="full_idempotence", run="r1")
    assert [status.state for status in outcome.statuses] == ["requested", "requested"]
    estate.request(state="restored", run="r1")
    certificates = {path: data for path, data in before.items() if path.startswith("certificates/")}
    assert {p: d for p, d in estate.snapshot().items() if p.startswith("certificates/")} == certificates


def test_a_full_disk_leaves_the_old_key_and_says_so(estate: Estate, monkeypatch):
    estate.request()
    key = estate.path("key.pem").read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shared_files.os, "fsync", full)
    with pytest.raises(files.PROBLEMS, match=r"No space left on device\. Mend its permissions, or make room"):
        estate.request(item(key_bits=384), regenerate="full_idempotence")
    assert estate.path("key.pem").read_bytes() == key
    assert not list(estate.folder.rglob(".half-*"))


def test_five_hundred_names_fit(estate: Estate):
    sans = [f"host{n}.contoso.com" for n in range(500)]
    estate.request(item(sans=sans))
    assert estate.request(item(sans=sans), check=True).statuses[0].state == "requested"


def test_a_spoilt_record_is_written_anew(estate: Estate):
    estate.request()
    estate.path("request.json").write_text("{half")
    assert told(estate.request()) == [f"change record {FRONT}"]
    assert json.loads(estate.path("request.json").read_text())["hosts"] == ["fe1", "fe2"]


def test_a_text_is_parsed_as_facts(estate: Estate):
    estate.request()
    found = requesting.parse(estate.path("request.pem").read_text())
    assert [(one["subject"], one["sans"]) for one in found] == [
        ("pool.contoso.com", ["pool.contoso.com", "sip.contoso.com"])
    ]
    estate.issue()
    chain = requesting.parse(estate.path("certificate.pem").read_text())
    assert [one["subject"] for one in chain] == ["pool.contoso.com", "Contoso Issuing CA"]
    assert chain[0]["crl"] == ["http://pki.contoso.com/issuing.crl"]
    with pytest.raises(ValueError, match="a block of X509 CRL is not expected among certificates"):
        requesting.parse("-----BEGIN X509 CRL-----\n-----END X509 CRL-----")


def test_only_some_are_picked_by_name():
    assert requesting.picked([item(), item(EDGE)], [EDGE]) == ([item(EDGE)], [])
    assert requesting.picked([item()], ["front@pool.contoso.co"])[1] == [
        f"only: 'front@pool.contoso.co' is in no request; did you mean {FRONT}?"
    ]
