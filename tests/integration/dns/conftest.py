# SPDX-License-Identifier: GPL-3.0-or-later
"""A network with name servers, and runs of the module's engine from a client in it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

import pytest

from tests.integration.dns import name_servers
from tests.integration.servers import throwaway

CALLING = str(Path(__file__).with_name("calling.py"))
Result = dict[str, t.Any]


class Site:
    """The network, its servers, and the client."""

    def __init__(self, network: throwaway.Network) -> None:
        self.network = network
        self.primary = network.host("ns1", name_servers.PRIMARY, name_servers.primary())
        self.primary.run(f"ip addr add {name_servers.PRIMARY6}/64 dev eth0 nodad; rndc scan || true")
        network.client.run("ip addr add fd00:99::fe/64 dev lan nodad")
        for address in (name_servers.SECONDARY, *name_servers.NOBODY):
            network.nobody_at(address)

    def dig(self, *words: str, server: str = name_servers.PRIMARY, key: str = "") -> list[str]:
        signed = ["-y", f"hmac-sha256:{key}:{name_servers.KEYS[key]}"] if key else []
        done = self.network.client.run("dig", "+short", *signed, f"@{server}", *words)
        return sorted(done.stdout.split("\n")[:-1])

    def nsupdate(self, *lines: str, key: str = "inside", server: str = name_servers.PRIMARY) -> None:
        """What somebody else does with a zone."""
        script = "\n".join([f"server {server}", f"key hmac-sha256:{key} {name_servers.KEYS[key]}", *lines, "send"])
        self.network.client.run(f"nsupdate <<'end'\n{script}\nend")


class Zone:
    """A zone of a server, and runs over it with a journal of its own."""

    def __init__(self, site: Site, journal: Path, zone: str = "contoso.com", **more: t.Any) -> None:
        self.site, self.journal, self.zone = site, journal, zone
        given = {"server": "ns1.contoso.com", "address": name_servers.PRIMARY, "view": "internal", "key_name": "inside"}
        self.options = {**given, "zone": zone, **more}

    def arguments(self, records: list[Result] | None, **more: t.Any) -> dict[str, t.Any]:
        own = {"keys": name_servers.KEYS, "journal_dir": str(self.journal), "timeout": 5.0}
        return {**own, **self.options, "records": records, **more}

    def run(self, records: list[Result] | None = None, **more: t.Any) -> Result:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(self.arguments(records, **more), file)
            file.flush()
            return json.loads(self.site.network.client.run(sys.executable, CALLING, file.name).stdout)

    def begin(self, file: Path, records: list[Result], **more: t.Any) -> subprocess.Popen[str]:
        """A run that goes on while the test does something else."""
        file.write_text(json.dumps(self.arguments(records, **more)))
        command = ["nsenter", f"--target={self.site.network.client.pid}", "--net", sys.executable, CALLING, str(file)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def record(self, name: str, kind: str, *values: str, ttl: int = 600) -> Result:
        return {"name": f"{name}.{self.zone}".lstrip("."), "type": kind, "ttl": ttl, "values": list(values)}


@pytest.fixture(scope="session")
def site() -> t.Iterator[Site]:
    with throwaway.network() as network:
        yield Site(network)


@pytest.fixture
def zone(site: Site, tmp_path: Path) -> t.Iterator[Zone]:
    """contoso.com of the view inside, as it was afterwards."""
    made = Zone(site, tmp_path / "journal")
    yield made
    made.run(None, state="deleted", most_deleted=100000, most_deleted_ratio=1.0)


def ok(result: Result) -> Result:
    assert not result.get("failed"), result["msg"]
    return result
