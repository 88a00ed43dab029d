# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of hosts over the network, beside what Samba's own command says of them."""

from __future__ import annotations

import itertools
import typing as t

import pytest

from tests.integration.qos.conftest import FE, Site, value

AUDIO, VIDEO = value("ServiceTypeGuaranteed", 46), value("ServiceTypeControlledLoad", 34)
_numbers = itertools.count(1)


@pytest.fixture
def key() -> str:
    """A key that no other test uses, two levels below one that is not there."""
    return rf"SOFTWARE\Contoso\Test{next(_numbers)}\Below"


def fe(**options: t.Any) -> dict[str, t.Any]:
    return {"target": "fe1.corp.contoso.com", "address": FE, **options}


def test_check_apply_apply_check(site: Site, journal):
    arguments = fe(values=[AUDIO, VIDEO])
    promised = site.module(journal, **arguments, check=True)
    assert promised["changed"]
    assert site.values(FE) == {}
    assert not journal.exists()
    applied = site.module(journal, **arguments)
    assert applied["operations"] == promised["operations"]
    assert site.values(FE) == {
        "ServiceTypeGuaranteed": ("REG_DWORD", "46"),
        "ServiceTypeControlledLoad": ("REG_DWORD", "34"),
    }
    again = site.module(journal, **arguments)
    assert (again["changed"], again["undo_id"]) == (False, "")
    assert not site.module(journal, **arguments, check=True)["changed"]
    undone = site.module(journal, **fe(state="restored", run=applied["undo_id"]))
    assert undone["changed"]
    assert site.values(FE) == {}
    assert "Psched" not in site.registry(FE, "enumerate", r"HKLM\SOFTWARE\Policies", check=False)
