# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry of one Windows host over SMB (MS-RRP), with one connection. Private to the collection.

A registry has no transactions: values are set one by one, and each that was set is told at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import faults
from .account import HAS_SAMBA, Account, reach, told_apart
from .engine import Change, LiveKey, Reading
from .values import Value, key_id

if HAS_SAMBA:
    from samba import WERRORError
    from samba.dcerpc import winreg

    READ, WRITE = winreg.REG_KEY_READ, winreg.REG_KEY_READ | winreg.REG_KEY_WRITE
FILE_NOT_FOUND, NO_MORE_ITEMS, MORE_DATA = 2, 259, 234
FEWEST_BYTES = 256


class RemoteRegistry:
    """An open connection."""

    def __init__(self, target: str, address: str, account: Account, timeout: float) -> None:
        place = reach(address or target, timeout)
        settings = account.settings()
        binding = f"ncacn_np:{place}[target_hostname={target},seal]"
        with told_apart(f"connecting to {target} as {account.user}", account):
            self._rpc = winreg.winreg(binding, settings, account.credentials(settings))
            self._rpc.request_timeout = max(1, int(timeout))
        with told_apart(f"opening HKLM of {target}"):
            self._root = self._rpc.OpenHKLM(None, READ)

    def read(self, keys: Sequence[tuple[str, str]]) -> Reading:
        """Those of the keys that are there, with all their values."""
        found = {key_id(*key): self._read(*key) for key in keys}
        missing = [key for key in keys if found[key_id(*key)] is None]
        absent = {key_id(*above): above for key in missing for above in self._missing_above(*key)}
        return Reading([key for key in found.values() if key], [*missing, *absent.values()])

    def write(self, changes: Sequence[Change], done: Callable[[int], None]) -> None:
        """Carry out the steps in their order; `done` is told each."""
        open_keys: dict[tuple[str, str], Any] = {}
        for index, change in enumerate(changes):
            with told_apart(f"{change.operation.action} {change.operation.name}"):
                self._carry_out(change, open_keys)
            done(index)

    def _carry_out(self, change: Change, open_keys: dict[tuple[str, str], Any]) -> None:
        if change.is_key:
            self._rpc.DeleteKey(self._root, _string(change.key))
            return
        place = key_id(change.hive, change.key)
        if place not in open_keys:
            open_keys[place] = self._made(change.key) if change.after else self._opened(change.key, WRITE)
        if change.after is None:
            self._rpc.DeleteValue(open_keys[place], _string(change.name))
        else:
            self._rpc.SetValue(open_keys[place], _string(change.name), change.after.kind, list(change.after.raw))

    def _opened(self, key: str, access: int) -> Any:
        return self._rpc.OpenKey(self._root, _string(key), 0, access)

    def _made(self, key: str) -> Any:
        """A key and all above it, as Windows makes them."""
        handle, _action = self._rpc.CreateKey(
            self._root, _string(key), _string(""), 0, WRITE, None, winreg.REG_ACTION_NONE
        )
        return handle

    def _missing_above(self, hive: str, key: str) -> list[tuple[str, str]]:
        found = []
        above = key.rpartition("\\")[0]
        while above and self._read_only(hive, above) is None:
            found.append((hive, above))
            above = above.rpartition("\\")[0]
        return found

    def _read_only(self, hive: str, key: str) -> Any:
        """The key, None where it is not there."""
        with told_apart(f"reading {hive}\\{key}"):
            try:
                return self._opened(key, READ)
            except WERRORError as error:
                if error.args[0] == FILE_NOT_FOUND:
                    return None
                raise

    def _read(self, hive: str, key: str) -> LiveKey | None:
        handle = self._read_only(hive, key)
        if handle is None:
            return None
        with told_apart(f"reading {hive}\\{key}"):
            about = self._rpc.QueryInfoKey(handle, winreg.String())
            subkeys, count, longest_name, largest = about[1], about[4], about[5], about[6]
            values = [
                value
                for index in range(count)
                if (value := self._value(handle, hive, key, index, longest_name, max(largest, FEWEST_BYTES)))
            ]
            self._rpc.CloseKey(handle)
            return LiveKey(hive, key, tuple(values), subkeys)

    def _value(self, handle: Any, hive: str, key: str, index: int, longest_name: int, largest: int) -> Value | None:
        """A value by its place, None where another run has just removed one."""
        name = winreg.ValNameBuf()
        name.name = ""
        # Samba counts bytes, Windows characters; room for both, and for the end.
        name.size = min(2 * longest_name + FEWEST_BYTES, 0xFFFE)
        try:
            found, kind, data, _size, length = self._rpc.EnumValue(handle, index, name, 0, [0] * largest, largest, 0)
        except WERRORError as error:
            if error.args[0] == NO_MORE_ITEMS:
                return None
            if error.args[0] == MORE_DATA:
                raise faults.RegistryError("failed", f"{hive}\\{key} changes while it is read: run again") from None
            raise
        return Value(hive, key, found.name or "", kind, bytes(data[:length]))


def _string(text: str) -> Any:
    made = winreg.String()
    made.name = text
    return made
