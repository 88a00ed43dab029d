# SPDX-License-Identifier: GPL-3.0-or-later
"""HAProxy's configuration of publications, and what it says read back. Pure: no I/O.

HAProxy, since it keeps a client that proves itself by NTLM on a connection of its own to the server; a proxy that
shares connections among clients would lend one user's rights to another. It does not make paths plain, as servers
behind it do, so where only some are let in, whatever could mean another one there than it says here is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence

from ..balancer.text import DIGEST
from .model import EVERYTHING, Publication, decode

SOCKET = "/run/haproxy/openuc-publications.sock"
# Authorities that a Debian host trusts.
TRUSTED = "/etc/ssl/certs/ca-certificates.crt"
_AMBIGUOUS = ("..", "//", "\\\\", "%2e", "%2f", "%5c", "%25")
_IDLE_SECONDS = 300
_ITEM = "    # {"

_HEAD = f"""\
# Made by openuc.ocs: what this reverse proxy publishes. Nothing else comes in.
# HAProxy 2.6 or newer; the root of the servers' certificates must be one that this host trusts.
global
    stats socket {SOCKET} mode 600 level admin expose-fd listeners
    set-var {DIGEST} str(%s)

defaults openuc-publications
    mode http
    log global
    option httplog
    option dontlognull
    timeout connect 5s
    timeout http-request 30s
    timeout http-keep-alive 60s
    timeout client %ds
    timeout server %ds
"""
_REFUSED = """\
backend openuc-refused from openuc-publications
    http-request deny deny_status 403
"""


class UnreadableTextError(ValueError):
    """A file that `render` did not write."""


def render(publications: Sequence[Publication], shown: str = "") -> str:
    """The whole file, whatever the order of the publications; empty where there are none.

    `shown` tells the content of the certificates that it names: with other ones it is another file.
    """
    if not publications:
        return ""
    ordered = sorted(publications, key=lambda each: each.key)
    sections = [*_frontends(ordered), *map(_backend, ordered), _REFUSED]
    idle = max(_IDLE_SECONDS, *(each.idle_seconds for each in ordered))
    body = "\n".join(sections)
    digest = hashlib.sha256(f"{shown}{_HEAD}{idle}{body}".encode()).hexdigest()[:16]
    return f"{_HEAD % (digest, idle, idle)}\n{body}"


def parse(text: str) -> list[Publication]:
    """The publications of a file that `render` wrote."""
    items = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(_ITEM):
            try:
                items.append(json.loads(line.lstrip(" #")))
            except ValueError as error:
                raise UnreadableTextError(f"line {number}: {line.strip()!r} is no publication of ours") from error
    found, problems = decode(items)
    if problems or bool(text.strip()) != bool(found):
        said = "; ".join(problems) or "there is no publication of ours in it"
        raise UnreadableTextError(said)
    return found


def _frontends(publications: Sequence[Publication]) -> Iterator[str]:
    for place in sorted({each.place for each in publications}):
        yield _frontend([each for each in publications if each.place == place])


def _frontend(publications: Sequence[Publication]) -> str:
    """What is listened for at one port of one address."""
    place = ":".join(publications[0].place)
    certificates = dict.fromkeys(path for each in publications for path in each.certificates)
    shown = [word for path in certificates for word in ("crt", path)]
    tls = " ".join([" ssl", *shown, "strict-sni", "alpn http/1.1"]) if shown else ""
    lines = [f"frontend openuc-publications-{place} from openuc-publications", f"    bind {place}{tls}"]
    lines.append(f"    acl ambiguous path -i -m sub {' '.join(_AMBIGUOUS)}")
    rules = []
    for number, publication in enumerate(publications):
        names = " ".join((publication.name, *publication.aliases))
        lines.append(f"    acl name-{number} req.hdr(host),field(1,:) -i -m str {names}")
        lines += [f"    acl path-{number} path -i -m {words}" for words in _paths(publication)]
        if EVERYTHING not in publication.allowed:
            lines.append(f"    http-request deny deny_status 400 if name-{number} ambiguous")
        rules.append(f"    use_backend {_name(publication)} if name-{number} path-{number}")
    return "\n".join([*lines, *rules, "    default_backend openuc-refused", ""])


def _paths(publication: Publication) -> Iterator[str]:
    """What lets in a path and all below it, and not one that merely begins with the same letters."""
    for path in publication.allowed:
        whole, star, more = path.partition("*")
        if star and not more and whole.endswith("/"):
            yield f"beg {whole}"
            if path != EVERYTHING:
                yield f"str {whole.rstrip('/')}"
        else:
            yield f"str {path}"


def _backend(publication: Publication) -> str:
    lines = [f"backend {_name(publication)} from openuc-publications"]
    lines.append(f"    # {json.dumps(publication.as_item())}")
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
    return f"openuc-{publication.key}"
