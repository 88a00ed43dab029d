# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a task as one target for each registry, or all that is wrong with them. Private to the collection."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from ..items import given_twice, item_problems, nearest, one_or_listed, problems_of
from ..journal import option_problems
from ..limits import Limits, limit_problems
from ..specs import REGISTRY_ACCOUNT, REGISTRY_TARGET, REGISTRY_VALUE
from .account import Account
from .engine import Wanted
from .values import HIVES, Value, key_id, key_problem, value_of

Options = Mapping[str, Any]
Problems = list[str]
Places = tuple[tuple[str, str], ...]

WRITING = ("merged", "replaced", "overridden", "deleted", "restored")
OFFLINE = ("rendered", "parsed")
NEEDING_VALUES = ("merged", "replaced", "overridden", "rendered")
REMOTE_HIVE = "HKLM"
_NO_ACCOUNT = "accounts: is missing; name the account that may change these registries, and its password in passwords"


@dataclasses.dataclass(frozen=True)
class Target:
    """A registry: that of a host, or with `gpo` that of a Group Policy object of a domain."""

    name: str
    address: str
    account: Account
    want: Sequence[Wanted] = ()
    keys: Places = ()
    gpo: str = ""
    controller: str = ""
    domain: str = ""

    @property
    def shown(self) -> str:
        return f"{self.gpo} of {self.domain}" if self.gpo else self.name

    @property
    def place(self) -> str:
        """What tells its journal from others. A population may get another object."""
        return self.shown.lower()


@dataclasses.dataclass(frozen=True)
class Common:
    """What holds for all targets of a task."""

    state: str
    run: str
    check: bool
    journal_dir: str
    limits: Limits
    foreign: bool
    verify: bool
    at_once: int
    timeout: float


def targets_of(options: Options) -> tuple[list[Target], Problems]:
    """All targets, and the problems of all of them."""
    accounts, problems = accounts_of(options)
    listed, wrong = one_or_listed(options, "targets", REGISTRY_TARGET)
    problems += wrong
    found = []
    for prefix, target in listed.items():
        made, wrong = _target(target, accounts, options["state"])
        problems += [prefix + each for each in wrong]
        if made:
            found.append(made)
    return found, problems or given_twice("targets", ((target.place, target.shown) for target in found))


def common_problems(options: Options) -> Problems:
    """What is wrong with the options that hold for all targets."""
    found = option_problems(options, "registry") if options["state"] in WRITING else []
    found += limit_problems(options)
    if options["at_once"] < 1:
        found.append(f"at_once: expected 1 or more, got {options['at_once']}")
    if options["timeout"] <= 0:
        found.append(f"timeout: expected more than 0 seconds, got {options['timeout']}")
    return found


def accounts_of(options: Options) -> tuple[dict[str, Account], Problems]:
    """Accounts by name, with their passwords."""
    given, passwords = options.get("accounts") or {}, options.get("passwords") or {}
    problems: Problems = []
    accounts = {}
    for name, item in given.items():
        where = f"accounts.{name}"
        if not isinstance(item, Mapping):
            problems.append(f"{where}: expected a mapping, got {type(item).__name__}")
            continue
        if "password" in item:
            problems.append(f"{where}.password: belongs into passwords.{name}, which is never shown")
            continue
        problems += (wrong := item_problems(where, item, REGISTRY_ACCOUNT))
        kerberos = item.get("authentication") == "kerberos"
        if not wrong and kerberos and not item.get("realm"):
            problems.append(f"{where}.realm: is missing; authentication kerberos needs the name of the domain")
        elif not wrong and not kerberos and name not in passwords:
            problems.append(f"passwords.{name}: is missing; give the password of {item['user']}, or use kerberos")
        elif not wrong:
            accounts[name] = Account(
                user=item["user"],
                password=str(passwords.get(name, "")),
                domain=item.get("domain", ""),
                realm=item.get("realm", ""),
                kerberos=kerberos,
                ticket_cache=item.get("ticket_cache", ""),
                oldest_protocol=item.get("oldest_protocol", "SMB2"),
            )
    problems += [
        f"passwords.{name}: is the password of no account{nearest(name, given)}"
        for name in passwords
        if name not in given
    ]
    return accounts, problems


def values_of(where: str, items: Any) -> tuple[list[Wanted], Problems]:
    """Planned values, and everything that is wrong with them."""
    problems = problems_of(where, items, REGISTRY_VALUE)
    if problems:
        return [], problems
    replaced = {item["replaces"] for item in items if item.get("replaces")}
    found: list[Wanted] = []
    for index, item in enumerate(items):
        value, wrong = value_of(f"{where}[{index}]", item)
        problems += wrong
        if value and item.get("id") not in replaced:
            found.append(Wanted(value, " ".join(item.get("why", ()))))
    return found, problems or given_twice(where, ((item.value.id, item.value.path) for item in found))


def _target(item: Options, accounts: Mapping[str, Account], state: str) -> tuple[Target | None, Problems]:
    problems = [f"{option}: is missing" for option in _needed(item, state) if not item.get(option)]
    given = item.get("values")
    if given is None and state in NEEDING_VALUES:
        problems.append("values: is missing; write [] for none")
    want, wrong = values_of("values", [] if given is None else given)
    keys, bad_keys = _keys(item.get("keys") or [])
    problems += [*wrong, *bad_keys]
    if not item.get("gpo") and state not in OFFLINE:
        problems += _not_remote([wanted.value for wanted in want])
    account, wrong = _account(item, accounts, state)
    problems += wrong
    if problems:
        return None, problems
    name = str(item.get("target") or "")
    controller = str(item.get("domain_controller") or "")
    return (
        Target(
            name=name,
            address=str(item.get("address") or ""),
            account=account,
            want=tuple(want),
            keys=keys,
            gpo=str(item.get("gpo") or ""),
            controller=controller,
            domain=str(item.get("domain") or controller.partition(".")[2]),
        ),
        [],
    )


def _needed(item: Options, state: str) -> Sequence[str]:
    if state == "parsed":
        return ()
    return ("target", "domain_controller") if item.get("gpo") and state != "rendered" else ("target",)


def _account(item: Options, accounts: Mapping[str, Account], state: str) -> tuple[Account, Problems]:
    if state in OFFLINE:
        return Account(), []
    name = item.get("account")
    if not name:
        name = "default" if "default" in accounts else next(iter(accounts), "") if len(accounts) == 1 else "default"
    if name in accounts:
        return accounts[name], []
    if not accounts:
        return Account(), [_NO_ACCOUNT]
    return Account(), [f"account: {name!r} is none of {', '.join(sorted(accounts))}{nearest(name, accounts)}"]


def _keys(given: Any) -> tuple[Places, Problems]:
    """Keys that are gathered whole, written with their hive."""
    found, problems = [], []
    for index, text in enumerate(given if isinstance(given, (list, tuple)) else [given]):
        hive, _backslash, key = str(text).partition("\\")
        problem = "" if hive in HIVES else f"{text!r} begins with no hive; those are {' and '.join(HIVES)}"
        problem = problem or key_problem(key)
        if problem:
            problems.append(f"keys[{index}]: {problem}")
        else:
            found.append((hive, key))
    return tuple({key_id(*place): place for place in found}.values()), problems


def _not_remote(values: Sequence[Value]) -> Problems:
    """The hives of users are loaded while they are signed in; what concerns them is a matter of Group Policy."""
    return [
        f"values[{index}].hive: {value.path}: of a host only {REMOTE_HIVE} is changed; for users name a gpo"
        for index, value in enumerate(values)
        if value.hive != REMOTE_HIVE
    ]
