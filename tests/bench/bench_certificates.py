# SPDX-License-Identifier: GPL-3.0-or-later
"""100 keys, requests and certificates, in the modules, beside the library alone and a loop of community.crypto.

Budget: 1.2 times the library on all cores, from main() entered to just before exit_json, options parsed included.
The library is timed twice: until all is made and nothing is written, and with files written as any correct use has to,
for their owner only and whole or not at all, on the disk before they are put in place; many are waited for at once, as
ours are. Ours writes a record of each beside them, compares, locks and keeps a journal. What AnsibleModule takes to
read options of such a length is timed by itself, since no module can do without. TMPDIR=/dev/shm leaves the disk out.
Each measurement has its own process; ours and the plain one take turns. The keys of RSA are found by luck, so single
pairs differ much and the median counts. The loop runs where `.build/peers` holds community.crypto, which
`pip download ansible` brings: unpack ansible_collections/community/crypto of it there.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import datetime
import multiprocessing
import os
import resource
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
WAITED_FOR_AT_ONCE = 16
KINDS = {"rsa": 2048, "ecdsa": 256}
URL = "http://pki.contoso.test"
USAGES = ("content_commitment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign", "encipher_only",
          "decipher_only")  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Cost:
    """Seconds that passed, and those that processors worked for us, our children and the system included."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> Cost:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return cls(time.perf_counter(), sum(each.ru_utime + each.ru_stime for each in used))

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.wall + other.wall, self.cpu + other.cpu)

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.wall - other.wall, self.cpu - other.cpu)


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


def write_whole(folder: Path, files: dict[str, bytes]) -> None:
    """For their owner only, whole or not at all, on the disk before any is put in place."""
    handles = []
    for name, data in files.items():
        handle = os.open(folder / f".{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(handle, data)
        handles.append(handle)
    with concurrent.futures.ThreadPoolExecutor(WAITED_FOR_AT_ONCE) as pool:
        list(pool.map(os.fsync, handles))
    for handle, name in zip(handles, files, strict=True):
        os.close(handle)
        os.rename(folder / f".{name}", folder / name)


def run_plain(kind: str, folder: Path) -> tuple[Cost, Cost, Cost, Cost]:
    """Keys on all cores where it pays, a request for each, then a certificate: made, and made and written, of both."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID  # noqa: PLC0415

    pem, sha = serialization.Encoding.PEM, hashes.SHA256()
    now = datetime.datetime.now(datetime.UTC)
    signer = new_key(kind)
    uri = x509.UniformResourceIdentifier
    point = x509.DistributionPoint([uri(f"{URL}/issuing.crl")], None, None, None)
    place = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, uri(f"{URL}/issuing.crt"))

    def named(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    def asked_of(item: dict[str, t.Any]) -> list[tuple[x509.ExtensionType, bool]]:
        usage = dict.fromkeys((*USAGES, "digital_signature", "key_encipherment"), False)
        return [
            (x509.SubjectAlternativeName([x509.DNSName(name) for name in item["sans"]]), False),
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (x509.KeyUsage(**{**usage, "digital_signature": True, "key_encipherment": kind == "rsa"}), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        ]

    start = Cost.now()
    if kind == "rsa":
        with concurrent.futures.ProcessPoolExecutor(mp_context=multiprocessing.get_context("fork")) as pool:
            keys = list(pool.map(key_pem, [kind] * COUNT))
    else:
        keys = [key_pem(kind) for _each in range(COUNT)]
    listed = requests(kind)
    requested, files = [], {}
    for item, made in zip(listed, keys, strict=True):
        key = serialization.load_pem_private_key(made, None, unsafe_skip_rsa_key_validation=True)
        asked = x509.CertificateSigningRequestBuilder().subject_name(named(item["subject"]))
        for value, critical in asked_of(item):
            asked = asked.add_extension(value, critical=critical)
        csr = asked.sign(key, sha)
        requested.append((item, csr))
        files[f"{item['subject']}.key"], files[f"{item['subject']}.csr"] = made, csr.public_bytes(pem)
    made_first = Cost.now() - start
    write_whole(folder, files)
    first = Cost.now() - start
    certificates = {}
    for item, csr in requested:
        public = csr.public_key()
        builder = x509.CertificateBuilder().subject_name(csr.subject).issuer_name(named("Plain"))
        builder = builder.public_key(public).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=365))
        for value, critical in (
            *asked_of(item),
            (x509.SubjectKeyIdentifier.from_public_key(public), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False),
            (x509.CRLDistributionPoints([point]), False),
            (x509.AuthorityInformationAccess([place]), False),
        ):
            builder = builder.add_extension(value, critical=critical)
        certificates[f"{item['subject']}.crt"] = builder.sign(signer, sha).public_bytes(pem)
    made_both = made_first + (Cost.now() - start - first)
    write_whole(folder, certificates)
    return made_first, first, made_both, Cost.now() - start


# --- our way: the modules ---------------------------------------------------------------------------------------------


def run_module(kind: str, folder: Path) -> tuple[Cost, Cost, Cost, Cost]:
    """From main() entered to just before exit_json, of the first module and of both; the authority is made before.

    Then of both where nothing changes, and of a module that reads the options of the first one and does nothing.
    """
    from ansible.module_utils.basic import AnsibleModule  # noqa: PLC0415 - the plain way pays for no import
    from ansible.module_utils.testing import patch_module_args  # noqa: PLC0415

    from ansible_collections.openuc.ocs.plugins.module_utils.specs import CERTIFICATE_REQUEST  # noqa: PLC0415
    from ansible_collections.openuc.ocs.plugins.modules import (  # noqa: PLC0415
        certificate_issue,
        certificate_request,
    )

    made: dict[str, t.Any] = {}

    def leave(_module: AnsibleModule, **result: t.Any) -> t.NoReturn:
        made.update(result, at=Cost.now())
        raise SystemExit

    AnsibleModule.exit_json = leave

    def timed(module: t.Any, **options: t.Any) -> Cost:
        made.clear()
        with patch_module_args({"folder": str(folder), "issuer": "internal", **options}):
            start = Cost.now()
            with contextlib.suppress(SystemExit):
                module.main()
            return made["at"] - start

    timed(certificate_issue, url=URL, authority_key=f"{kind}{KINDS[kind]}")
    listed = requests(kind)
    first = timed(certificate_request, requests=listed)
    both = first + timed(certificate_issue, requests=listed, url=URL)
    if made.get("counts") != {"issued": COUNT}:
        raise SystemExit(f"not all went well: {made}")
    unchanged = timed(certificate_request, requests=listed) + timed(certificate_issue, requests=listed, url=URL)
    with patch_module_args({"folder": str(folder), "issuer": "internal", "requests": listed}):
        start = Cost.now()
        AnsibleModule(argument_spec=CERTIFICATE_REQUEST, supports_check_mode=True)
        options_alone = Cost.now() - start
    return first, both, unchanged, options_alone


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


def one_run(way: str, kind: str) -> list[Cost]:
    paths = os.pathsep.join([str(ROOT), str(ROOT / ".build" / "collections")])
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [sys.executable, __file__, way, kind, folder],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": paths},
        )
    return [Cost(*map(float, line.split())) for line in run.stdout.splitlines()]


def compared(what: str, ours: list[Cost], theirs: list[Cost]) -> None:
    """Of the times on the clock and on the processor; what else the machine does is in the first one only."""
    for clock in ("wall", "cpu"):
        mine, other = ([getattr(cost, clock) for cost in costs] for costs in (ours, theirs))
        ratios = sorted(own / peer for own, peer in zip(mine, other, strict=True))
        print(
            f"{what}, {clock}: modules {statistics.median(mine):.3f} s, the library {statistics.median(other):.3f} s, "
            f"median of ratios {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), budget 1.2"
        )


def main(pairs: int) -> None:
    for kind, bits in KINDS.items():
        runs = [(one_run("module", kind), one_run("plain", kind)) for _pair in range(pairs)]
        for mine, what in enumerate(("keys and requests", "keys, requests and certificates")):
            for written, how in enumerate(("beside what the library only makes", "beside the library and files")):
                compared(
                    f"{COUNT} {kind} {bits} {what} {how}",
                    [own[mine] for own, _peer in runs],
                    [peer[2 * mine + written] for _own, peer in runs],
                )
        print(f"  unchanged: {statistics.median(own[2].wall for own, _peer in runs):.3f} s")
        print(f"  options of the first module alone: {statistics.median(own[3].wall for own, _peer in runs):.3f} s")
    if not (PEERS / "ansible_collections/community/crypto").is_dir():
        print("no loop of community.crypto: it is not in .build/peers")
        return
    with tempfile.TemporaryDirectory() as folder:
        each = looped(Path(folder))
    print(f"a loop of community.crypto: {each:.2f} s a certificate, {each * COUNT:.0f} s for {COUNT}")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        ways: dict[str, t.Callable[[str, Path], tuple[Cost, ...]]] = {"module": run_module, "plain": run_plain}
        for cost in ways[sys.argv[1]](sys.argv[2], Path(sys.argv[3])):
            print(cost.wall, cost.cpu)
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS)
