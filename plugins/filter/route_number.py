# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A filter over plans: where a call goes that somebody dials."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible.errors import AnsibleFilterError

from ..plugin_utils.json_text import plain
from ..plugin_utils.planning.routing import Device, UnknownUserError, route_number
from ..plugin_utils.planning.voice_items import VoicePlan
from ..plugin_utils.schema.decode import Reader, decode

_DEVICES = t.get_args(Device)


def route(
    dialled: t.Any,
    plan: t.Any,
    profile: str = "",
    policy: str = "",
    device: str = "communicator",
    unavailable: t.Sequence[str] = (),
    user: str = "",
) -> dict[str, t.Any]:
    """The way of a call, as a mapping."""
    if device not in _DEVICES:
        raise AnsibleFilterError(f"there is no device {device!r}; allowed: {', '.join(_DEVICES)}")
    voice = _voice(plan)
    try:
        call = route_number(
            voice,
            str(dialled),
            profile,
            policy,
            user=user,
            device=t.cast("Device", device),
            unavailable=tuple(unavailable),
        )
    except UnknownUserError as error:
        raise AnsibleFilterError(str(error)) from None
    return t.cast("dict[str, t.Any]", plain(call))


def _voice(plan: t.Any) -> VoicePlan:
    """The voice part of a plan, from the whole plan or from that part alone."""
    part = plan.get("voice", plan) if isinstance(plan, Mapping) else None
    reader = Reader({})
    found = decode(VoicePlan, part, "voice", reader) if isinstance(part, Mapping) else None
    if found is None or reader.problems:
        places = ", ".join(problem.path for problem in reader.problems[:5])
        raise AnsibleFilterError(
            "expected a plan, as the filter openuc.ocs.plan or plan.json gives it"
            + (f"; wrong: {places}" if places else "")
        )
    return found


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"route_number": route}
