# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading tagged values: plain copies, templates resolved per host, shared values converted once."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.reading import (
    VAULTED,
    InventoryReader,
    TaggedHost,
    Tags,
)


class Secret:
    """Stands for a vaulted value."""


class Text(str):
    """Stands for a tagged string: it knows its line."""

    line: int

    def __new__(cls, text: str, line: int = 0) -> t.Self:
        made = super().__new__(cls, text)
        made.line = line
        return made


def line_of(value: object) -> str:
    return f"uc.yml:{value.line}" if isinstance(value, Text) and value.line else ""


TAGS = Tags(lambda text: "{{" in text or "{%" in text, lambda value: isinstance(value, Secret), line_of)


def host(name: str, template: t.Callable[[object], object] = lambda value: value, **variables: object) -> TaggedHost:
    return TaggedHost(name, ("edge",), variables, template)


def test_only_our_variables_are_read() -> None:
    read = InventoryReader(TAGS).read([host("a", uc_site="x", ansible_host="192.0.2.1", other=Secret())])
    assert read.hosts[0].variables == {"uc_site": "x"}
    assert read.hosts[0].groups == ("edge",)


def test_values_become_plain() -> None:
    given = {Text("k"): [Text("v"), 1, 2.5, True, None, Secret()]}
    read = InventoryReader(TAGS).read([host("a", uc_x=given)]).hosts[0].variables["uc_x"]
    assert read == {"k": ["v", 1, 2.5, True, None, VAULTED]}
    assert not isinstance(next(iter(t.cast("dict[str, object]", read))), Text)


def test_shared_values_are_converted_once() -> None:
    shared = {"pool1": {"users": 5}}
    one, two = InventoryReader(TAGS).read([host("a", uc_pools=shared), host("b", uc_pools=shared)]).hosts
    assert one.variables["uc_pools"] is two.variables["uc_pools"]


def test_templates_are_resolved_for_each_host() -> None:
    shared = {"rack": "{{ rack }}"}
    hosts = [
        host(name, lambda value, name=name: {"rack": f"rack of {name}"} if value is shared else value, uc_x=shared)
        for name in "ab"
    ]
    read = InventoryReader(TAGS).read(hosts)
    assert [entry.variables["uc_x"] for entry in read.hosts] == [{"rack": "rack of a"}, {"rack": "rack of b"}]


def test_what_holds_no_template_is_never_templated() -> None:
    def refuse(value: object) -> object:
        raise AssertionError(value)

    read = InventoryReader(TAGS).read([host("a", refuse, uc_x={"k": ["plain"]})])
    assert read.hosts[0].variables["uc_x"] == {"k": ["plain"]}


def test_origin_is_that_of_the_innermost_part_that_exists() -> None:
    given = {Text("pool1.corp", 3): {Text("vip", 4): "x"}, "list": [Text("one", 7)]}
    read = InventoryReader(TAGS).read([host("a", uc_pools=given)])
    assert read.origin("", "uc_pools['pool1.corp'].vip") == "uc.yml:4"
    assert read.origin("", "uc_pools['pool1.corp'].missing") == "uc.yml:3"
    assert read.origin("a", "uc_pools.list[0]") == "uc.yml:7"
    assert read.origin("", "uc_pools.list[9]") == ""
    assert read.origin("", "uc_other") == ""
    assert read.origin("unknown", "uc_pools") == ""
    assert read.origin("", "") == ""


def counting(calls: list[object], result: object = "resolved") -> t.Callable[[object], object]:
    def template(value: object) -> object:
        calls.append(value)
        return result

    return template


def read_all(value: object, calls: list[object], *variables: dict[str, object]) -> list[object]:
    hosts = [
        TaggedHost(f"h{number}", (), {"uc_x": value, **own}, counting(calls, f"for {sorted(own.items())}"))
        for number, own in enumerate(variables)
    ]
    return [host.variables["uc_x"] for host in InventoryReader(TAGS).read(hosts).hosts]


def test_a_template_that_only_names_variables_is_resolved_once_for_their_values() -> None:
    calls: list[object] = []
    found = read_all({"k": ["{{ a }}-{{b}}"]}, calls, {"a": "x", "b": 1}, {"a": "x", "b": 1}, {"a": "y", "b": 1})
    assert len(calls) == 2
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("{{ a | upper }}", {"a": "x"}),
        ("{{ lookup('env', 'HOME') }}", {}),
        ("{% if a %}1{% endif %}", {"a": "x"}),
        ("{{ a }} {# note #}", {"a": "x"}),
        ("{{ a }}", {}),
        ("{{ a }}", {"a": ["a list"]}),
        ("{{ a }}", {"a": "{{ inventory_hostname }}"}),
        ("{{ a }}", {"a": Secret()}),
    ],
)
def test_any_other_template_is_resolved_for_every_host(text: str, own: dict[str, object]) -> None:
    calls: list[object] = []
    read_all(text, calls, own, own)
    assert len(calls) == 2


def test_values_that_only_look_alike_are_told_apart() -> None:
    calls: list[object] = []
    read_all("{{ a }}", calls, {"a": 1}, {"a": True}, {"a": "1"}, {"a": 1.0})
    assert len(calls) == 4
