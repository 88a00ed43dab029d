# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a plan has a slice; that there is no plan at all is an error, lest nothing be done in silence."""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from pathlib import Path

from ansible.errors import AnsibleFilterError

from ..plugin_utils.intended import MANIFEST

_SLICES = "slices"


def planned(path: t.Any) -> bool:
    """Whether the plan that the path leads into has it."""
    if not isinstance(path, str):
        raise AnsibleFilterError(f"expected the path of a slice, got {path!r}")
    place = Path(path)
    folders = [parent.parent for parent in (place, *place.parents) if parent.name == _SLICES]
    if not folders:
        raise AnsibleFilterError(f"expected a path in the folder {_SLICES}/ of a plan, got {path!r}")
    if not (folders[0] / MANIFEST).is_file():
        raise AnsibleFilterError(
            f"{folders[0]} holds no {MANIFEST}, so there is no plan to apply; run the playbook openuc.ocs.plan first, "
            "or have the role's variable that ends in _plan_dir name the folder intended/ that it wrote"
        )
    return place.exists()


class TestModule:
    """What Ansible looks for in a file of tests."""

    def tests(self) -> dict[str, Callable[[t.Any], bool]]:
        return {"planned": planned}
