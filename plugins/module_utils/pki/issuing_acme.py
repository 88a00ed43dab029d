# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of an authority that speaks ACME: ordered, proved and fetched, in steps that outlive an abort. Private.

accounts/<digest of the directory>.key   the account's key
orders/<id>.json                         an order that is under way: its address, and what it is for
challenges/<token>                       answers to http-01, where no other folder is named
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..contract import Operation
from ..files import make_folder, read_bytes, write_whole
from . import acme, certificates, examining, files, keys
from . import library as lib
from .issuing import Issuing, Options, Outcome
from .model import Request
from .store import CERTIFICATE, REQUEST, Store

Order = dict[str, Any]
SERVED_MODE = 0o644


class AcmeIssuing(Issuing):
    """One run with an ACME server. `phase: order` ends where names are to be proved, `finish` begins there."""

    def __init__(
        self, store: Store, options: Options, wanted: Sequence[Request], now: datetime.datetime, *, check: bool
    ) -> None:
        super().__init__(store, options, wanted, now, check=check)
        self._suggested: dict[str, datetime.datetime] = {}

    def issue(self) -> Outcome:
        try:
            self._ask_when_to_renew()
            due = self.due()
            if self.check or not due:
                return self._foretold(due)
            self._client = self._signed_in()
        except acme.AcmeError as error:
            return Outcome(problems=[str(error)])
        orders, problems = self._orders(due)
        challenges = self._challenges(orders)
        if self.options.acme.phase == "order":
            return self.done(problems, challenges=challenges, waiting=[request.id for request, _order in orders])
        finished = [self._finished(request, order) for request, order in orders]
        return self.done([*problems, *(problem for problem in finished if problem)])

    def _foretold(self, due: Sequence[Request]) -> Outcome:
        for request in due:
            self.tell(request)
        for name in self.lacking():
            self.operations.append(Operation("add", f"certificate {name}", after="issued", why="after its request"))
        return self.done()

    def status(self, request: Request) -> examining.Status:
        status = super().status(request)
        moment = self._suggested.get(request.id)
        due = status.state == "issued" and moment is not None and self.now >= moment
        return dataclasses.replace(status, state="expiring") if due else status

    def _ask_when_to_renew(self) -> None:
        """Moments at which the authority wants certificates to be renewed; each has its own within its window."""
        issued = [request for request in self.wanted if super(AcmeIssuing, self).status(request).state == "issued"]
        client = self._connected(keys.new("ecdsa", 256)) if issued else None
        for request in issued if client and "renewalInfo" in client.directory else ():
            identity = self._renewed(request)
            window = client.renewal_window(identity) if client and identity else ("", "")
            start, end = (_moment(text) for text in window)
            if start and end:
                share = int(hashlib.sha256(identity.encode()).hexdigest()[:8], 16) / 2**32
                self._suggested[request.id] = start + (end - start) * share

    def delete(self) -> Outcome:
        for request in self.wanted:
            if not self.check:
                self._order_file(request).unlink(missing_ok=True)
        return super().delete()

    # --- the account -------------------------------------------------------------------------------------------------

    def _signed_in(self) -> acme.Client:
        options = self.options.acme
        digest = hashlib.sha256(options.directory.encode()).hexdigest()[:16]
        path = self.store.folder / "accounts" / f"{digest}.key"
        pem = read_bytes(path)
        if pem is None:
            pem = keys.pem_of(keys.new("ecdsa", 256))
            make_folder(path.parent)
            write_whole(path, pem)
        client = self._connected(keys.load(pem))
        client.sign_in(options.contacts, terms_agreed=options.terms_agreed)
        return client

    def _connected(self, key: Any) -> acme.Client:
        options = self.options.acme
        return acme.Client(options.directory, key, acme.over_https(options.directory_trust))

    # --- orders ------------------------------------------------------------------------------------------------------

    def _orders(self, due: Sequence[Request]) -> tuple[list[tuple[Request, Order]], list[str]]:
        found, problems = [], []
        for request in due:
            order, problem = self._order_or_problem(request)
            if problem:
                problems.append(f"{request.id}: {problem}")
            else:
                found.append((request, order))
        return found, problems

    def _order_or_problem(self, request: Request) -> tuple[Order, str]:
        try:
            return self._order(request), ""
        except acme.AcmeError as error:
            return {}, str(error)

    def _order(self, request: Request) -> Order:
        """The order that is under way for the request as it is now, or a new one."""
        purpose = {"directory": self.options.acme.directory, "request": self._digest(request)}
        noted = files.json_of(read_bytes(self._order_file(request)))
        if isinstance(noted, dict) and {key: noted.get(key) for key in purpose} == purpose:
            try:
                order = self._client.get(noted["url"])
            except acme.AcmeError as error:
                if not error.kind:
                    raise
                order = {}  # the server has forgotten it
            if order.get("status") in {"pending", "ready", "processing", "valid"}:
                return {**order, "url": noted["url"]}
        url, order = self._client.new_order(request.sans, self._renewed(request))
        make_folder(self._order_file(request).parent)
        write_whole(self._order_file(request), json.dumps({**purpose, "url": url}).encode())
        if self.options.acme.phase == "order":
            self.operations.append(Operation("add", f"order {request.id}", after=url))
        return {**order, "url": url}

    def _order_file(self, request: Request) -> Path:
        return self.store.folder / "orders" / f"{request.id}.json"

    def _digest(self, request: Request) -> str:
        return hashlib.sha256(read_bytes(self.store.path(request.id, REQUEST)) or b"").hexdigest()

    def _renewed(self, request: Request) -> str:
        data = read_bytes(self.store.path(request.id, CERTIFICATE))
        if not data or not self.have[request.id].certificate:
            return ""
        return acme.renewal_identity(certificates.load_all(data)[0])

    # --- proving names -----------------------------------------------------------------------------------------------

    def _challenges(self, orders: Sequence[tuple[Request, Order]]) -> list[Mapping[str, str]]:
        """What must be in the DNS, or on a web server, before the server asks; files of the latter are written."""
        found: dict[str, Mapping[str, str]] = {}
        for _request, order in orders:
            for url in order.get("authorizations", ()) if order.get("status") == "pending" else ():
                authorization = self._client.get(url)
                challenge = self._challenge(authorization)
                if challenge and authorization.get("status") == "pending":
                    found[url] = self._shown(authorization["identifier"]["value"], challenge)
        shown = list(found.values())
        if self.options.acme.challenge == "http-01" and shown:
            folder = Path(self.options.acme.challenge_dir or self.store.folder / "challenges")
            make_folder(folder)
            for each in shown:
                write_whole(folder / each["token"], each["value"].encode(), SERVED_MODE)
        return shown

    def _challenge(self, authorization: Mapping[str, Any]) -> Mapping[str, Any] | None:
        wanted = self.options.acme.challenge
        return next((each for each in authorization.get("challenges", ()) if each.get("type") == wanted), None)

    def _shown(self, name: str, challenge: Mapping[str, Any]) -> Mapping[str, str]:
        answer = self._client.answer_to(challenge["token"])
        if self.options.acme.challenge == "http-01":
            path = f"/.well-known/acme-challenge/{challenge['token']}"
            return {"name": name, "type": "http-01", "token": challenge["token"], "path": path, "value": answer}
        record = f"_acme-challenge.{name}"
        value = acme.encoded(hashlib.sha256(answer.encode()).digest())
        return {"name": name, "type": "dns-01", "token": challenge["token"], "record": record, "value": value}

    def _prove(self, order: Order) -> None:
        """Have the server ask for the answers to all that is not proved yet."""
        pending = []
        for url in order.get("authorizations", ()):
            authorization = self._client.get(url)
            if authorization.get("status") == "pending":
                challenge = self._challenge(authorization)
                if challenge is None:
                    offered = ", ".join(sorted(each["type"] for each in authorization["challenges"]))
                    name = authorization["identifier"]["value"]
                    raise acme.AcmeError(f"{name}: the server offers {offered}; choose another challenge")
                if challenge.get("status") == "pending":
                    self._client.post(challenge["url"], {})
            pending.append(url)
        for url in pending:
            settled = self._client.settled(url, self.options.acme.timeout)
            if settled.get("status") != "valid":
                raise acme.AcmeError(_unproved(settled, self.options.acme.timeout))

    # --- the certificate ---------------------------------------------------------------------------------------------

    def _finished(self, request: Request, order: Order) -> str:
        """Have one order fulfilled; what keeps from it."""
        try:
            if order["status"] == "pending":
                self._prove(order)
                order = {**self._client.settled(order["url"], 0), "url": order["url"]}
            if order["status"] in {"pending", "ready"}:
                csr = lib.x509.load_pem_x509_csr(read_bytes(self.store.path(request.id, REQUEST)) or b"")
                der = acme.encoded(csr.public_bytes(lib.serialization.Encoding.DER))
                self._client.post(order["finalize"], {"csr": der})
            order = self._client.settled(order["url"], self.options.acme.timeout)
            if order.get("status") != "valid":
                raise acme.AcmeError(f"the order is {order.get('status')}: {_reason(order)}; run again to go on")
            found = certificates.load_all(self._client.download(order["certificate"]))
            # It is valid from a moment on at which this run was under way.
            self.now = max(self.now, datetime.datetime.now(datetime.timezone.utc))
            chain, wrong = self.judged(request, found, self._roots())
        except KeyError as error:
            return f"{request.id}: the server answers nonsense: its order lacks {error}"
        except (acme.AcmeError, ValueError) as error:
            return f"{request.id}: {error}"
        # Whatever it is, it will not be another one.
        self._order_file(request).unlink(missing_ok=True)
        if wrong:
            words = "; ".join(f"{what}: {said}" for what, said in wrong.items())
            return f"{request.id}: {words}. It was not accepted, and nothing was overwritten"
        self.tell(request)
        self.keep([request])
        self.write([(request, chain, self._roots() if self.options.trust else chain[-1:])])
        return ""

    def _roots(self) -> list[Any]:
        """Roots that are trusted: those named, or those that this system trusts."""
        system = ssl.get_default_verify_paths()
        path = self.options.trust or system.cafile or system.openssl_cafile
        return certificates.load_all(files.read(Path(path)))


def _moment(text: str) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None


def _unproved(authorization: Mapping[str, Any], seconds: int) -> str:
    name = authorization.get("identifier", {}).get("value", "")
    if authorization.get("status") == "pending":
        return f"{name}: the server has not looked for {seconds} seconds; run again to go on"
    reasons = [_reason(each) for each in authorization.get("challenges", ()) if each.get("error")]
    return f"{name}: is not proved: {'; '.join(reasons) or authorization.get('status')}"


def _reason(thing: Mapping[str, Any]) -> str:
    error = thing.get("error") or {}
    return str(error.get("detail") or error.get("type") or "no reason is given")
