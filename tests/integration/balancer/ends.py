# SPDX-License-Identifier: GPL-3.0-or-later
"""Both ends of balanced connections, as processes on hosts of a lab that are told what to do line by line."""

from __future__ import annotations

import selectors
import subprocess
import time
import typing as t

from tests.integration.conftest import RunningLab
from tests.lab import machine

SECONDS = 30.0

# A member: greets each connection with its name and the address that it comes from, and echoes what it gets.
MEMBER: t.Final = """
import socket, sys, threading
name, listening = sys.argv[1], {}
def serve(connection, peer):
    try:
        connection.sendall(f"{name} {peer[0]}\\n".encode())
        while data := connection.recv(4096):
            connection.sendall(data)
    except OSError as error:
        print(f"ended {type(error).__name__}", flush=True)
    connection.close()
def accept(server):
    while True:
        try:
            connection, peer = server.accept()
        except OSError:
            return
        threading.Thread(target=serve, args=(connection, peer), daemon=True).start()
cookie = bytes.fromhex("2112a442")
def binding(request, peer):
    port = bytes(a ^ b for a, b in zip(peer[1].to_bytes(2, "big"), cookie))
    address = bytes(a ^ b for a, b in zip(socket.inet_aton(peer[0]), cookie))
    return bytes.fromhex("0101000c") + request[4:20] + bytes.fromhex("002000080001") + port + address
def answer(server):
    while True:
        data, peer = server.recvfrom(4096)
        plain = f"{name} {peer[0]} {peer[1]}".encode()
        server.sendto(binding(data, peer) if data[4:8] == cookie else plain, peer)
for line in sys.stdin:
    order, address, port = line.split()
    place = (address, int(port))
    if order == "tcp":
        listening[place] = server = socket.create_server(place)
        threading.Thread(target=accept, args=(server,), daemon=True).start()
    elif order == "udp":
        server = socket.socket(type=socket.SOCK_DGRAM)
        server.bind(place)
        threading.Thread(target=answer, args=(server,), daemon=True).start()
    elif order == "close":
        server = listening.pop(place)
        server.shutdown(socket.SHUT_RDWR)
        server.close()
    print("done", flush=True)
"""

# A client: opens connections by number, says something on them, and tells how they end.
CLIENT: t.Final = """
import select, socket, sys
held = {}
def greeting(connection):
    text = b""
    while not text.endswith(b"\\n"):
        part = connection.recv(100)
        if not part:
            return "closed"
        text += part
    return text.decode().strip()
def tried(what):
    try:
        return what()
    except OSError as error:
        return type(error).__name__
def opened(number, address, port):
    held[number] = socket.create_connection((address, int(port)), timeout=20)
    return greeting(held[number])
def said(number, word):
    held[number].sendall(word.encode())
    return held[number].recv(4096).decode() or "closed"
def ended(number, seconds):
    held[number].settimeout(float(seconds))
    return held[number].recv(4096).decode() or "closed"
def closed(number):
    held.pop(number).close()
    return "done"
def asked(number, address, port):
    if number not in held:
        held[number] = socket.socket(type=socket.SOCK_DGRAM)
        held[number].settimeout(3)
    held[number].sendto(b"who", (address, int(port)))
    return held[number].recv(4096).decode()
def many(address, port):
    counts = {}
    # The ports of a client are few.
    while sum(counts.values()) < 20000 and not select.select([sys.stdin], [], [], 0)[0]:
        def once():
            with socket.create_connection((address, int(port)), timeout=20) as connection:
                return greeting(connection).split()[0]
        name = tried(once)
        counts[name] = counts.get(name, 0) + 1
    sys.stdin.readline()
    return " ".join(f"{name}={count}" for name, count in sorted(counts.items()))
def mapped(number, address, port):
    number, cookie = f"stun {number}", bytes.fromhex("2112a442")
    held[number] = socket.socket(type=socket.SOCK_DGRAM)
    held[number].settimeout(5)
    request = bytes.fromhex("00010000") + cookie + bytes(12)
    held[number].sendto(request, (address, int(port)))
    answer = held[number].recv(4096)
    assert answer[:2] == bytes.fromhex("0101")
    assert answer[4:20] == request[4:20]
    assert answer[20:22] == bytes.fromhex("0020")
    seen = bytes(a ^ b for a, b in zip(answer[28:32], cookie))
    port = int.from_bytes(bytes(a ^ b for a, b in zip(answer[26:28], cookie)), "big")
    return f"{socket.inet_ntoa(seen)} {port == held[number].getsockname()[1]}"
orders = {"open": opened, "say": said, "end": ended, "close": closed, "ask": asked, "stun": mapped, "many": many}
# Line by line, so that nothing is read beforehand: who connects until it is told to stop looks whether there is more.
while line := sys.stdin.readline():
    order, *words = line.split()
    print(tried(lambda: orders[order](*words)), flush=True)
"""


class End:
    """A program on a host that does what it is told."""

    def __init__(self, lab: RunningLab, host: str, program: str, *arguments: str) -> None:
        command = machine.command_in(lab.lab.first_process(host), ["python3", "-c", program, *arguments])
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, start_new_session=True
        )

    def send(self, order: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{order}\n")
        self.process.stdin.flush()

    def receive(self, seconds: float = SECONDS) -> str:
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            if not selector.select(seconds):
                raise TimeoutError(f"nothing was said for {seconds} s")
        return self.process.stdout.readline().strip()

    def tell(self, order: str, seconds: float = SECONDS) -> str:
        self.send(order)
        return self.receive(seconds)

    def stop(self) -> None:
        """Its input ends, and with it the program."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()


def until(what: t.Callable[[], object], seconds: float = SECONDS) -> None:
    """Wait for something that tells of no event."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        time.sleep(0.05)
