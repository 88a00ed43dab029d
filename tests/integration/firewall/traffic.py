# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of the namespaces around a firewall: one that answers whatever comes, and one that opens connections.

traffic.py serve                   says `ready`; answers each connection and datagram with the address that it came from
traffic.py send SECONDS < cases    how long to wait for an answer; JSON: [[protocol, source, source port, destination,
                                   port], ...]; answers as a list
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys

ANSWERS_AT = 9
AT_ONCE = 200


class _Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, _data: bytes, addr: tuple[str, int]) -> None:
        self.transport.sendto(addr[0].encode(), addr)  # type: ignore[attr-defined]


async def serve() -> None:
    """Answer until killed."""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(writer.get_extra_info("peername")[0].encode())
        writer.close()

    await asyncio.start_server(answer, "0.0.0.0", ANSWERS_AT)
    await asyncio.get_running_loop().create_datagram_endpoint(_Echo, local_addr=("0.0.0.0", ANSWERS_AT))
    print("ready", flush=True)
    await asyncio.Event().wait()


async def send(case: list[str | int], seconds: float, gate: asyncio.Semaphore) -> str:
    """Who the other end saw, or nothing when nobody answered."""
    protocol, source, source_port, destination, port = case
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    loop = asyncio.get_running_loop()
    async with gate:
        with socket.socket(socket.AF_INET, kind) as sock:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((source, source_port))
            try:
                async with asyncio.timeout(seconds):
                    await loop.sock_connect(sock, (destination, port))
                    if protocol == "udp":
                        await loop.sock_sendall(sock, b"hello")
                    return (await loop.sock_recv(sock, 64)).decode()
            except (TimeoutError, OSError):
                return ""


async def send_all(seconds: float) -> None:
    gate = asyncio.Semaphore(AT_ONCE)
    print(json.dumps(await asyncio.gather(*(send(case, seconds, gate) for case in json.load(sys.stdin)))))


if __name__ == "__main__":
    asyncio.run(serve() if sys.argv[1] == "serve" else send_all(float(sys.argv[2])))
