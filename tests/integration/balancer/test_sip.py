# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls by SIP over TLS, through a balancer that is changed and whose members are drained meanwhile.

Debian's SIPp is built without TLS, so a relay at either end speaks it: one connection of TLS for each call.
"""

from __future__ import annotations

import typing as t

import pytest

from tests.integration.balancer.conftest import ADDRESSES, PORT, SERVICE, VIP, Balancer
from tests.integration.balancer.ends import End
from tests.integration.conftest import RunningLab

CALLER, HERE, INSIDE = "client1.corp.contoso.com", "127.0.0.1", 15060
IDENTITY = "/run/openuc-sip.pem"
CALLS, RATE, LASTING = 60, 10, 2000

# Relays connections between TLS on one side and SIPp on the other, and runs SIPp. It tells how many calls came
# (`count`), or makes calls and tells SIPp's exit status, which is 0 when every call went well (`call`).
RELAY: t.Final = """
import asyncio, ssl, sys
side, here, port, there, target, identity = sys.argv[1:]
count = 0
async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
async def relay(reader, writer):
    global count
    count += 1
    context = None
    if side == "caller":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        other, out = await asyncio.open_connection(there, int(target), ssl=context)
    except OSError:
        writer.close()
        return
    await asyncio.gather(pump(reader, out), pump(other, writer))
def sipp(*options):
    nothing = asyncio.subprocess.DEVNULL
    command = ["sipp", "-nostdin", "-max_socket", "1000", "-trace_err", "-error_file", f"/run/{side}.err"]
    command += ["-i", "127.0.0.1", *options]
    return asyncio.create_subprocess_exec(*command, stdin=nothing, stdout=nothing, stderr=nothing, cwd="/run")
async def main():
    context = None
    if side == "member":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity)
    server = await asyncio.start_server(relay, here, int(port), ssl=context)
    answering = await sipp("-sn", "uas", "-t", "t1", "-p", target) if side == "member" else None
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    print("ready", flush=True)
    while words := (await lines.readline()).decode().split():
        if words[0] == "count":
            print(count, flush=True)
        else:
            calls, rate, lasting = words[1:]
            calling = await sipp("-sn", "uac", "-t", "tn", "-m", calls, "-r", rate, "-d", lasting, f"{here}:{port}")
            print(await calling.wait(), flush=True)
    if answering:
        answering.terminate()
        await answering.wait()
asyncio.run(main())
"""


@pytest.fixture
def answering(running_lab: RunningLab) -> t.Iterator[dict[str, End]]:
    """Both Front Ends, answering calls."""
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    ends = {}
    for host, address in ADDRESSES.items():
        running_lab.on(host, *made, "-subj", f"/CN={host}", "-keyout", IDENTITY, "-out", f"{IDENTITY}.crt")
        running_lab.on(host, "sh", "-c", f"cat {IDENTITY}.crt >>{IDENTITY}")
        arguments = ["member", address, str(PORT), HERE, str(INSIDE), IDENTITY]
        ends[host.partition(".")[0]] = End(running_lab, host, RELAY, *arguments)
    assert [end.receive() for end in ends.values()] == ["ready", "ready"]
    yield ends
    for end in ends.values():
        end.stop()


@pytest.fixture
def caller(running_lab: RunningLab) -> t.Iterator[End]:
    end = End(running_lab, CALLER, RELAY, "caller", HERE, str(INSIDE), VIP, str(PORT), "")
    assert end.receive() == "ready"
    yield end
    end.stop()


def _complaints(running_lab: RunningLab) -> str:
    """What SIPp has to say of calls that failed."""
    return running_lab.on(CALLER, "head", "-c", "3000", "/run/caller.err", check=False).stdout


def test_no_call_is_lost_while_services_change_and_members_are_drained(
    balancer: Balancer, answering: dict[str, End], caller: End
) -> None:
    service = {**SERVICE, "check_port": str(PORT)}
    balancer.balance(service)
    caller.send(f"call {CALLS} {RATE} {LASTING}")
    assert balancer.balance({**service, "idle_seconds": 1500})["changed"]
    drained = balancer.drain(wait=60)
    assert (drained.get("msg"), drained["left"]) == (None, {})
    before = int(answering["fe1"].tell("count"))
    assert caller.receive(120) == "0", _complaints(balancer.lab)
    counts = {name: int(end.tell("count")) for name, end in answering.items()}
    assert counts["fe1"] == before
    assert min(counts.values()) > 0
    assert sum(counts.values()) == CALLS


def test_calls_are_shared_out_evenly(balancer: Balancer, answering: dict[str, End], caller: End) -> None:
    balancer.balance({**SERVICE, "check_port": str(PORT)})
    assert caller.tell(f"call {CALLS} 30 {LASTING}", 120) == "0", _complaints(balancer.lab)
    counts = [int(end.tell("count")) for end in answering.values()]
    assert sum(counts) == CALLS
    assert abs(counts[0] - counts[1]) <= 2
