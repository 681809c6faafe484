"""How members leave: as a file, to a signed webhook, or as hashed addresses for an ad audience.

A batch goes out as a whole or not at all. A webhook is signed as Standard Webhooks says, over HTTPS, never redirected.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import hmac
import os
import re
import urllib.error
import urllib.request
from collections.abc import Sequence
from datetime import datetime
from http.client import HTTPMessage
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
import pyarrow as pa
import pyarrow.parquet as pa_parquet
from django.conf import settings

from iaros.lib.purposes import Purpose
from profiles import selectors as profiles
from segmentation.models import Destination, DestinationKind, FileFormat

SECONDS = 20
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_NOT_DIGITS = re.compile(r"\D")
COLUMNS = ("customer_id", "segment", "version", "as_of")


class CannotSend(Exception):
    """The destination is not set up, or did not take what was sent."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """What is signed for one address is not sent to another."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        return None


def check(destination: Destination) -> None:
    """Raises CannotSend unless members can be sent there."""
    if not destination.enabled:
        raise CannotSend(f"{destination.name} is switched off")
    if destination.kind == DestinationKind.FILE:
        return
    parts = urlsplit(destination.url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise CannotSend(f"{destination.name}: only https is sent to")
    _secret(destination)


def _secret(destination: Destination) -> bytes:
    secret = os.environ.get(destination.secret_name, "")
    if not secret:
        raise CannotSend(f"{destination.name}: {destination.secret_name} is not set in the environment")
    return base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()


def post(destination: Destination, message_id: str, document: dict[str, Any], at: datetime) -> None:
    """Send one signed message; the same id again is the same message, which a receiver takes once."""
    body, stamp = orjson.dumps(document), str(int(at.timestamp()))
    signed = b".".join((message_id.encode(), stamp.encode(), body))
    signature = base64.b64encode(hmac.new(_secret(destination), signed, hashlib.sha256).digest()).decode()
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{signature}",
    }
    request = urllib.request.Request(destination.url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=SECONDS) as answer:
            answer.read(1)
    except (urllib.error.URLError, TimeoutError) as error:
        raise CannotSend(f"{destination.name} did not take it: {getattr(error, 'reason', error)}") from None


def hashed(ids: Sequence[UUID], purpose: Purpose) -> list[dict[str, str]]:
    """E-mail and phone of each person, normalised and as SHA-256; people without either have no entry.

    Opened for the purpose that sends them: who does not agree to it is not opened.
    """
    found = []
    for profile in profiles.profiles_of(ids, purpose=purpose, reveal=True):
        told = {
            name: hashlib.sha256(value.encode()).hexdigest()
            for name, value in (
                ("email_sha256", _email(profile.values.get("email"))),
                ("phone_sha256", _phone(profile.values.get("phone"))),
            )
            if value
        }
        if told:
            found.append(told)
    return found


def _email(value: str | None) -> str:
    return (value or "").strip().lower()


def _phone(value: str | None) -> str:
    """Digits with the country's code, as audiences are matched by."""
    digits = _NOT_DIGITS.sub("", value or "")
    return digits.removeprefix("00")


def folder() -> Path:
    path = settings.VAR_DIR / "exports"
    path.mkdir(parents=True, exist_ok=True)
    return Path(path)


def write(name: str, rows: Sequence[Sequence[str]], file_format: str) -> str:
    """Write the file and put it in its place when it is whole; returns its name."""
    full = f"{name}.{file_format}"
    draft = folder() / f".{full}"
    if file_format == FileFormat.PARQUET:
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(COLUMNS)
        table = pa.table(
            {column: pa.array(values, pa.string()) for column, values in zip(COLUMNS, columns, strict=True)}
        )
        pa_parquet.write_table(table, draft)
    else:
        with draft.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(COLUMNS)
            writer.writerows(rows)
    draft.replace(folder() / full)
    return full
