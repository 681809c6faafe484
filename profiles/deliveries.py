"""Files that are sent: received in parts, sealed, committed before anything is answered; taken in by a worker.

Comes in: bytes from an upload, the API or a webhook. Goes out: a job that takes the file in. It refuses a part that
does not go on where the last one ended, and the same webhook delivery twice.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from iaros.accounts.models import User
from iaros.lib import jobs
from iaros.lib.models import Job
from iaros.lib.queues import Queue
from privacy import subjects
from profiles import pipeline
from profiles.models import Delivery, DeliveryPart, DeliveryState, Way
from profiles.sources.catalogue import CONNECTORS

TASK = "profiles.take_delivery"
MOST_BYTES = 2 << 30
PART_BYTES = 8 << 20
_UNFIT = re.compile(r"[^A-Za-z0-9._ -]")


class CannotReceive(Exception):
    """The part does not fit; `expected` is the byte with which the next one must begin."""

    def __init__(self, reason: str, expected: int = 0) -> None:
        super().__init__(reason)
        self.expected = expected


class AlreadyReceived(Exception):
    """The same delivery came before."""


@transaction.atomic
def receive(
    content: bytes,
    *,
    source: str,
    name: str,
    way: Way,
    sender: str = "",
    key: str,
    starts_at: int = 0,
    size: int | None = None,
    owner: User | None = None,
    params: dict[str, Any] | None = None,
    dry_run: bool = False,
) -> Delivery:
    """Keep a part of a file; the last one starts the job. A part that came before changes nothing.

    Raises CannotReceive.
    """
    if source != pipeline.AUTO and source not in CONNECTORS:
        raise CannotReceive(f"{source!r} is not a source.")
    total = len(content) if size is None else size
    if total > MOST_BYTES:
        raise CannotReceive(f"A file of {total:,} bytes; at most {MOST_BYTES:,}.")
    kept, _ = Delivery.objects.select_for_update().get_or_create(
        way=way,
        sender=sender[:255],
        source=source,
        key=key[:128],
        defaults={"name": _file_name(name), "size": total, "dry_run": dry_run},
    )
    if kept.size != total:
        raise CannotReceive(f"It was said to have {kept.size:,} bytes, and now {total:,}.", kept.received)
    ends_at = starts_at + len(content)
    if ends_at <= kept.received:
        return kept
    if starts_at != kept.received or ends_at > total:
        raise CannotReceive(f"The next part begins with byte {kept.received:,} of {total:,}.", kept.received)
    _keep(kept, content, starts_at)
    kept.received = ends_at
    if kept.received == total:
        asked = {"delivery": str(kept.id), "source": source, "file": kept.name, **(params or {})}
        kept.job_id = jobs.start("ingest", asked, owner=owner, task=TASK, queue=Queue.BATCH).id
        kept.state = DeliveryState.WAITING
    kept.save(update_fields=["received", "state", "job_id"])
    return kept


def receive_webhook(content: bytes, *, source: str, signed: str) -> Delivery:
    """Keep what a provider sent; `signed` is what its signature was. Raises AlreadyReceived for a replay."""
    key = hashlib.sha256(signed.encode() + b"\0" + content).hexdigest()
    if Delivery.objects.filter(way=Way.WEBHOOK, source=source, key=key).exists():
        raise AlreadyReceived("This delivery came before.")
    try:
        return receive(content, source=source, name=f"{source}-{key[:12]}", way=Way.WEBHOOK, key=key)
    except IntegrityError:
        raise AlreadyReceived("This delivery came before.") from None


def _file_name(name: str) -> str:
    return _UNFIT.sub("_", Path(name).name)[:200].lstrip(".") or "file"


def _keep(delivery: Delivery, content: bytes, starts_at: int) -> None:
    key_id, sealer = subjects.landing_sealer(delivery.source, timezone.now().date())
    for at in range(0, len(content), PART_BYTES):
        piece = content[at : at + PART_BYTES]
        begins = starts_at + at
        DeliveryPart.objects.create(
            delivery=delivery,
            starts_at=begins,
            length=len(piece),
            key_id=key_id,
            cipher=sealer.seal(piece, _place(delivery.id, begins)),
        )


def _place(delivery_id: UUID, begins: int) -> bytes:
    return b"delivery:" + delivery_id.bytes + begins.to_bytes(8, "big")


def take(job: Job) -> None:
    """Take in the file of a delivery's job, and with a webhook those that wait with it. Safe to kill and repeat."""
    delivery = Delivery.objects.filter(id=job.params["delivery"], state=DeliveryState.WAITING).first()
    if delivery is None:
        with jobs.running(job):
            job.result = {"taken": "by another job"}
        return
    together = _waiting_with(delivery)
    with _as_file(together) as path:
        try:
            result = _take_in(delivery, path, job)
        except (pipeline.UnknownSource, pipeline.FileRefused) as error:
            _finish(together, DeliveryState.REFUSED, str(error))
            return
        except pipeline.IngestCancelled as error:
            _finish(together, DeliveryState.REFUSED, str(error))
            return
    if delivery.dry_run:
        # It stays for a week, to be taken in as it was tried.
        Delivery.objects.filter(id=delivery.id).update(state=DeliveryState.TRIED)
    else:
        _finish(together, DeliveryState.TAKEN)
    job.result = result


@transaction.atomic
def take_after_trial(delivery_id: UUID, *, by: User | None) -> Job:
    """Take in a file that was tried in a dry run. Raises CannotReceive where it is not there any more."""
    delivery = Delivery.objects.select_for_update().filter(id=delivery_id, state=DeliveryState.TRIED).first()
    if delivery is None:
        raise CannotReceive("This file is not waiting to be taken in.")
    asked = {"delivery": str(delivery.id), "source": delivery.source, "file": delivery.name}
    job = jobs.start("ingest", asked, owner=by, task=TASK, queue=Queue.BATCH)
    delivery.dry_run, delivery.state, delivery.job_id = False, DeliveryState.WAITING, job.id
    delivery.save(update_fields=["dry_run", "state", "job_id"])
    return job


def _take_in(delivery: Delivery, path: Path, job: Job) -> dict[str, Any]:
    if delivery.dry_run:
        reveal = bool(job.owner and job.owner.has_perm("accounts.view_pii"))
        return {"files": pipeline.preview(delivery.source, [path], job=job, reveal=reveal)}
    return {"files": [report.as_dict() for report in pipeline.ingest_all(delivery.source, path, job=job)]}


def _waiting_with(delivery: Delivery) -> list[Delivery]:
    """Deliveries of a webhook are small and many, and always objects: they are taken in together."""
    if delivery.way != Way.WEBHOOK:
        return [delivery]
    waiting = Delivery.objects.filter(way=Way.WEBHOOK, source=delivery.source, state=DeliveryState.WAITING)
    return list(waiting.order_by("id")[:1000])


@contextmanager
def _as_file(deliveries: Sequence[Delivery]) -> Iterator[Path]:
    """The content in a file that only this process reads, gone afterwards."""
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="delivery-", dir=settings.VAR_DIR) as folder:
        path = Path(folder) / deliveries[0].name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            for delivery in deliveries:
                for piece in _pieces(delivery):
                    file.write(piece)
                if len(deliveries) > 1:
                    file.write(b"\n")
        yield path


def _pieces(delivery: Delivery) -> Iterator[bytes]:
    for part in DeliveryPart.objects.filter(delivery=delivery).order_by("starts_at").iterator(chunk_size=4):
        sealer = subjects.landing_sealers([part.key_id])[part.key_id]
        yield sealer.open(part.cipher, _place(delivery.id, part.starts_at))


@transaction.atomic
def _finish(deliveries: Sequence[Delivery], state: DeliveryState, problem: str = "") -> None:
    ids = [delivery.id for delivery in deliveries]
    DeliveryPart.objects.filter(delivery_id__in=ids).delete()
    Delivery.objects.filter(id__in=ids).update(state=state, problem=problem[:2000], finished_at=timezone.now())


def forget_older_than(moment: Any) -> int:
    """Delete deliveries of the past, and parts of those that were never completed."""
    return Delivery.objects.filter(created_at__lt=moment).delete()[0]
