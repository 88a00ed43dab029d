# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as a playbook brings them about: slices by path, secrets that stay secret, what is told and when."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import typing as t
from pathlib import Path

import pytest
import yaml

from tests import support

PLAN = support.ROOT / "tests/golden/lab/intended"
INTERNAL, PUBLIC = (str(PLAN / f"slices/certificate_request/{name}.json") for name in ("internal", "public"))
HOST = "gc1.corp.contoso.com"
ID = f"ocs2007r2.certificate.group-chat@{HOST}"
FILE = ID.replace("@", "_")


class Controller:
    """A folder, an inventory of one host that is this machine, and playbooks of single tasks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pki = folder / "pki"

    def run_blocks(self, *blocks: dict[str, t.Any]) -> str:
        """All that Ansible said of tasks that have no result of their own."""
        return self._run([], blocks, ())[1]

    def run(self, *tasks: dict[str, t.Any], options: t.Sequence[str] = ()) -> tuple[list[dict[str, t.Any]], str]:
        """The result of each task, and all that Ansible said."""
        return self._run(tasks, (), options)

    def _run(
        self, tasks: t.Sequence[dict[str, t.Any]], blocks: t.Sequence[dict[str, t.Any]], options: t.Sequence[str]
    ) -> tuple[list[dict[str, t.Any]], str]:
        results = self.folder / "results"
        named = [{**task, "register": f"r{number}", "ignore_errors": True} for number, task in enumerate(tasks)]
        shown = "[" + ", ".join(f"r{number}" for number in range(len(tasks))) + "]"
        keep = {
            "ansible.builtin.copy": {"content": "{{ " + shown + " | to_json }}", "dest": str(results), "mode": "0600"},
            "check_mode": False,
            "diff": False,
        }
        play = [{"hosts": "all", "gather_facts": False, "connection": "local", "tasks": [*named, *blocks, keep]}]
        path = self.folder / "play.yml"
        path.write_text(yaml.safe_dump(play))
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", f"{HOST},", str(path), *options]
        command += ["-e", f"ansible_python_interpreter={sys.executable}"]
        environment = {**os.environ, "ANSIBLE_CONFIG": str(support.ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert results.exists(), done.stdout + done.stderr
        found = json.loads(results.read_text())
        results.unlink()
        return found, done.stdout + done.stderr

    def request(self, **options: t.Any) -> dict[str, t.Any]:
        return {"openuc.ocs.certificate_request": {"slice": INTERNAL, "folder": str(self.pki), "only": [ID], **options}}

    def issue(self, **options: t.Any) -> dict[str, t.Any]:
        given = {"slice": INTERNAL, "folder": str(self.pki), "only": [ID], "url": "http://pki.contoso.com", **options}
        return {"openuc.ocs.certificate_issue": given}

    def install(self, **options: t.Any) -> dict[str, t.Any]:
        place = str(self.folder / "etc")
        given = {"slice": [INTERNAL, PUBLIC], "pki": str(self.pki), "folder": place, **options}
        return {"openuc.ocs.certificate_install": given}


@pytest.fixture
def controller(tmp_path: Path) -> Controller:
    return Controller(tmp_path)


def test_four_runs_through_ansible_tell_no_secret(controller: Controller):
    tasks = (controller.request(), controller.issue(), controller.install())
    foretold, said = controller.run(*tasks, options=["--check", "--diff", "-vvv"])
    assert [each["changed"] for each in foretold] == [True, True, True]
    assert foretold[1]["would_need"] == foretold[2]["would_need"] == [ID]
    assert not controller.pki.exists()
    done, said = controller.run(*tasks, options=["--diff", "-vvv"])
    assert [each["changed"] for each in done] == [True, True, True], said
    key = (controller.pki / "certificates" / ID / "key.pem").read_text()
    installed = controller.folder / "etc" / ID
    assert (installed / "key.pem").read_text() == key
    assert "PRIVATE KEY" not in said
    assert key.splitlines()[1] not in said + json.dumps(done)
    assert "passphrase" not in done[2].get("invocation", {}).get("module_args", {}) or (
        done[2]["invocation"]["module_args"]["passphrase"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
    )
    again, said = controller.run(*tasks)
    assert [each["changed"] for each in again] == [False, False, False], said
    last, _said = controller.run(*tasks, options=["--check"])
    assert [each["changed"] for each in last] == [False, False, False]


def test_a_certificate_that_cannot_be_used_is_not_installed(controller: Controller):
    controller.run(controller.request(), controller.issue())
    folder = controller.pki / "certificates" / ID
    whole = (folder / "certificate.pem").read_bytes()
    end = b"-----END CERTIFICATE-----\n"
    (folder / "certificate.pem").write_bytes(whole.partition(end)[0] + end)
    result, _said = controller.run(controller.install())
    assert result[0]["failed"]
    assert f"{ID}: {HOST} is issued by OpenUC Issuing CA: it is neither among the chain nor trusted" in result[0]["msg"]
    assert "what is on the host stays" in result[0]["msg"]
    (folder / "certificate.pem").write_bytes(b"half")
    result, _said = controller.run(controller.install())
    assert "It is not installed" in result[0]["msg"]
    assert not (controller.folder / "etc").exists()


def test_what_is_not_issued_yet_is_left_out_with_a_warning(controller: Controller):
    results, said = controller.run(controller.request(), controller.install())
    assert (results[1]["changed"], results[1]["would_need"]) == (False, [ID])
    assert f"not installed, since no certificate is there yet: {ID}" in said


def test_what_people_take_to_windows_is_written_once_and_opens_with_the_passphrase(controller: Controller):
    place = controller.folder / "usb"
    render = controller.install(state="rendered", handover=str(place), passphrase="from the vault")
    render["openuc.ocs.certificate_install"].pop("folder")
    results, said = controller.run(controller.request(), controller.issue(), render, render)
    assert [each["changed"] for each in results] == [True, True, True, False], said
    assert "from the vault" not in said + json.dumps(results)
    names = {path.name for path in (place / HOST).iterdir() if path.name[0] != "."}
    root = next(name for name in names if name.startswith("root-"))
    assert names == {f"{FILE}.p12", "install.cmd", root}
    script = (place / HOST / "install.cmd").read_bytes()
    assert b"\r\n" in script
    assert f'certutil -addstore -f Root "{root}"\r\ncertutil -importpfx "{FILE}.p12" NoExport'.encode() in script
    opened = ["openssl", "pkcs12", "-legacy", "-info", "-nokeys", "-in", str(place / HOST / f"{FILE}.p12"), "-passin"]
    done = subprocess.run([*opened, "pass:from the vault"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "pbeWithSHA1And3-KeyTripleDES-CBC" in done.stderr
    assert done.stdout.count("BEGIN CERTIFICATE") == 2
    assert subprocess.run([*opened, "pass:guess"], capture_output=True, check=False).returncode != 0


@contextlib.contextmanager
def served(folder: Path) -> t.Iterator[int]:
    """A server on loopback that shows the certificate of a folder; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")

    def serve(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _peer = listening.accept()
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(5)
                    with context.wrap_socket(connection, server_side=True) as secured:
                        secured.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=[listening], daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def test_what_the_plan_expects_is_held_against_what_was_issued(controller: Controller):
    path = controller.folder / "checks.json"

    def look(port: int, **more: t.Any) -> dict[str, t.Any]:
        check = {"id": "x", "stage": "s", "why": [], "host": HOST, "address": "127.0.0.1", "port": port}
        check |= {"certificates": [ID], "issuer": "internal", "names": [HOST], "eku": ["server"], "revocation": True}
        path.write_text(json.dumps({"checks": [check]}))
        return {"openuc.ocs.certificate_verify": {"slice": str(path), "pki": str(controller.pki), **more}}

    # Nothing is issued yet, so nobody is connected to.
    before, _said = controller.run(look(1), controller.request(), controller.issue())
    assert (before[0]["wrong"], before[0]["would_need"], before[0]["changed"]) == ([], [ID], False)
    held = controller.pki / "certificates" / ID
    again = controller.folder / "again"
    shutil.copytree(held, again)
    with served(again) as port:
        tolerated = {"internal": ["crl"]}
        tasks = [
            look(port, tolerated=tolerated),
            look(port),
            look(port, hosts=["other"]),
            look(port, only=["other"]),
            controller.issue(days=300, renew_days=400),
            look(port, tolerated=tolerated),
        ]
        results, _said = controller.run(*tasks)
    where = f"{HOST} at 127.0.0.1:{port}"
    assert (results[0]["wrong"], results[0]["results"][0]["id"]) == ([], where)
    # The address of the lists is nobody's.
    assert results[1]["wrong"][0].startswith(f"{where}: revocation: http://pki.contoso.com/issuing.crl: cannot be")
    assert results[2]["results"] == results[3]["results"] == []
    assert "is shown in place of" in results[5]["msg"]


def test_the_role_has_servers_read_anew_what_changed_and_waits_where_it_is_told_to(controller: Controller):
    marks = controller.folder / "marks"
    common = {
        "certificates_plan_dir": str(PLAN),
        "certificates_pki": str(controller.pki),
        "certificates_folder": str(controller.folder / "etc"),
        "certificates_only": [ID],
        "certificates_reload": ["sh", "-c", f"echo read >>{marks}"],
        "certificates_wait": True,
    }
    role = {"ansible.builtin.include_role": {"name": "openuc.ocs.certificates"}}
    internal = {"internal": {"authority": "internal", "url": "http://pki.contoso.com"}}
    # Nobody is named who issues, so it is asked by hand, and nothing has come back.
    waits = {"block": [{**role, "vars": common}], "rescue": [{"ansible.builtin.debug": {"msg": "stopped"}}]}
    done = {**role, "vars": {**common, "certificates_issuers": internal}}
    said = controller.run_blocks(waits, done, done)
    assert f"{HOST} waits for {ID}. Have the requests" in said
    assert "stopped" in said
    assert "failed=0" in said
    assert marks.read_text() == "read\n"


@pytest.fixture
def by_hand(controller: Controller) -> str:
    """A slice that says that nobody connects to the host."""
    content = json.loads(Path(INTERNAL).read_text())
    path = controller.folder / "internal.json"
    path.write_text(json.dumps({**content, "by_hand": [HOST]}))
    return str(path)


def test_a_host_that_nobody_connects_to_is_left_to_people(controller: Controller, by_hand: str):
    results, _said = controller.run(controller.request(), controller.issue(), controller.install(slice=by_hand))
    assert (results[2]["by_hand"], results[2]["changed"]) == (True, False)
    assert not (controller.folder / "etc").exists()


def test_bad_options_are_told_all_at_once(controller: Controller):
    requests = [{"id": "x/y", "stage": "s", "why": [], "subject": "münchen.de", "sans": [], "eku": ["srv"]}]
    results, _said = controller.run(
        controller.request(slice=None, requests=requests, only=[], country="Germany"),
        controller.issue(url="", authority_key="dsa1024"),
        controller.issue(authority="acme"),
        controller.issue(authority="acme", directory="https://127.0.0.1:9/dir", dns=[{"zone": ""}]),
        {"openuc.ocs.certificate_verify": {"checks": [{"id": "a", "address": "b", "port": 0}], "timeout": 0}},
    )
    assert all(each["failed"] for each in results)
    assert "requests[0].key_algorithm: is missing" in results[0]["msg"]
    assert "country: 'Germany' is no code of two capital letters" in results[0]["msg"]
    assert "url: is missing; say where hosts fetch revocation lists" in results[1]["msg"]
    assert "authority_key: 'dsa1024' is none of rsa1024, rsa2048" in results[1]["msg"]
    assert "directory: is missing" in results[2]["msg"]
    assert "neither the path of a slice nor a mapping with zone and server" in results[3]["msg"]
    assert results[4]["msg"].splitlines() == [
        "checks[0].port: 0 is no port; 1 to 65535 are",
        "timeout: expected more than 0, got 0.0",
    ]
    assert not any("Traceback" in json.dumps(each) for each in results)


def test_an_authority_that_is_not_there_is_told(controller: Controller):
    acme = {"authority": "acme", "directory": "https://127.0.0.1:9/dir", "url": ""}
    results, _said = controller.run(controller.request(), controller.issue(**acme))
    assert "https://127.0.0.1:9/dir: cannot be reached" in results[1]["msg"]


def test_a_run_that_nobody_knows_is_marked(controller: Controller):
    results, _said = controller.run(
        controller.request(),
        controller.request(state="restored", run="none"),
        controller.install(state="restored", run="none"),
    )
    assert [each["unknown_run"] for each in results[1:]] == [True, True]


def test_texts_for_an_authority_by_hand(controller: Controller):
    results, _said = controller.run(
        controller.request(),
        controller.issue(state="rendered", ca_config="ca1\\Contoso", template="WebServer"),
        controller.issue(authority="returned"),
        controller.request(state="parsed", text="nothing"),
    )
    assert sorted(results[1]["rendered"]) == [f"{FILE}{end}" for end in ("-own-key.cmd", ".cmd", ".inf", ".req")]
    assert (results[2]["waiting"], results[2]["changed"]) == ([ID], False)
    assert results[3]["msg"].startswith("text: ")
