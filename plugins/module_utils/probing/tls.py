# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS: whether there is agreement on it, and what the certificate says. Private to the collection."""

from __future__ import annotations

import dataclasses
import ssl
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from ..items import Field
from . import outcomes
from .addresses import family_of
from .certificates import facts_of
from .lines import Line, connect
from .model import Answer, Failed, Probe, Protocol, Target
from .session import Session

VERSIONS: Mapping[str, ssl.TLSVersion] = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
_OLD = ("1.0", "1.1")
_MOST_PATIENCE = 0.2  # seconds

# What OpenSSL's verification says; other codes mean a chain that is not trusted.
_VERDICTS = {
    9: outcomes.NOT_YET_VALID,
    10: outcomes.EXPIRED,
    62: outcomes.WRONG_NAME,
    64: outcomes.WRONG_NAME,
}
# Part of OpenSSL's reason, and what it means to whoever has to mend it.
_REASONS = (
    ("ALERT_CERTIFICATE_REQUIRED", "the server asks for a client certificate"),
    ("ALERT_UNKNOWN_CA", "the server does not trust the issuer of our client certificate"),
    ("ALERT_BAD_CERTIFICATE", "the server does not accept our client certificate, or asks for one"),
    ("ALERT_CERTIFICATE_EXPIRED", "the server says that our client certificate has ended"),
    ("ALERT_UNSUPPORTED_CERTIFICATE", "the server does not accept this kind or use of client certificate"),
    ("ALERT_UNRECOGNIZED_NAME", "the server knows nothing of this server_name"),
    ("ALERT_HANDSHAKE_FAILURE", "no version or cipher in common, or the server asks for a client certificate"),
    ("ALERT_PROTOCOL_VERSION", "no version of TLS in common; see minimum_version"),
    ("UNSUPPORTED_PROTOCOL", "no version of TLS in common; see minimum_version"),
    ("WRONG_VERSION_NUMBER", "what listens there does not speak TLS"),
    ("RECORD_LAYER_FAILURE", "what listens there does not speak TLS"),
    ("HTTP_REQUEST", "what listens there does not speak TLS but HTTP"),
    ("UNEXPECTED_EOF", "closed during the handshake"),
    ("_TOO_SMALL", "the server's key is too small for this host; see minimum_version"),
    ("_TOO_WEAK", "the server's signature is too weak for this host; see minimum_version"),
)


@dataclasses.dataclass(frozen=True)
class TlsOptions:
    server_name: str | None = None
    names: tuple[str, ...] = ()
    verify: bool = True
    trust: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    minimum_version: str = "1.2"


async def run(probe: Probe, target: Target, session: Session, deadline: float) -> Answer:
    options: TlsOptions = probe.options
    started = session.loop.time()
    line, facts = await secured(probe, options, target, session, deadline)
    with line:
        milliseconds = (session.loop.time() - started) * 1000
        if facts["tls"]["version"] == "TLSv1.3":
            await _hear_objections(line, started, facts)
    return Answer(outcomes.OPEN, milliseconds, "", facts)


async def secured(
    probe: Probe, options: TlsOptions, target: Target, session: Session, deadline: float
) -> tuple[Line, dict[str, Any]]:
    """A connection that speaks TLS, and its facts; Failed, with facts too, when its certificate is not trusted or lacks
    names, whatever is to be spoken then.
    """
    try:
        line, facts = await _shake_hands(probe, options, target, session, deadline)
    except ssl.SSLCertVerificationError as error:
        raise await _distrusted(error, probe, options, target, session, deadline) from None
    lacking = _lacking(options.names, facts["certificate"])
    if lacking:
        line.sock.close()
        raise Failed(outcomes.WRONG_NAME, lacking, facts)
    return line, facts


async def _distrusted(
    error: ssl.SSLCertVerificationError,
    probe: Probe,
    options: TlsOptions,
    target: Target,
    session: Session,
    deadline: float,
) -> Failed:
    """The library tells nothing of a certificate that it refuses, so it is looked at once more, without trust."""
    outcome = _VERDICTS.get(error.verify_code, outcomes.UNTRUSTED)
    unverified = dataclasses.replace(options, verify=False)
    try:
        line, facts = await _shake_hands(probe, unverified, target, session, deadline)
    except (Failed, OSError):
        return Failed(outcome, error.verify_message)
    line.sock.close()
    if outcome != outcomes.WRONG_NAME:
        return Failed(outcome, error.verify_message, facts)
    names = ", ".join(facts["certificate"].get("sans", ())) or "nothing that could be read"
    return Failed(outcome, f"not for {options.server_name}; the certificate is for {names}", facts)


async def _shake_hands(
    probe: Probe, options: TlsOptions, target: Target, session: Session, deadline: float
) -> tuple[Line, dict[str, Any]]:
    context = _context(options, session)
    line = await connect(probe, target, session, deadline)
    try:
        secure = context.wrap_socket(line.sock, server_hostname=options.server_name, do_handshake_on_connect=False)
        line.sock = secure
        await line.attempt(secure.do_handshake)
        return line, _facts(secure, options, session)
    except BaseException as error:
        line.sock.close()
        if isinstance(error, OSError) and not isinstance(error, ssl.SSLCertVerificationError):
            raise _broken(error) from None
        raise


def _broken(error: OSError) -> Failed:
    """What it means when a connection that came about ends before TLS is agreed on."""
    if isinstance(error, TimeoutError):
        return Failed(outcomes.SILENT, "connected, and no answer to the TLS handshake")
    if isinstance(error, ssl.SSLError):
        return Failed(outcomes.TLS_FAILED, _explained(error))
    return Failed(outcomes.TLS_FAILED, f"broken off during the TLS handshake: {error.strerror or error}")


def _explained(error: ssl.SSLError) -> str:
    reason = error.reason or (error.args[-1] if error.args else "") or type(error).__name__
    meaning = next((meaning for part, meaning in _REASONS if part in reason), "")
    if not meaning and isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        meaning = "closed during the handshake"
    return f"{meaning} ({reason})" if meaning else str(reason)


async def _hear_objections(line: Line, started: float, facts: Mapping[str, Any]) -> None:
    """In TLS 1.3 our side is done before the server has looked at our certificate: listen for its alert.

    A session ticket, which most servers send at once, or anything else from it shows that it is content. One that is
    silent gets a few times what the handshake took.
    """
    now = line.loop.time()
    line.deadline = min(line.deadline, now + min(_MOST_PATIENCE, 3 * (now - started) + 0.02))
    secure = line.sock
    if not isinstance(secure, ssl.SSLSocket):
        return
    try:
        while not _has_spoken(secure) and await line.ready(writing=False):
            pass
    except ssl.SSLError as error:
        if "ALERT" in (error.reason or ""):
            raise Failed(outcomes.TLS_FAILED, _explained(error), facts) from None
    except OSError:  # it may close as it likes
        return


def _has_spoken(secure: ssl.SSLSocket) -> bool:
    """Whether the server has sent something since the handshake: data, its end, or a session ticket."""
    try:
        secure.recv(1)
    except ssl.SSLWantReadError:
        return secure.session is not None and secure.session.has_ticket
    return True


def _facts(secure: ssl.SSLSocket, options: TlsOptions, session: Session) -> dict[str, Any]:
    der = secure.getpeercert(binary_form=True) or b""
    known = session.certificates.get(der)
    if known is None or "missing" in known:
        known = facts_of(der, secure.getpeercert() if options.verify else None)
        session.certificates[der] = known
    cipher = secure.cipher()
    return {"tls": {"version": secure.version(), "cipher": cipher[0] if cipher else None}, "certificate": known}


def _lacking(names: tuple[str, ...], certificate: Mapping[str, Any]) -> str:
    """What is wrong with the names on a certificate: each must stand there itself, a wildcard does not count."""
    if names and "sans" not in certificate:
        return f"its names are not known: {certificate.get('missing', '')}"
    present = {name.lower() for name in certificate.get("sans", ())}
    absent = [name for name in names if name.lower() not in present]
    return f"lacks {', '.join(absent)}; has {', '.join(certificate['sans'])}" if absent else ""


def _context(options: TlsOptions, session: Session) -> ssl.SSLContext:
    """The settings of a handshake, made once for all probes that have the same."""
    key = dataclasses.replace(options, names=(), server_name="named" if options.server_name else None)
    context = session.contexts.get(key)
    if context is None:
        context = session.contexts[key] = _new_context(options)
    if isinstance(context, Failed):
        raise context
    made: ssl.SSLContext = context
    return made


def _new_context(options: TlsOptions) -> ssl.SSLContext | Failed:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are asked for knowingly
        context.minimum_version = VERSIONS[options.minimum_version]
    if options.minimum_version in _OLD:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # today's OpenSSL allows neither these versions nor their keys
    context.check_hostname = options.verify and options.server_name is not None
    context.verify_mode = ssl.CERT_REQUIRED if options.verify else ssl.CERT_NONE
    what = "trust"
    try:
        if options.verify:
            _load_trust(context, options.trust)
        what = "client_certificate"
        if options.client_certificate:
            context.load_cert_chain(options.client_certificate, options.client_key, password="")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or error
        where = (options.trust if what == "trust" else options.client_certificate) or ""
        shown = "the text given" if _is_pem(where) else where
        return Failed(outcomes.NOT_RUN, f"{what}: {shown}: {reason}; it must be a readable PEM file on this host")
    return context


def _load_trust(context: ssl.SSLContext, trust: str | None) -> None:
    if trust is None:
        context.load_default_certs()
    elif _is_pem(trust):
        context.load_verify_locations(cadata=trust)
    else:
        context.load_verify_locations(cafile=trust)


def _is_pem(text: str) -> bool:
    return "-----BEGIN" in text


def problems(where: str, item: Mapping[str, Any]) -> Iterable[str]:
    """What is wrong with options that have the right types."""
    if "client_key" in item and "client_certificate" not in item:
        yield f"{where}.client_certificate: is missing; client_key is the key of one"
    if item.get("verify") is False and "trust" in item:
        yield f"{where}.trust: has no meaning when verify is false"


def options_of(item: Mapping[str, Any]) -> TlsOptions:
    """Of any protocol that speaks TLS."""
    return TlsOptions(
        server_name=item.get("server_name") or _name_in(item["address"]),
        names=tuple(item.get("names", ())),
        verify=item.get("verify", True),
        trust=item.get("trust"),
        client_certificate=item.get("client_certificate"),
        client_key=item.get("client_key"),
        minimum_version=item.get("minimum_version", "1.2"),
    )


def _name_in(address: str) -> str | None:
    """The name that a certificate must be for; an address alone asks for none."""
    return None if family_of(address) is not None else address


FIELDS = {
    "server_name": Field(str),
    "names": Field(list, elements=str),
    "verify": Field(bool),
    "trust": Field(str),
    "client_certificate": Field(str),
    "client_key": Field(str),
    "minimum_version": Field(str, choices=tuple(VERSIONS)),
}

TLS = Protocol(
    outcomes=outcomes.CONNECTING | outcomes.CERTIFICATE,
    run=run,
    fields=FIELDS,
    problems=problems,
    options=options_of,
)
