# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning leaves garbage collection as it found it."""

from __future__ import annotations

import gc

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.memory import no_collection


def test_collection_is_off_inside_and_on_again_after_a_failure() -> None:
    def fail() -> None:
        with no_collection():
            assert not gc.isenabled()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert gc.isenabled()


def test_collection_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with no_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
