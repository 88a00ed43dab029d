# SPDX-License-Identifier: GPL-3.0-or-later
"""Registry settings as files, for hosts that nobody may reach: rendered and parsed. Private to the collection."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..contract import result
from ..files import FileError, read_bytes
from ..items import refused
from ..rendered import written
from . import policy_file, reg_file
from .jobs import Target, targets_of
from .policy_file import HALVES
from .reg_file import BadFileError
from .values import HIVES, Value, item_of

Result = dict[str, Any]


def run(options: Mapping[str, Any], check: bool) -> Result:
    """What the states return that ask no server."""
    try:
        if options["state"] == "parsed":
            return _parsed(options)
        targets, problems = targets_of(options)
        if problems:
            return {"failed": True, "msg": refused(problems)}
        files = dict(file for target in targets for file in files_of(target))
        shown = {name: _text_of(content) for name, content in files.items()}
        return {**written(options["rendered_dir"], files, check), "rendered": shown}
    except (BadFileError, FileError) as error:
        return {"failed": True, "msg": str(error)}


def files_of(target: Target) -> Iterator[tuple[str, bytes]]:
    """A `.reg` file for a host; for a Group Policy object a Registry.pol for each of its halves that holds anything."""
    values = [wanted.value for wanted in target.want]
    if not target.gpo:
        yield f"{target.name}.reg", reg_file.render(values)
        return
    yield from policy_files(target.name, values)


def policy_files(name: str, values: Sequence[Value]) -> Iterator[tuple[str, bytes]]:
    for hive in HIVES:
        half = [value for value in values if value.hive == hive]
        if half:
            yield f"{name}/{HALVES[hive]}/Registry.pol", policy_file.render(half)


def _text_of(content: bytes) -> str:
    """`.reg` files as text; Registry.pol, which is none, in base64."""
    if content.startswith(policy_file.HEADER):
        return base64.b64encode(content).decode()
    return content.decode("utf-16", "surrogatepass").replace("\r\n", "\n")


def _parsed(options: Mapping[str, Any]) -> Result:
    if not options["file"]:
        return {"failed": True, "msg": "file: is missing; state parsed reads a .reg file or a Registry.pol"}
    path = Path(options["file"])
    content = read_bytes(path)
    if content is None:
        return {"failed": True, "msg": f"file: {path} is not there"}
    try:
        if content.startswith(b"PReg"):
            hive = next((hive for hive, half in HALVES.items() if path.parent.name.lower() == half.lower()), "HKLM")
            values = policy_file.parse(content, hive)
        else:
            values = reg_file.parse(content)
    except BadFileError as error:
        return {"failed": True, "msg": f"file: {path}: {error}"}
    return {**result([]), "parsed": [item_of(value) for value in values]}
