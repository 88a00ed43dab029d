# SPDX-License-Identifier: GPL-3.0-or-later
"""As little of an ACME client as a test of the server needs; run where it shall stand in the network.

acme_order.py DIRECTORY AUTHORITY NAME CHALLENGES: order a certificate for NAME, answering over HTTP with files put into
the folder CHALLENGES, and print what was issued.
"""

from __future__ import annotations

import base64
import hashlib
import json
import pathlib
import ssl
import sys
import time
import typing as t
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

SECONDS_TO_ISSUE = 15


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Client:
    """An account at an ACME server, and signed requests of it."""

    def __init__(self, directory: str, authority: str) -> None:
        self._tls = ssl.create_default_context(cafile=authority)
        self._key = ec.generate_private_key(ec.SECP256R1())
        point = self._key.public_key().public_numbers()
        x, y = (encoded(number.to_bytes(32, "big")) for number in (point.x, point.y))
        self._public = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
        self._account: dict[str, t.Any] = {"jwk": self._public}
        with urllib.request.urlopen(directory, context=self._tls) as answer:
            self.directory = json.load(answer)
        headers, _body = self.post(self.directory["newAccount"], {"termsOfServiceAgreed": True})
        self._account = {"kid": headers["Location"]}

    def post(self, url: str, payload: t.Any) -> tuple[t.Mapping[str, str], bytes]:
        with urllib.request.urlopen(
            urllib.request.Request(self.directory["newNonce"], method="HEAD"), context=self._tls
        ) as answer:
            nonce = answer.headers["Replay-Nonce"]
        header = {"alg": "ES256", "nonce": nonce, "url": url, **self._account}
        protected = encoded(json.dumps(header).encode())
        body = "" if payload is None else encoded(json.dumps(payload).encode())
        r, s = decode_dss_signature(self._key.sign(f"{protected}.{body}".encode(), ec.ECDSA(hashes.SHA256())))
        signature = encoded(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
        request = urllib.request.Request(
            url,
            data=json.dumps({"protected": protected, "payload": body, "signature": signature}).encode(),
            headers={"Content-Type": "application/jose+json"},
        )
        with urllib.request.urlopen(request, context=self._tls) as answer:
            return answer.headers, answer.read()

    def get(self, url: str) -> t.Any:
        return json.loads(self.post(url, None)[1])

    def when_settled(self, url: str) -> t.Any:
        deadline = time.monotonic() + SECONDS_TO_ISSUE
        while (found := self.get(url))["status"] in ("pending", "processing"):
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        return found

    def answer_to(self, token: str) -> str:
        public = json.dumps(self._public, sort_keys=True, separators=(",", ":"))
        return f"{token}.{encoded(hashlib.sha256(public.encode()).digest())}"


def order(client: Client, name: str, challenges: pathlib.Path) -> str:
    headers, body = client.post(client.directory["newOrder"], {"identifiers": [{"type": "dns", "value": name}]})
    made = json.loads(body)
    for url in made["authorizations"]:
        challenge = next(each for each in client.get(url)["challenges"] if each["type"] == "http-01")
        (challenges / challenge["token"]).write_text(client.answer_to(challenge["token"]))
        client.post(challenge["url"], {})
        settled = client.when_settled(url)
        if settled["status"] != "valid":
            sys.exit(f"not proven: {json.dumps(settled)}")
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).add_extension(names, critical=False)
    csr = request.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    client.post(made["finalize"], {"csr": encoded(csr)})
    settled = client.when_settled(headers["Location"])
    return client.post(settled["certificate"], None)[1].decode()


if __name__ == "__main__":
    print(order(Client(sys.argv[1], sys.argv[2]), sys.argv[3], pathlib.Path(sys.argv[4])))
