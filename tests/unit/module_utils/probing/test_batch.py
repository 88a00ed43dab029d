# SPDX-License-Identifier: GPL-3.0-or-later
"""Many probes: their order, their bounds, and what is slow."""

from __future__ import annotations

import resource
import socket
import threading
import typing as t
from collections.abc import Iterator

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.probing import batch, limits, outcomes
from ansible_collections.openuc.ocs.plugins.module_utils.probing.model import Answer, Probe, Protocol


def probe(number: int = 0, **options: t.Any) -> Probe:
    return Probe(**{"id": str(number), "protocol": "fake", "address": "127.0.0.1", "port": 9, "timeout": 4, **options})


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> t.Callable[[t.Any], None]:
    """Stands a function in for a protocol."""

    def install(run: t.Any) -> None:
        monkeypatch.setattr(batch, "PROTOCOLS", {"fake": Protocol(outcomes.CONNECTING, run)})

    return install


def test_results_come_in_the_order_of_the_probes(probing: t.Any, servers: t.Any, closed_port: int) -> None:
    port = servers.tcp(lambda connection: None)
    ports = [port, closed_port] * 300
    results = probing.all([{"protocol": "tcp", "address": "127.0.0.1", "port": number} for number in ports])
    assert [result["id"] for result in results] == [str(number) for number in range(600)]
    assert [result["outcome"] for result in results] == ["open", "refused"] * 300


def test_no_more_at_once_than_allowed(fake: t.Any) -> None:
    now = most = 0

    async def run(_probe: t.Any, _target: t.Any, session: t.Any, _deadline: float) -> Answer:
        nonlocal now, most
        now += 1
        most = max(most, now)
        turn = session.loop.create_future()
        session.loop.call_soon(turn.set_result, None)
        await turn
        now -= 1
        return Answer("open", 1)

    fake(run)
    assert len(batch.run([probe(number) for number in range(50)], at_once=7, time_limit=60)) == 50
    assert most == 7


def test_the_time_of_the_batch_is_kept(probing: t.Any, servers: t.Any) -> None:
    silent = servers.udp(lambda data: None)
    item = {"protocol": "udp", "address": "127.0.0.1", "port": silent, "payload": "x", "timeout": 30}
    first, second = probing.all([item, item], at_once=1, time_limit=0.2)
    assert (first["outcome"], first["detail"]) == ("not_run", "cut short: the time of the batch was up")
    assert (second["outcome"], second["detail"]) == ("not_run", "the time of the batch was up before its turn")


def test_one_bad_probe_leaves_the_others_alone(fake: t.Any) -> None:
    async def run(probe: Probe, *_rest: t.Any) -> Answer:
        if probe.id == "1":
            raise KeyError("unforeseen")
        return Answer("open", 1)

    fake(run)
    results = [result.answer for result in batch.run([probe(number) for number in range(3)], 10, 60)]
    assert [answer.outcome for answer in results] == ["open", "not_run", "open"]
    assert results[1].detail == "KeyError: 'unforeseen'"


def test_only_what_is_slow_again_is_slow(fake: t.Any) -> None:
    times = {"always": [900.0, 800.0], "once": [900.0, 100.0], "never": [100.0]}

    async def run(probe: Probe, *_rest: t.Any) -> Answer:
        return Answer("open", times[probe.id].pop(0))

    fake(run)
    results = batch.run([probe(id=name, slow_after=0.5) for name in ("always", "once", "never")], 10, 60)
    assert [result.answer.outcome for result in results] == ["slow", "open", "open"]
    assert results[0].answer.detail == "later than 0.5 s"
    assert results[1].answer.milliseconds == 100


def test_a_slow_answer_of_a_real_server(probing: t.Any, servers: t.Any) -> None:
    late = threading.Event()

    def answer_late(data: bytes) -> bytes:
        late.wait(0.05)  # never set: the delay is what is tested
        return data

    port = servers.udp(answer_late)
    item = {"protocol": "udp", "address": "127.0.0.1", "port": port, "payload": "x", "slow_after": 0.02}
    assert probing.one(**item)["outcome"] == "slow"
    assert probing.one(**{**item, "slow_after": 2})["outcome"] == "open"


def test_counts() -> None:
    def result(outcome: str, expect: frozenset[str] | None) -> batch.Result:
        return batch.Result(probe(expect=expect), Answer(outcome))

    counts = batch.counts(
        [
            result("open", frozenset({"open"})),
            result("refused", frozenset({"open"})),
            result("refused", frozenset({"refused", "filtered"})),
            result("filtered", None),
        ]
    )
    assert counts == {"probes": 4, "met": 2, "unmet": 1, "outcomes": {"open": 1, "refused": 2, "filtered": 1}}


def test_when_not_all_are_shown_the_unmet_come_first() -> None:
    results = [
        batch.Result(probe(number, expect=frozenset({"open"})), Answer("filtered" if number == 8 else "open"))
        for number in range(10)
    ]
    assert [entry["id"] for entry in batch.shown(results, 3)] == ["8", "0", "1"]
    assert [entry["id"] for entry in batch.shown(results, 10)] == [str(number) for number in range(10)]


def test_no_probes_are_no_problem() -> None:
    assert batch.run([], 10, 60) == []


@pytest.fixture
def few_descriptors() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("few_descriptors")
def test_the_soft_limit_of_descriptors_is_raised() -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    assert limits.sockets_at_once(500) == 500
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (500 + limits.SPARE, hard)


def test_the_hard_limit_bounds_how_many_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (100, 150))
    asked = []
    monkeypatch.setattr(resource, "setrlimit", lambda _kind, value: asked.append(value))
    assert limits.sockets_at_once(500) == 150 - limits.SPARE
    assert asked == [(150, 150)]


def test_no_descriptor_left_is_an_outcome(probing: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = socket.socket

    def none_left(*arguments: t.Any, **options: t.Any) -> socket.socket:
        if arguments[1:2] == (socket.SOCK_DGRAM,):
            raise OSError(24, "Too many open files")
        return made(*arguments, **options)

    monkeypatch.setattr(socket, "socket", none_left)
    result = probing.one(protocol="udp", address="127.0.0.1", port=9, payload="x")
    assert result["outcome"] == "not_run"
