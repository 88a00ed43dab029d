# SPDX-License-Identifier: GPL-3.0-or-later
"""From the plan of the lab to certificates that its servers show: both authorities, all hosts, there and back."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests.integration.certificates.conftest import LAB, PLAN, Certified, recap

EDGES = ("edge1.contoso.com", "edge2.contoso.com")
FRONT_ENDS = ("fe1.corp.contoso.com", "fe2.corp.contoso.com")
POOL = "ocs2007r2.certificate.enterprise-consolidated@pool1.corp.contoso.com"
MEDIA = "ocs2007r2.certificate.av-authentication@edge.corp.contoso.com"
INSTALLED = Path("/etc/openuc/certificates")


def requests() -> list[dict[str, object]]:
    paths = sorted((PLAN / "slices/certificate_request").glob("*.json"))
    return [request for path in paths for request in json.loads(path.read_text())["requests"]]


def wire_checks() -> list[dict[str, object]]:
    paths = sorted((PLAN / "slices/certificate_verify").glob("*.json"))
    return [check for path in paths for check in json.loads(path.read_text())["checks"]]


def holders() -> set[str]:
    return {str(host) for request in requests() for host in request["hosts"]}


def test_the_first_check_foretells_all_and_writes_nothing(certified: Certified):
    done = certified.play("--check")
    counts = recap(done)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {host for host, count in counts.items() if count["changed"]} >= holders()
    assert not certified.pki.exists()
    assert certified.lab.on(FRONT_ENDS[0], "test", "-e", str(INSTALLED), check=False).returncode == 1


@pytest.fixture(scope="module")
def applied(certified: Certified) -> Certified:
    before = certified.shown(FRONT_ENDS[0])
    assert all(each["certificate_sha256"] is None for each in before.values())
    done = certified.play("-e", "certificates_run=first", "-e", "certificates_check_revocation=true")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {host for host, count in recap(done).items() if count["changed"]} == holders()
    return certified


def test_servers_show_the_new_certificates_without_a_restart(applied: Certified):
    for host in FRONT_ENDS:
        shown = {each["certificate_sha256"] for each in applied.shown(host).values() if each["transport"] != "plain"}
        assert shown == {applied.fingerprint(POOL)}


def test_every_listener_of_the_lab_with_tls_shows_a_certificate(applied: Certified):
    for host in sorted(holders()):
        wanting = {
            where: each["certificate_problem"]
            for where, each in applied.shown(host).items()
            if each["transport"] != "plain" and not each["certificate_sha256"]
        }
        assert wanting == {}, host


def test_a_client_verifies_the_pool_by_name_chain_and_revocation_lists(applied: Certified):
    """With OpenSSL on a server that has nothing but what was installed, over the wire, with TLS in both directions."""
    held = INSTALLED / POOL
    fetched = "; ".join(
        f"curl -sS http://10.20.0.3/{name}.crl | openssl crl -inform DER" for name in ("root", "issuing")
    )
    asked = (
        "openssl s_client -connect 10.20.0.11:5061 -verify_return_error -verify_hostname pool1.corp.contoso.com "
        f"-crl_check_all -CAfile {held}/trust.pem -cert {held}/certificate.pem -key {held}/key.pem </dev/null 2>&1"
    )
    without = applied.lab.on(FRONT_ENDS[1], "sh", "-c", asked, check=False)
    assert "unable to get certificate CRL" in without.stdout
    asked = f"(cat {held}/trust.pem; {fetched}) >/tmp/trust.pem; {asked.replace(f'{held}/trust.pem', '/tmp/trust.pem')}"
    done = applied.lab.on(FRONT_ENDS[1], "sh", "-c", asked, check=False)
    assert "Verification: OK" in done.stdout, done.stdout
    wrong = applied.lab.on(FRONT_ENDS[1], "sh", "-c", asked.replace("hostname pool1", "hostname pool2"), check=False)
    assert "hostname mismatch" in wrong.stdout.lower()


def test_servers_of_a_pool_see_each_other_as_peers(applied: Certified):
    """Names, uses, the chain and lists of all of it, and the same key on both, from each of them."""
    common = {
        "port": 5061,
        "names": ["pool1.corp.contoso.com", "sip.contoso.com"],
        "eku": ["server"],
        "sha256": [applied.fingerprint(POOL)],
        "trust": str(INSTALLED / POOL / "trust.pem"),
        "revocation": True,
        "least_days": 300,
        "same_key": "the pool",
    }
    checks = [{"id": host, "address": f"10.20.0.1{number}", **common} for number, host in enumerate(FRONT_ENDS, 1)]
    arguments = ["-m", "openuc.ocs.certificate_verify", "-a", json.dumps({"checks": checks})]
    for host in FRONT_ENDS:
        done = applied.lab.ansible("ansible", LAB, host, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    wrong = json.dumps({"checks": [{**checks[0], "names": ["pool2.corp.contoso.com"]}]})
    done = applied.lab.ansible("ansible", LAB, FRONT_ENDS[1], "-m", "openuc.ocs.certificate_verify", "-a", wrong)
    assert "name: alternative names lack pool2.corp.contoso.com" in done.stdout


def test_every_host_finds_on_the_wire_what_the_plan_expects(applied: Certified):
    """Along every flow with TLS, mutual or not, that needs no balancer; those are not set up here."""
    balancers = [path.stem for path in (PLAN / "slices/load_balancer").iterdir()]
    others = sorted({check["host"] for check in wire_checks()} - set(balancers))
    done = applied.play(tasks="verify", certificates_verify_hosts=others)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = recap(done)
    lookers = {path.stem for path in (PLAN / "slices/certificate_verify").iterdir()}
    most = max(count["ok"] for count in counts.values())
    assert {host for host, count in counts.items() if count["ok"] == most} == lookers
    assert not any(count["changed"] for count in counts.values())
    # Each server of the pool was shown a certificate of the other's, and judged it.
    judged = [each for host in FRONT_ENDS for each in applied.shown(host).values() if each["transport"] == "mtls"]
    assert any(each["connections"] for each in judged)
    assert [each["tls_failures"] for each in judged if each["tls_failures"]] == []


def test_a_server_that_shows_something_else_is_named(applied: Certified):
    """Front End Servers that show the certificate of Group Chat, as after a mistake in a console."""
    host, place = FRONT_ENDS[1], INSTALLED / POOL
    other = applied.pki / "certificates/ocs2007r2.certificate.mediation@med1.corp.contoso.com"
    kept = applied.lab.on(host, "readlink", str(place)).stdout.strip()
    wrong = f"{INSTALLED}/mistaken"
    applied.lab.on(host, "cp", "-rL", str(place), wrong)
    for name in ("certificate.pem", "key.pem"):
        text = (other / name).read_text()
        applied.lab.on(host, "python3", "-c", f"open({f'{wrong}/{name}'!r}, 'w').write({text!r})")
    applied.lab.on(host, "ln", "-sfn", wrong, str(place))
    try:
        done = applied.play("-e", f"only={FRONT_ENDS[0]}", tasks="verify", certificates_verify_hosts=[host])
    finally:
        applied.lab.on(host, "ln", "-sfn", kept, str(place))
        applied.lab.on(host, "rm", "-r", wrong)
    assert f"{host} at 10.20.0.12:8404: name: alternative names lack pool1.corp.contoso.com" in done.stdout
    assert f"{host} at 10.20.0.12:8404: other: " in done.stdout
    assert done.returncode == 2


def test_all_edges_hold_the_same_media_key_and_no_other_service_has_it(applied: Certified):
    digests = {applied.lab.on(host, "sh", "-c", f"sha256sum <'{INSTALLED / MEDIA}/key.pem'").stdout for host in EDGES}
    assert len(digests) == 1
    keys = applied.lab.on(EDGES[0], "sh", "-c", f"cd {INSTALLED}; sha256sum */key.pem").stdout.splitlines()
    assert len({line.split()[0] for line in keys}) == len(keys) == 4


def test_the_second_run_changes_nothing(applied: Certified):
    done = applied.play("-e", "certificates_run=second")
    assert sum(count["changed"] for count in recap(done).values()) == 0, done.stdout
    done = applied.play("--check")
    assert sum(count["changed"] for count in recap(done).values()) == 0, done.stdout


def test_no_key_is_in_what_ansible_says_or_in_the_plan(applied: Certified):
    said = applied.play("-vvv", "--diff", "-e", "only=edge1.contoso.com").stdout
    assert "PRIVATE KEY" not in said
    key = (applied.pki / "certificates" / MEDIA / "key.pem").read_text().splitlines()[1]
    assert key not in said
    assert not any("PRIVATE KEY" in path.read_text() for path in PLAN.rglob("*") if path.is_file())


def test_a_host_that_lost_half_of_it_gets_it_back(applied: Certified):
    host = EDGES[1]
    applied.lab.on(host, "rm", str(INSTALLED / MEDIA / "key.pem"))
    counts = recap(applied.play())
    assert {name for name, count in counts.items() if count["changed"]} == {host}
    applied.lab.on(host, "test", "-s", str(INSTALLED / MEDIA / "key.pem"))


def test_a_renewed_certificate_is_shown_and_the_old_one_comes_back(applied: Certified):
    host, id_ = "gc1.corp.contoso.com", "ocs2007r2.certificate.group-chat@gc1.corp.contoso.com"
    before = applied.fingerprint(id_)
    (applied.pki / "certificates" / id_ / "certificate.pem").unlink()
    changes = {"certificates_only": [id_], "certificates_run": "renewal", "certificates_verify": True}
    done = applied.play("-e", f"only={host}", **changes)
    assert done.returncode == 0, done.stdout + done.stderr
    # It looked at its own services at once, and found the new one there.
    assert re.search(rf"Look at certificates on the wire\] \*+\nok: \[{host}\]", done.stdout), done.stdout
    after = applied.fingerprint(id_)
    assert after != before
    shown = {each["certificate_sha256"] for each in applied.shown(host).values()}
    assert after in shown
    assert before not in shown
    done = applied.play("-e", f"only={host}", "-e", "tasks=restore", certificates_run="renewal")
    assert recap(done)[host]["changed"] == 1, done.stdout
    assert before in {each["certificate_sha256"] for each in applied.shown(host).values()}
    applied.play("-e", f"only={host}")
    assert after in {each["certificate_sha256"] for each in applied.shown(host).values()}


def test_a_run_that_changed_nothing_is_undone_by_doing_nothing(applied: Certified):
    done = applied.play("-e", "tasks=restore", certificates_run="never")
    assert done.returncode == 0, done.stdout
    assert sum(count["changed"] for count in recap(done).values()) == 0


def test_a_revoked_certificate_is_told_by_the_host_that_fetches_the_list(applied: Certified):
    host, id_ = "med1.corp.contoso.com", "ocs2007r2.certificate.mediation@med1.corp.contoso.com"
    known = json.loads((applied.pki / "authority/issued.json").read_text())
    serial = next(number for number, entry in known.items() if entry["id"] == id_)
    options = {"folder": str(applied.pki), "url": applied.issuers["internal"]["url"], "revoke": [serial]}
    arguments = ["-m", "openuc.ocs.certificate_issue", "-a", json.dumps({**options, "name": "Contoso"})]
    interpreter = ["-e", f"ansible_python_interpreter={sys.executable}"]
    done = applied.lab.ansible("ansible", LAB, "localhost", "-c", "local", *interpreter, *arguments)
    assert f"revocation {serial}" in done.stdout, done.stdout + done.stderr
    # Published by hand, since the role would have another one issued at once.
    published = (applied.pki / "published/issuing.crl").read_bytes().hex()
    write = f"open('/srv/pki/issuing.crl', 'wb').write(bytes.fromhex('{published}'))"
    applied.lab.on("ca1.corp.contoso.com", "python3", "-c", write)
    gathered = json.dumps({"state": "gathered", "check_revocation": True})
    done = applied.lab.ansible("ansible", LAB, host, "-m", "openuc.ocs.certificate_install", "-a", gathered)
    assert "http://10.20.0.3/issuing.crl: the certificate is revoked" in done.stdout, done.stdout + done.stderr
    # The next run issues another one, and installs it.
    assert recap(applied.play("-e", f"only={host}"))[host]["changed"]
    done = applied.lab.ansible("ansible", LAB, host, "-m", "openuc.ocs.certificate_install", "-a", gathered)
    assert "is revoked" not in done.stdout
