# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains that must not be followed, and files that cannot be read."""

from __future__ import annotations

import http.server
import json
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from ansible_collections.openuc.ocs.plugins.module_utils.contract import MOST_SHOWN
from ansible_collections.openuc.ocs.plugins.module_utils.pki import certificates, examining, keys, revocation, telling
from tests.unit.module_utils.pki.conftest import DAY, NOW, Estate


class Link:
    """One of a chain, with its key."""

    def __init__(
        self, name: str, above: Link | None = None, *, ca: bool = True, length=None, signs=True, days=90, rsa_=False
    ):
        made = rsa.generate_private_key(65537, 2048) if rsa_ else ec.generate_private_key(ec.SECP256R1())
        self.key = made
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signer = above or self
        builder = (
            x509.CertificateBuilder().subject_name(self.name).issuer_name(signer.name).public_key(made.public_key())
        )
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(NOW - 2 * DAY).not_valid_after(NOW + days * DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=length), critical=True)
        usage = x509.KeyUsage(True, False, False, False, False, signs, signs, False, False)
        self.made = builder.add_extension(usage, critical=True).sign(signer.key, hashes.SHA256())


def problem(leaf: Link, others: list[Link], root: Link) -> str:
    return certificates.chain_of(leaf.made, [each.made for each in others], [root.made], NOW)[1]


@pytest.mark.parametrize("rsa_", [False, True])
def test_a_good_chain_leads_to_its_root(rsa_):
    root = Link("Root", rsa_=rsa_)
    issuing = Link("Issuing", root, length=0, rsa_=rsa_)
    leaf = Link("leaf", issuing, ca=False)
    chain, wrong = certificates.chain_of(leaf.made, [issuing.made], [root.made], NOW)
    assert (chain, wrong) == ([leaf.made, issuing.made, root.made], "")


def test_whoever_is_no_authority_cannot_issue():
    root = Link("Root")
    server = Link("server", root, ca=False)
    assert problem(Link("leaf", server, ca=False), [server], root) == "server issued a certificate, but is no authority"


def test_an_authority_may_not_have_more_below_it_than_it_is_allowed():
    root = Link("Root")
    first = Link("First", root, length=0)
    second = Link("Second", first)
    said = problem(Link("leaf", second, ca=False), [second, first], root)
    assert said == "First allows 0 authorities below it, and there are 1"


def test_an_authority_whose_key_may_not_sign_cannot_issue():
    root = Link("Root")
    issuing = Link("Issuing", root, signs=False)
    assert "its key may not sign any" in problem(Link("leaf", issuing, ca=False), [issuing], root)


def test_an_authority_that_has_ended_is_told():
    root = Link("Root")
    issuing = Link("Issuing", root, days=-1)
    assert "Issuing expired at 2026-11-20 12:00Z" in problem(Link("leaf", issuing, ca=False), [issuing], root)


def test_authorities_that_issue_for_each_other_are_not_followed_for_ever():
    one, other = Link("One"), Link("Other")
    one_by_other, other_by_one = Link("One", other), Link("Other", one)
    one_by_other.key, other_by_one.key = one.key, other.key
    leaf = Link("leaf", one_by_other, ca=False)
    assert problem(leaf, [one_by_other, other_by_one], Link("Root")) != ""


def test_a_key_of_another_kind_is_told():
    pem = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(keys.KeyFaultError, match="neither RSA nor ECDSA but Ed25519"):
        keys.load(pem)


@pytest.mark.parametrize(
    ("file", "content", "what"),
    [
        ("certificate.pem", b"-----BEGIN CERTIFICATE-----\nhalf", "certificate"),
        ("trust.pem", None, "chain"),
        ("trust.pem", b"nothing", "chain"),
        ("key.pem", b"nothing", "key"),
        ("request.pem", b"nothing", None),
    ],
)
def test_files_that_cannot_be_used_are_told_and_never_raised(issued: Estate, file, content, what):
    path = issued.path(file)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    status = issued.request(check=True, regenerate="never").statuses[0]
    assert what is None or what in status.wrong
    assert status.state == "wrong" if what else status.state == "issued"


def test_a_certificate_that_is_damaged_is_issued_anew(issued: Estate):
    issued.path("certificate.pem").write_bytes(b"half")
    assert issued.issue().statuses[0].state == "issued"


def test_a_certificate_for_another_key_is_told_and_left_alone(issued: Estate):
    other = Estate(issued.folder / "other")
    other.request()
    other.issue()
    issued.path("certificate.pem").write_bytes(other.path("certificate.pem").read_bytes())
    issued.path("trust.pem").write_bytes(other.path("trust.pem").read_bytes())
    outcome = issued.issue()
    assert outcome.statuses[0].wrong == {"key": "the certificate is for another key than the one that is here"}
    assert not any(operation.name.startswith("certificate") for operation in outcome.operations)


class TestFetching:
    @pytest.fixture
    def served(self, issued: Estate):
        folder = issued.folder / "published"

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *words: object, **more: object) -> None:
                super().__init__(*words, directory=str(folder), **more)

            def log_message(self, *_words: object) -> None:
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()

    def test_a_list_is_fetched_over_http(self, issued: Estate, served):
        assert revocation.fetch(f"{served}/issuing.crl") == (issued.folder / "published/issuing.crl").read_bytes()

    def test_what_is_too_long_is_refused(self, issued: Estate, served, monkeypatch):
        monkeypatch.setattr(revocation, "LARGEST", 10)
        with pytest.raises(ValueError, match="more than 10 bytes"):
            revocation.fetch(f"{served}/issuing.crl")

    def test_a_proxy_of_whoever_runs_it_is_not_asked(self, issued: Estate, served, monkeypatch):
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        assert revocation.fetch(f"{served}/root.crl")

    def test_a_certificate_without_such_an_address_is_told(self):
        root = Link("Root")
        leaf = Link("leaf", root, ca=False)
        assert revocation.problem([leaf.made, root.made], NOW) == "leaf names no list that is fetched over http"


class TestTelling:
    def statuses(self, count: int) -> list[examining.Status]:
        return [examining.Status(f"c{n:03}", "issued", days_left=count - n) for n in range(count)]

    def test_those_that_end_first_are_shown_and_a_file_has_all(self, tmp_path):
        statuses = [*self.statuses(MOST_SHOWN + 20), examining.Status("bad", "wrong", {"eku": "lacks client"}, 300)]
        found = telling.told([], statuses, folder=str(tmp_path))
        assert [one["id"] for one in found["certificates"][:2]] == ["bad", f"c{MOST_SHOWN + 19:03}"]
        assert len(found["certificates"]) == MOST_SHOWN
        assert len(json.loads((tmp_path / "status.json").read_text())) == MOST_SHOWN + 21
        assert found["counts"] == {"issued": MOST_SHOWN + 20, "wrong": 1}
        assert telling.told([], statuses, folder=str(tmp_path), check=True)["details"] == ""

    def test_what_should_not_be_overlooked_is_a_warning(self):
        statuses = [
            examining.Status("a", "wrong", {"eku": "lacks client"}),
            examining.Status("b", "expiring", {}, 3),
            examining.Status("c", "issued", {}, 300),
        ]
        assert telling.warnings_of(statuses, 30) == [
            "a: eku: lacks client",
            "fewer than 30 days are left, or the authority wants it renewed: b (3)",
        ]

    def test_a_report_has_a_line_for_each_those_that_need_people_first(self):
        statuses = [
            examining.Status("good", "issued", {}, 300, hosts=("fe1", "fe2")),
            examining.Status("new", "requested", hosts=("med1",)),
            examining.Status("bad", "wrong", {"eku": "lacks client"}, 20, hosts=("edge1",)),
        ]
        assert telling.report(statuses) == [
            "   20 days  wrong      bad  edge1  lacks client",
            "    - days  requested  new  med1",
            "  300 days  issued     good  fe1, fe2",
        ]

    def test_many_problems_are_cut(self):
        said = telling.failure([f"p{n}" for n in range(MOST_SHOWN + 5)]).splitlines()
        assert (len(said), said[-1]) == (MOST_SHOWN + 1, "and 5 more")
