# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that a start of the host loads, and whether it loads any."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.firewall import keeping


def kept_in(folder: Path) -> keeping.Kept:
    return keeping.Kept(str(folder / "own.nft"), str(folder / "nftables.conf"))


def test_what_others_say_at_a_start_stays(tmp_path: Path) -> None:
    boot = tmp_path / "nftables.conf"
    boot.write_text("#!/usr/sbin/nft -f\nflush ruleset\n")
    boot.chmod(0o755)
    kept = kept_in(tmp_path)
    kept.keep("table inet openuc_filter {\n}\n")
    assert kept.is_("table inet openuc_filter {\n}\n")
    assert boot.read_text().startswith("#!/usr/sbin/nft -f\nflush ruleset\n")
    assert boot.stat().st_mode & 0o777 == 0o755
    kept.keep("")
    assert kept.is_("")
    assert boot.read_text() == "#!/usr/sbin/nft -f\nflush ruleset\n"


def test_a_link_to_the_file_of_a_start_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real.conf").write_text("flush ruleset\n")
    (tmp_path / "nftables.conf").symlink_to(tmp_path / "real.conf")
    kept_in(tmp_path).keep("rules\n")
    assert (tmp_path / "nftables.conf").is_symlink()
    assert (tmp_path / "real.conf").read_text().endswith(f'include "{tmp_path}/own.nft"\n')


def test_where_there_is_none_one_is_made(tmp_path: Path) -> None:
    kept_in(tmp_path).keep("rules\n")
    assert (tmp_path / "nftables.conf").read_text().startswith("#!/usr/sbin/nft -f\n")


def systemd_says(folder: Path, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "systemctl").write_text(f"#!/bin/sh\necho {words}\n")
    (folder / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(keeping, "_SYSTEMD", folder)


def test_a_service_that_does_not_start_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    systemd_says(tmp_path, "disabled", monkeypatch)
    assert kept_in(tmp_path).unloaded() == (
        f"nftables.service is disabled: a start of the host does not load {tmp_path}/nftables.conf; "
        "systemctl enable nftables.service"
    )


def test_a_service_that_starts_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    systemd_says(tmp_path, "enabled", monkeypatch)
    assert kept_in(tmp_path).unloaded() == ""


def test_without_systemd_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "_SYSTEMD", tmp_path / "none")
    assert kept_in(tmp_path).unloaded() == ""
