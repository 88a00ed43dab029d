# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocols that can be probed; a new one is a file and a line here. Private to the collection."""

from __future__ import annotations

from collections.abc import Mapping

from .discovery import DISCOVERY
from .dns import DNS
from .ldap import LDAP
from .model import Protocol
from .sip import SIP
from .stun import STUN
from .tcp import TCP
from .tls import TLS
from .udp import UDP
from .web import HTTPS
from .xmpp import XMPP

PROTOCOLS: Mapping[str, Protocol] = {
    "tcp": TCP,
    "tls": TLS,
    "udp": UDP,
    "dns": DNS,
    "sip": SIP,
    "stun": STUN,
    "xmpp": XMPP,
    "https": HTTPS,
    "ldap": LDAP,
    "discovery": DISCOVERY,
}
