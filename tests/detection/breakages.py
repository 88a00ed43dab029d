# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to break a deployed lab, each with its mending, and what verification must say of it."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import datetime
import subprocess
import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.integration.rollout.test_deployed_lab import DeployedLab
from tests.lab import kernel

Broken = t.Callable[[DeployedLab], contextlib.AbstractContextManager[None]]

CLIENT, WORLD, PARTNER = "client1.corp.contoso.com", "world1.example.net", "edge.fabrikam.com"
WORLD_ADDRESS = "198.51.100.52"
OUTER, INNER, LB1, SQL = "fw-ext.contoso.com", "fw-int.contoso.com", "lb1.corp.contoso.com", "sql1.corp.contoso.com"
FE1, EDGE = "fe1.corp.contoso.com", "edge1.contoso.com"
NAMES, NAMES_OUTSIDE, PROXY = "ns1.corp.contoso.com", "ns-ext.contoso.com", "rp1.contoso.com"


@dataclasses.dataclass(frozen=True)
class Breakage:
    """`words` must all stand in what is told, of one of the `failures`."""

    title: str
    vantages: tuple[str, ...]
    failures: tuple[str, ...]
    words: tuple[str, ...]
    broken: Broken
    settings: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)


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


def _both(*each: Broken) -> Broken:
    """One after another, and mended the other way round."""

    @contextlib.contextmanager
    def broken(lab: DeployedLab) -> t.Iterator[None]:
        with contextlib.ExitStack() as stack:
            for one in each:
                stack.enter_context(one(lab))
            yield

    return broken


def _certificate(host: str, name: str, make: str) -> Broken:
    """Another certificate in the place of the one that a listener shows."""
    folder = f"/etc/openuc/certificates/{name}"
    return _commands(
        host,
        f"cp -a $(readlink -f {folder}) /run/kept && cd {folder} && {make}",
        f"cp -a /run/kept/. $(readlink -f {folder})/ && rm -r /run/kept",
    )


@contextlib.contextmanager
def lists_published(lab: DeployedLab) -> t.Iterator[None]:
    """The authority's revocation lists stand where its certificates say, at a server on the Internet."""
    published = lab.folder / "pki/published"
    for path in sorted(published.glob("*.crl")):
        text = base64.b64encode(path.read_bytes()).decode()
        lab.on(WORLD, "sh", "-ec", f"mkdir -p /run/lists && echo {text} | base64 -d > /run/lists/{path.name}")
    listening = f"python3 -m http.server 80 --bind {WORLD_ADDRESS} --directory /run/lists"
    lab.on(WORLD, "sh", "-ec", f"setsid {listening} > /dev/null 2>&1 < /dev/null & echo $! > /run/lists.pid")
    record = _records(
        NAMES_OUTSIDE, "203.0.113.5", "contoso.com",
        f"update add crl.contoso.com. 60 A {WORLD_ADDRESS}", "update delete crl.contoso.com. A",
    )  # fmt: skip
    try:
        with record(lab):
            yield
    finally:
        lab.on(WORLD, "sh", "-ec", "kill $(cat /run/lists.pid)")


def _issued(host: str, listener: str, name: str, days: int) -> Broken:
    """Another certificate of the same authority: for a name, and for so many days, which may be over."""

    @contextlib.contextmanager
    def broken(lab: DeployedLab) -> t.Iterator[None]:
        folder = lab.on(host, "sh", "-c", f"readlink -f /etc/openuc/certificates/{listener}").strip()
        key, chain = _signed(lab, name, days)
        lab.on(host, "cp", "-a", folder, "/run/kept")
        try:
            for file, content in (("key.pem", key), ("certificate.pem", chain)):
                lab.on(host, "sh", "-ec", f"cat > {folder}/{file} <<'E'\n{content}E\n")
            yield
        finally:
            lab.on(host, "sh", "-ec", f"cp -a /run/kept/. {folder}/ && rm -r /run/kept")

    return broken


def _signed(lab: DeployedLab, name: str, days: int) -> tuple[str, str]:
    """A key, and a certificate with the chain to its root, as text."""
    authority = lab.folder / "pki/authority"
    issuer = x509.load_pem_x509_certificate((authority / "issuing.pem").read_bytes())
    by = serialization.load_pem_private_key((authority / "issuing.key").read_bytes(), None)
    assert isinstance(by, rsa.RSAPrivateKey)
    key = rsa.generate_private_key(65537, 2048)
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=90))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(by, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private.decode(), (made.public_bytes(pem) + issuer.public_bytes(pem)).decode()


def _registry(host: str, address: str, key: str, name: str, breaking: int, mending: int) -> Broken:
    """Set by somebody else who may."""

    @contextlib.contextmanager
    def broken(lab: DeployedLab) -> t.Iterator[None]:
        password = (lab.lab.folder / "keys/operator.password").read_text().strip()

        def put(data: int) -> None:
            asked = ("net", "rpc", "registry", "-S", address, "-U", f"openuc%{password}")
            lab.on(host, *asked, "setvalue", key, name, "dword", str(data))

        put(breaking)
        try:
            yield
        finally:
            put(mending)

    return broken


def _at_router(router: str, breaking: str, mending: str) -> Broken:
    """At a router of the lab that no inventory knows."""

    @contextlib.contextmanager
    def broken(lab: DeployedLab) -> t.Iterator[None]:
        inside = kernel.namespace(lab.lab.name, router)
        subprocess.run(["ip", "netns", "exec", inside, "nft", breaking], check=True)
        try:
            yield
        finally:
            subprocess.run(["ip", "netns", "exec", inside, "nft", mending], check=True)

    return broken


# HAProxy says so itself; the programs of the collection are not asked in what tries them.
UNTIL_DOWN = (
    'for turn in $(seq 100); do python3 -c "import socket; s = socket.socket(socket.AF_UNIX); '
    "s.connect('/run/haproxy/openuc.sock'); s.sendall(b'show stat\\n'); print(s.makefile().read())\" "
    "| grep '^openuc-{vip},{member},' | grep -q ,DOWN, && exit 0; sleep 0.2; done; exit 1"
)
# As in the lab's inventory, but nothing that certificates lack is tolerated.
AUTHORITY: t.Final = {"authority": "internal", "name": "Contoso lab", "url": "http://crl.contoso.com"}
LISTS_MATTER: t.Final = {"certificates_issuers": {"internal": AUTHORITY, "public": AUTHORITY}}
PSCHED = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\Psched\DiffservByteMappingConforming"
RANGE_RULE = "203.0.113.51-203.0.113.52 . tcp . 50000-59999"
RANGE_FLOW = "ocs2007r2.flow.av-edge-to-partner-media@edge.corp.contoso.com:federation"
REVERSE_PROXY_RULE = "203.0.113.33 . tcp . 443"
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
    "drifted-rule": Breakage(
        "A rule is taken out of a firewall",
        (OUTER,),
        ("failure.live-differs",),
        ("fw-ext.contoso.com", "firewall_rules", "203.0.113.33"),
        _commands(
            OUTER,
            f"nft 'delete element inet openuc_filter internet_to_outside/to-port {{ {REVERSE_PROXY_RULE} }}'",
            f"nft 'add element inet openuc_filter internet_to_outside/to-port {{ {REVERSE_PROXY_RULE} comment "
            "\"ocs2007r2.flow.user-to-reverse-proxy@rp1.contoso.com:external_access\" }'",
        ),
    ),
    "address-translated": Breakage(
        "The outer firewall hides the addresses of users outside behind its own",
        (WORLD,),
        ("failure.source-translated",),
        (WORLD, WORLD_ADDRESS, "203.0.113.1", "translation"),
        _commands(
            OUTER,
            "nft 'add table ip hiding; add chain ip hiding out { type nat hook postrouting priority 90; }; "
            "add rule ip hiding out ip daddr 203.0.113.0/24 masquerade'",
            "nft delete table ip hiding",
        ),
    ),
    "range-shut": Breakage(
        "The range that media to partners leaves from is taken out of a firewall",
        (OUTER,),
        ("failure.live-rules-stop",),
        ("fw-ext.contoso.com", "port 50000", "av-edge-to-partner-media", "no rule lets it through"),
        _commands(
            OUTER,
            f"nft 'delete element inet openuc_filter outside_to_internet/from-sport-ranges {{ {RANGE_RULE} }}'",
            f"nft 'add element inet openuc_filter outside_to_internet/from-sport-ranges {{ {RANGE_RULE} comment "
            f"\"{RANGE_FLOW}\" }}'",
        ),
    ),
    "range-open": Breakage(
        "A port of the range of media is opened from the Internet, where no partner needs it",
        (OUTER,),
        ("failure.live-rules-let-through",),
        ("fw-ext.contoso.com", "203.0.113.51", "port 50000", "is needed by no flow"),
        _commands(
            OUTER,
            "nft 'add element inet openuc_filter internet_to_outside/to-port { 203.0.113.51 . tcp . 50000 }'",
            "nft 'delete element inet openuc_filter internet_to_outside/to-port { 203.0.113.51 . tcp . 50000 }'",
        ),
    ),
    "lists-unreachable": Breakage(
        "An Edge Server does not reach the revocation lists",
        (EDGE,),
        ("failure.wire-differs",),
        (EDGE, "http://crl.contoso.com/", "cannot be fetched from this host: timed out"),
        _both(lists_published, _drop(OUTER, "ip saddr 203.0.113.31 tcp dport 80")),
        LISTS_MATTER,
    ),
    "idle-timeout": Breakage(
        "The balancer drops connections that are idle for a few seconds",
        (LB1,),
        ("failure.live-differs",),
        ("lb1.corp.contoso.com", "load_balancer"),
        _commands(
            LB1,
            "cp /etc/haproxy/openuc.cfg /run/kept.cfg && "
            "sed -i 's/timeout client .*/timeout client 10s/' /etc/haproxy/openuc.cfg",
            "cp /run/kept.cfg /etc/haproxy/openuc.cfg",
        ),
    ),
    "registry-changed": Breakage(
        "A registry value is set to 0",
        (FE1,),
        ("failure.live-differs",),
        ("fe1.corp.contoso.com", "qos_registry", "ServiceTypeGuaranteed"),
        _registry(FE1, "10.20.0.11", PSCHED, "ServiceTypeGuaranteed", 0, 46),
    ),
    "mark-cleared": Breakage(
        "A router clears marks",
        (CLIENT,),
        ("failure.mark-cleared",),
        ("client1.corp.contoso.com", "10.21.0.1", "46"),
        _at_router(
            "lab-core",
            "add table inet spoil; add chain inet spoil c { type filter hook forward priority 0; }; "
            "add rule inet spoil c ip dscp set cs0",
            "delete table inet spoil",
        ),
    ),
    "dead-member": Breakage(
        "A member of a pool is dead, and the others serve for it",
        (LB1,),
        ("failure.member-out",),
        ("fe2.corp.contoso.com", "10.20.0.100:5061", "lb1.corp.contoso.com"),
        _both(
            _refusing("fe2.corp.contoso.com", 5061),
            _commands(LB1, UNTIL_DOWN.format(vip="10.20.0.100:5061", member="fe2.corp.contoso.com"), "true"),
        ),
    ),
    "certificate-ended": Breakage(
        "A certificate has ended",
        (WORLD,),
        ("failure.certificate-ended",),
        ("203.0.113.33", PROXY),
        _issued(PROXY, "*reverse-proxy*", PROXY_NAME, -1),
    ),
    "certificate-lacks-name": Breakage(
        "A certificate is for another name",
        (WORLD,),
        ("failure.name-missing-on-certificate",),
        ("203.0.113.33", PROXY_NAME),
        _issued(PROXY, "*reverse-proxy*", "other.contoso.com", 90),
    ),
}  # fmt: skip


def trusted(lab: DeployedLab) -> str:
    """The authority that the lab's certificates come from."""
    root = x509.load_der_x509_certificate((lab.folder / "pki/published/root.crt").read_bytes())
    return root.public_bytes(serialization.Encoding.PEM).decode()
