# SPDX-License-Identifier: GPL-3.0-or-later
"""The web server for revocation lists: what it serves, and as what."""

from __future__ import annotations

import typing as t

import pytest

from tests.integration.servers import throwaway
from tests.lab.services.crl import crl_server

ADDRESS = "10.99.0.10"


class Web(t.NamedTuple):
    network: throwaway.Network
    host: throwaway.Process

    def headers(self, path: str, *options: str) -> dict[str, str]:
        done = self.network.client.run("curl", "-sS", "-o/dev/null", "-D-", *options, f"http://{ADDRESS}{path}")
        status, *lines = done.stdout.splitlines()
        return {"status": status.split()[1]} | dict(line.lower().split(": ", 1) for line in lines if line)


@pytest.fixture(scope="module")
def web() -> t.Iterator[Web]:
    with throwaway.network() as network:
        host = network.host("pki", ADDRESS, crl_server(ADDRESS, "/srv/lists"))
        host.run("echo list >/srv/lists/issuing.crl; echo authority >/srv/lists/root.crt")
        yield Web(network, host)


def test_a_list_and_a_certificate_are_served_with_their_types(web):
    assert web.headers("/issuing.crl")["content-type"] == "application/pkix-crl"
    assert web.headers("/root.crt")["content-type"] == "application/pkix-cert"


def test_a_new_list_is_seen_at_once(web):
    assert web.headers("/issuing.crl")["cache-control"] == "no-cache"
    web.host.run("echo newer >/srv/lists/issuing.crl")
    assert web.network.client.run("curl", "-sS", f"http://{ADDRESS}/issuing.crl").stdout == "newer\n"


def test_what_is_not_there_is_not_found_and_nothing_can_be_written(web):
    assert web.headers("/absent.crl")["status"] == "404"
    assert web.headers("/issuing.crl", "-X", "DELETE")["status"] == "403"


def test_it_stops_and_starts_like_any_service(web):
    web.host.run("service nginx stop")
    assert web.network.client.run("curl", "-s", f"http://{ADDRESS}/", check=False).returncode == 7, "nothing listens"
    web.network.start(web.host, crl_server(ADDRESS, "/srv/lists"))
    assert web.headers("/issuing.crl")["status"] == "200"
