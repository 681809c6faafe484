"""Says whether a delivery to a webhook comes from whom it says: one pure function a provider, all of one shape.

`verify(body, headers, secret)` returns nothing or raises WrongSignature. Where the provider signs a moment, a delivery
whose moment lies outside the window is refused, so that none can be recorded and sent again. Segment signs none: what
is sent again is known by its messageId and changes nothing.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from iaros.lib import clock

WINDOW = timedelta(minutes=5)


class WrongSignature(Exception):
    """The delivery is not signed by the holder of the secret, or was signed outside the window. Says which."""


Verify = Callable[[bytes, Mapping[str, str], str], None]


def sendgrid(body: bytes, headers: Mapping[str, str], secret: str) -> None:
    """Event Webhook of SendGrid: ECDSA (P-256, SHA-256) over moment and body; `secret` is its public key in base64."""
    moment = _header(headers, "X-Twilio-Email-Event-Webhook-Timestamp")
    signature = _base64(_header(headers, "X-Twilio-Email-Event-Webhook-Signature"), "signature")
    try:
        key = load_der_public_key(_base64(secret, "public key"))
    except (ValueError, UnsupportedAlgorithm):
        raise WrongSignature("the public key is none") from None
    if not isinstance(key, EllipticCurvePublicKey):
        raise WrongSignature("the public key is not one of an elliptic curve")
    try:
        key.verify(signature, moment.encode() + body, ECDSA(SHA256()))
    except InvalidSignature:
        raise WrongSignature("the signature does not fit the body") from None
    _within_window(_seconds(moment))


def segment(body: bytes, headers: Mapping[str, str], secret: str) -> None:
    """Webhook of Segment: HMAC-SHA1 of the body in hexadecimal. It signs no moment."""
    signed = hmac.new(secret.encode(), body, sha1).hexdigest()
    _same([_header(headers, "X-Signature")], signed)


def stripe(body: bytes, headers: Mapping[str, str], secret: str) -> None:
    """Stripe and those who sign as it does: `t=...,v1=...`, HMAC-SHA256 of moment, dot and body in hexadecimal."""
    parts = [part.strip().partition("=") for part in _header(headers, "Stripe-Signature").split(",")]
    moment = next((value for name, _, value in parts if name == "t"), "")
    signed = hmac.new(secret.encode(), moment.encode() + b"." + body, sha256).hexdigest()
    _same([value for name, _, value in parts if name == "v1"], signed)
    _within_window(_seconds(moment))


def zendesk(body: bytes, headers: Mapping[str, str], secret: str) -> None:
    """Webhook of Zendesk: HMAC-SHA256 of moment and body in base64; the moment is ISO."""
    moment = _header(headers, "X-Zendesk-Webhook-Signature-Timestamp")
    signed = _mac(secret.encode(), moment.encode() + body)
    _same([_header(headers, "X-Zendesk-Webhook-Signature")], signed)
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        raise WrongSignature(f"its moment is {moment[:40]!r}") from None
    _within_window(at if at.tzinfo else at.replace(tzinfo=UTC))


def standard_webhooks(body: bytes, headers: Mapping[str, str], secret: str) -> None:
    """Standard Webhooks: HMAC-SHA256 of id, moment and body with dots between; one of the signatures has to fit."""
    message, moment = _header(headers, "webhook-id"), _header(headers, "webhook-timestamp")
    key = _base64(secret.removeprefix("whsec_"), "secret")
    signed = "v1," + _mac(key, f"{message}.{moment}.".encode() + body)
    _same(_header(headers, "webhook-signature").split(" "), signed)
    _within_window(_seconds(moment))


# By the name that the airline gives in its settings for a source.
SCHEMES: dict[str, Verify] = {
    "sendgrid": sendgrid,
    "segment": segment,
    "stripe": stripe,
    "zendesk": zendesk,
    "standard_webhooks": standard_webhooks,
}


def _header(headers: Mapping[str, str], name: str) -> str:
    """A header's value, without regard to case."""
    for given, value in headers.items():
        if given.casefold() == name.casefold():
            return value.strip()
    raise WrongSignature(f"the header {name} is missing")


def _base64(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise WrongSignature(f"the {what} is not base64") from None


def _mac(key: bytes, message: bytes) -> str:
    return base64.b64encode(hmac.new(key, message, sha256).digest()).decode()


def _same(given: Iterable[str], signed: str) -> None:
    # Every one is compared, and in constant time, so that nothing is learnt from how long it takes.
    fits = [hmac.compare_digest(one.encode(), signed.encode()) for one in given]
    if not any(fits):
        raise WrongSignature("the signature does not fit the body")


def _seconds(moment: str) -> datetime:
    if not (moment.isascii() and moment.isdigit() and len(moment) <= 11):
        raise WrongSignature(f"its moment is {moment[:40]!r}")
    return datetime.fromtimestamp(int(moment), tz=UTC)


def _within_window(at: datetime) -> None:
    away = abs(clock.now() - at)
    if away > WINDOW:
        raise WrongSignature(f"signed at {at:%Y-%m-%d %H:%M:%S} UTC, more than {WINDOW.seconds // 60} minutes from now")
