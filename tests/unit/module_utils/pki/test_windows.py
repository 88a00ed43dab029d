# SPDX-License-Identifier: GPL-3.0-or-later
"""Words for Windows, compared letter by letter with what Microsoft's pages ask for."""

from __future__ import annotations

from ansible_collections.openuc.ocs.plugins.module_utils.pki import issuers, library, windows
from tests.unit.module_utils.pki.conftest import FRONT, Estate, item, wanted

INF = """\
[Version]
Signature = "$Windows NT$"

[NewRequest]
Subject = "CN=pool.contoso.com, O=""Contoso, Ltd."", C=US"
KeyAlgorithm = RSA
KeyLength = 2048
Exportable = TRUE
MachineKeySet = TRUE
RequestType = PKCS10
HashAlgorithm = SHA256

[EnhancedKeyUsageExtension]
OID = 1.3.6.1.5.5.7.3.1
OID = 1.3.6.1.5.5.7.3.2

[Extensions]
2.5.29.17 = "{text}"
_continue_ = "dns=pool.contoso.com&"
_continue_ = "ipaddress=192.0.2.1&"
"""


def test_a_policy_file_says_all_that_a_request_says():
    asked = item(key_algorithm="rsa", key_bits=2048, sans=["pool.contoso.com", "192.0.2.1"], eku=["server", "client"])
    found = windows.request_inf(wanted(asked, organisation="Contoso, Ltd.", country="US")[0])
    assert found == INF.replace("\n", "\r\n")


def test_a_key_of_one_server_stays_there_and_curves_have_their_names():
    lines = windows.request_inf(wanted(item(hosts=["fe1"], key_bits=384))[0]).split("\r\n")
    assert "Exportable = FALSE" in lines
    assert "KeyAlgorithm = ECDSA_P384" in lines


def test_command_lines_name_authority_and_template():
    assert windows.submit_lines(wanted()[0], "ca1\\Contoso Issuing", "WebServer") == [
        (
            'certreq -submit -config "ca1\\Contoso Issuing" -attrib "CertificateTemplate:WebServer" '
            '"front_pool.contoso.com.req" "front_pool.contoso.com.cer" "front_pool.contoso.com.p7b"'
        ),
        (
            'certreq -retrieve -config "ca1\\Contoso Issuing" REQUEST_ID "front_pool.contoso.com.cer" '
            '"front_pool.contoso.com.p7b"'
        ),
    ]
    assert windows.submit_lines(wanted()[0], "", "")[0].startswith('certreq -submit "front_pool')


def test_who_makes_the_key_on_the_server_accepts_the_certificate_there():
    lines = windows.own_key_lines(wanted()[0], "", "")
    assert lines[0] == 'certreq -new "front_pool.contoso.com.inf" "front_pool.contoso.com.req"'
    assert lines[-1] == 'certreq -accept "front_pool.contoso.com.cer"'


def test_only_roots_go_into_the_store_of_roots():
    assert windows.install_lines(wanted()[0], "fe1", "ab12", ["root-1.cer"]) == [
        "rem front@pool.contoso.com on fe1",
        'certutil -addstore -f Root "root-1.cer"',
        'certutil -importpfx "front_pool.contoso.com.p12" NoExport',
        "certutil -verifystore My ab12",
        'del "front_pool.contoso.com.p12"',
    ]


def test_what_is_rendered_for_an_authority_holds_no_key(estate: Estate):
    estate.request()
    texts = issuers.rendered(wanted(), str(estate.folder), "", "")
    endings = ("-own-key.cmd", ".cmd", ".inf", ".req")
    assert sorted(texts) == [f"front_pool.contoso.com{ending}" for ending in endings]
    assert texts["front_pool.contoso.com.req"] == estate.path("request.pem", FRONT).read_text()
    assert not any("PRIVATE" in text for text in texts.values())


def test_an_old_or_absent_library_is_a_message():
    assert library.problem("").startswith("the Python library cryptography is missing; version 38 or newer is needed")
    assert library.problem("3.4.8") == "the Python library cryptography is 3.4.8; version 38 or newer is needed"
    assert library.problem("38.0.4") == ""
