# SPDX-License-Identifier: GPL-3.0-or-later
"""What live checks expect, worked out from the plan: one list of probes for each vantage.

Each probe names the items of the plan that it speaks for, so that a failure can be explained by them. A check is one of
five kinds: a *flow* passes; what is *closed* does not; a *name* has its records in the view of the one who asks; behind
a flow that speaks TLS stands the *certificate* that is planned for its listener; and a *story*, such as a client's
sign-in, ends where it should.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ...module_utils.probing.dns_wire import DNS_PORT
from ..planning.base import Stages
from ..planning.dns import VIEW_OF_ZONE
from ..planning.flows import Flow
from ..planning.plan import Plan
from ..topology.model import Topology
from .goals import Goal, goals_of, stand_ins_of
from .members import KNOCKS, spreads
from .ports import lot, one_of, sampled, span
from .shown import Shown, common_names
from .stories import stories_of
from .vantages import Vantage, vantages_of
from .verdicts import KNOCK

Arguments = dict[str, t.Any]
# Protocol and ports that may pass, by the address that knocks and the one knocked at.
Allowed = dict[tuple[str, str], list[tuple[str, str]]]

# Of what is closed, this many ports of each address are tried from each vantage.
CLOSED_SAMPLE: t.Final = 3
GREETING: t.Final = "openuc"
# Where any port will do: of those that clients take.
ANY_PORT: t.Final = "1024-65535"
_OURS: t.Final = ("internal", "perimeter")
_PRIVATE: t.Final = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_OF_RECORDS: t.Final = ("name", "story")


@dataclasses.dataclass(slots=True)
class _Probe:
    """A probe in the making; several flows may ask for the same."""

    kind: str
    protocol: str
    address: str
    port: int
    source: str
    source_port: int
    expect: str
    host: str
    rank: int
    stage: str
    items: dict[str, None]
    why: dict[str, None]
    more: Arguments

    def as_item(self) -> Arguments:
        # Where something leaves from a port of its own, other flows to the same place are other probes.
        start = f"{self.source}:{self.source_port}" if self.source_port else self.source
        asked = f":{next(iter(self.items))}" if self.kind in _OF_RECORDS else ""
        item: Arguments = {
            "id": f"{self.kind}:{start}>{self.address}:{self.port}/{self.protocol}{asked}",
            "stage": self.stage,
            "why": list(self.why),
            "items": list(self.items),
            "kind": self.kind,
            "host": self.host,
            "protocol": self.protocol,
            "address": self.address,
            "port": self.port,
            "source_address": self.source,
            "expect": self.expect,
            **self.more,
        }
        if self.source_port:
            item["source_port"] = self.source_port
        return item


class Expectations:
    """Everything that is expected of an estate, by vantage."""

    def __init__(self, topology: Topology, plan: Plan) -> None:
        self._topology = topology
        self._plan = plan
        self._stages = Stages(topology.catalogue)
        self._sets = {item.name: item for item in plan.sets}
        self._services = {service.id: service for service in plan.services}
        self._shown = Shown(plan)
        self._stories = tuple(stories_of(topology, plan))
        vantages = vantages_of(topology)
        self._stand_ins = {item.name: tuple(stand_ins_of(item, vantages)) for item in plan.sets}

    def of(self, vantage: Vantage) -> tuple[Arguments, ...]:
        """The probes of a vantage, in an order that does not change."""
        probes: dict[object, _Probe] = {}
        allowed: Allowed = {}
        for flow in self._plan.flows:
            source = vantage.knocks_as(self._sets[flow.source])
            if source is None:
                continue
            for goal in goals_of(flow, self._sets):
                allowed.setdefault((source, goal.address), []).extend(
                    (flow.protocol, port) for port in flow.ports or ("",)
                )
                for probe in self._of_flow(flow, source, goal):
                    _add(probes, probe)
            for goal in self._stand_ins[flow.destination]:
                for probe in self._towards(flow, vantage, source, goal):
                    _add(probes, probe)
        for probe in self._closed(vantage, allowed):
            _add(probes, probe)
        for probe in (*self._names(vantage), *self._told(vantage)):
            _add(probes, probe)
        return (*(probe.as_item() for probe in probes.values()), *self._knocks(vantage))

    def _knocks(self, vantage: Vantage) -> t.Iterator[Arguments]:
        """More connections to balanced services, so that each member must get one; the balancer tells who did."""
        for flow in self._plan.flows:
            source = vantage.knocks_as(self._sets[flow.source])
            service = self._services.get(flow.service)
            if source is None or service is None or flow.leg != "to_vip" or not spreads(service):
                continue
            for goal in goals_of(flow, self._sets):
                for number in range(KNOCKS * len(service.members)):
                    yield {
                        "id": f"{KNOCK}:{source}>{goal.address}:{service.port}/{number}:{flow.id}",
                        "stage": flow.stage,
                        "kind": KNOCK,
                        "host": goal.host,
                        "protocol": "tcp",
                        "address": goal.address,
                        "port": int(service.port),
                        "source_address": source,
                        "expect": "passed",
                    }

    # --- flows --------------------------------------------------------------------------------------------------------

    def _of_flow(self, flow: Flow, source: str, goal: Goal) -> t.Iterator[_Probe]:
        if flow.protocol not in ("tcp", "udp"):
            return
        for port, is_alone in sampled(flow.ports):
            certificates = self._shown.at(flow, goal.host) if flow.tls else ()
            protocol, more = self._spoken(flow, is_alone)
            if protocol == "stun" and self._is_seen_as_it_is(flow, source):
                more |= {"mapped": source}
            if certificates and protocol in ("tls", "sip", "https"):
                more |= {"names": common_names(certificates), "certificate": certificates[0].id}
            elif protocol in ("tls", "sip", "https"):
                more |= {"verify": False}
            rank = self._stages.rank(flow.stage)
            items, why = {flow.id: None}, dict.fromkeys(flow.why)
            source_port = one_of(flow.source_ports, f"{source}>{goal.address}:{port}")
            # On ports of a range servers listen only while they need one.
            expect = "served" if is_alone else "passed"
            yield _Probe("flow", protocol, goal.address, port, source, source_port, expect, goal.host, rank,
                         flow.stage, items, why, more)  # fmt: skip

    def _towards(self, flow: Flow, vantage: Vantage, source: str, goal: Goal) -> t.Iterator[_Probe]:
        """Of a flow to clients, partners or the Internet the way is looked at; who listens there is not ours to say."""
        if flow.protocol not in ("tcp", "udp") or goal.host == vantage.host:
            return
        salt = f"{source}>{goal.address}:{flow.id}"
        for port, _is_alone in sampled(flow.ports or (str(one_of(ANY_PORT, salt)),)):
            more = {"payload": GREETING} if flow.protocol == "udp" else {}
            yield _Probe("flow", flow.protocol, goal.address, port, source, one_of(flow.source_ports, salt), "passed",
                         goal.host, self._stages.rank(flow.stage), flow.stage, {flow.id: None},
                         dict.fromkeys(flow.why), more)  # fmt: skip

    def _spoken(self, flow: Flow, is_alone: bool) -> tuple[str, Arguments]:
        """How to knock: in the words of the server, where these are known and it needs no certificate of ours."""
        spoken = (flow.application, flow.tls, flow.protocol)
        if is_alone and spoken in (("sip", "tls", "tcp"), ("xmpp", "", "tcp")):
            return flow.application, {"domain": next(iter(self._topology.estate.sip_domains), "openuc.invalid")}
        if is_alone and spoken in (("https", "tls", "tcp"), ("stun", "", "udp")):
            return flow.application, {}
        if is_alone and spoken == ("stun", "", "tcp"):
            return flow.application, {"transport": "tcp"}
        if flow.protocol == "udp":
            return "udp", {"payload": GREETING}
        return ("tls" if flow.tls else "tcp"), {}

    def _is_seen_as_it_is(self, flow: Flow, source: str) -> bool:
        """Whether the other end sees an address as we do: nothing on the way puts its own in its place.

        A private address outside is translated by somebody whom no inventory knows.
        """
        service = self._services.get(flow.service)
        if flow.leg == "to_vip" and (service is None or service.nat != "dnat"):
            return False
        address = ipaddress.IPv4Address(source)
        zone = self._topology.networks.zone(self._topology.networks.locate(address))
        foreign = zone not in _OURS and any(address in network for network in _PRIVATE)
        return not foreign and not any(change.kind == "snat" for change in flow.nat)

    # --- what must not pass -------------------------------------------------------------------------------------------

    def _closed(
        self, vantage: Vantage, allowed: t.Mapping[tuple[str, str], list[tuple[str, str]]]
    ) -> t.Iterator[_Probe]:
        """A sample of the ports of the estate that no flow opens towards addresses behind a firewall that enforces."""
        ports = sorted({int(port) for flow in self._plan.flows if flow.protocol == "tcp" for port in flow.ports
                        if port.isdecimal()})  # fmt: skip
        for network, source in vantage.networks.items():
            for goal in self._guarded(network):
                open_ports = allowed.get((source, goal.address), [])
                shut = [port for port in ports if not _holds(open_ports, "tcp", port)]
                for port in sorted(shut, key=lambda port: lot(f"{source}>{goal.address}:{port}"))[:CLOSED_SAMPLE]:
                    yield _Probe("closed", "tcp", goal.address, port, source, 0, "blocked", goal.host,
                                 self._stages.rank(self._last), self._last, {}, {}, {})  # fmt: skip

    def _guarded(self, network: str) -> t.Iterator[Goal]:
        """Addresses that an enforcing firewall stands before, as seen from a network."""
        seen: set[str] = set()
        for endpoints in self._plan.sets:
            for member in endpoints.members:
                if member.address in seen or not endpoints.networks:
                    continue
                seen.add(member.address)
                there = self._topology.networks.locate(ipaddress.IPv4Address(member.address))
                if there and self._is_guarded(network, there):
                    yield Goal(member.host, member.address)

    def _is_guarded(self, here: str, there: str) -> bool:
        def answer() -> bool:
            networks = self._topology.networks
            zones = {networks.zone(here), networks.zone(there)}
            way = networks.between((here,), (there,))
            enforcing = any(self._enforces(crossing.firewall) for crossing in way)
            return "perimeter" in zones and bool(way) and enforcing

        return self._topology.once(("guarded", here, there), answer)

    def _enforces(self, firewall: str) -> bool:
        server = self._topology.servers.get(firewall)
        return server is not None and server.given.enforce == "enforce"

    @property
    def _last(self) -> str:
        """What is closed can be judged when all that is open is there."""
        return self._plan.stages[-1].stage if self._plan.stages else "preflight"

    # --- names --------------------------------------------------------------------------------------------------------

    def _names(self, vantage: Vantage) -> t.Iterator[_Probe]:
        """Records of the view of a vantage, asked of the server that holds the zone."""
        networks = self._topology.networks
        views = {str(VIEW_OF_ZONE.get(networks.zone(name), "")): address for name, address in vantage.networks.items()}
        servers = {(zone.view, zone.name): zone.server for zone in self._plan.zones}
        for record in self._plan.records:
            source = views.get(record.view)
            server = servers.get((record.view, record.zone), "")
            serving = self._serving(server)
            if source is None or not serving:
                continue
            more: Arguments = {"name": record.name, "type": record.type, "values": _values(record.values)}
            if record.replaces:
                # Once the later record is there, nobody expects the earlier one.
                more["replaces"] = f"name:{source}>{serving}:{DNS_PORT}/dns:{record.replaces}"
            rank = self._stages.rank(record.stage)
            yield _Probe("name", "dns", serving, DNS_PORT, source, 0, "answer", server, rank, record.stage,
                         {record.id: None}, dict.fromkeys(record.why), more)  # fmt: skip

    def _told(self, vantage: Vantage) -> t.Iterator[_Probe]:
        """The procedures that those whom the vantage stands for go through by themselves, for each SIP domain."""
        for story in self._stories:
            records = story.records
            server = next((zone.server for zone in self._plan.zones
                           if (zone.view, zone.name) == (records[0].view, records[0].zone)), "")  # fmt: skip
            asked = self._serving(server)
            if vantage.kind != story.teller or not asked or not vantage.networks:
                continue
            source = min(vantage.networks.items())[1]
            for record in records:
                more: Arguments = {
                    "domain": story.domain,
                    "attempts": list(story.attempts),
                    "strict": story.strict,
                    "wanted": [value.rsplit(" ", 1)[-1].rstrip(".").lower() for value in record.values],
                    "title": f"{story.title}: {story.domain}",
                }
                if record.replaces:
                    more["replaces"] = _story_id(source, asked, record.replaces)
                yield _Probe("story", "discovery", asked, DNS_PORT, source, 0, "open", server,
                             self._stages.rank(record.stage), record.stage, {record.id: None},
                             dict.fromkeys((story.id, *record.why)), more)  # fmt: skip

    def _serving(self, server: str) -> str:
        """The address that a DNS server of the inventory answers at, or nothing."""
        asked = self._topology.servers.get(server)
        addresses = asked.given.addresses if asked else None
        return next((str(getattr(addresses, name)) for name in addresses.given()), "") if addresses else ""


def _story_id(source: str, server: str, record: str) -> str:
    return f"story:{source}>{server}:{DNS_PORT}/discovery:{record}"


def probes_of(topology: Topology, plan: Plan) -> t.Iterator[tuple[str, tuple[Arguments, ...]]]:
    """Each vantage with its probes."""
    expectations = Expectations(topology, plan)
    for vantage in vantages_of(topology):
        yield vantage.host, expectations.of(vantage)


def _add(probes: dict[object, _Probe], probe: _Probe) -> None:
    """Join probes that knock at the same place in the same way; the earliest stage that asks for it counts."""
    key = (probe.kind, probe.protocol, probe.source, probe.source_port, probe.address, probe.port,
           tuple(probe.items) if probe.kind in _OF_RECORDS else ())  # fmt: skip
    known = probes.setdefault(key, probe)
    if known is probe:
        return
    known.items.update(probe.items)
    if "served" in (known.expect, probe.expect):
        known.expect = "served"
    known.why.update(probe.why)
    if probe.rank < known.rank:
        known.rank, known.stage = probe.rank, probe.stage


def _holds(ports: t.Iterable[tuple[str, str]], protocol: str, port: int) -> bool:
    return any(name == protocol and (not text or span(text)[0] <= port <= span(text)[1]) for name, text in ports)


def _values(values: t.Sequence[str]) -> list[str]:
    """As probes give them: names without the dot at their end."""
    return [value.removesuffix(".") for value in values]
