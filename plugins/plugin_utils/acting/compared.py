# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a mechanism's check mode says of a target, kept on the controller for those who judge the estate."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import typing as t
from pathlib import Path

from ansible.errors import AnsibleError

from ...module_utils.files import FileError, make_folder, write_whole

# A folder on the controller; where it is set, balancers that are asked leave there how their members stand.
MEMBERS: t.Final = "_openuc_members_dir"
# The same for firewalls and the rules that they have.
RULES: t.Final = "_openuc_rules_dir"
# Of a result; diffs and the like are long, and say the same again.
_KEPT: t.Final = (
    "changed",
    "failed",
    "skipped",
    "msg",
    "operations",
    "summary",
    "foreign",
    "would_need",
    "by_hand",
    "wrong",
)


@dataclasses.dataclass(frozen=True, slots=True)
class Compared:
    """A module that compared a host with its `slices`; no host where the controller compared what it holds itself."""

    module: str
    host: str
    slices: str

    @property
    def file_name(self) -> str:
        """The same for the same comparison, so that one which is made twice is kept once."""
        return f"{self.module}.{hashlib.sha256(f'{self.host} {self.slices}'.encode()).hexdigest()[:12]}.json"


def keep_comparison(folder: Path, compared: Compared, result: t.Mapping[str, t.Any]) -> None:
    """One file for each comparison."""
    kept = {key: result[key] for key in _KEPT if key in result}
    _keep(folder / compared.file_name, {"module": compared.module, "host": compared.host, **kept})


def comparisons_in(folder: Path) -> tuple[dict[str, t.Any], ...]:
    """What was kept in a folder; nothing where nobody kept anything."""
    try:
        return tuple(json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json")))
    except (OSError, ValueError) as error:
        raise AnsibleError(f"what was compared cannot be read: {error}") from error


def keep_members(folder: Path, balancer: str, members: t.Sequence[t.Mapping[str, t.Any]]) -> None:
    """How members stand at a balancer: one file for each."""
    _keep(folder / f"{balancer}.json", {"host": balancer, "members": list(members)})


def keep_rules(folder: Path, firewall: str, gathered: t.Mapping[str, t.Any] | None) -> None:
    """What a firewall was found with, as options that ask for it; nothing where it has no rules of ours."""
    _keep(folder / f"{firewall}.json", {"host": firewall, "gathered": gathered})


def _keep(path: Path, content: t.Mapping[str, t.Any]) -> None:
    try:
        make_folder(path.parent)
        write_whole(path, json.dumps(content).encode())
    except FileError as error:
        raise AnsibleError(f"what was compared cannot be kept: {error}") from error
