# SPDX-License-Identifier: GPL-3.0-or-later
"""A packet filter that is only a text; what a real one does is for the tests at real ones."""

from __future__ import annotations

import re

from ansible_collections.openuc.ocs.plugins.module_utils.firewall.listing import Element, Listing, of_text
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.nft import Foreign, NftError
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.text import REMOVE

_CHANGE = re.compile(r"(add|delete) element inet openuc_filter (\S+) \{ (.*) \}")


class FakeNft:
    """Holds our table. It knows whole tables, and elements that come and go."""

    path = "/nowhere/nft"

    def __init__(self) -> None:
        self.text = ""
        self.fails = ""
        self.refused = 0
        self.loaded: list[str] = []

    def table_json(self, counted: bool = False) -> str:
        return self.text

    def table_text(self) -> str:
        return self.text

    def refused_packets(self) -> int:
        return self.refused

    def foreign(self) -> Foreign:
        return Foreign(("ip nat",), ())

    def load(self, text: str) -> None:
        self.loaded.append(text)
        if self.fails:
            raise NftError(self.fails)
        if text.startswith(REMOVE):
            self.text = text[len(REMOVE) :]
            return
        found = of_text(self.text)
        assert found is not None
        for line in text.splitlines():
            change = _CHANGE.fullmatch(line)
            assert change, line
            self._change(found, *change.groups())
        self.text = _text_of(found)

    def _change(self, found: Listing, action: str, name: str, inside: str) -> None:
        block = of_text(f"table inet openuc_filter {{\nset x {{\nelements = {{ {inside} }}\n}}\n}}")
        assert block is not None
        held = {element.key: element for element in found.elements[name]}
        for element in block.elements["x"]:
            if action == "delete":
                del held[element.key]
            else:
                held[element.key] = element
        found.elements[name] = list(held.values())


def _text_of(found: Listing) -> str:
    lines = ["table inet openuc_filter {"]
    for head, declared in found.structure.items():
        lines += [f"{head} {{", *declared]
        elements = found.elements.get(head.partition(" ")[2])
        if elements:
            lines.append(f"elements = {{ {', '.join(map(_element, elements))} }}")
        lines.append("}")
    return "\n".join([*lines, "}"])


def _element(element: Element) -> str:
    said = f' comment "{element.comment}"' if element.comment else ""
    value = f" : {element.value}" if element.value else ""
    return f"{' . '.join(element.key)}{said}{value}"
