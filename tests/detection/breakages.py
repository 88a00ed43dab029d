# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to break a deployed lab, each with its mending, and what verification must say of it."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.integration.rollout.test_deployed_lab import DeployedLab

Broken = t.Callable[[DeployedLab], contextlib.AbstractContextManager[None]]

CLIENT, WORLD, PARTNER = "client1.corp.contoso.com", "world1.example.net", "edge.fabrikam.com"
OUTER, INNER, LB1, SQL = "fw-ext.contoso.com", "fw-int.contoso.com", "lb1.corp.contoso.com", "sql1.corp.contoso.com"
NAMES, NAMES_OUTSIDE, PROXY = "ns1.corp.contoso.com", "ns-ext.contoso.com", "rp1.contoso.com"


@dataclasses.dataclass(frozen=True)
class Breakage:
    """`words` must all stand in what is told, of one of the `failures`."""

    title: str
    vantages: tuple[str, ...]
    failures: tuple[str, ...]
    words: tuple[str, ...]
    broken: Broken


def _commands(host: str, breaking: str, mending: str) -> Broken:
    @contextlib.contextmanager
    def broken(lab: DeployedLab) -> t.Iterator[None]:
        lab.on(host, "sh", "-ec", breaking)
        try:
            yield
        finally:
            lab.on(host, "sh", "-ec", mending)

    return broken


def _records(server: str, address: str, zone: str, breaking: str, mending: str) -> Broken:
    """Changed behind our back, by somebody else who has the key."""

    @contextlib.contextmanager
    def broken(lab: DeployedLab) -> t.Iterator[None]:
        key = (lab.lab.folder / "keys" / "openuc.key").read_text()

        def update(lines: str) -> None:
            script = f"server {address}\nzone {zone}\n{lines}\nsend\n"
            store = "cat > /run/openuc.key <<'E'\n" + key + "\nE\nnsupdate -k /run/openuc.key <<'E'\n" + script + "E\n"
            lab.on(server, "sh", "-ec", store + "rm /run/openuc.key")

        update(breaking)
        try:
            yield
        finally:
            update(mending)

    return broken


def _drop(firewall: str, match: str) -> Broken:
    """A rule of somebody else's that comes before ours."""
    table = "add table inet other; add chain inet other early { type filter hook forward priority -50; }"
    return _commands(
        firewall,
        f"nft '{table}; add rule inet other early {match} drop'",
        "nft delete table inet other",
    )


def _refusing(host: str, port: int) -> Broken:
    """As a host does whose service is stopped."""
    chain = "add table inet gone; add chain inet gone in { type filter hook input priority -50; }"
    rule = f"add rule inet gone in tcp dport {port} reject with tcp reset"
    return _commands(host, f"nft '{chain}; {rule}'", "nft delete table inet gone")


def _certificate(host: str, name: str, make: str) -> Broken:
    """Another certificate in the place of the one that a listener shows."""
    folder = f"/etc/openuc/certificates/{name}"
    return _commands(
        host,
        f"cp -a $(readlink -f {folder}) /run/kept && cd {folder} && {make}",
        f"cp -a /run/kept/. $(readlink -f {folder})/ && rm -r /run/kept",
    )


PROXY_NAME = "webext.contoso.com"
SELF_SIGNED = (
    "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem -days {days} "
    "-subj /CN={name} -addext subjectAltName=DNS:{name}"
)

BREAKAGES: t.Final[dict[str, Breakage]] = {
    "wrong-srv": Breakage(
        "The SRV record of sign-in leads to another server",
        (CLIENT,),
        ("failure.story-elsewhere", "failure.story-no-name", "failure.record-differs"),
        ("_sipinternaltls._tcp.contoso.com",),
        _records(
            NAMES, "10.20.0.5", "contoso.com",
            "update delete _sipinternaltls._tcp.contoso.com. SRV\n"
            "update add _sipinternaltls._tcp.contoso.com. 3600 SRV 0 0 5061 gone.contoso.com.",
            "update delete _sipinternaltls._tcp.contoso.com. SRV\n"
            "update add _sipinternaltls._tcp.contoso.com. 3600 SRV 0 0 5061 dirpool.corp.contoso.com.",
        ),
    ),
    "record-missing": Breakage(
        "A record that clients need is gone",
        (CLIENT,),
        ("failure.record-missing",),
        ("pool1.corp.contoso.com", "10.20.0.100"),
        _records(
            NAMES, "10.20.0.5", "corp.contoso.com",
            "update delete pool1.corp.contoso.com. A",
            "update add pool1.corp.contoso.com. 3600 A 10.20.0.100",
        ),
    ),
    "views-mixed-up": Breakage(
        "The Internet is given the inside address",
        (WORLD,),
        ("failure.views-mixed-up",),
        ("ucupdates-r2.contoso.com", "10.20.0.100"),
        _records(
            NAMES_OUTSIDE, "203.0.113.5", "contoso.com",
            "update delete ucupdates-r2.contoso.com. A\nupdate add ucupdates-r2.contoso.com. 3600 A 10.20.0.100",
            "update delete ucupdates-r2.contoso.com. A\nupdate add ucupdates-r2.contoso.com. 3600 A 203.0.113.33",
        ),
    ),
    "closed-port": Breakage(
        "A firewall rule of somebody else's shuts a port",
        (WORLD, PARTNER),
        ("failure.firewall-blocks", "failure.virtual-address-missing", "failure.one-client-network"),
        ("203.0.113.100", "443"),
        _drop(OUTER, "ip daddr 203.0.113.100 tcp dport 443"),
    ),
    "one-client-network": Breakage(
        "One network of clients is shut out",
        (CLIENT, "fe1.corp.contoso.com", "fe2.corp.contoso.com"),
        ("failure.one-client-network", "failure.firewall-blocks", "failure.virtual-address-missing"),
        ("10.30.0.101", "fw-int.contoso.com"),
        _drop(INNER, "ip saddr 10.21.0.0/24 ip daddr 10.30.0.101"),
    ),
    "service-stopped": Breakage(
        "A service is stopped",
        ("fe1.corp.contoso.com",),
        ("failure.not-listening",),
        ("sql1.corp.contoso.com", "1433"),
        _refusing(SQL, 1433),
    ),
    "host-down": Breakage(
        "A host is off the network",
        ("fe1.corp.contoso.com",),
        ("failure.host-down", "failure.host-silent", "failure.no-route"),
        ("sql1.corp.contoso.com",),
        _commands(SQL, "ip link set lan down", "ip link set lan up"),
    ),
    "wrong-health-port": Breakage(
        "The balancer judges its members by a port that nobody listens on",
        (CLIENT, LB1),
        ("failure.balancer-hangs-up", "failure.wrong-health-port", "failure.no-member-in-service"),
        ("lb1.corp.contoso.com", "5061"),
        _commands(
            LB1,
            "cp /etc/haproxy/openuc.cfg /run/kept.cfg && "
            "sed -i '/^backend openuc-check-.*:5061/,/^$/s/:5061 source/:9 source/' /etc/haproxy/openuc.cfg && "
            "service haproxy reload && sleep 8",
            "cp /run/kept.cfg /etc/haproxy/openuc.cfg && service haproxy reload",
        ),
    ),
    "foreign-certificate": Breakage(
        "A certificate that nobody trusts",
        (WORLD,),
        ("failure.foreign-issuer",),
        ("203.0.113.33",),
        _certificate(PROXY, "*reverse-proxy*", SELF_SIGNED.format(days=90, name=PROXY_NAME)),
    ),
    "name-server-silent": Breakage(
        "The DNS server of clients does not answer",
        (CLIENT,),
        ("failure.name-server-silent",),
        ("ns1.corp.contoso.com",),
        _commands(
            NAMES,
            "nft 'add table inet gone; add chain inet gone in { type filter hook input priority -50; }; "
            "add rule inet gone in udp dport 53 drop; add rule inet gone in tcp dport 53 drop'",
            "nft delete table inet gone",
        ),
    ),
}  # fmt: skip


def trusted(lab: DeployedLab) -> str:
    """The authority that the lab's certificates come from."""
    root = x509.load_der_x509_certificate((lab.folder / "pki/published/root.crt").read_bytes())
    return root.public_bytes(serialization.Encoding.PEM).decode()
