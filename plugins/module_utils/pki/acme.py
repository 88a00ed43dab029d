# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of ACME servers (RFC 8555, with renewal information of RFC 9773). Private to the collection."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import http.client
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from . import library as lib

SECONDS = 15
LARGEST = 4 * 1024 * 1024
MOST_TRIES = 4
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 5.0
_BAD_NONCE = "urn:ietf:params:acme:error:badNonce"
_UNKNOWN_ACCOUNT = "urn:ietf:params:acme:error:accountDoesNotExist"


class AcmeError(Exception):
    """What the server, or the way to it, refuses; in words with a remedy."""

    def __init__(self, words: str, kind: str = "") -> None:
        super().__init__(words)
        self.kind = kind


@dataclasses.dataclass(frozen=True)
class Answer:
    """Of the server: the headers with small names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        try:
            found = json.loads(self.body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise AcmeError("the server answers nonsense where JSON is due; is it the address of an ACME server?")
        return found


class Transport(Protocol):
    """How requests travel; tests have another one."""

    def __call__(self, method: str, url: str, body: bytes | None = None) -> Answer: ...


def over_https(trust: str) -> Transport:
    """Requests over HTTPS to a server that `trust`, a file of authorities, vouches for; or those of the system."""
    try:
        context = ssl.create_default_context(cafile=trust or None)
    except (OSError, ssl.SSLError) as error:
        raise AcmeError(f"directory_trust: {trust}: {error}; name a file with the server's authority in PEM") from error
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))

    def send(method: str, url: str, body: bytes | None = None) -> Answer:
        if not url.startswith("https://"):
            raise AcmeError(f"{url}: ACME is spoken over https only")
        headers = {"User-Agent": "openuc.ocs", "Content-Type": "application/jose+json"}
        request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - https, as seen above
        try:
            return _answer_to(opener, request)
        except (OSError, http.client.HTTPException) as error:  # what speaks no HTTP is no OSError
            raise AcmeError(
                f"{url}: cannot be reached: {getattr(error, 'reason', '') or str(error).strip()}"
            ) from error

    return send


def _answer_to(opener: Any, request: urllib.request.Request) -> Answer:
    try:
        with opener.open(request, timeout=SECONDS) as answer:
            return _read(answer)
    except urllib.error.HTTPError as refusal:  # which is an answer too
        with refusal:
            return _read(refusal)


def _read(answer: Any) -> Answer:
    body = answer.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise AcmeError(f"{answer.url}: the answer is longer than {LARGEST} bytes")
    return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, body)


class Client:
    """An account at a server. `key` is the account's, on the curve P-256."""

    def __init__(self, directory: str, key: Any, send: Transport, sleep: Callable[[float], None] = time.sleep) -> None:
        self._send, self._key, self._sleep = send, key, sleep
        self._nonce = ""
        self._account = ""
        self.directory = self._plain(directory)

    def sign_in(self, contacts: tuple[str, ...], *, terms_agreed: bool) -> None:
        """Find the account of the key, or make it."""
        try:
            answer = self._signed(self._at("newAccount"), {"onlyReturnExisting": True})
        except AcmeError as error:
            if error.kind != _UNKNOWN_ACCOUNT:
                raise
            terms = self.directory.get("meta", {}).get("termsOfService", "")
            if terms and not terms_agreed:
                raise AcmeError(f"the server has terms of service, {terms}; read them, then set terms_agreed") from None
            wanted = {"termsOfServiceAgreed": terms_agreed, "contact": [f"mailto:{each}" for each in contacts]}
            answer = self._signed(self._at("newAccount"), wanted)
        self._account = answer.headers.get("location", "")

    def new_order(self, names: tuple[str, ...], replaces: str = "") -> tuple[str, dict[str, Any]]:
        """The address of a new order, and the order."""
        wanted: dict[str, Any] = {"identifiers": [identifier_of(name) for name in names]}
        if replaces and "renewalInfo" in self.directory:
            try:
                answer = self._signed(self._at("newOrder"), {**wanted, "replaces": replaces})
            except AcmeError as error:
                # That it was replaced already, or is not known any more, is no reason against a new one.
                if not error.kind:
                    raise
            else:
                return answer.headers.get("location", ""), answer.json
        answer = self._signed(self._at("newOrder"), wanted)
        return answer.headers.get("location", ""), answer.json

    def get(self, url: str) -> dict[str, Any]:
        return self._signed(url, None).json

    def post(self, url: str, content: Mapping[str, Any]) -> dict[str, Any]:
        return self._signed(url, content).json

    def download(self, url: str) -> bytes:
        return self._signed(url, None).body

    def settled(self, url: str, seconds: float) -> dict[str, Any]:
        """What an order or authorization comes to; as it is when the time is over."""
        pause, waited = FIRST_PAUSE, 0.0
        while True:
            answer = self._signed(url, None)
            found = answer.json
            if found.get("status") not in {"pending", "processing"} or waited >= seconds:
                return found
            asked = answer.headers.get("retry-after", "")
            pause = min(float(asked) if asked.isdigit() and asked != "0" else pause * 2, LONGEST_PAUSE)
            self._sleep(pause)
            waited += pause

    def renewal_window(self, identity: str) -> tuple[str, str]:
        """When the server wants a certificate to be renewed: two moments; empty where it does not say."""
        base = self.directory.get("renewalInfo")
        if not base:
            return "", ""
        window = self._plain(f"{str(base).rstrip('/')}/{identity}").get("suggestedWindow", {})
        return str(window.get("start", "")), str(window.get("end", ""))

    # --- messages ----------------------------------------------------------------------------------------------------

    def answer_to(self, token: str) -> str:
        """What proves to the server that it was us who got a token."""
        public = json.dumps(self._public(), sort_keys=True, separators=(",", ":"))
        return f"{token}.{encoded(hashlib.sha256(public.encode()).digest())}"

    def _at(self, name: str) -> str:
        found = self.directory.get(name)
        if not isinstance(found, str):
            raise AcmeError(f"the directory of the server names no {name}; is it the address of an ACME server?")
        return found

    def _plain(self, url: str) -> dict[str, Any]:
        answer = self._send("GET", url)
        if answer.status >= 400:
            raise _refusal(url, answer)
        return answer.json

    def _signed(self, url: str, content: Mapping[str, Any] | None) -> Answer:
        """A signed request; a nonce that the server has forgotten is replaced."""
        for _try in range(MOST_TRIES):
            answer = self._send("POST", url, self._message(url, content))
            self._nonce = answer.headers.get("replay-nonce", "")
            if answer.status < 400:
                return answer
            refusal = _refusal(url, answer)
            if refusal.kind != _BAD_NONCE:
                raise refusal
        raise refusal

    def _message(self, url: str, content: Mapping[str, Any] | None) -> bytes:
        if not self._nonce:
            self._nonce = self._send("HEAD", self._at("newNonce")).headers.get("replay-nonce", "")
        who = {"kid": self._account} if self._account else {"jwk": self._public()}
        header = encoded(json.dumps({"alg": "ES256", "nonce": self._nonce, "url": url, **who}).encode())
        body = "" if content is None else encoded(json.dumps(content).encode())
        signature = self._key.sign(f"{header}.{body}".encode(), lib.ec.ECDSA(lib.hashes.SHA256()))
        r, s = lib.decode_dss_signature(signature)
        parts = {
            "protected": header,
            "payload": body,
            "signature": encoded(r.to_bytes(32, "big") + s.to_bytes(32, "big")),
        }
        return json.dumps(parts).encode()

    def _public(self) -> dict[str, str]:
        point = self._key.public_key().public_numbers()
        x, y = (encoded(number.to_bytes(32, "big")) for number in (point.x, point.y))
        return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def identifier_of(name: str) -> dict[str, str]:
    return {"type": "dns", "value": name}


def renewal_identity(certificate: Any) -> str:
    """What a certificate is called in questions about its renewal; empty when it does not name its issuer's key."""
    found = lib.extension(certificate, lib.x509.AuthorityKeyIdentifier)
    if found is None or not found.key_identifier:
        return ""
    serial = certificate.serial_number
    return f"{encoded(found.key_identifier)}.{encoded(serial.to_bytes(serial.bit_length() // 8 + 1, 'big'))}"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _refusal(url: str, answer: Answer) -> AcmeError:
    """What a server that refuses says, with what it says of single names."""
    try:
        said = answer.json
    except AcmeError:
        return AcmeError(f"{url}: the server answers with status {answer.status} and no reason")
    parts = [f"{said.get('detail') or said.get('type') or 'no reason is given'}"]
    parts += [
        f"{part.get('identifier', {}).get('value', '')}: {part.get('detail', '')}"
        for part in said.get("subproblems") or ()
    ]
    return AcmeError(f"{url}: refused with status {answer.status}: {'; '.join(parts)}", str(said.get("type", "")))
