# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which waves have certificates issued, and for which stages.

One call makes what all hosts need. So a wave asks only when it needs something that no earlier wave of the run has
asked for; making sure of the same keys for each wave anew would cost more than all else in a run that changes nothing.
"""

from __future__ import annotations

import typing as t

from ..rollout.blueprint import SliceFile
from ..rollout.walk import Wave
from .slices import staged

MECHANISM = "certificates"
_MODULE = "certificate_request"
Stages = tuple[str, ...]


def stages_to_issue(waves: t.Iterable[Wave], slices: t.Iterable[SliceFile], known: Stages) -> dict[str, Stages]:
    """By wave the stages whose certificates it has issued; nothing where all are there already.

    `known` are stages that the estate has reached: the first wave asks for all of that, unless it needs a certificate
    that a later stage replaces.
    """
    orders = tuple(item.content for item in slices if item.module == _MODULE)
    asked: set[str] = set()
    found: dict[str, Stages] = {}
    for wave in waves:
        if wave.kind not in ("look", "apply") or wave.mechanism != MECHANISM:
            continue
        own = tuple(dict.fromkeys(stage for stages in wave.stages.values() for stage in stages))
        needed = _ids(orders, own)
        if needed <= asked:
            found[wave.id] = ()
            continue
        wide = tuple(dict.fromkeys((*known, *own)))
        found[wave.id] = wide if needed <= _ids(orders, wide) else own
        asked |= _ids(orders, found[wave.id])
    return found


def _ids(orders: t.Iterable[t.Mapping[str, t.Any]], stages: Stages) -> set[str]:
    """Certificates that are wanted when these stages have been reached."""
    return {str(request["id"]) for order in orders for request in staged(dict(order), stages).get("requests", ())}
