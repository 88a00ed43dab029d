# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong at a target, told apart. Private to the collection."""

from __future__ import annotations

from collections.abc import Mapping

# Outcome: what an administrator does about it.
REMEDIES: Mapping[str, str] = {
    "unresolved": "name its address in `address`, or mend DNS",
    "unreachable": "see whether the host is up and firewalls let TCP port 445 through from the controller",
    "wrong_password": "mend name, domain and password of the account; see whether it is locked or has ended",
    "no_ticket": "get a ticket with kinit, and see that names and clocks are right",
    "hung_up": "where the host speaks SMB 1 alone, as Windows Server 2003 does, set `oldest_protocol` of its account",
    "no_pipe": "start the service Remote Registry on the host",
    "no_share": "see that `domain_controller` is a domain controller and shares SYSVOL",
    "no_directory": "see that `domain_controller` is a domain controller, and that TCP port 389 is let through",
    "no_object": "name another Group Policy object, or let it be made with state replaced",
    "access_denied": "the account must be an administrator of the host, or may write to the keys; none was forced",
    "key_missing": "somebody removed the key while this run was under way: run again",
    "gone": "see what happened to the host, then run again: what is missing is done then",
    "damaged": "the file in SYSVOL cannot be read; restore it from a backup of the Group Policy object",
    "refused": "nothing was changed at this target",
    "not_kept": "see who else writes these keys; programs and other policies may set them back",
    "journal": "nothing was changed at this target",
    "failed": "the words are the server's own",
}

_UNSUCCESSFUL = 0xC0000001
_STATUS = {
    "wrong_password": (
        *(0xC0000064, 0xC000006A, 0xC000006D, 0xC000006E, 0xC000006F, 0xC0000070, 0xC0000071, 0xC0000072),
        *(0xC000015B, 0xC0000193, 0xC0000224, 0xC0000234),
    ),
    "no_ticket": (0xC000005E, 0xC0000133, 0xC000018B, 0xC0000388),
    "no_pipe": (0xC0000034, 0xC00000AC, 0xC000003A),
    "no_share": (0xC00000CC,),
    "access_denied": (0xC0000022, 0xC00000CA),
    "gone": (
        *(0xC00000B0, 0xC00000B1, 0xC00000B5, 0xC00000C9, 0xC000009A, 0xC000014B, 0xC0000128, 0xC0000203),
        *(0xC000020C, 0xC000020D, 0xC000023C, 0xC000023D, 0xC0000236, 0xC0000241, 0xC00000B6, 0xC00000D0),
    ),
}
_BY_STATUS = {number: outcome for outcome, numbers in _STATUS.items() for number in numbers}
_BY_CODE = {2: "key_missing", 5: "access_denied", 64: "gone", 233: "gone", 1018: "key_missing", 1722: "gone"}


class RegistryError(Exception):
    """Something that stops the work at one target."""

    def __init__(self, outcome: str, detail: str) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail


def of_status(number: int, words: str, doing: str, unclear: str = "failed") -> RegistryError:
    """The fault that an NT status stands for; `unclear` is that of the status that says nothing."""
    status = number & 0xFFFFFFFF
    outcome = unclear if status == _UNSUCCESSFUL else _BY_STATUS.get(status, "failed")
    return RegistryError(outcome, f"{doing}: {words} (0x{status:08x})")


def of_code(number: int, words: str, doing: str) -> RegistryError:
    """The fault that a Windows error code stands for."""
    return RegistryError(_BY_CODE.get(number, "failed"), f"{doing}: {words} ({number})")
