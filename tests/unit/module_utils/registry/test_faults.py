# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong is told apart, and each has a remedy."""

from __future__ import annotations

import socket

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.registry import account, faults


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (0xC000006D, "wrong_password"),
        (0xC0000234, "wrong_password"),
        (0xC0000022, "access_denied"),
        (0xC00000AC, "no_pipe"),
        (0xC000020D, "gone"),
        (0xC0000001, "failed"),
        (0xC0000999, "failed"),
        (-0x3FFFFF93, "wrong_password"),
    ],
)
def test_statuses_stand_for_outcomes(status: int, outcome: str) -> None:
    error = faults.of_status(status, "words", "doing")
    assert error.outcome == outcome
    assert error.detail == f"doing: words (0x{status & 0xFFFFFFFF:08x})"
    assert error.outcome in faults.REMEDIES


def test_the_status_that_says_nothing_stands_for_what_is_most_probable() -> None:
    assert faults.of_status(0xC0000001, "", "", "no_ticket").outcome == "no_ticket"
    assert faults.of_status(0xC0000022, "", "", "no_ticket").outcome == "access_denied"


@pytest.mark.parametrize(
    ("code", "outcome"),
    [(5, "access_denied"), (2, "key_missing"), (1018, "key_missing"), (1722, "gone"), (7, "failed")],
)
def test_codes_of_windows_stand_for_outcomes(code: int, outcome: str) -> None:
    assert faults.of_code(code, "words", "doing").outcome == outcome


def test_a_host_that_refuses_is_unreachable_and_a_name_that_is_none_unresolved(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setattr(account, "SMB_PORT", closed.getsockname()[1])
        with pytest.raises(faults.RegistryError, match=r"127\.0\.0\.1, TCP port \d+: Connection refused") as error:
            account.reach("127.0.0.1", 1)
    assert error.value.outcome == "unreachable"
    with pytest.raises(faults.RegistryError) as unknown:
        account.reach("no.such.host.invalid", 1)
    assert unknown.value.outcome == "unresolved"


def test_a_host_is_known_by_that_of_its_addresses_which_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    known = socket.getaddrinfo
    with socket.create_server(("127.0.0.2", 0)) as server:
        port = server.getsockname()[1]
        both = [*known("127.0.0.1", port, type=socket.SOCK_STREAM), *known("127.0.0.2", port, type=socket.SOCK_STREAM)]
        monkeypatch.setattr(account, "SMB_PORT", port)
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda host, *others, **more: both if host == "fe1" else known(host, *others, **more)
        )
        assert account.reach("fe1", 1) == "127.0.0.2"
