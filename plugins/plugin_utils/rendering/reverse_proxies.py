# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reverse proxy that is HAProxy holds for the plan's publications, for those who set it up by hand, too."""

from __future__ import annotations

import typing as t

from ...module_utils.publishing import model, text
from ..planning.plan import Plan
from ..planning.publications import publication_items
from ..topology.model import Topology


def render(_topology: Topology, plan: Plan) -> t.Iterator[tuple[str, str]]:
    """native/<proxy>.publications.cfg for every reverse proxy."""
    for proxy, items in publication_items(plan.publications, plan.certificates).items():
        publications, problems = model.decode(items)
        if problems:
            raise ValueError("\n".join(problems))
        yield f"native/{proxy}.publications.cfg", text.render(publications)
