# SPDX-License-Identifier: GPL-3.0-or-later
"""What is rendered for other balancers, tried with their own programs where these can be had."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ansible_collections.openuc.ocs.plugins.module_utils.balancer import vendors
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.model import decode
from tests.integration.balancer.conftest import SERVICE

MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so"


def test_nginx_takes_what_is_rendered_for_it(tmp_path: Path) -> None:
    packets = {**SERVICE, "vip": "203.0.113.102", "protocol": "udp", "nat": "dnat", "snat": [], "affinity": "source"}
    services, problems = decode([SERVICE, packets])
    assert problems == []
    stream, whole = tmp_path / "stream.conf", tmp_path / "nginx.conf"
    stream.write_text(vendors.render("nginx", services).files["nginx-stream.conf"])
    whole.write_text(f"load_module {MODULE};\npid {tmp_path}/pid;\nevents {{}}\nstream {{ include {stream}; }}\n")
    # Addresses that the host has not are no matter of syntax, so that nothing but this is asked.
    done = subprocess.run(["/usr/sbin/nginx", "-t", "-c", str(whole)], capture_output=True, text=True, check=False)
    assert "syntax is ok" in done.stderr, done.stderr
