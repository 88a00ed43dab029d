# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written for HAProxy, read back, and what is refused before it comes to that."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.module_utils.balancer.text import digest_of
from ansible_collections.openuc.ocs.plugins.module_utils.publishing import text
from ansible_collections.openuc.ocs.plugins.module_utils.publishing.model import decode
from tests.unit.module_utils.publishing.made import FILES, SITE, publications

PATHS = st.lists(st.from_regex(r"/[A-Za-z]{1,8}(/\*)?", fullmatch=True), min_size=1, max_size=3, unique=True)


@given(allowed=PATHS, idle=st.integers(0, 7200), tls=st.booleans(), header=st.sampled_from(["", "original"]))
def test_what_is_written_is_read_back(allowed: list[str], idle: int, tls: bool, header: str) -> None:
    changed = {**FILES, "allowed": allowed, "idle_seconds": idle, "backend_tls": tls, "host_header": header}
    listed = publications(SITE, changed)
    assert text.parse(text.render(listed)) == listed
    assert text.render(text.parse(text.render(listed))) == text.render(listed[::-1])


def test_a_path_lets_in_what_is_below_it_and_nothing_that_begins_like_it() -> None:
    lines = text.render(publications(FILES)).splitlines()
    assert [line.split("-i -m ")[1] for line in lines if "acl path-0" in line] == [
        "beg /Abs/Ext/",
        "str /Abs/Ext",
        "str /ping",
    ]


def test_another_certificate_is_another_file_and_tells_itself_apart() -> None:
    listed = publications(SITE)
    first, second = text.render(listed, "a"), text.render(listed, "b")
    assert digest_of(first) not in ("", digest_of(second))
    assert text.parse(first) == text.parse(second) == listed


def test_nothing_is_published_by_no_file() -> None:
    assert text.render([]) == ""
    assert text.parse("") == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("frontend theirs\n    bind :443\n", "there is no publication of ours in it"),
        ("    # {spoilt\n", "line 1: '# {spoilt' is no publication of ours"),
        ('    # {"name": "x"}\n', "publications[0].id: is missing"),
    ],
)
def test_a_file_of_somebody_else_is_told_apart(content: str, said: str) -> None:
    with pytest.raises(text.UnreadableTextError) as refused:
        text.parse(content)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "im contoso"}, "publications[0].name: 'im contoso' is no name"),
        ({"aliases": ["a#b"]}, "publications[0].aliases: 'a#b' is no name"),
        ({"allowed": ["/a b"]}, "publications[0].allowed: '/a b' is no path, or one that ends with /*"),
        ({"allowed": ["Abs"]}, "publications[0].allowed: 'Abs' is no path, or one that ends with /*"),
        ({"certificates": ["/a\nuser root"]}, "publications[0].certificates: '/a\\nuser root' is no path of a file"),
        ({"backend_addresses": []}, "publications[0].backend_addresses: is empty; a publication without a server"),
        ({"backend_addresses": ["10.1.1"]}, "publications[0].backend_addresses[0]: '10.1.1' is no IP address"),
        ({"port": "0"}, "publications[0].port: '0' is no port; 1 to 65535 are"),
        ({"idle_seconds": -1}, "publications[0].idle_seconds: expected 0 or more, got -1"),
        ({"host_header": "other"}, "publications[0].host_header: 'other' is none of original"),
        ({"adress": "x"}, "publications[0].adress: no such option; did you mean address?"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(change: dict[str, t.Any], said: str) -> None:
    _found, problems = decode([{**SITE, **change}])
    assert any(problem.startswith(said) for problem in problems), problems


def test_a_name_is_published_once_at_a_port() -> None:
    assert decode([SITE, SITE])[1] == [
        "publications[1]: im.contoso.com:443 is given in publications[0] already; leave one"
    ]
