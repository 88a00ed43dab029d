# SPDX-License-Identifier: GPL-3.0-or-later
"""A certification authority for labs and small estates: an offline root, an issuing one, revocation lists. Private.

    authority/   root.pem  root.key  issuing.pem  issuing.key  issued.json
    published/   root.crl  root.crt  issuing.crl  issuing.crt

The root's key is needed only to make an issuing authority and to sign the root's own list anew; take it away otherwise.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
from pathlib import Path
from typing import Any

from ..files import FileError, make_folder, read_bytes, write_whole
from . import certificates, keys, requests
from . import library as lib
from .model import Request

DAY = datetime.timedelta(days=1)
# Clocks of hosts differ; a certificate is good from a little before it is made.
CLOCKS_DIFFER = datetime.timedelta(hours=1)
ROOT_DAYS, ISSUING_DAYS = 3650, 1825
SERVED_MODE = 0o644


@dataclasses.dataclass(frozen=True)
class Profile:
    """How the authority is made and what it puts on certificates. Lists are at `url`, which hosts must reach."""

    name: str
    url: str
    days: int = 365
    crl_days: int = 7
    algorithm: str = "rsa"
    bits: int = 2048


@dataclasses.dataclass(frozen=True)
class Level:
    """One of the two authorities; without its key it is offline."""

    certificate: Any
    key: Any


class Authority:
    """The files of the authority."""

    def __init__(self, folder: Path, profile: Profile) -> None:
        self.folder = folder / "authority"
        self.published = folder / "published"
        self.profile = profile
        self._levels: dict[str, Level] = {}
        self._pointers: dict[str, tuple[Any, ...]] = {}
        self._issued: dict[str, dict[str, Any]] = self._read_issued()

    def _read_issued(self) -> dict[str, dict[str, Any]]:
        """What was issued. It cannot be made anew, and without it what was revoked would be good again."""
        path = self.folder / "issued.json"
        try:
            found: dict[str, dict[str, Any]] = json.loads(read_bytes(path) or b"{}")
        except ValueError as error:
            raise FileError(f"{path} is spoilt ({error}); bring it back from a backup") from error
        return found

    @property
    def exists(self) -> bool:
        return (self.folder / "issuing.pem").is_file()

    def level(self, name: str) -> Level:
        """`root` or `issuing`."""
        if name not in self._levels:
            data = read_bytes(self.folder / f"{name}.pem")
            if data is None:
                raise FileError(f"{self.folder}: {name}.pem is not there, though the authority is")
            pem = read_bytes(self.folder / f"{name}.key")
            try:
                found = certificates.load_all(data)[0]
                key = keys.load(pem) if pem else None
            except ValueError as error:
                raise FileError(f"{self.folder}/{name}: {error}; bring it back from a backup") from error
            if key and keys.fingerprint(key.public_key()) != keys.fingerprint(found.public_key()):
                raise FileError(f"{self.folder}/{name}.key is not the key of {name}.pem")
            self._levels[name] = Level(found, key)
        return self._levels[name]

    def make(self, now: datetime.datetime) -> None:
        """Root, issuing authority and their first lists. What a killed run left is gone on from."""
        make_folder(self.folder)
        for name, above, days, length in (("root", "root", ROOT_DAYS, 1), ("issuing", "root", ISSUING_DAYS, 0)):
            if (self.folder / f"{name}.pem").is_file():
                continue
            key = keys.new(self.profile.algorithm, self.profile.bits)
            title = f"{self.profile.name} {name.capitalize()} CA"
            subject = lib.x509.Name([lib.x509.NameAttribute(lib.x509.NameOID.COMMON_NAME, title)])
            signer = Level(None, key) if name == above else self.level(above)
            if signer.key is None:
                raise FileError(f"{self.folder}/{above}.key is away; bring it back to make the {name}")
            issuer = signer.certificate.subject if signer.certificate else subject
            builder = _builder(subject, issuer, key.public_key(), signer.key.public_key(), now, now + days * DAY)
            for value in (lib.x509.BasicConstraints(ca=True, path_length=length), _ca_usage()):
                builder = builder.add_extension(value, critical=True)
            if name != above:
                builder = self._with_pointers(builder, above)
            made = builder.sign(signer.key, _hash(signer.key))
            write_whole(self.folder / f"{name}.key", keys.pem_of(key))
            write_whole(self.folder / f"{name}.pem", certificates.pem_of([made]))
            self._levels[name] = Level(made, key)

    def issue(self, request: Request, csr: Any, now: datetime.datetime) -> list[Any]:
        """A certificate for what was asked for by a request, with the issuing one behind it; no other than that."""
        issuing = self.level("issuing")
        if issuing.key is None:
            raise FileError(f"{self.folder}/issuing.key is away; bring it back to issue certificates")
        end = min(now + self.profile.days * DAY, lib.moment(issuing.certificate, "not_valid_after"))
        builder = _builder(
            requests.subject(request),
            issuing.certificate.subject,
            csr.public_key(),
            issuing.key.public_key(),
            now,
            end,
        )
        for value, critical in requests.extensions(request):
            builder = builder.add_extension(value, critical=critical)
        made = self._with_pointers(builder, "issuing").sign(issuing.key, _hash(issuing.key))
        self._issued[f"{made.serial_number:x}"] = {"id": request.id, "issued": now.isoformat(timespec="seconds")}
        return [made, issuing.certificate]

    def trust(self) -> bytes:
        """What those must trust who judge our certificates."""
        return certificates.pem_of([self.level("root").certificate])

    def _with_pointers(self, builder: Any, name: str) -> Any:
        """With the addresses of list and certificate of who issues, which are the same on all that it issues."""
        if name not in self._pointers:
            self._pointers[name] = self._pointers_to(name)
        for value in self._pointers[name]:
            builder = builder.add_extension(value, critical=False)
        return builder

    def _pointers_to(self, name: str) -> tuple[Any, ...]:
        x509 = lib.x509
        uri = x509.UniformResourceIdentifier
        point = x509.DistributionPoint([uri(f"{self.profile.url}/{name}.crl")], None, None, None)
        place = x509.AccessDescription(
            x509.oid.AuthorityInformationAccessOID.CA_ISSUERS, uri(f"{self.profile.url}/{name}.crt")
        )
        return x509.CRLDistributionPoints([point]), x509.AuthorityInformationAccess([place])

    # --- revocation --------------------------------------------------------------------------------------------------

    def issued_for(self, name: str) -> list[str]:
        """Serial numbers, in hexadecimal, of certificates for an id that are not revoked."""
        return [s for s, entry in self._issued.items() if entry.get("id") == name and not entry.get("revoked")]

    def revoke(self, serial: str, reason: str, now: datetime.datetime) -> None:
        entry = self._issued.setdefault(serial, {"id": ""})
        entry.update(revoked=now.isoformat(timespec="seconds"), reason=reason)

    def is_revoked(self, serial: str) -> bool:
        return bool(self._issued.get(serial, {}).get("revoked"))

    def save(self) -> None:
        write_whole(self.folder / "issued.json", json.dumps(self._issued, indent=1).encode())

    def lists_due(self, now: datetime.datetime) -> list[str]:
        """Authorities whose list or certificate is not there, is past half of its life, or lacks a revocation."""
        due = []
        for name in ("root", "issuing"):
            data = read_bytes(self.published / f"{name}.crl")
            if not data or not (self.published / f"{name}.crt").is_file() or self._is_due(name, data, now):
                due.append(name)
        return due

    def _is_due(self, name: str, data: bytes, now: datetime.datetime) -> bool:
        try:
            found = lib.x509.load_der_x509_crl(data)
        except ValueError:
            return True
        if not certificates.signed(found, self.level(name).certificate):
            return True
        start, end = lib.moment(found, "last_update"), lib.moment(found, "next_update")
        if now > start + (end - start) / 2:
            return True
        return name == "issuing" and {f"{entry.serial_number:x}" for entry in found} != self._revoked()

    def _revoked(self) -> set[str]:
        return {serial for serial, entry in self._issued.items() if entry.get("revoked")}

    def publish(self, name: str, now: datetime.datetime) -> str:
        """Sign a list anew and put it where the web server reads; what keeps from it, where the key is away."""
        level = self.level(name)
        if level.key is None:
            return f"{self.folder}/{name}.key is away; bring it back for a moment, since the list of {name} is due"
        # A root is seldom at hand, so its list lives as long as a year.
        days = self.profile.crl_days if name == "issuing" else max(self.profile.crl_days, 365)
        builder = (
            lib.x509.CertificateRevocationListBuilder()
            .issuer_name(level.certificate.subject)
            .last_update(now - CLOCKS_DIFFER)
            .next_update(now + days * DAY)
            .add_extension(lib.x509.CRLNumber(int(now.timestamp())), critical=False)
            .add_extension(
                lib.x509.AuthorityKeyIdentifier.from_issuer_public_key(level.key.public_key()), critical=False
            )
        )
        for serial in sorted(self._revoked()) if name == "issuing" else ():
            entry = self._issued[serial]
            revoked = (
                lib.x509.RevokedCertificateBuilder()
                .serial_number(int(serial, 16))
                .revocation_date(datetime.datetime.fromisoformat(entry["revoked"]))
            )
            # The absence of a reason says unspecified.
            if entry["reason"] != "unspecified":
                flag = getattr(lib.x509.ReasonFlags, entry["reason"])
                revoked = revoked.add_extension(lib.x509.CRLReason(flag), critical=False)
            builder = builder.add_revoked_certificate(revoked.build())
        made = builder.sign(level.key, _hash(level.key))
        make_folder(self.published)
        self.published.chmod(0o755)
        der = lib.serialization.Encoding.DER
        write_whole(self.published / f"{name}.crt", level.certificate.public_bytes(der), SERVED_MODE)
        write_whole(self.published / f"{name}.crl", made.public_bytes(der), SERVED_MODE)
        return ""


def _builder(
    subject: Any, issuer: Any, public: Any, signer: Any, start: datetime.datetime, end: datetime.datetime
) -> Any:
    x509 = lib.x509
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - CLOCKS_DIFFER)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer), critical=False)
    )


def _ca_usage() -> Any:
    return lib.x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _hash(key: Any) -> Any:
    return requests.hash_of(0 if isinstance(key, lib.rsa.RSAPrivateKey) else key.key_size)
