# SPDX-License-Identifier: GPL-3.0-or-later
"""The authority made here, judged by OpenSSL, and what other authorities sent back."""

from __future__ import annotations

import datetime
import shutil
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from ansible_collections.openuc.ocs.plugins.module_utils.files import FileError
from ansible_collections.openuc.ocs.plugins.module_utils.pki import certificates, issuers, issuing, revocation
from ansible_collections.openuc.ocs.plugins.module_utils.pki.authority import Authority
from tests.unit.module_utils.pki.conftest import DAY, EDGE, FRONT, NOW, Estate, item, there_and_back, wanted


def told(outcome: issuing.Outcome) -> list[str]:
    return [f"{operation.action} {operation.name}" for operation in outcome.operations]


def leaf(estate: Estate, name: str = FRONT) -> x509.Certificate:
    return x509.load_pem_x509_certificate(estate.path("certificate.pem", name).read_bytes())


def value(certificate: x509.Certificate, kind: type) -> object:
    return certificate.extensions.get_extension_for_class(kind).value


def openssl(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *words], capture_output=True, text=True, check=False)


def verified(estate: Estate, name: str = FRONT) -> subprocess.CompletedProcess[str]:
    """By OpenSSL, with revocation lists of all levels."""
    lists = []
    for level in ("root", "issuing"):
        path = estate.folder / f"{level}.crl.pem"
        der = str(estate.folder / "published" / f"{level}.crl")
        assert openssl("crl", "-inform", "DER", "-in", der, "-out", str(path)).returncode == 0
        lists += ["-CRLfile", str(path)]
    chain = str(estate.path("certificate.pem", name))
    moment = str(int((NOW + DAY).timestamp()))
    trust = str(estate.path("trust.pem", name))
    options = ["-crl_check_all", "-x509_strict", "-attime", moment, "-purpose", "sslserver"]
    return openssl("verify", *options, *lists, "-CAfile", trust, "-untrusted", chain, chain)


class TestOurAuthority:
    def test_four_runs(self, estate: Estate):
        first = estate.issue(check=True)
        assert first.would_need == [FRONT]
        assert not estate.folder.exists()
        estate.request()
        promised = told(estate.issue(check=True))
        assert told(estate.issue()) == [
            "add authority Contoso",
            f"add certificate {FRONT}",
            "change revocation list root",
            "change revocation list issuing",
        ]
        assert [words.split(" ", 1)[1] for words in promised] == [
            "authority Contoso",
            f"certificate {FRONT}",
            "revocation list root",
            "revocation list issuing",
        ]
        before = estate.snapshot()
        assert told(estate.issue()) == []
        assert told(estate.issue(check=True)) == []
        assert estate.snapshot() == before

    @pytest.mark.parametrize("check", [True, False])
    def test_where_nothing_is_wanted_no_authority_is_made(self, estate: Estate, check: bool):
        nothing = issuing.Options(str(estate.folder), profile=estate.profile)
        assert told(issuers.run(nothing, [], NOW, check=check)) == []
        assert not (estate.folder / "authority").exists()

    def test_openssl_accepts_what_it_issues_with_revocation_lists(self, issued: Estate):
        done = verified(issued)
        assert done.returncode == 0, done.stderr

    def test_openssl_refuses_what_was_revoked(self, issued: Estate):
        serial = f"{leaf(issued).serial_number:X}"
        outcome = issued.issue(item(EDGE) | {"hosts": []}, check=True, revoke=(serial,))
        assert outcome.would_need == [EDGE]
        outcome = issuers.run(
            issuing.Options(str(issued.folder), profile=issued.profile, revoke=(serial,), reason="key_compromise"),
            [],
            NOW,
            check=False,
        )
        assert told(outcome) == [f"change revocation {serial.lower()}", "change revocation list issuing"]
        done = verified(issued)
        assert done.returncode != 0
        assert "certificate revoked" in done.stderr

    def test_a_certificate_that_was_revoked_is_issued_anew(self, issued: Estate):
        before = leaf(issued).serial_number
        issued.issue(revoke=(f"{before:x}",))
        assert leaf(issued).serial_number != before
        assert verified(issued).returncode == 0

    def test_a_certificate_says_where_lists_and_issuer_are(self, issued: Estate):
        found = leaf(issued)
        points = [point.full_name[0].value for point in value(found, x509.CRLDistributionPoints)]
        places = [place.access_location.value for place in value(found, x509.AuthorityInformationAccess)]
        assert points == ["http://pki.contoso.com/issuing.crl"]
        assert places == ["http://pki.contoso.com/issuing.crt"]

    def test_a_certificate_says_what_was_asked_for_and_cannot_issue(self, issued: Estate):
        found = leaf(issued)
        assert [name.value for name in value(found, x509.SubjectAlternativeName)] == [
            "pool.contoso.com",
            "sip.contoso.com",
        ]
        assert value(found, x509.BasicConstraints).ca is False
        assert found.not_valid_after_utc == NOW + 365 * DAY

    def test_the_chain_is_complete_and_the_root_stands_apart(self, issued: Estate):
        chain = certificates.load_all(issued.path("certificate.pem").read_bytes())
        roots = certificates.load_all(issued.path("trust.pem").read_bytes())
        assert [one.subject.rfc4514_string() for one in chain[1:]] == ["CN=Contoso Issuing CA"]
        assert [one.subject.rfc4514_string() for one in roots] == ["CN=Contoso Root CA"]

    def test_the_authorities_may_sign_only_what_they_are_for(self, issued: Estate):
        for level, length in (("root", 1), ("issuing", 0)):
            found = x509.load_pem_x509_certificate((issued.folder / "authority" / f"{level}.pem").read_bytes())
            assert value(found, x509.BasicConstraints) == x509.BasicConstraints(ca=True, path_length=length)
            usage = value(found, x509.KeyUsage)
            assert (usage.key_cert_sign, usage.crl_sign, usage.digital_signature) == (True, True, False)

    def test_its_root_can_be_offline(self, issued: Estate):
        (issued.folder / "authority" / "root.key").unlink()
        issued.request(item(EDGE))
        assert told(issued.issue(item(EDGE))) == [f"add certificate {EDGE}"]

    def test_the_root_is_asked_for_when_its_list_is_due(self, issued: Estate):
        (issued.folder / "authority" / "root.key").unlink()
        outcome = issued.issue(now=NOW + 200 * DAY)
        assert outcome.problems == [
            f"{issued.folder}/authority/root.key is away; bring it back for a moment, since the list of root is due"
        ]

    def test_lists_are_signed_anew_when_half_of_their_life_is_over(self, issued: Estate):
        assert told(issued.issue(now=NOW + 3 * DAY)) == []
        assert told(issued.issue(now=NOW + 4 * DAY)) == ["change revocation list issuing"]

    def test_a_certificate_is_renewed_when_little_life_is_left(self, issued: Estate):
        assert f"change certificate {FRONT}" not in told(issued.issue(now=NOW + 334 * DAY))
        outcome = issued.issue(now=NOW + 336 * DAY)
        renewed = next(o for o in outcome.operations if o.name == f"certificate {FRONT}")
        assert (renewed.action, renewed.why) == ("change", "expiring")
        assert outcome.statuses[0].days_left == 365

    def test_other_names_are_issued_after_their_request_only(self, issued: Estate):
        other = item(sans=["pool.contoso.com", "new.contoso.com"])
        assert issued.issue(other).problems == [
            f"{FRONT}: has no key and request that fit; run certificate_request for it first"
        ]
        issued.request(other)
        outcome = issued.issue(other)
        assert outcome.operations[0].why == (
            "alternative names lack new.contoso.com; there are pool.contoso.com sip.contoso.com"
        )
        assert outcome.statuses[0].state == "issued"

    def test_four_runs_there_and_back(self, issued: Estate):
        there_and_back(issued, issued.issue)

    def test_what_goes_is_revoked_and_its_key_stays(self, issued: Estate):
        outcome = issued.issue(state="deleted")
        assert [words.split(" ")[1] for words in told(outcome)] == ["revocation", "certificate", "revocation"]
        assert issued.path("key.pem").exists()
        assert not issued.path("certificate.pem").exists()

    def test_a_killed_run_leaves_no_certificate_that_cannot_be_revoked(self, estate: Estate, monkeypatch):
        estate.request()

        def killed(*_words: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(issuing.Issuing, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            estate.issue()
        monkeypatch.undo()
        authority = Authority(estate.folder, estate.profile)
        assert len(authority.issued_for(FRONT)) == 1
        assert estate.issue().statuses[0].state == "issued"

    @pytest.mark.parametrize("file", ["root.pem", "issuing.pem"])
    def test_an_authority_killed_while_it_was_made_is_completed(self, issued: Estate, file):
        (issued.folder / "authority" / "issuing.pem").unlink()
        (issued.folder / "authority" / file).unlink(missing_ok=True)
        shutil.rmtree(issued.folder / "published")
        issued.path("certificate.pem").unlink()
        assert issued.issue().statuses[0].state == "issued"
        assert verified(issued).returncode == 0

    def test_a_spoilt_ledger_stops_everything(self, issued: Estate):
        path = issued.folder / "authority" / "issued.json"
        path.write_text("{half")
        with pytest.raises(FileError, match=r"issued\.json is spoilt .*; bring it back from a backup"):
            issued.issue()

    def test_a_key_of_another_authority_is_told(self, issued: Estate):
        folder = issued.folder / "authority"
        shutil.copy(folder / "root.key", folder / "issuing.key")
        issued.path("certificate.pem").unlink()
        with pytest.raises(FileError, match=r"issuing\.key is not the key of"):
            issued.issue()


class OtherAuthority:
    """As little as it takes to send certificates back."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.root = self.sign(self.key.public_key(), "Other Root", ca=True)
        self.trust = estate.folder / "other-root.pem"
        self.trust.write_bytes(self.root.public_bytes(serialization.Encoding.PEM))

    def sign(self, public, subject, *, ca=False, sans=(), start=NOW - DAY, days=90, eku=True, crl=True):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Other Root")])
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(public)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(start).not_valid_after(start + datetime.timedelta(days=days))
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        if not ca:
            own = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
            builder = builder.add_extension(own, critical=False)
        if sans:
            names = x509.SubjectAlternativeName([x509.DNSName(one) for one in sans])
            builder = builder.add_extension(names, critical=False)
            if eku:
                uses = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH])
                builder = builder.add_extension(uses, critical=False)
            if crl:
                uri = [x509.UniformResourceIdentifier("http://crl.example.org/a.crl")]
                points = x509.CRLDistributionPoints([x509.DistributionPoint(uri, None, None, None)])
                builder = builder.add_extension(points, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def answer(self, ending: str = ".cer", **changes) -> None:
        csr = x509.load_pem_x509_csr(self.estate.path("request.pem").read_bytes())
        options = {"sans": ("pool.contoso.com", "sip.contoso.com"), **changes}
        subject = options.pop("subject", "pool.contoso.com")
        made = self.sign(options.pop("public", csr.public_key()), subject, **options)
        self.send(ending, made)

    def send(self, ending: str, made: x509.Certificate) -> None:
        encoding = serialization.Encoding
        data = {
            ".cer": made.public_bytes(encoding.DER),
            ".pem": b"Here it is:\n" + made.public_bytes(encoding.PEM),
            ".p7b": pkcs7.serialize_certificates([self.root, made], encoding.DER),
            ".p7c": pkcs7.serialize_certificates([made], encoding.PEM),
        }[ending]
        self.raw(ending, data)

    def raw(self, ending: str, data: bytes) -> None:
        folder = self.estate.folder / "returned"
        folder.mkdir(exist_ok=True)
        (folder / f"front_pool.contoso.com{ending}").write_bytes(data)

    def accept(self, **options) -> issuing.Outcome:
        return self.estate.issue(**{"authority": "returned", "trust": str(self.trust), **options})


@pytest.fixture
def other(estate: Estate) -> OtherAuthority:
    estate.request()
    return OtherAuthority(estate)


class TestReturned:
    def test_who_has_sent_nothing_is_waited_for(self, other: OtherAuthority):
        outcome = other.accept()
        assert (outcome.waiting, outcome.problems, told(outcome)) == ([FRONT], [], [])

    @pytest.mark.parametrize("ending", [".cer", ".pem", ".p7b", ".p7c"])
    def test_four_runs_with_every_form(self, other: OtherAuthority, ending):
        other.answer(ending)
        assert told(other.accept(check=True)) == [f"add certificate {FRONT}"]
        assert not other.estate.path("certificate.pem").exists()
        assert told(other.accept()) == [f"add certificate {FRONT}"]
        assert other.accept().statuses[0].state == "issued"
        assert told(other.accept()) == []

    def test_four_runs_there_and_back(self, other: OtherAuthority):
        other.answer()
        assert other.accept().problems == []
        there_and_back(other.estate, other.accept)

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"sans": ("pool.contoso.com",)}, "name: alternative names lack sip.contoso.com; there are pool.conto"),
            ({"subject": "www.contoso.com"}, "name: the subject is www.contoso.com, wanted is pool.contoso.com"),
            ({"eku": False}, "eku: extended key usage lacks server; there is none"),
            ({"crl": False}, "crl: no CRL distribution point is named"),
            ({"start": NOW - 100 * DAY}, "date: it expired at 2026-11-11 12:00Z; the clock of this host says 2026"),
            ({"start": NOW + DAY}, "date: it is valid from 2026-11-22 12:00Z on; the clock of this host says"),
            ({"public": ec.generate_private_key(ec.SECP256R1()).public_key()}, "no certificate in it is for the key"),
        ],
    )
    def test_what_is_not_what_was_asked_for_is_not_accepted(self, other: OtherAuthority, changes, said):
        other.answer(**changes)
        before = other.estate.snapshot()
        outcome = other.accept()
        assert len(outcome.problems) == 1
        assert said in outcome.problems[0]
        assert outcome.problems[0].endswith("It was not accepted, and nothing was overwritten")
        assert other.estate.snapshot() == before

    @pytest.mark.parametrize("data", [b"", b"<html>Bad gateway</html>", b"-----BEGIN CERTIFICATE-----\nMIIB", b"\x30"])
    def test_nonsense_is_told(self, other: OtherAuthority, data):
        other.raw(".cer", data)
        assert "It was not accepted" in other.accept().problems[0]

    def test_an_authority_that_is_not_trusted_is_told(self, other: OtherAuthority):
        other.answer()
        stranger = OtherAuthority(other.estate)
        outcome = stranger.accept()
        assert "pool.contoso.com is issued by Other Root: another key than that of the one" in outcome.problems[0]
        assert "trust names no file" in other.accept(trust="").problems[0]
        assert "gone.pem is not there" in other.accept(trust=str(other.estate.folder / "gone.pem")).problems[0]

    def test_one_that_is_wrong_does_not_keep_others_from_being_accepted(self, other: OtherAuthority):
        other.answer()
        other.estate.request(item(EDGE))
        (other.estate.folder / "returned" / "edge_edge.contoso.com_edge1.contoso.com.cer").write_text("nonsense")
        options = issuing.Options(str(other.estate.folder), authority="returned", trust=str(other.trust))
        outcome = issuers.run(options, wanted(item(), item(EDGE)), NOW, check=False)
        assert [status.state for status in outcome.statuses] == ["issued", "requested"]
        assert len(outcome.problems) == 1

    def test_it_is_waited_for_a_new_one_when_little_life_is_left(self, other: OtherAuthority):
        other.answer()
        other.accept()
        outcome = other.accept(now=NOW + 80 * DAY)
        assert outcome.waiting == [FRONT]
        assert outcome.statuses[0].state == "expiring"


class TestRevocation:
    """As a peer would ask."""

    @pytest.fixture
    def lists(self, issued: Estate):
        def get(url: str) -> bytes:
            return (issued.folder / "published" / url.rpartition("/")[2]).read_bytes()

        return get

    @pytest.fixture
    def chain(self, issued: Estate):
        found = certificates.load_all(issued.path("certificate.pem").read_bytes())
        roots = certificates.load_all(issued.path("trust.pem").read_bytes())
        return certificates.chain_of(found[0], found[1:], roots, NOW)[0]

    def test_a_good_chain_is_good(self, chain, lists):
        assert revocation.problem(chain, NOW, lists) == ""

    def test_a_revoked_one_is_told(self, issued: Estate, chain, lists):
        issued.issue(state="deleted")
        assert revocation.problem(chain, NOW, lists).endswith("issuing.crl: the certificate is revoked")

    def test_an_old_list_is_told(self, chain, lists):
        assert revocation.problem(chain, NOW + 8 * DAY, lists).endswith(
            "the list was to be renewed until 2026-11-28 12:00Z"
        )

    def test_a_list_of_somebody_else_is_told(self, chain, lists):
        said = revocation.problem(chain, NOW, lambda _url: lists("http://x/root.crl"))
        assert said.endswith("the list is signed by somebody else")

    def test_a_list_that_is_none_or_cannot_be_reached_is_told(self, chain):
        assert "gave no revocation list" in revocation.problem(chain, NOW, lambda _url: b"<html>")
        # Port 9 of loopback: nothing listens there.
        assert "cannot be fetched from this host: " in revocation.problem(
            chain, NOW, lambda _url: revocation.fetch("http://127.0.0.1:9/x")
        )
