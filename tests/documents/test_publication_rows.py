# SPDX-License-Identifier: GPL-3.0-or-later
"""What each row about the reverse proxy plans: names, ports on both sides, TLS, the host handed on, and paths."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.publications import Publication
from tests import support

PINS: dict[str, dict[str, list[str]]] = yaml.safe_load((Path(__file__).parent / "publication_rows.yml").read_text())


def planned(example: str, row: str) -> list[str]:
    plan = support.example_design(example).plan
    assert plan
    return [line(publication) for publication in plan.publications if publication.why[0] == row]


def line(found: Publication) -> str:
    names = " ".join((found.name, *found.aliases))
    tls = "tls" if found.certificate_names else "plain"
    addresses = ",".join(found.backend_addresses)
    backend = f"{found.backend} {addresses} {found.backend_port} {'tls' if found.backend_tls else 'plain'}"
    words = (names, found.port, tls, "to", backend, found.host_header, *found.allowed, f"{found.idle_seconds} s")
    return " ".join(word for word in words if word)


@pytest.mark.parametrize(("example", "row"), [(example, row) for example, rows in PINS.items() for row in rows])
def test_each_row_plans_what_was_read_from_the_documents(example: str, row: str) -> None:
    assert planned(example, row) == PINS[example][row]


def test_every_row_of_the_catalogue_is_pinned() -> None:
    rows = {row.id for product in loader.products() for row in loader.load(product).rows("publications")}
    # No example publishes web access without TLS, or that of OCS 2007.
    absent = {"ocs2007r2.publication.web-access-plain", "ocs2007.publication.web-access"}
    assert rows - {row for found in PINS.values() for row in found} == absent
