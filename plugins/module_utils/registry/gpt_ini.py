# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions of a Group Policy object and the extensions it names. Pure. Private to the collection.

A version is one number of 32 bits: how often the user's half was changed above, the computer's half below. It stands in
Active Directory and in GPT.INI of SYSVOL; clients take settings over when it rises, and wait while the two differ.
"""

from __future__ import annotations

import re

HALF = 1 << 16
# The extension of clients that reads Registry.pol, and the tools that edit what is in it for computers and users.
REGISTRY_EXTENSION = "{35378EAC-683F-11D2-A89A-00C04FBBCFA2}"
EDITORS = {"HKLM": "{D02B1F72-3407-48AE-BA88-E8213C6761F1}", "HKCU": "{D02B1F73-3407-48AE-BA88-E8213C6761F1}"}
_VERSION = re.compile(r"(?im)^([ \t]*version[ \t]*=[ \t]*)(\d+)")
_GENERAL = re.compile(r"(?im)^[ \t]*\[general\][ \t]*\r?\n")


def version_of(text: str) -> int:
    """The version in a GPT.INI; 0 where it has none."""
    found = _VERSION.search(text)
    return int(found[2]) if found else 0


def with_version(text: str, version: int) -> str:
    """GPT.INI with another version and all else as it was."""
    if _VERSION.search(text):
        return _VERSION.sub(lambda match: f"{match[1]}{version}", text, count=1)
    if _GENERAL.search(text):
        return _GENERAL.sub(lambda match: f"{match[0]}Version={version}\r\n", text, count=1)
    return f"[General]\r\nVersion={version}\r\n{text}"


def raised(versions: tuple[int, int], hives: set[str]) -> int:
    """The next version after both that are known, with the halves raised that were changed."""
    user = max(version // HALF for version in versions) + ("HKCU" in hives)
    computer = max(version % HALF for version in versions) + ("HKLM" in hives)
    return (user % HALF) * HALF + computer % HALF


def with_registry_extension(names: str, hive: str) -> str:
    """Names of extensions, as Active Directory keeps them, with the registry's among them; sorted, as clients want."""
    groups = {group[:38].upper(): group for group in re.findall(r"\[((?:\{[^}]*\})+)\]", names)}
    own = groups.get(REGISTRY_EXTENSION, REGISTRY_EXTENSION)
    if EDITORS[hive] not in own.upper():
        tools = sorted([*re.findall(r"\{[^}]*\}", own)[1:], EDITORS[hive]], key=str.upper)
        own = REGISTRY_EXTENSION + "".join(tools)
    groups[REGISTRY_EXTENSION] = own
    return "".join(f"[{groups[name]}]" for name in sorted(groups))
