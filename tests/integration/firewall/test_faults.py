# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever fails, at whatever step: the rules are the old ones or the new ones, and the next run goes on."""

from __future__ import annotations

import concurrent.futures
import itertools
import subprocess
import typing as t
from pathlib import Path

import pytest

from tests.unit.module_utils.firewall.policies import options, rule

from .box import Box

A, B = rule("a", destination="media"), rule("b", ports=["5061"])
FEWEST = 5


def test_a_run_killed_at_any_step_is_undone_by_the_host(box: Box) -> None:
    box.apply(A)
    before = box.rules(), box.own_file.read_text()
    step = 1
    while box.killed_after(step, **options(B), confirm_within=1):
        box.wait_until_nothing_waits()
        assert (box.rules(), box.own_file.read_text()) == before, f"killed after step {step}"
        step += 1
    assert step > FEWEST, "the run has more steps than that"
    box.wait_until_nothing_waits()
    assert box.apply(B)["changed"] is True
    assert box.allowed() == {"a 443", "b 5061"}


def test_a_confirmation_killed_at_any_step_can_be_repeated(box: Box) -> None:
    for step in itertools.count(1):
        box.module(state="deleted")
        run = box.apply(A, confirm_within=600)["undo_id"]
        if not box.killed_after(step, state="confirmed", run=run):
            break
        again = box.module(state="confirmed", run=run)
        assert not again.get("failed"), again
        box.boot()
        assert box.allowed() == {"a 443"}, f"killed after step {step}"
    assert step > FEWEST, "the confirmation has more steps than that"


def fake_nft(folder: Path, what: str) -> str:
    """An nft that does something else when it is to load rules."""
    (folder / "nft").write_text(f'#!/bin/sh\ncase "$*" in "-f -") {what};; *) exec /usr/sbin/nft "$@";; esac\n')
    (folder / "nft").chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("kill -9 $$", "nft failed while loading the rules: it was ended by signal 9"),
        ("echo no room >&2; exit 1", "nft failed while loading the rules: no room"),
        ("head -c 60 | /usr/sbin/nft -f -", "nft failed while loading the rules: /dev/stdin"),
    ],
)
def test_a_transaction_that_fails_changes_nothing(
    box: Box, tmp_path_factory: pytest.TempPathFactory, what: str, said: str
) -> None:
    box.apply(A)
    before = box.rules()
    path = fake_nft(tmp_path_factory.mktemp("bin"), what)
    failed = box.module(path=path, **options(B), confirm_within=600)
    assert failed["failed"] is True
    assert failed["msg"].startswith(said)
    assert box.rules() == before
    assert not (box.journal / "pending.json").exists()
    assert box.apply(B)["changed"] is True


def test_the_way_back_is_tried_again_when_nft_fails(box: Box, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("bin")
    counter = folder / "calls"
    # The first call applies, the second and third fail, the fourth puts back.
    what = f'echo x >>{counter}; case $(wc -l <{counter}) in 2|3) exit 1;; *) exec /usr/sbin/nft "$@";; esac'
    box.module(path=fake_nft(folder, what), **options(A), confirm_within=1)
    box.wait_until_nothing_waits()
    assert box.rules() == ""
    assert len(counter.read_text().split()) == 4


@pytest.fixture
def small_disk(box: Box) -> t.Iterator[Path]:
    """A file system of a few pages, for the files of the module."""
    folder = box.folder / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_with_a_full_disk_nothing_is_applied(box: Box, small_disk: Path) -> None:
    many = [
        rule(f"rule-with-a-long-name-{number}", destination="media", ports=[str(number)]) for number in range(1, 900)
    ]
    failed = box.apply(*many, journal_dir=str(small_disk / "journal"), confirm_within=600)
    assert failed["failed"] is True
    assert "No space left on device" in failed["msg"]
    assert box.rules() == ""


def test_what_cannot_be_kept_is_not_confirmed(box: Box, small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(bytes(64 * 1024))
    own_file = str(small_disk / "own.nft")
    applied = box.apply(A, own_file=own_file, confirm_within=600)
    failed = box.module(state="confirmed", run=applied["undo_id"], own_file=own_file)
    assert failed["failed"] is True
    assert "No space left on device" in failed["msg"]
    (small_disk / "filler").unlink()
    assert box.module(state="confirmed", run=applied["undo_id"], own_file=own_file)["changed"] is True


def test_of_runs_at_once_one_works_and_the_others_say_why_they_do_not(box: Box) -> None:
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda name: box.apply(rule(name, destination="media")), "abcd"))
    worked = [each for each in found if not each.get("failed")]
    assert worked
    for each in found:
        assert not each.get("failed") or "another run works here" in each["msg"]
    assert len(box.allowed()) == len(worked)
    # Those that came one after the other are all there.
    assert box.apply(*[rule(name, destination="media") for name in "abcd"], state="merged").get("failed") is None
    assert box.allowed() == {f"{name} 443" for name in "abcd"}


def test_a_spoilt_journal_is_told(box: Box) -> None:
    box.apply(A)
    (box.journal / "owned.json").write_text("{")
    assert "is spoilt" in box.apply(B)["msg"]
