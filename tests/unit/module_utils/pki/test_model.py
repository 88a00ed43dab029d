# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests as they are given: what is accepted, and everything that is wrong said at once."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.module_utils.pki import model, names
from tests.unit.module_utils.pki.conftest import item, wanted


def problems(*items):
    return model.decode(list(items))[1]


def test_an_item_is_read_back_as_it_was_given():
    given_item = {**item(), "own_key": False}
    assert wanted(given_item)[0].shown() == given_item


def test_all_problems_are_told_at_once_with_their_place():
    assert problems(item(eku=["serve"], key_bits=1000), item("a b", sans=[], key_algorithm="dsa")) == [
        "requests[0].eku[0]: 'serve' is none of server, client",
        "requests[0].key_bits: 1000 is none of 256, 384, 521, which ecdsa may have",
        "requests[1].id: 'a b' cannot be the name of a folder; letters, digits and ._@:+- are allowed",
        "requests[1].sans: is empty; clients look at nothing else, so list the subject 'pool.contoso.com' at least",
        "requests[1].key_algorithm: 'dsa' is none of rsa, ecdsa",
    ]


def test_two_requests_of_one_id_and_unknown_options_are_told():
    assert problems(item(), item()) == [
        "requests[1].id: 'front@pool.contoso.com' is that of requests[0] too; each has its own"
    ]
    assert problems(item(san=["x"])) == ["requests[0].san: no such option; did you mean sans?"]


@pytest.mark.parametrize("name", ["../escape", "a/b", "", ".hidden", "x" * 201])
def test_an_id_cannot_lead_out_of_the_folder(name):
    assert "cannot be the name of a folder" in problems(item(name))[0]


def test_a_common_name_has_64_characters_and_a_longer_name_goes_among_the_others():
    long = f"{'a' * 60}.contoso.com"
    assert "is 72 characters long; a common name has at most 64" in problems(item(subject=long))[0]
    assert problems(item(sans=[long])) == []


def test_a_country_is_two_letters():
    assert model.decode([item()], country="Germany")[1] == [
        "country: 'Germany' is no code of two capital letters such as DE"
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "münchen.example",
            "'münchen.example' has letters beyond ASCII; write it as it stands in the DNS, xn--mnchen-3ya",
        ),
        ("straße.example", "'straße.example' has letters beyond ASCII; write it as it stands in the DNS, with labels"),
        ("a..b", "'a..b' has an empty label"),
        ("*.com", "'*.com' is a wildcard for a whole top-level domain"),
        ("w*.contoso.com", "'w*.contoso.com' has a wildcard that is not the whole leftmost label"),
        ("-a.contoso.com", "'-a.contoso.com': '-a' is no label of a host name"),
        (f"{'a' * 64}.com", "has a label of 64 characters; a label has at most 63"),
        (".".join(["a" * 60] * 5), "is 304 characters long; a name has at most 253"),
    ],
)
def test_a_name_that_cannot_stand_on_a_certificate_is_told_with_its_remedy(name, said):
    assert said in names.problem(name)


@pytest.mark.parametrize("name", ["fe1", "sip.contoso.com", "*.contoso.com", "_sip.contoso.com", "192.0.2.1", "::1"])
def test_names_and_addresses_are_accepted(name):
    assert names.problem(name) == ""


@given(st.integers(0, 2**128 - 1))
def test_an_address_has_one_spelling(number):
    address = ipaddress.IPv6Address(number)
    assert names.normal(address.exploded) == str(address)
