# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documents say that a reverse proxy publishes, against estates that differ in one thing."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.publications import Publication
from tests.documents.printed import planned

Statement = dict[str, t.Any]
PRINTED: list[Statement] = yaml.safe_load((Path(__file__).with_name("publications.yml")).read_text())["statements"]


def found(statement: Statement) -> list[Publication]:
    """Publications under the first name of a statement, in its estate."""
    plan = planned(statement["base"], statement.get("changes"))
    return [publication for publication in plan.publications if publication.name == statement["names"][0]]


@pytest.mark.parametrize("statement", PRINTED, ids=lambda statement: f"{statement['product']}: {statement['says']}")
def test_what_is_published(statement: Statement) -> None:
    if not statement.get("published", True):
        assert found(statement) == []
        return
    (publication,) = found(statement)
    backend = [publication.backend, *publication.backend_addresses, publication.backend_port]
    assert [publication.name, *publication.aliases] == statement["names"]
    assert publication.certificate_names, "published without TLS"
    assert (publication.port, backend) == (statement["port"], statement["backend"])
    assert publication.idle_seconds == statement["idle"]
    assert publication.stage == "external_access"
    if "paths" in statement:
        assert list(publication.allowed) == statement["paths"]
    assert set(statement.get("holds", ())) <= set(publication.allowed)


def test_nothing_but_the_folders_for_users_outside_is_published() -> None:
    """Web components of OCS 2007 R2 name what is for users outside; meeting content is the one exception."""
    allowed = found({"base": "lab", "names": ["webext.contoso.com"]})[0].allowed
    assert {path for path in allowed if "ext" not in path.lower()} == {"/etc/place/null/*"}


@pytest.mark.parametrize(
    "statement", [each for each in PRINTED if each.get("published", True)], ids=lambda each: each["says"]
)
def test_the_host_that_is_handed_on(statement: Statement) -> None:
    """Printed for Lync (poster, line 466); sites of web access, which have several names, are ours to decide."""
    (publication,) = found(statement)
    of_site = ".publication.web-access" in publication.why[0]
    assert publication.host_header == ("original" if of_site or statement["product"] == "lync2010" else "")
