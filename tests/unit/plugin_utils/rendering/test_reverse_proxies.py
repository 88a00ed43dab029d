# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reverse proxy that is HAProxy lets in, of each example inventory."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils import specs
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import Plan
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering import reverse_proxies
from tests import support


def _plan(name: str) -> Plan:
    plan = support.example_design(name).plan
    assert plan is not None
    return plan


def _texts(name: str) -> dict[str, str]:
    return dict(reverse_proxies.render(support.example_design(name).topology, _plan(name)))


@pytest.mark.parametrize("name", ["lab", "lync2010", "multisite", "ocs2007"])
def test_every_publication_has_its_servers_and_its_names(name: str) -> None:
    texts = _texts(name)
    publications = _plan(name).publications
    assert set(texts) == {f"native/{each.proxy}.publications.cfg" for each in publications}
    for each in publications:
        text = texts[f"native/{each.proxy}.publications.cfg"]
        [backend] = re.findall(
            rf"^backend openuc-{re.escape(each.name)}:{each.port} .*\n((?:    .*\n)+)", text, re.MULTILINE
        )
        servers = [line.split()[2] for line in backend.splitlines() if line.split()[0] == "server"]
        assert servers == [f"{address}:{each.backend_port}" for address in each.backend_addresses] != []
        assert backend.count("verify required") == (len(servers) if each.backend_tls else 0)
        assert f" -m str {' '.join((each.name, *each.aliases))}\n" in text


@pytest.mark.parametrize("name", ["lab", "lync2010", "multisite", "ocs2007"])
def test_haproxy_takes_it(name: str, tmp_path: Path) -> None:
    if not shutil.which("haproxy"):
        pytest.skip("HAProxy is not installed on this machine")
    identity = tmp_path / "identity.pem"
    made = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=test"]
    command = ["openssl", "req", *made, "-keyout", "-", "-out", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    identity.write_text(done.stdout)
    for text in _texts(name).values():
        file = tmp_path / "publications.cfg"
        file.write_text(re.sub(rf"{specs.CERTIFICATES_FOLDER}/\S+", str(identity), text))
        checked = subprocess.run(["haproxy", "-c", "-q", "-f", str(file)], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr


def test_only_what_is_published_in_part_refuses_paths_that_could_mean_another() -> None:
    [text] = _texts("lab").values()
    guarded = re.findall(r"deny deny_status 400 if name-(\d+) ambiguous", text)
    publications = _plan("lab").publications
    assert guarded == [str(number) for number, each in enumerate(publications) if "/*" not in each.allowed]


def test_a_listener_shows_the_certificate_that_bears_its_names() -> None:
    [text] = _texts("lab").values()
    assert re.findall(r"crt (\S+)", text) == [
        "/etc/openuc/certificates/ocs2007r2.certificate.reverse-proxy@rp1.contoso.com/combined.pem"
    ]
    [lync] = _texts("lync2010").values()
    plain = [line for line in lync.splitlines() if line.startswith("    bind ") and line.endswith(":80")]
    assert plain == ["    bind 10.31.0.21:80"]
