# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of a PowerShell script, as tree-sitter's grammar takes it apart. Runs where those of readers.txt are.

reading.py FILE   a JSON list: of each call of Add-Planned its words, and the words of the command in its block.
                  Fails where the grammar finds an error.
"""

from __future__ import annotations

import json
import sys
import typing as t
from pathlib import Path

import tree_sitter  # type: ignore[import-not-found]
import tree_sitter_powershell  # type: ignore[import-not-found]


def outermost(node: t.Any, kind: str) -> t.Iterator[t.Any]:
    """Nodes of a kind that stand in no other of it."""
    if node.type == kind:
        yield node
    else:
        for child in node.children:
            yield from outermost(child, kind)


def words(command: t.Any) -> list[str]:
    """Words of a command, single quotes taken off as the shell does."""
    (elements,) = [child for child in command.children if child.type == "command_elements"]
    texts = [child.text.decode() for child in elements.children if child.type != "command_argument_sep"]
    return [text[1:-1].replace("''", "'") if text.startswith("'") else text for text in texts]


def main(path: str) -> None:
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    # The grammar knows no digits in names of options, which PowerShell does.
    text = Path(path).read_text().replace("-IPv4Address", "-IPvFourAddress").replace("-IPv6Address", "-IPvSixAddress")
    root = parser.parse(text.encode()).root_node
    if root.has_error:
        raise SystemExit(f"no PowerShell: {root}")
    calls = [each for each in outermost(root, "command") if each.children[0].text == b"Add-Planned"]
    found = []
    for call in calls:
        (block,) = outermost(call, "script_block_expression")
        (inner,) = outermost(block, "command")
        found.append({"words": words(call)[:-1], "inner": [inner.children[0].text.decode(), *words(inner)]})
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
