# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reverse proxy that is HAProxy holds for the plan's publications.

HAProxy, since it keeps a client that proves itself by NTLM on a connection of its own to the server; a proxy that
shares connections among clients would lend one user's rights to another. It does not make paths plain, as servers
behind it do, so where only some are let in, whatever could mean another one there than it says here is refused.
"""

from __future__ import annotations

import itertools
import typing as t

from ...module_utils.specs import CERTIFICATES_FOLDER
from ..planning.plan import Plan
from ..planning.publications import Publication
from ..topology.model import Topology

# Authorities that a Debian host trusts.
TRUSTED: t.Final = "/etc/ssl/certs/ca-certificates.crt"
_AMBIGUOUS: t.Final = ("..", "//", "\\\\", "%2e", "%2f", "%5c", "%25")
_EVERYTHING: t.Final = "/*"
_IDLE_SECONDS: t.Final = 300

_HEAD: t.Final = """\
# Made by openuc.ocs: what the reverse proxy {proxy} publishes. Nothing else comes in.
# HAProxy 2.6 or newer; the root of the servers' certificates must be one that this host trusts.
defaults openuc-publications
    mode http
    log global
    option httplog
    option dontlognull
    timeout connect 5s
    timeout http-request 30s
    timeout http-keep-alive 60s
    timeout client {idle}s
    timeout server {idle}s
"""
_REFUSED: t.Final = """\
backend openuc-refused from openuc-publications
    http-request deny deny_status 403
"""


def render(_topology: Topology, plan: Plan) -> t.Iterator[tuple[str, str]]:
    """native/<proxy>.publications.cfg for every reverse proxy."""
    for proxy, found in itertools.groupby(plan.publications, key=lambda publication: publication.proxy):
        yield f"native/{proxy}.publications.cfg", text_of(proxy, tuple(found), plan)


def text_of(proxy: str, publications: t.Sequence[Publication], plan: Plan) -> str:
    idle = max(_IDLE_SECONDS, *(publication.idle_seconds for publication in publications))
    parts = [_HEAD.format(proxy=proxy, idle=idle)]
    places = dict.fromkeys((each.address, each.port, bool(each.certificate_names)) for each in publications)
    for address, port, tls in sorted(places):
        here = [each for each in publications if (each.address, each.port) == (address, port)]
        parts.append(_frontend(address, port, _shown(proxy, here, plan) if tls else (), here))
    parts += [_backend(publication) for publication in publications]
    return "\n".join([*parts, _REFUSED])


def _shown(proxy: str, publications: t.Sequence[Publication], plan: Plan) -> tuple[str, ...]:
    """Ids of the proxy's certificates that bear names published here."""
    names = {name for publication in publications for name in publication.certificate_names}
    return tuple(
        certificate.id
        for certificate in plan.certificates
        if proxy in certificate.hosts and names & {certificate.subject, *(san.name for san in certificate.sans)}
    )


def _frontend(address: str, port: str, certificates: t.Sequence[str], publications: t.Sequence[Publication]) -> str:
    shown = [word for name in certificates for word in ("crt", f"{CERTIFICATES_FOLDER}/{name}/combined.pem")]
    tls = " ".join([" ssl", *shown, "strict-sni", "alpn http/1.1"]) if shown else ""
    lines = [f"frontend openuc-publications-{address}:{port} from openuc-publications"]
    lines += [f"    bind {address}:{port}{tls}", f"    acl ambiguous path -i -m sub {' '.join(_AMBIGUOUS)}"]
    rules = []
    for number, publication in enumerate(publications):
        names = " ".join((publication.name, *publication.aliases))
        lines.append(f"    acl name-{number} req.hdr(host),field(1,:) -i -m str {names}")
        lines += [f"    acl path-{number} path -i -m {words}" for words in _paths(publication)]
        if _EVERYTHING not in publication.allowed:
            lines.append(f"    http-request deny deny_status 400 if name-{number} ambiguous")
        rules.append(f"    use_backend {_name(publication)} if name-{number} path-{number}")
    return "\n".join([*lines, *rules, "    default_backend openuc-refused", ""])


def _paths(publication: Publication) -> t.Iterator[str]:
    """What lets in a path and all below it, and not one that merely begins with the same letters."""
    for path in publication.allowed:
        whole, _star, more = path.partition("*")
        if _star and not more and whole.endswith("/"):
            yield f"beg {whole}"
            if path != _EVERYTHING:
                yield f"str {whole.rstrip('/')}"
        else:
            yield f"str {path}"


def _backend(publication: Publication) -> str:
    lines = [f"backend {_name(publication)} from openuc-publications"]
    lines += [f"    # {name}: {text}" for name, text in (("id", publication.id), ("why", ", ".join(publication.why)))]
    if publication.host_header != "original":
        lines.append(f"    http-request set-header Host {publication.backend}")
    if publication.idle_seconds:
        lines.append(f"    timeout server {publication.idle_seconds}s")
    tls = f" ssl sni str({publication.backend}) verify required verifyhost {publication.backend} ca-file {TRUSTED}"
    for address in publication.backend_addresses:
        end = tls if publication.backend_tls else ""
        lines.append(f"    server {address} {address}:{publication.backend_port}{end}")
    return "\n".join([*lines, ""])


def _name(publication: Publication) -> str:
    return f"openuc-{publication.name}:{publication.port}"
