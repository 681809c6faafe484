"""Keep a topic's answer as JSON and give it back as the dataclass it was."""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any, TypeVar, Union, get_args, get_origin
from uuid import UUID

import orjson

from analytics.models import KpiDay, Snapshot
from iaros.lib import clock

T = TypeVar("T")


def keep(topic: str, answer: Any) -> None:
    """Write the newest answer of `topic`; `answer` is a dataclass with an `as_of`."""
    payload = orjson.loads(orjson.dumps(answer))
    values = {"as_of": answer.as_of, "computed_at": clock.now(), "payload": payload}
    Snapshot.objects.update_or_create(topic=topic, defaults=values)


def newest(topic: str, kind: type[T]) -> T | None:
    """The newest answer of `topic`, or None if it was never kept or was kept in an older form."""
    snapshot = Snapshot.objects.filter(topic=topic).first()
    if snapshot is None:
        return None
    try:
        return typing.cast(T, restored(kind, snapshot.payload))
    except (KeyError, TypeError, ValueError):
        return None


def restored(kind: Any, value: Any) -> Any:
    """`value`, as JSON gave it, in the type `kind`: dataclasses, lists, dates, ids and optional ones of these."""
    if value is None:
        return None
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return restored(next(each for each in get_args(kind) if each is not type(None)), value)
    if origin is list:
        return [restored(get_args(kind)[0], each) for each in value]
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{f.name: restored(hints[f.name], value[f.name]) for f in fields(kind)})  # type: ignore[operator]
    if kind in (datetime, date):
        return kind.fromisoformat(value)
    return UUID(value) if kind is UUID else value


def note(name: str, day: date, value: float) -> None:
    """Write a figure of the home page for the line behind it; measured twice on a day, the last stands."""
    KpiDay.objects.update_or_create(name=name, day=day, defaults={"value": value, "measured_at": clock.now()})


def line(name: str, points: int = 30) -> list[tuple[date, float]]:
    """The last measurements of a figure, oldest first."""
    days = KpiDay.objects.filter(name=name).order_by("-day").values_list("day", "value")[:points]
    return list(reversed(days))
