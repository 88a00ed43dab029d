# SPDX-License-Identifier: GPL-3.0-or-later
""".reg files, Registry.pol and GPT.INI."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.module_utils.registry import gpt_ini, policy_file, reg_file, values
from ansible_collections.openuc.ocs.plugins.module_utils.registry.reg_file import BadFileError
from ansible_collections.openuc.ocs.plugins.module_utils.registry.values import TYPES, Value

KEY = r"SOFTWARE\Contoso"
SIGNATURE = "Windows Registry Editor Version 5.00"
WORDS = st.text(st.characters(blacklist_characters="\0\r\n]", blacklist_categories=["Cs", "Cc"]), max_size=12)
PARTS = WORDS.map(lambda text: text.replace("\\", "/").strip() or "k")
VALUES = st.builds(
    Value,
    st.sampled_from(["HKLM", "HKCU"]),
    st.lists(PARTS, min_size=1, max_size=3).map("\\".join),
    WORDS,
    st.integers(0, 11),
    st.binary(max_size=90),
)


def number(name: str, data: int) -> Value:
    return Value("HKLM", KEY, name, TYPES["REG_DWORD"], values.raw_of(4, data))


def reg(*lines: str) -> bytes:
    return "\r\n".join([SIGNATURE, "", *lines, ""]).encode("utf-16")


def test_a_file_is_what_windows_itself_exports() -> None:
    text = Value("HKLM", KEY, 'a "b" \\', 1, values.raw_of(1, 'x\\"y'))
    content = reg_file.render([number("Marking", 46), text])
    assert content[:2] == b"\xff\xfe"
    assert content.decode("utf-16").split("\r\n") == [
        SIGNATURE,
        "",
        r"[HKEY_LOCAL_MACHINE\SOFTWARE\Contoso]",
        '"Marking"=dword:0000002e',
        r'"a \"b\" \\"="x\\\"y"',
        "",
        "",
    ]


def test_long_data_is_wrapped_within_the_width_that_windows_uses() -> None:
    content = reg_file.render([Value("HKLM", KEY, "Long", 3, bytes(range(60)))]).decode("utf-16")
    lines = [line for line in content.split("\r\n") if "," in line]
    assert len(lines) > 1
    assert all(len(line) <= 77 for line in lines)
    assert all(line.endswith(",\\") for line in lines[:-1])


def by_key(listed: list[Value]) -> list[Value]:
    """In the order of a file: keys by their first value."""
    order = list(dict.fromkeys(value.key_id for value in listed))
    return sorted(listed, key=lambda value: order.index(value.key_id))


@given(st.lists(VALUES, max_size=6))
def test_what_is_rendered_is_parsed_to_the_last_byte(listed: list[Value]) -> None:
    found = reg_file.parse(reg_file.render(listed))
    assert [(v.id, v.kind, v.raw) for v in found] == [(v.id, v.kind, v.raw) for v in by_key(listed)]


@given(st.lists(VALUES, max_size=6))
def test_policies_come_back_to_the_last_byte(listed: list[Value]) -> None:
    machine = [value for value in listed if value.hive == "HKLM"]
    assert policy_file.parse(policy_file.render(machine), "HKLM") == machine


def test_what_people_write_by_hand_is_read_too() -> None:
    content = "\n".join(
        [
            SIGNATURE,
            "; a comment",
            "[hkey_local_machine\\SOFTWARE\\Contoso] ; another",
            '@="default"',
            '  "Spaced" = dword:2E ; and another',
            '"Bytes"=hex:01,\\',
            "  02",
        ]
    ).encode()
    found = [(value.name, value.shown) for value in reg_file.parse(content)]
    assert found == [("", "REG_SZ 'default'"), ("Spaced", "REG_DWORD 46"), ("Bytes", "REG_BINARY hex 0102")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"REGEDIT4\r\n", "line 1: expected 'Windows Registry Editor Version 5.00', got 'REGEDIT4'"),
        (b"\xff\xfea", "byte 2: is not utf-16"),
        (b"\x80", "is not utf-8-sig"),
        (reg('"A"=dword:1'), "line 3: a value before any key"),
        (reg(r"[HKEY_USERS\X]"), "line 3: 'HKEY_USERS\\\\X' is no key below HKEY_LOCAL_MACHINE or HKEY_CURRENT_USER"),
        (reg(r"[HKEY_LOCAL_MACHINE]"), "line 3: 'HKEY_LOCAL_MACHINE' is no key below"),
        (reg(rf"[-HKEY_LOCAL_MACHINE\{KEY}]"), "line 3: removes a key"),
        (reg(rf"[HKEY_LOCAL_MACHINE\{KEY}]", '"A"=-'), "line 4: removes the value 'A'"),
        (reg(rf"[HKEY_LOCAL_MACHINE\{KEY}]", '"A"=dword:xyz'), "line 4: cannot be read: '\"A\"=dword:xyz'"),
    ],
)
def test_what_is_no_such_file_is_named_with_its_line(content: bytes, message: str) -> None:
    with pytest.raises(BadFileError) as error:
        reg_file.parse(content)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PReg\x02\0\0\0", "byte 0: expected 5052656701000000, got 5052656702000000"),
        (policy_file.HEADER + b"[\0a", "entry 0 at byte 8: the text at byte 10 has no end"),
        (policy_file.HEADER + b"x\0", "entry 0 at byte 8: expected '[' at byte 8, got 7800"),
        (policy_file.render([number("A", 1)])[:-2], "expected ']' at byte"),
        (policy_file.render([number("A", 1)])[:-16], "ends within a number"),
    ],
)
def test_what_is_no_policy_is_named_with_its_byte(content: bytes, message: str) -> None:
    with pytest.raises(BadFileError) as error:
        policy_file.parse(content, "HKLM")
    assert message in str(error.value)


def test_no_file_holds_nothing_and_too_much_is_refused() -> None:
    assert policy_file.parse(b"", "HKLM") == []
    with pytest.raises(BadFileError, match=r"65536 bytes; an entry of Registry\.pol holds at most 65535"):
        policy_file.render([Value("HKLM", KEY, "Much", 3, bytes(65536))])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[General]\r\nVersion=3\r\ndisplayName=x\r\n", "[General]\r\nVersion=9\r\ndisplayName=x\r\n"),
        ("[General]\r\ndisplayName=x\r\n", "[General]\r\nVersion=9\r\ndisplayName=x\r\n"),
        ("", "[General]\r\nVersion=9\r\n"),
        ("[general]\nversion = 3", "[general]\nversion = 9"),
    ],
)
def test_gpt_ini_keeps_all_but_its_version(text: str, expected: str) -> None:
    assert gpt_ini.with_version(text, 9) == expected
    assert gpt_ini.version_of(expected) == 9


def test_each_half_of_a_version_counts_for_itself_and_passes_both_that_are_known() -> None:
    assert gpt_ini.raised((0x00010002, 0x00010002), {"HKLM"}) == 0x00010003
    assert gpt_ini.raised((0x00010002, 0x00010002), {"HKCU"}) == 0x00020002
    assert gpt_ini.raised((0x00010005, 0x00030002), {"HKLM", "HKCU"}) == 0x00040006


def test_a_half_that_overflows_leaves_the_other_alone() -> None:
    assert gpt_ini.raised((0x0001FFFF, 0), {"HKLM"}) == 0x00010000


def test_the_extension_of_the_registry_joins_those_that_are_there() -> None:
    other = "[{00000000-0000-0000-0000-000000000001}{00000000-0000-0000-0000-00000000000A}]"
    late = "[{F0000000-0000-0000-0000-000000000001}{00000000-0000-0000-0000-00000000000A}]"
    own = "[{35378EAC-683F-11D2-A89A-00C04FBBCFA2}{D02B1F72-3407-48AE-BA88-E8213C6761F1}]"
    assert gpt_ini.with_registry_extension("", "HKLM") == own
    assert gpt_ini.with_registry_extension(late + other, "HKLM") == other + own + late
    assert gpt_ini.with_registry_extension(own, "HKLM") == own
    both = gpt_ini.with_registry_extension(own, "HKCU")
    assert both.count("[") == 1
    assert "{D02B1F72" in both
    assert "{D02B1F73" in both
