# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks, and the figures given about users."""

from __future__ import annotations

import typing as t

from ...findings import Violation, violation
from ...schema.kinds import UNMANAGED_DSCP
from ...schema.problems import join
from ..model import Topology
from ..user_model import UserModelFact

_WHOLE = 100


def marks(topology: Topology) -> t.Iterator[Violation]:
    """Every mark is one."""
    given = [(medium, dscp) for medium, dscp in topology.estate.qos.dscp.items() if dscp not in UNMANAGED_DSCP]
    for medium, dscp in given:
        if int(dscp) == 0:
            yield violation(
                "finding.dscp-zero",
                f"uc_qos.dscp.{medium}",
                value=dscp,
                allowed="1 to 63, not_configured or disabled",
                medium=_words(medium),
            )


def shares(topology: Topology) -> t.Iterator[Violation]:
    """What is given as a share of users is one."""
    percent = {f.id.partition(".")[2] for f in topology.catalogue.facts(UserModelFact) if f.unit == "percent"}
    estate = topology.estate
    places = [
        ("uc_user_model", estate.user_model),
        *((f"{join('uc_sites', name)}.user_model", site.user_model) for name, site in estate.sites.items()),
        *((f"{join('uc_pools', name)}.user_model", pool.user_model) for name, pool in estate.pools.items()),
    ]
    for path, figures in places:
        for key, value in figures.items():
            if value < 0 or (key in percent and value > _WHOLE):
                allowed = "0 to 100" if key in percent else "0 or more"
                yield violation("finding.percentage", f"{path}.{key}", value=f"{value:g}", allowed=allowed)


def _words(medium: str) -> str:
    return medium.replace("_", " ")


CHECKS = (marks, shares)
