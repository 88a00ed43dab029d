# SPDX-License-Identifier: GPL-3.0-or-later
"""A DNS server for tests: dnspython's zones behind TCP on loopback, with TSIG, AXFR and UPDATE of RFC 2136.

It is written from the RFC with the objects of another library, so that both sides of a message are not of one mind.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading
import time
import typing as t

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.node
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.renderer
import dns.rrset
import dns.tsig
import dns.tsigkeyring
import dns.update
import dns.zone

SECRET = "b3BlbnVjIHRlc3Qga2V5IG9mIDMyIG9jdGV0cyE="
KEYRING = {
    dns.name.from_text("openuc"): dns.tsig.Key("openuc", SECRET, dns.tsig.HMAC_SHA256),
    dns.name.from_text("sha512"): dns.tsig.Key("sha512", SECRET, dns.tsig.HMAC_SHA512),
}
START = """\
@ 3600 IN SOA ns1 hostmaster 1 3600 600 86400 300
@ 3600 IN NS ns1
ns1 3600 IN A 127.0.0.1
"""
PER_MESSAGE = 200
FUDGE = 300

# Does something to a message before the server sees it; True when nothing is to be answered any more.
Meddler = t.Callable[["Nameserver", dns.message.Message], bool]


class Nameserver(socketserver.ThreadingTCPServer):
    """One zone. `refused` are what is answered with REFUSED: axfr, update, query."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, origin: str = "contoso.com", text: str = START) -> None:
        self.origin = dns.name.from_text(origin)
        self.zone = dns.zone.from_text(text, origin, relativize=False)
        self.refused: set[str] = set()
        self.codes: dict[str, int] = {}
        self.updates: list[dns.message.Message] = []
        self.connections = 0
        self.asked: list[str] = []
        self.meddler: Meddler | None = None
        self.signed = True
        self.clock: t.Callable[[], float] = time.time
        # As a resolver: without authority, and with so many seconds left of what it remembers.
        self.authoritative = True
        self.remembers = 300
        self.cut_transfer_after: int | None = None
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def port(self) -> int:
        return self.server_address[1]

    def records(self) -> set[str]:
        """All records but SOA and NS of the zone itself, as `name ttl type value`."""
        return {
            f"{name.to_text(omit_final_dot=True)} {found.ttl} {found.rdtype.name} {rdata.to_text()}"
            for name, found in self.zone.iterate_rdatasets()
            for rdata in found
            if not (name == self.origin and found.rdtype.name in ("SOA", "NS"))
        }

    def put(self, *lines: str) -> None:
        """Add records as somebody else would: `name ttl type value`."""
        for line in lines:
            name, ttl, kind, value = line.split(" ", 3)
            rdata = dns.rdata.from_text("IN", kind, value)
            self.zone.find_rdataset(dns.name.from_text(name), kind, create=True).add(rdata, int(ttl))
        self._count()

    def drop(self, name: str, kind: str) -> None:
        self.zone.delete_rdataset(dns.name.from_text(name), kind)
        self._count()

    @property
    def serial(self) -> int:
        return self.zone.find_rdataset(self.origin, "SOA")[0].serial

    def _count(self) -> None:
        found = self.zone.find_rdataset(self.origin, "SOA")
        self.zone.replace_rdataset(
            self.origin, dns.rdataset.from_rdata(found.ttl, found[0].replace(serial=found[0].serial + 1))
        )

    # --- answers ---

    def answers(self, wire: bytes) -> t.Iterator[bytes]:
        ahead = time.time() - self.clock()
        if abs(ahead) > FUDGE:
            yield _tsig_error(wire, dns.rcode.BADTIME, int(self.clock()).to_bytes(6, "big"))
            return
        try:
            query = dns.message.from_wire(wire, keyring=KEYRING)
        except dns.message.UnknownTSIGKey:
            yield _tsig_error(wire, dns.rcode.BADKEY)
            return
        except dns.tsig.BadSignature:
            yield _tsig_error(wire, dns.rcode.BADSIG)
            return
        doing = _doing(query)
        self.asked.append(doing)
        if self.meddler and self.meddler(self, query):
            return
        if doing in self.refused:
            yield from self._reply(query, code=dns.rcode.REFUSED)
        elif doing in self.codes:
            yield from self._reply(query, code=self.codes[doing])
        elif not query.had_tsig and doing != "query":
            yield from self._reply(query, code=dns.rcode.REFUSED)
        elif doing == "update":
            with self.lock:
                yield from self._reply(query, code=self._update(query))
        elif doing == "axfr":
            yield from self._transfer(query)
        else:
            yield from self._query(query)

    def _reply(self, query: dns.message.Message, code: int = 0, **more: t.Any) -> t.Iterator[bytes]:
        reply = self._response(query)
        reply.set_rcode(code)
        for rrset in more.get("answer", ()):
            reply.answer.append(rrset)
        if not reply.answer and not code % 3:
            soa = self.zone.find_rdataset(self.origin, "SOA")[0]
            reply.authority.append(dns.rrset.from_rdata(self.origin, self.remembers, soa))
        yield reply.to_wire(max_size=65535)

    def _response(self, query: dns.message.Message) -> dns.message.Message:
        reply = dns.message.make_response(query)
        if self.authoritative:
            reply.flags |= dns.flags.AA
        if not self.signed:
            reply.tsig = None
            reply.keyring = None
        return reply

    def _query(self, query: dns.message.Message) -> t.Iterator[bytes]:
        asked = query.question[0]
        if not asked.name.is_subdomain(self.origin):
            yield from self._reply(query, code=dns.rcode.REFUSED)
            return
        name = asked.name if self._in_use(asked.name) else self._wildcard(asked.name)
        if name is None:
            yield from self._reply(query, code=dns.rcode.NXDOMAIN)
            return
        for kind in (asked.rdtype, dns.rdatatype.CNAME):
            found = self.zone.get_rdataset(name, kind)
            if found:
                rrset = dns.rrset.from_rdata_list(asked.name, found.ttl, list(found))
                yield from self._reply(query, answer=[rrset])
                return
        yield from self._reply(query)

    def _in_use(self, name: dns.name.Name) -> bool:
        return any(other.is_subdomain(name) for other in self.zone)

    def _wildcard(self, name: dns.name.Name) -> dns.name.Name | None:
        while name != self.origin:
            name = name.parent()
            star = dns.name.from_text("*", name)
            if star in self.zone:
                return star
            if self._in_use(name):
                return None
        return None

    def _transfer(self, query: dns.message.Message) -> t.Iterator[bytes]:
        soa = dns.rrset.from_rdata(self.origin, 3600, self.zone.find_rdataset(self.origin, "SOA")[0])
        listed = [soa]
        for name, found in self.zone.iterate_rdatasets():
            if found.rdtype != dns.rdatatype.SOA:
                listed.append(dns.rrset.from_rdata_list(name, found.ttl, list(found)))
        listed.append(soa)
        context = None
        for sent, start in enumerate(range(0, len(listed), PER_MESSAGE)):
            if self.cut_transfer_after is not None and sent >= self.cut_transfer_after:
                return
            reply = self._response(query)
            for rrset in listed[start : start + PER_MESSAGE]:
                reply.answer.append(rrset)
            yield reply.to_wire(max_size=65535, multi=True, tsig_ctx=context)
            context = reply.tsig_ctx

    # --- updates, as RFC 2136 has them in 3.2 and 3.4 ---

    def _update(self, query: dns.message.Message) -> int:
        assert isinstance(query, dns.update.UpdateMessage)
        self.updates.append(query)
        if query.zone[0].name != self.origin:
            return dns.rcode.NOTAUTH
        code = self._prerequisites(query)
        if code:
            return code
        for rrset in query.update:
            self._apply(rrset)
        self._count()
        return dns.rcode.NOERROR

    def _prerequisites(self, query: dns.update.UpdateMessage) -> int:
        exact: dict[tuple[dns.name.Name, int], set[t.Any]] = {}
        for rrset in query.prerequisite:
            there = self.zone.get_rdataset(rrset.name, rrset.rdtype)
            used = rrset.name in self.zone and bool(self.zone[rrset.name].rdatasets)
            if dns.rdataclass.ANY in (rrset.rdclass, rrset.deleting):
                if rrset.rdtype == dns.rdatatype.ANY and not used:
                    return dns.rcode.NXDOMAIN
                if rrset.rdtype != dns.rdatatype.ANY and not there:
                    return dns.rcode.NXRRSET
            elif rrset.deleting == dns.rdataclass.NONE:
                if rrset.rdtype == dns.rdatatype.ANY and used:
                    return dns.rcode.YXDOMAIN
                if rrset.rdtype != dns.rdatatype.ANY and there:
                    return dns.rcode.YXRRSET
            else:
                exact.setdefault((rrset.name, rrset.rdtype), set()).update(rrset)
        for (name, kind), values in exact.items():
            there = self.zone.get_rdataset(name, kind)
            if there is None or set(there) != values:
                return dns.rcode.NXRRSET
        return dns.rcode.NOERROR

    def _apply(self, rrset: dns.rrset.RRset) -> None:
        name, kind = rrset.name, rrset.rdtype
        if rrset.deleting == dns.rdataclass.ANY:
            self.zone.delete_rdataset(name, kind)
        elif rrset.deleting == dns.rdataclass.NONE:
            there = self.zone.get_rdataset(name, kind)
            if there:
                kept = [rdata for rdata in there if rdata not in set(rrset)]
                self.zone.delete_rdataset(name, kind)
                if kept:
                    self.zone.replace_rdataset(name, dns.rdataset.from_rdata_list(there.ttl, kept))
        else:
            node = self.zone.get_node(name)
            alias = node is not None and node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.CNAME) is not None
            if alias != (kind == dns.rdatatype.CNAME) and node is not None and node.rdatasets:
                return  # Data beside an alias is ignored without a word.
            there = self.zone.find_rdataset(name, kind, create=True)
            there.update_ttl(rrset.ttl)
            for rdata in rrset:
                there.add(rdata, rrset.ttl)
            there.ttl = rrset.ttl


class _Handler(socketserver.BaseRequestHandler):
    server: Nameserver

    def handle(self) -> None:
        self.server.connections += 1
        with contextlib.suppress(OSError):
            while True:
                head = self._octets(2)
                if not head:
                    return
                wire = self._octets(struct.unpack("!H", head)[0])
                answered = False
                for answer in self.server.answers(wire):
                    answered = True
                    self.request.sendall(struct.pack("!H", len(answer)) + answer)
                if not answered or self.server.cut_transfer_after is not None:
                    return

    def _octets(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            part = self.request.recv(count - len(found))
            if not part:
                return b""
            found += part
        return found


def _doing(query: dns.message.Message) -> str:
    if query.opcode() == dns.opcode.UPDATE:
        return "update"
    return "axfr" if query.question[0].rdtype == dns.rdatatype.AXFR else "query"


def _tsig_error(wire: bytes, error: int, other: bytes = b"") -> bytes:
    """NOTAUTH with a signature of nothing that says why (RFC 8945, 5.2); of the clock, with the server's own time."""
    plain = dns.message.from_wire(wire, keyring=False, continue_on_error=True)
    reply = dns.message.make_response(plain)
    reply.set_rcode(dns.rcode.NOTAUTH)
    head = reply.to_wire()
    value = dns.tsig.HMAC_SHA256.to_wire() + struct.pack("!HIHH", 0, 0, FUDGE, 0)
    value += struct.pack("!HHH", plain.id, error, len(other)) + other
    record = dns.name.from_text("openuc").to_wire() + struct.pack("!HHIH", 250, 255, 0, len(value)) + value
    return head[:10] + struct.pack("!H", 1) + head[12:] + record


@contextlib.contextmanager
def running(server: Nameserver) -> t.Iterator[Nameserver]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def closed_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
