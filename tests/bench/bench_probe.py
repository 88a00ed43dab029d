# SPDX-License-Identifier: GPL-3.0-or-later
"""10,000 TCP connections, 2,000 TLS handshakes and 10,000 UDP exchanges, in the module, beside plain asyncio sockets.

Budget: twice the time of the plain sockets, from main() entered to just before exit_json, options parsed included. Each
measurement has a process of its own; ours and the plain one take turns. The servers run in another process on loopback.
Beside them a loop of `ansible.builtin.wait_for` over few ports.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COUNTS = {"tcp": 10_000, "tls": 2_000, "udp": 10_000}
AT_ONCE = 500
PAIRS = 9
LOOPED = 10
# The plain way waits for ever; a probe that gives up on a busy machine would measure nothing.
PATIENCE = 120
NAME = "sip.contoso.test"
HOST = "127.0.0.1"
# Connections rest for a minute after their end; one address alone would run short of ports.
HOSTS = [f"127.9.0.{number}" for number in range(1, 41)]


# --- servers: one process -------------------------------------------------------------------------------------------


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = t.cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: t.Any) -> None:
        self.transport.sendto(data, addr)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind((HOSTS[0], 0))
        return int(sock.getsockname()[1])


async def serve(certificate: str) -> None:
    """Listen, say where, and end with standard input."""
    loop = asyncio.get_running_loop()

    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await reader.read(1)
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    tcp_port, tls_port = free_port(), free_port()
    for host in HOSTS:
        listener = socket.create_server((host, tcp_port), backlog=4096)
        loop.add_reader(listener, lambda listener: listener.accept()[0].close(), listener)
    await asyncio.start_server(close, HOSTS, tls_port, backlog=AT_ONCE, ssl=context)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    sock.bind((HOST, 0))
    await loop.create_datagram_endpoint(Echo, sock=sock)
    print(json.dumps({"tcp": tcp_port, "tls": tls_port, "udp": sock.getsockname()[1]}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


@contextlib.contextmanager
def servers(certificate: Path) -> Iterator[dict[str, int]]:
    command = [sys.executable, __file__, "serve", str(certificate)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.kill()


def host_of(kind: str, number: int) -> str:
    return HOST if kind == "udp" else HOSTS[number % len(HOSTS)]


# --- the plain way: asyncio's own sockets, without timeouts, reasons or results --------------------------------------


async def plain(kind: str, port: int, trust: str) -> int:
    loop = asyncio.get_running_loop()
    gate = asyncio.Semaphore(AT_ONCE)
    context = ssl.create_default_context(cafile=trust) if kind == "tls" else None

    async def tcp(host: str) -> None:
        with socket.socket() as sock:
            sock.setblocking(False)
            await loop.sock_connect(sock, (host, port))

    async def tls(host: str) -> None:
        _reader, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=NAME)
        writer.close()

    async def udp(_host: str) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            await loop.sock_connect(sock, (HOST, port))
            await loop.sock_sendall(sock, b"probe")
            await loop.sock_recv(sock, 2048)

    work = {"tcp": tcp, "tls": tls, "udp": udp}[kind]

    async def one(host: str) -> int:
        async with gate:
            await work(host)
            return 1

    return sum(await asyncio.gather(*(one(host_of(kind, number)) for number in range(COUNTS[kind]))))


def run_plain(kind: str, port: int, trust: str) -> float:
    start = time.perf_counter()
    done = asyncio.run(plain(kind, port, trust))
    seconds = time.perf_counter() - start
    if done != COUNTS[kind]:
        raise SystemExit(f"{done} of {COUNTS[kind]} went well")
    return seconds


# --- our way: the module -------------------------------------------------------------------------------------------


def options(kind: str, port: int, trust: str) -> dict[str, t.Any]:
    extra = {"udp": {"payload": "probe"}, "tls": {"server_name": NAME, "trust": trust}}.get(kind, {})
    probe = {"protocol": kind, "port": port, "expect": "open", "timeout": PATIENCE, **extra}
    numbers = range(COUNTS[kind])
    probes = [{"id": f"{kind}-{number}", "address": host_of(kind, number), **probe} for number in numbers]
    return {"probes": probes, "at_once": AT_ONCE, "time_limit": PATIENCE}


def run_module(kind: str, port: int, trust: str) -> float:
    """From main() entered to just before exit_json."""
    from ansible.module_utils.basic import AnsibleModule  # noqa: PLC0415 - the plain way pays for no import
    from ansible.module_utils.testing import patch_module_args  # noqa: PLC0415

    from ansible_collections.openuc.ocs.plugins.modules import probe  # noqa: PLC0415

    made: dict[str, t.Any] = {}

    def leave(_module: AnsibleModule, **result: t.Any) -> t.NoReturn:
        made.update(result, at=time.perf_counter())
        raise SystemExit

    AnsibleModule.exit_json = leave
    with patch_module_args(options(kind, port, trust)), contextlib.suppress(SystemExit):
        start = time.perf_counter()
        probe.main()
    if made.get("counts", {}).get("met") != COUNTS[kind]:
        raise SystemExit(f"not all went well: {made.get('msg') or made.get('counts')}")
    return made["at"] - start


# --- the loop of an ordinary playbook -------------------------------------------------------------------------------

PLAY = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.wait_for: {host: %s, port: %d, timeout: 4}
      loop: "{{ range(%d) | list }}"
"""


def looped(folder: Path, port: int) -> float:
    """Seconds a probe, without what starting Ansible costs."""
    times = []
    for count in (1, 1 + LOOPED):
        play = folder / f"loop{count}.yml"
        play.write_text(PLAY % (HOSTS[0], port, count))
        command = [
            Path(sys.executable).with_name("ansible-playbook"),
            "-i",
            "localhost,",
            "-c",
            "local",
            "-e",
            f"ansible_python_interpreter={sys.executable}",
            play,
        ]
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
        times.append(time.perf_counter() - start)
    return (times[1] - times[0]) / LOOPED


# --- measuring ------------------------------------------------------------------------------------------------------


def make_certificate(folder: Path) -> Path:
    path = folder / "server.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    command += ["-addext", f"subjectAltName=DNS:{NAME}", "-keyout", str(path), "-out", str(folder / "public.pem")]
    subprocess.run(command, check=True, capture_output=True)
    path.write_text(path.read_text() + (folder / "public.pem").read_text())
    return path


def one_run(way: str, kind: str, port: int, trust: str) -> float:
    paths = os.pathsep.join([str(ROOT), str(ROOT / ".build" / "collections")])
    command = [sys.executable, __file__, way, kind, str(port), trust]
    run = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths}
    )
    return float(run.stdout)


def main(pairs: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        certificate = make_certificate(folder)
        trust = str(folder / "public.pem")
        with servers(certificate) as ports:
            for kind, count in COUNTS.items():
                times = [
                    (one_run("module", kind, ports[kind], trust), one_run("plain", kind, ports[kind], trust))
                    for _pair in range(pairs)
                ]
                ratios = sorted(ours / theirs for ours, theirs in times)
                print(
                    f"{count:>6} {kind}: module {statistics.median(ours for ours, _theirs in times):.2f} s, "
                    f"plain asyncio {statistics.median(theirs for _ours, theirs in times):.2f} s, "
                    f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), budget 2"
                )
            each = looped(folder, ports["tls"])
            print(f"a loop of wait_for: {each * 1000:.0f} ms a probe, {each * COUNTS['tcp']:.0f} s for 10,000")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(sys.argv[2]))
    elif len(sys.argv) > 2:
        run = {"module": run_module, "plain": run_plain}[sys.argv[1]]
        print(run(sys.argv[2], int(sys.argv[3]), sys.argv[4]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS)
