# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths to what is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.plugin_utils.schema.problems import join, nearest, split


@pytest.mark.parametrize(
    ("path", "key", "joined"),
    [
        ("", "uc_pools", "uc_pools"),
        ("uc_addresses", "internal", "uc_addresses.internal"),
        ("uc_pools", "pool1.corp.contoso.com", "uc_pools['pool1.corp.contoso.com']"),
        ("uc_features", 2, "uc_features[2]"),
        ("uc_voice.routes", "Redmond Local Route", "uc_voice.routes['Redmond Local Route']"),
        ("uc_clients", "o'neill", "uc_clients['o''neill']"),
    ],
)
def test_paths_are_those_that_an_administrator_would_look_up(path: str, key: object, joined: str) -> None:
    assert join(path, key) == joined


@given(st.lists(st.text() | st.integers(), max_size=5))
def test_a_path_can_be_taken_apart_again(keys: list[str | int]) -> None:
    path = "uc_estate"
    for key in keys:
        path = join(path, key)
    assert split(path) == ("uc_estate", *(str(key) for key in keys))


@given(st.text())
def test_any_text_can_be_taken_apart(text: str) -> None:
    assert all(isinstance(part, str) for part in split(text))


@pytest.mark.parametrize(
    ("word", "found"),
    [("uc_adresses", "uc_addresses"), ("UC_SITE", "uc_site"), ("uc_zzz", ""), ("", "")],
)
def test_the_nearest_word_is_one_that_could_have_been_meant(word: str, found: str) -> None:
    assert nearest(word, ["uc_addresses", "uc_site", "uc_pools"]) == found
