# SPDX-License-Identifier: GPL-3.0-or-later
"""100 keys, requests and certificates, in the modules, beside the library alone and a loop of community.crypto.

Budget: 1.2 times the library on all cores, from main() entered to just before exit_json, options parsed included.
Both ways write files; ours also compares, locks, keeps a journal and waits for the disk. Each measurement has a process
of its own; ours and the plain one take turns. The keys of RSA are found by luck, so single pairs differ much and the
median counts. The loop runs where `.build/peers` holds community.crypto, which `pip download ansible` brings: unpack
ansible_collections/community/crypto of it there.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import datetime
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / ".build/peers"
COUNT = 100
PAIRS = 9
LOOPED = 5
KINDS = {"rsa": 2048, "ecdsa": 256}
URL = "http://pki.contoso.test"


def requests(kind: str) -> list[dict[str, t.Any]]:
    return [
        {
            "id": f"row@server{number}",
            "stage": "first_pool",
            "why": ["row"],
            "subject": f"server{number}.contoso.test",
            "sans": [f"server{number}.contoso.test", "sip.contoso.test"],
            "eku": ["server"],
            "key_algorithm": kind,
            "key_bits": KINDS[kind],
            "hosts": [f"server{number}"],
            "crl_distribution_point": True,
        }
        for number in range(COUNT)
    ]


# --- the library alone ------------------------------------------------------------------------------------------------


def new_key(kind: str) -> t.Any:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415 - each process pays for its own

    return rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())


def key_pem(kind: str) -> bytes:
    from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415

    return new_key(kind).private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())


def run_plain(kind: str, folder: Path) -> float:
    """Keys on all cores where it pays, then a request and a certificate for each."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: PLC0415

    pem, sha = serialization.Encoding.PEM, hashes.SHA256()
    now = datetime.datetime.now(datetime.UTC)

    def named(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    start = time.perf_counter()
    signer = new_key(kind)
    if kind == "rsa":
        with concurrent.futures.ProcessPoolExecutor(mp_context=multiprocessing.get_context("fork")) as pool:
            keys = list(pool.map(key_pem, [kind] * COUNT))
    else:
        keys = [key_pem(kind) for _each in range(COUNT)]
    for item, made in zip(requests(kind), keys, strict=True):
        key = serialization.load_pem_private_key(made, None, unsafe_skip_rsa_key_validation=True)
        names = x509.SubjectAlternativeName([x509.DNSName(name) for name in item["sans"]])
        uses = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        asked = x509.CertificateSigningRequestBuilder().subject_name(named(item["subject"]))
        csr = asked.add_extension(names, critical=False).add_extension(uses, critical=False).sign(key, sha)
        builder = x509.CertificateBuilder().subject_name(csr.subject).issuer_name(named("Plain"))
        builder = builder.public_key(csr.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=365))
        issued = builder.add_extension(names, critical=False).add_extension(uses, critical=False).sign(signer, sha)
        for ending, data in (("key", made), ("csr", csr.public_bytes(pem)), ("crt", issued.public_bytes(pem))):
            (folder / f"{item['subject']}.{ending}").write_bytes(data)
    return time.perf_counter() - start


# --- our way: the modules ---------------------------------------------------------------------------------------------


def run_module(kind: str, folder: Path) -> float:
    """From main() entered to just before exit_json, of both modules; the authority is made before."""
    from ansible.module_utils.basic import AnsibleModule  # noqa: PLC0415 - the plain way pays for no import
    from ansible.module_utils.testing import patch_module_args  # noqa: PLC0415

    from ansible_collections.openuc.ocs.plugins.modules import (  # noqa: PLC0415
        certificate_issue,
        certificate_request,
    )

    made: dict[str, t.Any] = {}

    def leave(_module: AnsibleModule, **result: t.Any) -> t.NoReturn:
        made.update(result, at=time.perf_counter())
        raise SystemExit

    AnsibleModule.exit_json = leave

    def timed(module: t.Any, **options: t.Any) -> float:
        with patch_module_args({"folder": str(folder), "issuer": "internal", **options}):
            start = time.perf_counter()
            with contextlib.suppress(SystemExit):
                module.main()
            return made["at"] - start

    timed(certificate_issue, url=URL, authority_key=f"{kind}{KINDS[kind]}")
    listed = requests(kind)
    first = timed(certificate_request, requests=listed)
    second = timed(certificate_issue, requests=listed, url=URL)
    if made.get("counts") != {"issued": COUNT}:
        raise SystemExit(f"not all went well: {made}")
    unchanged = timed(certificate_request, requests=listed) + timed(certificate_issue, requests=listed, url=URL)
    print(f"{first + second} {unchanged}")
    return first + second


# --- the loop of an ordinary playbook ---------------------------------------------------------------------------------

PLAY = """
- hosts: localhost
  gather_facts: false
  vars: {names: "{{ range(COUNT) | list }}"}
  tasks:
    - community.crypto.openssl_privatekey: {path: "FOLDER/{{ item }}.key", type: RSA, size: 2048}
      loop: "{{ names }}"
    - community.crypto.openssl_csr:
        path: "FOLDER/{{ item }}.csr"
        privatekey_path: "FOLDER/{{ item }}.key"
        common_name: "server{{ item }}.contoso.test"
        subject_alt_name: ["DNS:server{{ item }}.contoso.test", "DNS:sip.contoso.test"]
        extended_key_usage: [serverAuth]
      loop: "{{ names }}"
    - community.crypto.x509_certificate:
        path: "FOLDER/{{ item }}.crt"
        csr_path: "FOLDER/{{ item }}.csr"
        privatekey_path: "FOLDER/{{ item }}.key"
        provider: selfsigned
      loop: "{{ names }}"
"""


def looped(folder: Path) -> float:
    """Seconds a certificate, without what starting Ansible costs."""
    times = []
    for count in (1, 1 + LOOPED):
        place = folder / str(count)
        place.mkdir()
        play = folder / f"loop{count}.yml"
        play.write_text(PLAY.replace("COUNT", str(count)).replace("FOLDER", str(place)))
        command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "-c", "local"]
        command += ["-e", f"ansible_python_interpreter={sys.executable}", play]
        environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(PEERS)}
        start = time.perf_counter()
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder, env=environment)
        times.append(time.perf_counter() - start)
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
    return (times[1] - times[0]) / LOOPED


# --- measuring --------------------------------------------------------------------------------------------------------


def one_run(way: str, kind: str) -> list[float]:
    paths = os.pathsep.join([str(ROOT), str(ROOT / ".build" / "collections")])
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [sys.executable, __file__, way, kind, folder],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": paths},
        )
    return [float(word) for word in run.stdout.split()]


def main(pairs: int) -> None:
    for kind, bits in KINDS.items():
        times = [(*one_run("module", kind), *one_run("plain", kind)) for _pair in range(pairs)]
        ratios = sorted(ours / theirs for ours, _unchanged, theirs in times)
        ours, unchanged, theirs = (statistics.median(column) for column in zip(*times, strict=True))
        print(
            f"{COUNT} {kind} {bits}: modules {ours:.2f} s, the library {theirs:.2f} s, "
            f"ratio of medians {ours / theirs:.2f}, median of ratios {statistics.median(ratios):.2f} "
            f"({ratios[0]:.2f} to {ratios[-1]:.2f}), budget 1.2; unchanged {unchanged:.2f} s"
        )
    if not (PEERS / "ansible_collections/community/crypto").is_dir():
        print("no loop of community.crypto: it is not in .build/peers")
        return
    with tempfile.TemporaryDirectory() as folder:
        each = looped(Path(folder))
    print(f"a loop of community.crypto: {each:.2f} s a certificate, {each * COUNT:.0f} s for {COUNT}")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        if sys.argv[1] == "module":
            run_module(sys.argv[2], Path(sys.argv[3]))
        else:
            print(run_plain(sys.argv[2], Path(sys.argv[3])))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS)
