# SPDX-License-Identifier: GPL-3.0-or-later
"""What is ours in a registry, kept in files to the last byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.module_utils.registry.engine import Owned, Previous
from ansible_collections.openuc.ocs.plugins.module_utils.registry.journal import Journal, JournalError, Stored
from ansible_collections.openuc.ocs.plugins.module_utils.registry.values import Value

KEY = r"SOFTWARE\Contoso"
VALUES = st.builds(
    Value, st.just("HKLM"), st.just(KEY), st.text(max_size=5), st.integers(0, 300), st.binary(max_size=9)
)


def value(name: str, data: int) -> Value:
    return Value("HKLM", KEY, name, 4, data.to_bytes(4, "little"))


@given(values=st.lists(VALUES, unique_by=lambda value: value.id))
def test_any_value_is_kept_to_the_last_byte(tmp_path_factory: pytest.TempPathFactory, values: list[Value]) -> None:
    journal = Journal(str(tmp_path_factory.mktemp("journal")), "fe1")
    journal.own(Owned(tuple(values), (("HKLM", KEY),)))
    owned = journal.owned()
    assert set(owned.values) == set(values)
    assert owned.keys == (("HKLM", KEY),)


def test_without_a_file_nothing_is_ours(tmp_path: Path) -> None:
    assert Journal(str(tmp_path), "fe1").owned() == Owned()


def test_the_first_part_of_a_run_says_what_was_and_the_last_what_is_left(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path), "fe1")
    a1, a2, a3, b = value("A", 1), value("A", 2), value("A", 3), value("B", 1)
    before = Owned((a1,))
    journal.begin("run", Stored((Previous("HKLM", KEY, "A", a1, a2),), (("HKLM", KEY),), before))
    second = (Previous("HKLM", KEY, "a", a2, a3), Previous("HKLM", KEY, "B", None, b))
    journal.begin("run", Stored(second, (("HKLM", KEY.upper()), ("HKLM", "X")), Owned((a2,))))
    stored = journal.stored("run")
    assert stored.previous == (Previous("HKLM", KEY, "A", a1, a3), second[1])
    assert stored.owned == before
    assert [key.upper() for _hive, key in stored.made] == [KEY.upper(), "X"]


def test_a_stored_run_that_is_spoilt_is_named(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path), "fe1")
    path = journal.begin("run", Stored())
    path.write_text('{"previous": 1}')
    with pytest.raises(JournalError, match=r"run\.json is spoilt"):
        journal.stored("run")
