# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of certificates, requests for it, and the steps that fill it."""

from __future__ import annotations

import datetime
import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.pki import authority, issuers, issuing, model, requesting

NOW = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
FRONT, EDGE = "front@pool.contoso.com", "edge@edge.contoso.com:edge1.contoso.com"


def item(name: str = FRONT, **changes: t.Any) -> dict[str, t.Any]:
    """An item of `requests`; elliptic curves, since they are quick."""
    return {
        "id": name,
        "stage": "first_pool",
        "why": ["row"],
        "subject": "pool.contoso.com",
        "sans": ["pool.contoso.com", "sip.contoso.com"],
        "eku": ["server"],
        "key_algorithm": "ecdsa",
        "key_bits": 256,
        "hosts": ["fe1", "fe2"],
        "crl_distribution_point": True,
        **changes,
    }


def wanted(*items: dict[str, t.Any], organisation: str = "", country: str = "") -> list[model.Request]:
    found, problems = model.decode(list(items) or [item()], organisation, country)
    assert problems == []
    return found


class Estate:
    """A folder, and what is done to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.profile = authority.Profile("Contoso", "http://pki.contoso.com", algorithm="ecdsa", bits=256)

    def path(self, file: str, name: str = FRONT) -> Path:
        return self.folder / "certificates" / name / file

    def request(self, *items: dict[str, t.Any], check: bool = False, **options: t.Any) -> requesting.Outcome:
        chosen = requesting.Options(str(self.folder), **{"issuer": "internal", **options})
        return requesting.run(chosen, wanted(*items), NOW, check=check)

    def issue(
        self, *items: dict[str, t.Any], check: bool = False, now: datetime.datetime = NOW, **options: t.Any
    ) -> issuing.Outcome:
        chosen = issuing.Options(str(self.folder), **{"profile": self.profile, **options})
        return issuers.run(chosen, wanted(*items), now, check=check)

    def snapshot(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path.name != "lock"
        }


def there_and_back(estate: Estate, issue: t.Callable[..., issuing.Outcome]) -> None:
    """The four runs of taking certificates away, and of bringing them back, by an authority that has issued one."""
    issued = estate.path("certificate.pem").read_bytes()
    gone = four_runs(estate, lambda check: issue(check=check, state="deleted"))
    assert not estate.path("certificate.pem").exists()
    assert estate.path("key.pem").exists()
    four_runs(estate, lambda check: issue(check=check, state="restored", run=gone.run))
    assert estate.path("certificate.pem").read_bytes() == issued


def four_runs(estate: Estate, run: t.Callable[[bool], issuing.Outcome]) -> issuing.Outcome:
    """Check, apply, apply, check: what is foretold is done, and done with. The outcome of doing it."""
    before = estate.snapshot()
    foretold = list(run(True).operations)
    assert estate.snapshot() == before
    done = run(False)
    assert (list(done.operations), list(done.problems)) == (foretold, [])
    assert foretold
    settled = estate.snapshot()
    assert [list(run(check).operations) for check in (False, True)] == [[], []]
    assert estate.snapshot() == settled
    return done


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    return Estate(tmp_path / "pki")


@pytest.fixture
def issued(estate: Estate) -> Estate:
    """With one certificate of its own authority."""
    estate.request()
    assert estate.issue().problems == []
    return estate
