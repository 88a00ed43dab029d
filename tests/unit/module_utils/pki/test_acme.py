# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of ACME servers and its orders, against a server of the test that is honest, slow, rude or mad at will."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import typing as t

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from ansible_collections.openuc.ocs.plugins.module_utils.pki import acme, issuing
from tests.unit.module_utils.pki.conftest import DAY, FRONT, Estate, item, there_and_back
from tests.unit.module_utils.pki.test_issuing import OtherAuthority

DIRECTORY = "https://ca.test/dir"
AHEAD = datetime.datetime.now(datetime.UTC)


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Server:
    """As much of an ACME server as the client speaks to. `proved` are tokens whose answers are where they must be."""

    def __init__(self, authority: OtherAuthority) -> None:
        self.authority = authority
        self.accounts: dict[str, str] = {}
        self.orders: dict[str, dict[str, t.Any]] = {}
        self.posted: list[tuple[str, t.Any]] = []
        self.nonces = 0
        self.spoilt_nonces = 0
        self.meta: dict[str, str] = {}
        self.window: dict[str, str] = {}
        self.proves = True
        self.asks = True
        self.issue: dict[str, t.Any] = {"sans": ("pool.contoso.com", "sip.contoso.com"), "start": AHEAD - DAY}

    def __call__(self, method: str, url: str, body: bytes | None = None) -> acme.Answer:
        path = url.removeprefix("https://ca.test")
        if method == "HEAD":
            return self._answer(200, {})
        if method == "GET":
            return self._plain(path)
        message = json.loads(body or b"")
        header = json.loads(decoded(message["protected"]))
        assert header["url"] == url
        if self.spoilt_nonces:
            self.spoilt_nonces -= 1
            return self._refused("badNonce", "again")
        self._check(message, header)
        content = json.loads(decoded(message["payload"])) if message["payload"] else None
        self.posted.append((path, content))
        return self._posted(path, content, header)

    def _plain(self, path: str) -> acme.Answer:
        if path == "/dir":
            names = {name: f"https://ca.test/{name}" for name in ("newNonce", "newAccount", "newOrder")}
            ari = {"renewalInfo": "https://ca.test/ari"} if self.window else {}
            return self._answer(200, {**names, **ari, "meta": self.meta})
        return self._answer(200, {"suggestedWindow": self.window})

    def _check(self, message: dict[str, str], header: dict[str, t.Any]) -> None:
        public = header.get("jwk") or json.loads(self.accounts[header["kid"]])
        numbers = [int.from_bytes(decoded(public[axis]), "big") for axis in ("x", "y")]
        key = ec.EllipticCurvePublicNumbers(*numbers, ec.SECP256R1()).public_key()
        raw = decoded(message["signature"])
        signature = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        key.verify(signature, f"{message['protected']}.{message['payload']}".encode(), ec.ECDSA(hashes.SHA256()))

    def _posted(self, path: str, content: t.Any, header: dict[str, t.Any]) -> acme.Answer:
        if path == "/newAccount":
            public = json.dumps(header["jwk"], sort_keys=True)
            url = "https://ca.test/account/" + hashlib.sha256(public.encode()).hexdigest()
            if content.get("onlyReturnExisting") and url not in self.accounts:
                return self._refused("accountDoesNotExist", "who?")
            self.accounts[url] = public
            return self._answer(201, {}, location=url)
        if path == "/newOrder":
            number = str(len(self.orders) + 1)
            names = [each["value"] for each in content["identifiers"]]
            self.orders[number] = {
                "status": "pending",
                "names": names,
                "proved": set(),
                "replaces": content.get("replaces"),
            }
            return self._answer(201, self._order(number), location=f"https://ca.test/order/{number}")
        _empty, kind, number, *rest = path.split("/")
        if number not in self.orders:
            return self._refused("malformed", "no such order", status=404)
        return getattr(self, f"_{kind}_")(number, rest, content)

    def _order_(self, number: str, _rest: list[str], _content: t.Any) -> acme.Answer:
        return self._answer(200, self._order(number))

    def _authz_(self, number: str, rest: list[str], _content: t.Any) -> acme.Answer:
        name = self.orders[number]["names"][int(rest[0])]
        if name not in self.orders[number]["proved"]:
            state = "pending" if self.proves or not self.orders[number].get("asked") else "invalid"
            error = {"error": {"detail": "not what was expected"}} if state == "invalid" else {}
        else:
            state, error = "valid", {}
        types = ("dns-01", "http-01")
        url = f"https://ca.test/challenge/{number}/{rest[0]}"
        challenges = [
            {"type": each, "url": url, "token": f"token-{number}-{rest[0]}", "status": "pending", **error}
            for each in types
        ]
        return self._answer(200, {"status": state, "identifier": {"value": name}, "challenges": challenges})

    def _challenge_(self, number: str, rest: list[str], _content: t.Any) -> acme.Answer:
        order = self.orders[number]
        order["asked"] = True
        if self.proves and self.asks:
            order["proved"].add(order["names"][int(rest[0])])
            if len(order["proved"]) == len(order["names"]):
                order["status"] = "ready"
        return self._answer(200, {})

    def _finalize_(self, number: str, _rest: list[str], content: t.Any) -> acme.Answer:
        csr = x509.load_der_x509_csr(decoded(content["csr"]))
        self.orders[number].update(status="valid", csr=csr)
        return self._answer(200, self._order(number))

    def _cert_(self, number: str, _rest: list[str], _content: t.Any) -> acme.Answer:
        public = self.orders[number]["csr"].public_key()
        made = self.authority.sign(public, "pool.contoso.com", **self.issue)
        body = made.public_bytes(serialization.Encoding.PEM)
        return acme.Answer(200, {"replay-nonce": "n"}, body)

    def _order(self, number: str) -> dict[str, t.Any]:
        order = self.orders[number]
        urls = [f"https://ca.test/authz/{number}/{at}" for at in range(len(order["names"]))]
        return {
            "status": order["status"],
            "authorizations": urls,
            "finalize": f"https://ca.test/finalize/{number}",
            "certificate": f"https://ca.test/cert/{number}",
        }

    def _answer(self, status: int, content: t.Any, **headers: str) -> acme.Answer:
        self.nonces += 1
        return acme.Answer(status, {"replay-nonce": f"n{self.nonces}", **headers}, json.dumps(content).encode())

    def _refused(self, kind: str, detail: str, status: int = 400) -> acme.Answer:
        return self._answer(status, {"type": f"urn:ietf:params:acme:error:{kind}", "detail": detail})


class Site:
    """An estate that has its certificates from the server."""

    def __init__(self, estate: Estate, server: Server) -> None:
        self.estate, self.server = estate, server

    def issue(self, *items: dict[str, t.Any], check: bool = False, **options: t.Any) -> issuing.Outcome:
        more = {name: options.pop(name) for name in ("now", "state", "renew_days", "trust", "run") if name in options}
        chosen = issuing.AcmeOptions(**{"directory": DIRECTORY, "timeout": 1, **options})
        trust = more.pop("trust", str(self.server.authority.trust))
        given = {"authority": "acme", "acme": chosen, "trust": trust, "now": AHEAD, **more}
        return self.estate.issue(*items, check=check, **given)

    def posts_to(self, path: str) -> int:
        return sum(each == path for each, _content in self.server.posted)


@pytest.fixture
def site(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> Site:
    estate.request()
    server = Server(OtherAuthority(estate))
    server.authority.root = server.authority.sign(
        server.authority.key.public_key(), "Other Root", ca=True, start=AHEAD - DAY, days=365
    )
    server.authority.trust.write_bytes(server.authority.root.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setattr(acme, "over_https", lambda _trust: server)
    monkeypatch.setattr(acme.time, "sleep", lambda _seconds: None)
    return Site(estate, server)


def told(outcome: issuing.Outcome) -> list[str]:
    return [f"{operation.action} {operation.name}" for operation in outcome.operations]


def test_four_runs(site: Site):
    assert told(site.issue(check=True)) == [f"add certificate {FRONT}"]
    assert site.server.posted == []
    outcome = site.issue()
    assert (told(outcome), outcome.problems) == ([f"add certificate {FRONT}"], [])
    assert outcome.statuses[0].state == "issued"
    before = site.estate.snapshot()
    assert told(site.issue()) == []
    assert told(site.issue(check=True)) == []
    assert site.estate.snapshot() == before


def test_four_runs_there_and_back(site: Site):
    assert site.issue().problems == []
    there_and_back(site.estate, site.issue)


def test_a_check_before_there_is_a_key_foretells_the_certificate(estate: Estate, monkeypatch):
    options = {"authority": "acme", "acme": issuing.AcmeOptions(directory=DIRECTORY)}
    outcome = estate.issue(check=True, **options)
    assert (told(outcome), outcome.would_need) == ([f"add certificate {FRONT}"], [FRONT])


def test_what_proves_a_name_is_what_the_standard_says(site: Site):
    outcome = site.issue(phase="order")
    assert told(outcome) == [f"add order {FRONT}"]
    assert outcome.waiting == [FRONT]
    public = json.loads(next(iter(site.server.accounts.values())))
    thumbprint = acme.encoded(
        hashlib.sha256(json.dumps(public, sort_keys=True, separators=(",", ":")).encode()).digest()
    )
    expected = acme.encoded(hashlib.sha256(f"token-1-0.{thumbprint}".encode()).digest())
    first = {"name": "pool.contoso.com", "type": "dns-01", "token": "token-1-0"}
    assert outcome.challenges[0] == {**first, "record": "_acme-challenge.pool.contoso.com", "value": expected}
    assert [each["name"] for each in outcome.challenges] == ["pool.contoso.com", "sip.contoso.com"]


def test_answers_over_http_are_written_where_a_web_server_reads(site: Site, tmp_path):
    folder = tmp_path / "web"
    outcome = site.issue(phase="order", challenge="http-01", challenge_dir=str(folder))
    assert outcome.challenges[0]["path"] == "/.well-known/acme-challenge/token-1-0"
    assert (folder / "token-1-0").read_text() == outcome.challenges[0]["value"]
    assert (folder / "token-1-0").stat().st_mode & 0o777 == 0o644


def test_an_order_is_gone_on_with_after_an_abort(site: Site):
    site.issue(phase="order")
    assert told(site.issue(phase="order")) == []
    assert site.issue(phase="finish").statuses[0].state == "issued"
    assert site.posts_to("/newOrder") == 1
    assert not list((site.estate.folder / "orders").iterdir())


def test_an_order_for_other_names_is_not_gone_on_with(site: Site):
    site.issue(phase="order")
    other = item(sans=["pool.contoso.com"])
    site.estate.request(other)
    site.server.issue["sans"] = ("pool.contoso.com",)
    assert site.issue(other).statuses[0].state == "issued"
    assert site.posts_to("/newOrder") == 2


def test_an_order_that_the_server_has_forgotten_is_made_anew(site: Site):
    site.issue(phase="order")
    site.server.orders = {"0": {"status": "invalid"}}
    assert site.issue().problems == []
    assert site.posts_to("/newOrder") == 2


def test_the_account_is_found_again(site: Site):
    site.issue()
    site.issue(state="deleted")
    site.issue()
    assert len(site.server.accounts) == 1


def test_terms_are_agreed_to_by_people_only(site: Site):
    site.server.meta = {"termsOfService": "https://ca.test/terms"}
    said = site.issue().problems
    assert said == ["the server has terms of service, https://ca.test/terms; read them, then set terms_agreed"]
    assert site.issue(terms_agreed=True).problems == []


def test_a_forgotten_nonce_is_replaced_a_few_times(site: Site):
    site.server.spoilt_nonces = acme.MOST_TRIES - 1
    assert site.issue().problems == []
    site.issue(state="deleted")
    site.server.spoilt_nonces = 100
    assert "refused with status 400: again" in site.issue().problems[0]


def test_a_name_that_is_not_proved_is_told_and_asked_for_anew(site: Site):
    site.server.proves = False
    assert site.issue().problems == [
        f"{FRONT}: pool.contoso.com: is not proved: not what was expected; not what was expected"
    ]
    assert site.issue().statuses[0].state == "requested"


def test_a_server_that_does_not_look_is_gone_on_with_later(site: Site):
    site.server.asks = False
    assert site.issue().problems == [
        f"{FRONT}: pool.contoso.com: the server has not looked for 1 seconds; run again to go on"
    ]
    site.server.asks = True
    assert site.issue().statuses[0].state == "issued"
    assert site.posts_to("/newOrder") == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sans": ("pool.contoso.com",)}, "name: alternative names lack sip.contoso.com"),
        ({"eku": False}, "eku: extended key usage lacks server"),
        ({"crl": False}, "crl: no CRL distribution point is named"),
        ({"start": AHEAD - 100 * DAY}, "date: it expired at"),
    ],
)
def test_what_is_not_what_was_asked_for_is_not_accepted(site: Site, changes, said):
    site.server.issue.update(changes)
    outcome = site.issue()
    assert said in outcome.problems[0]
    assert outcome.problems[0].endswith("It was not accepted, and nothing was overwritten")
    assert not site.estate.path("certificate.pem").exists()


def test_a_root_that_is_not_trusted_is_told(site: Site):
    stranger = OtherAuthority(site.estate)
    path = site.estate.folder / "stranger.pem"
    path.write_bytes(stranger.root.public_bytes(serialization.Encoding.PEM))
    assert "chain: pool.contoso.com is issued by Other Root" in site.issue(trust=str(path)).problems[0]


class TestRenewal:
    def test_the_authority_says_when(self, site: Site):
        site.issue()
        assert told(site.issue()) == []
        begin, end = AHEAD - DAY, AHEAD - DAY / 2
        site.server.window = {"start": begin.isoformat(), "end": end.isoformat().replace("+00:00", "Z")}
        outcome = site.issue()
        assert told(outcome) == [f"change certificate {FRONT}"]
        assert outcome.operations[0].why == "expiring"
        assert site.server.orders["2"]["replaces"]

    def test_a_window_in_the_future_is_waited_for(self, site: Site):
        site.issue()
        site.server.window = {"start": (AHEAD + DAY).isoformat(), "end": (AHEAD + 2 * DAY).isoformat()}
        assert told(site.issue()) == []

    def test_a_window_that_is_none_is_no_reason(self, site: Site):
        site.issue()
        site.server.window = {"start": "soon", "end": ""}
        assert told(site.issue()) == []

    def test_without_a_word_of_it_the_days_count(self, site: Site):
        site.issue()
        assert told(site.issue(renew_days=100)) == [f"change certificate {FRONT}"]


class TestBadServers:
    def test_one_that_answers_nonsense(self, site: Site, monkeypatch):
        monkeypatch.setattr(acme, "over_https", lambda _trust: lambda *_words: acme.Answer(200, {}, b"<html>"))
        assert "answers nonsense where JSON is due" in site.issue().problems[0]

    def test_one_that_is_no_acme_server(self, site: Site, monkeypatch):
        monkeypatch.setattr(acme, "over_https", lambda _trust: lambda *_words: acme.Answer(200, {}, b"{}"))
        assert "names no newAccount" in site.issue().problems[0]

    def test_one_that_fails_without_a_word(self, site: Site, monkeypatch):
        monkeypatch.setattr(acme, "over_https", lambda _trust: lambda *_words: acme.Answer(502, {}, b"oops"))
        assert site.issue().problems == [f"{DIRECTORY}: the server answers with status 502 and no reason"]

    def test_one_that_is_not_there(self):
        send = acme.over_https("")
        with pytest.raises(acme.AcmeError, match="cannot be reached"):
            send("GET", "https://127.0.0.1:9/dir")
        with pytest.raises(acme.AcmeError, match="spoken over https only"):
            send("GET", "http://127.0.0.1:9/dir")

    def test_a_trust_that_is_none(self, tmp_path):
        (tmp_path / "ca.pem").write_text("nothing")
        with pytest.raises(acme.AcmeError, match="directory_trust"):
            acme.over_https(str(tmp_path / "ca.pem"))


def test_the_servers_of_these_tests_notice_a_wrong_signature(site: Site):
    """Else they would prove nothing."""
    client = acme.Client(DIRECTORY, ec.generate_private_key(ec.SECP256R1()), site.server)
    message = json.loads(client._message("https://ca.test/newAccount", {}))
    message["payload"] = acme.encoded(b'{"more": 1}')
    with pytest.raises(InvalidSignature):
        site.server("POST", "https://ca.test/newAccount", json.dumps(message).encode())


def test_what_a_certificate_is_called_in_questions_is_as_in_the_standard():
    """RFC 9773, section 4.1: the identifier of its issuer's key, and its serial number as DER has it, with a sign."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    identifier = bytes.fromhex("69885b6b87464041e1b37b847ba0ae2cde01c8d4")
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(0x8765432100).not_valid_before(AHEAD).not_valid_after(AHEAD + DAY)
    plain = builder.sign(key, hashes.SHA256())
    named = x509.AuthorityKeyIdentifier(identifier, None, None)
    made = builder.add_extension(named, critical=False).sign(key, hashes.SHA256())
    assert acme.renewal_identity(made) == "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyEA"
    assert acme.renewal_identity(plain) == ""
