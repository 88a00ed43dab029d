# SPDX-License-Identifier: GPL-3.0-or-later
"""What the `lab` command says before it touches anything: labs and hosts by name, and what goes wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.lab import __main__ as command
from tests.lab import kernel, lab
from tests.lab.errors import LabError
from tests.lab.lab import Lab, _remove_files
from tests.support import ROOT


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of its own: no namespaces, and a folder for labs. The user is root."""
    (tmp_path / "netns").mkdir()
    monkeypatch.setattr(kernel, "NAMED", tmp_path / "netns")
    monkeypatch.setattr(lab, "FOLDER", tmp_path / "labs")
    monkeypatch.setattr(lab.os, "geteuid", lambda: 0)
    return tmp_path


@pytest.fixture
def one(machine: Path) -> Lab:
    for name in ("fe1.corp.contoso.com", "fe1.example.net", "edge1.contoso.com", "lab-core"):
        (machine / "labs/one/hosts" / name).mkdir(parents=True)
    return Lab("one")


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = command.main(words)
    captured = capsys.readouterr()
    assert captured.out == ""
    return code, captured.err


# --- hosts and labs by name -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("edge1", "edge1.contoso.com"),
        ("edge1.contoso.com", "edge1.contoso.com"),
        ("fe1.example.net", "fe1.example.net"),
        ("lab-core", "lab-core"),
    ],
)
def test_a_host_by_its_name_or_its_first_label(one: Lab, given: str, expected: str) -> None:
    assert one.host(given) == expected


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ("fe1", "fe1 may be fe1.corp.contoso.com or fe1.example.net; write the whole name."),
        ("egde1", "lab one has no host egde1. Did you mean edge1.contoso.com? All hosts: lab --name one status"),
        ("edge1.contoso.co", "lab one has no host edge1.contoso.co. Did you mean edge1.contoso.com? All hosts: "),
        ("zzz", "lab one has no host zzz. All hosts: lab --name one status"),
        ("", "lab one has no host . All hosts: "),
        ("../fe1", "lab one has no host ../fe1."),
    ],
)
def test_a_host_that_is_not_there(one: Lab, given: str, answer: str) -> None:
    with pytest.raises(LabError, match=re.escape(answer)):
        one.host(given)


def test_a_lab_that_is_not_there_says_which_are(machine: Path) -> None:
    assert Lab("two").absent() == "There is no lab two. Make it: lab --name two up"
    (machine / "netns/openuc-one-controller").touch()
    assert Lab("lab").absent() == "There is no lab lab. There is: one. Make it: lab up"


def test_a_host_that_is_off_says_how_to_switch_it_on(one: Lab) -> None:
    with pytest.raises(LabError, match=r"lab-core is off\. Switch it on: lab --name one start lab-core"):
        one.first_process("lab-core")


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("--name", "Wrong", "up"), "'Wrong' cannot be the name of a lab"),
        (("up", "/does/not/exist"), "/does/not/exist: there is no such inventory"),
        (("status",), "There is no lab lab. Make it: lab up"),
        (("shell", "fe1"), "There is no lab lab."),
        (("run", "true"), "There is no lab lab."),
        (("run",), "there is no command to run."),
        (("--name", "one", "logs", "edge1"), "edge1.contoso.com has no logs yet"),
        (("--name", "one", "logs", "edge1", "named"), "has no log of 'named'; it has: none"),
        (("--name", "one", "start", "edge1"), "lab one is not whole: bring it up again with lab --name one up"),
        (("--name", "one", "stop", "edge1"), "edge1.contoso.com is off already."),
        (("--name", "one", "exec", "edge1", "true"), "edge1.contoso.com is off."),
        (("--name", "one", "restart", "egde1"), "Did you mean edge1.contoso.com?"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(
    one: Lab, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], answer: str
) -> None:
    code, text = said(capsys, *words)
    assert code == 1
    assert text.startswith("lab: ")
    assert answer in text


@pytest.mark.parametrize(
    "words", [("up",), ("down",), ("status",), ("exec", "x", "y"), ("run", "x"), ("logs", "x"), ("shell", "x")]
)
def test_who_is_not_root_is_told_so_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(lab.os, "geteuid", lambda: 1000)
    code, text = said(capsys, *words)
    assert code == 1
    assert text == (
        "lab: The lab makes network namespaces and mounts, which needs root. "
        "Run the same command as root, or with sudo.\n"
    )


def test_an_interruption_says_how_to_clean_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lab, "down", interrupt)
    assert said(capsys, "--name", "one", "down") == (
        130,
        "lab: interrupted. What is left goes with: lab --name one down\n",
    )


def test_packages_that_are_there_need_no_root(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lab.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(command.packages, "missing", lambda _wanted: [])
    assert said(capsys, "packages") == (0, "")
    monkeypatch.setattr(command.packages, "missing", lambda _wanted: ["bind9"])
    assert said(capsys, "packages")[0] == 1


@pytest.mark.parametrize("words", [(), ("pu",), ("exec",), ("start",), ("up", "a", "b")])
def test_a_command_that_is_none_shows_how_it_is_used(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        command.main(words)
    assert "usage: lab" in capsys.readouterr().err


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        command.main(["--help"])
    shown = capsys.readouterr().out
    for name in ("up", "down", "status", "shell", "exec", "logs", "run", "start", "stop", "restart", "packages"):
        assert re.search(rf"^    {name} ", shown, re.MULTILINE), name


def test_every_command_is_documented() -> None:
    page = (ROOT / "docs/lab.md").read_text(encoding="utf-8")
    known = re.findall(r"^    (\w+) ", command._parser().format_help(), re.MULTILINE)
    documented = {
        word for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE) for word in re.findall(r"`(\w+)", row)
    }
    assert [name for name in known if name not in documented] == []
    for path in re.findall(r"`((?:tests|playbooks|inventories|roles)/[\w/.]+)`", page):
        assert (ROOT / path).exists() or "mine" in path, path


def test_status_tells_what_is_left_of_a_lab(one: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--name", "one", "status"]) == 0
    first, *rows = capsys.readouterr().out.splitlines()
    assert first == "Lab one (not whole: bring it up again, or take it down)"
    assert [row.split() for row in rows][-1] == ["lab-core", "is", "off"]


def test_options_after_the_command_belong_to_it() -> None:
    given = command._parser().parse_args(["exec", "fe1", "ls", "-l", "--name", "x"])
    assert (given.host, given.command, given.name) == ("fe1", ["ls", "-l", "--name", "x"], "lab")
    assert command._parser().parse_args(["up"]).inventory == ROOT / "inventories/lab"


# --- what is removed --------------------------------------------------------------------------------------------------


def test_down_without_a_lab_is_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--name", "nobody", "down"]) == 0
    assert capsys.readouterr().out == "There is no lab nobody: nothing to remove.\n"


def test_only_one_makes_or_removes_a_lab_at_a_time(one: Lab) -> None:
    with (
        one.only_one(),
        Lab("two").only_one(),
        pytest.raises(LabError, match="lab one: somebody is just making or removing it"),
    ):
        lab.down(one, print)
    lab.down(one, lambda _words: None)
    assert not one.folder.exists()


def test_files_are_never_removed_through_a_mount(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = machine / "labs/one/hosts/a/root"
    root.mkdir(parents=True)
    text = Path("/proc/self/mountinfo").read_text()
    shown = f"{text}999 1 0:1 / {root} rw - overlay overlay rw\n"
    real = Path.read_text
    monkeypatch.setattr(
        Path, "read_text", lambda path, *given: shown if str(path) == "/proc/self/mountinfo" else real(path, *given)
    )
    with pytest.raises(LabError, match=f"not removed, since something is mounted there: {root}"):
        _remove_files(machine / "labs/one")
    assert root.is_dir()
