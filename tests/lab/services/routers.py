# SPDX-License-Identifier: GPL-3.0-or-later
"""Packet filters and load balancers, before any of our roles has been at them."""

from __future__ import annotations

from .base import File, Ready, Service

RULES = """\
#!/usr/sbin/nft -f
# What a host begins with: nothing is filtered or translated. Loaded anew at each start, as Debian does.
flush ruleset
"""

HAPROXY = """\
# What a balancer begins with: it runs, and balances nothing.
global
    log stderr local0 notice
    chroot /var/lib/haproxy
    stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners
    user haproxy
    group haproxy
    daemon

defaults
    mode tcp
    timeout connect 5s
    timeout client 30m
    timeout server 30m

frontend lab_idle
    bind unix@/run/haproxy/idle.sock
"""

# What a role has set up to be started at boot is started, as init would.
BALANCER_START = """\
mkdir -p /run/haproxy
[ ! -x /etc/init.d/openuc-balance ] || service openuc-balance start
service haproxy start
[ ! -s /etc/keepalived/keepalived.conf ] || service keepalived start
"""


def packet_filter() -> Service:
    """Nftables with no rules; what is kept in /etc/nftables.conf comes back when the host starts again."""
    return Service(
        "nftables",
        packages=("nftables", "conntrack"),
        files={"/etc/nftables.conf": File(RULES, 0o755)},
        start="nft -f /etc/nftables.conf",
    )


def balancer() -> Service:
    """HAProxy without services; addresses that move between balancers are keepalived's, which a role sets up."""
    return Service(
        "haproxy",
        packages=("haproxy", "keepalived"),
        files={"/etc/haproxy/haproxy.cfg": File(HAPROXY)},
        start=BALANCER_START,
        ready=(Ready("unix", "/run/haproxy/admin.sock"),),
    )
