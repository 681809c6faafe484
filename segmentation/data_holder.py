"""What segmentation holds about a person: a vector, scores, memberships and their log. All of it is derived."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any
from uuid import UUID

from django.db.models import Model

from iaros.lib.ids import bucket_of
from segmentation.features import day_tiles, store
from segmentation.features.catalogue import VERSION
from segmentation.models import (
    Activation,
    BusyCustomer,
    CustomerList,
    CustomerListEntry,
    DayTile,
    Emission,
    FeatureVector,
    Membership,
    Moves,
    OutdatedTile,
    Score,
    Segment,
    Transition,
)


class SegmentationHolder:
    """Nothing here is kept by law; everything goes."""

    name = "segmentation"
    models: Sequence[type[Model]] = (
        *(FeatureVector, Score, Membership, Moves, Transition, CustomerListEntry, Emission),
        *(BusyCustomer, DayTile, OutdatedTile),
    )

    def export(self, customer_id: UUID) -> dict[str, Any]:
        """Read under the person's own right, so no gate stands before it."""
        bucket = bucket_of(customer_id)
        scores = Score.objects.filter(bucket=bucket, customer_id=customer_id).order_by("name", "entity_id")
        export = {
            "features": _features(customer_id),
            "day_tiles": _tiles(customer_id),
            "scores": list(scores.values("entity_kind", "name", "value", "low", "high", "reasons", "as_of")),
            "segments": _memberships(customer_id),
            "segment_history": _history(customer_id),
            "lists": _lists(customer_id),
            "sent": _sent(customer_id),
        }
        return {part: held for part, held in export.items() if held}

    def erase(self, customer_ids: Sequence[UUID]) -> dict[str, int]:
        buckets = sorted({bucket_of(one) for one in customer_ids})
        tiles = day_tiles.forget(customer_ids)
        return tiles | {
            model._meta.db_table: model._default_manager.filter(
                **{"bucket__in": buckets, f"{column}__in": list(customer_ids)}
            ).delete()[0]
            for model, column in (
                (FeatureVector, "id"),
                (Score, "customer_id"),
                (Membership, "id"),
                (Moves, "customer_id"),
                (CustomerListEntry, "customer_id"),
                (Emission, "customer_id"),
            )
        }


def _features(customer_id: UUID) -> dict[str, Any]:
    row = FeatureVector.objects.filter(bucket=bucket_of(customer_id), id=customer_id).first()
    if row is None:
        return {}
    if row.catalogue_version != VERSION:
        return {"as_of": row.as_of, "values": "of an earlier catalogue, replaced at the next refresh"}
    values = store.unpack(bytes(row.values))
    return {"as_of": row.as_of, "values": {name: value for name, value in values.items() if not isnan(value)}}


def _tiles(customer_id: UUID) -> dict[str, Any]:
    """Of somebody with very many events: the days that stand folded, and of how many events each."""
    bucket = bucket_of(customer_id)
    days = DayTile.objects.filter(bucket=bucket, customer_id=customer_id).order_by("day")
    row = BusyCustomer.objects.filter(bucket=bucket, id=customer_id).first()
    return {"through": row.through, "days": list(days.values("day", "events"))} if row else {}


def _memberships(customer_id: UUID) -> list[str]:
    row = Membership.objects.filter(bucket=bucket_of(customer_id), id=customer_id).first()
    if row is None:
        return []
    bits = bytes(row.bitmap)
    inside = [place for place in range(8 * len(bits)) if bits[place // 8] >> place % 8 & 1]
    return list(Segment.objects.filter(position__in=inside).order_by("name").values_list("name", flat=True))


def _history(customer_id: UUID) -> list[dict[str, Any]]:
    rows = Transition.objects.filter(bucket=bucket_of(customer_id), customer_id=customer_id).order_by(
        "at", "segment_id"
    )
    names = dict(Segment.objects.values_list("id", "name"))
    return [
        {"segment": names.get(row.segment_id, ""), "direction": row.direction, "at": row.at, "why": row.why}
        for row in rows
    ]


def _lists(customer_id: UUID) -> list[str]:
    rows = CustomerListEntry.objects.filter(bucket=bucket_of(customer_id), customer_id=customer_id)
    return list(
        CustomerList.objects.filter(id__in=rows.values("list_id")).order_by("name").values_list("name", flat=True)
    )


def _sent(customer_id: UUID) -> list[dict[str, Any]]:
    """To which destinations the person was sent as a member of which segment, and where they were turned away."""
    rows = Emission.objects.filter(bucket=bucket_of(customer_id), customer_id=customer_id).order_by(
        "at", "activation_id"
    )
    told = Activation.objects.select_related("segment", "destination").in_bulk([row.activation_id for row in rows])
    return [
        {"segment": made.segment.name, "destination": made.destination.name, "outcome": row.outcome, "at": row.at}
        for row in rows
        if (made := told.get(row.activation_id))
    ]
