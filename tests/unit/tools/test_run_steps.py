# SPDX-License-Identifier: GPL-3.0-or-later
"""How `make test` runs its steps: all of them, some beside one another, and what it says of them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import support

SCRIPT = "tests/tools/run_steps.sh"
# `left` and `right` each end only once the other has begun.
MAKEFILE = """
fine: ; @echo fine said
broken: ; @echo broken said; false
left: ; @mkfifo met 2>/dev/null; echo left said; read word <met
right: ; @mkfifo met 2>/dev/null; echo right said; echo met >met
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / SCRIPT).parent.mkdir(parents=True)
    shutil.copy(support.ROOT / SCRIPT, tmp_path / SCRIPT)
    (tmp_path / "Makefile").write_text(MAKEFILE)
    return tmp_path


def run(checkout: Path, *steps: str) -> tuple[int, str]:
    done = subprocess.run(
        [checkout / SCRIPT, *steps],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, re.sub(r" +\d+ s$", "", done.stdout, flags=re.MULTILINE)


def test_all_steps_run_though_one_fails_and_the_exit_code_tells(checkout: Path) -> None:
    code, said = run(checkout, "fine", "broken", "fine")
    assert code == 1
    assert said.count("=== fine\nfine said\n") == 2
    assert said.endswith("\nok      fine\nFAILED  broken\nok      fine\n\n2 passed, 1 failed\n")
    assert run(checkout, "fine")[0] == 0


def test_steps_run_beside_one_another_and_are_shown_one_after_another(checkout: Path) -> None:
    code, said = run(checkout, "left+right", "fine")
    assert code == 0, said
    places = [said.index(words) for words in ("=== left\nleft said\n", "=== right\nright said\n", "=== fine\n")]
    assert places == sorted(places)
    assert said.endswith("\nok      left\nok      right\nok      fine\n\n3 passed, 0 failed\n")


def test_a_step_that_fails_beside_another_fails_all(checkout: Path) -> None:
    code, said = run(checkout, "broken+fine")
    assert code == 1
    assert "broken said\n" in said
    assert said.endswith("\nFAILED  broken\nok      fine\n\n1 passed, 1 failed\n")
