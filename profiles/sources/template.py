"""A feed without a standard of its own, as a declaration: which columns there are and what each of them tells.

A `Template` makes a connector that reads CSV or JSON by its own column names, their aliases, or those of the airline
(`mapped`). What it cannot say is a connector by hand: this one is for a row that is one thing that happened to one
person, or one row of a reference table about nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iaros.lib.purposes import Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources.columns import Columns, table
from profiles.sources.contract import (
    PERSON_FIELDS,
    Batch,
    Connector,
    Family,
    Field,
    Framing,
    Keys,
    Lines,
    Sample,
)
from profiles.sources.places import haul
from profiles.sources.told import READERS, Told
from profiles.sources.travellers import traveller

# Identifiers that name one person; the others only say who it may be.
_CLAIMING = {"loyalty_number", "login", "account", "traveller"}
_EVENT_COLUMNS = {"at", "kind", "item", "value", "currency", "quantity", "channel", "cabin", "origin", "destination"}
NO_NUMBER = -1  # what the readers of columns say where an optional number is empty
_IDENTIFIERS = {"loyalty_number", "email", "phone", "device", "login", "account"}


@dataclass(frozen=True)
class Template:
    """A feed. `kind` is the event of a row where no column tells it; `fact` names the reference table where there is no
    person in it; `currency` is that of amounts where no column tells it; `stem` goes before account numbers."""

    name: str
    title: str
    family: Family
    purpose: Purpose
    fields: Sequence[Told]
    kind: EventKind | None = None
    fact: str = ""
    currency: str = ""
    channel: str = ""
    stem: str = ""
    trust: float = 0.3
    introduces: bool = False
    freshness_hours: int = 26
    version: str = "1"
    specification: str = "ours (template)"
    told_by: Sequence[str] = ()  # the columns by which a file is recognised; those that must be there, if empty
    within: tuple[str, ...] = ()

    def to(self, target: str) -> Told | None:
        """The column that tells this, if there is one."""
        return next((one for one in self.fields if target in one.to), None)

    def each(self, stem: str) -> list[tuple[str, Told]]:
        """(what, column) for all that go to `stem.what`."""
        ends = ((to.removeprefix(f"{stem}."), one) for one in self.fields for to in one.to if to.startswith(f"{stem}."))
        return list(ends)


def connector(template: Template, about: str | None) -> Connector:
    """The connector that reads the feed; `about` says in words what it is.

    Raises ValueError where the template does not hang together.
    """
    faults = _faults(template)
    if faults:
        raise ValueError(f"{template.name}: {'; '.join(faults)}")
    made = Connector(
        name=template.name,
        title=template.title,
        family=template.family,
        format="CSV or JSON",
        version=template.version,
        purpose=template.purpose,
        fields=template.fields,
        read=partial(read, template, {}),
        scan=partial(scan, template, {}),
        trust=template.trust,
        about_people=not template.fact,
        freshness_hours=template.freshness_hours,
        framing=Framing.TABLE,
        within=template.within,
        recognises=partial(recognises, template),
        introduces=template.introduces,
        specification=template.specification,
        about=about or template.title,
    )
    return replace(made, mapped=partial(_mapped, template, made))


def _mapped(template: Template, made: Connector, mapping: Mapping[str, str]) -> Connector:
    """The same feed read by the airline's own column names (theirs -> ours)."""
    return replace(made, read=partial(read, template, mapping), scan=partial(scan, template, mapping))


def _faults(template: Template) -> list[str]:
    known = {
        "key",
        "traveller.locator",
        *(f"person.{name}" for name in PERSON_FIELDS),
        *(f"identifier.{name}" for name in _IDENTIFIERS),
        *(f"event.{name}" for name in _EVENT_COLUMNS),
    }
    told = [to for one in template.fields for to in one.to]
    faults = [f"nobody takes {to}" for to in told if to not in known and not to.startswith(("property.", "fact."))]
    faults += [f"{to} is told twice" for to in set(told) - {"key"} if told.count(to) > 1]
    faults += [f"{one.name} has no reader for {one.type}" for one in template.fields if one.type not in READERS]
    if not any(one.required for one in template.fields if "key" in one.to):
        faults.append("no column that must be there is the key")
    if not template.fact and "event.at" in told and template.kind is None and not template.to("event.kind"):
        faults.append("no column tells the kind of event")
    return faults


def recognises(template: Template, sample: Sample) -> float:
    """How sure one can be that the file is of this feed: whether the columns that tell it are there, and how many."""

    def there(one: Field) -> bool:
        return any(sample.has(name) for name in (one.name, *one.aliases))

    by_name = {one.name: one for one in template.fields}
    telling = [by_name[name] for name in template.told_by] or [one for one in template.fields if one.required]
    if not all(map(there, telling)):
        return 0.0
    return 0.6 + 0.35 * sum(map(there, template.fields)) / len(template.fields)


def read(template: Template, names: Mapping[str, str], header: bytes | None, lines: Lines) -> Batch:
    """Read rows; each is a mention of one person and what happened, or a row of the reference table."""
    columns = table(header, lines, template.fields, template.name, names=names)
    told = _values(template, columns)
    keys = _keys_of(template, told, len(columns))
    if template.fact:
        facts = {template.fact: {what: _or_none(told[one.name], one) for what, one in template.each("fact")}}
        if template.currency:
            facts[template.fact].setdefault("currency", [template.currency] * len(columns))
        return Batch(lines, columns.line, keys, facts=facts, rejects=columns.rejects)
    person = {what: told[one.name] for what, one in template.each("person") if what in PERSON_FIELDS}
    return Batch(
        lines,
        columns.line,
        keys,
        person,
        _identifiers(template, told, len(columns)),
        _events(template, told, columns),
        columns.rejects,
    )


def _or_none(values: Any, one: Told) -> Any:
    """The column with None where an optional number is empty."""
    if one.type not in ("whole number", "number", "amount") or one.required:
        return values
    told = np.asarray(values)
    empty = told == NO_NUMBER
    return [None if none else value for value, none in zip(told.tolist(), empty.tolist(), strict=True)]


def scan(
    template: Template, names: Mapping[str, str], header: bytes | None, lines: Lines
) -> tuple[NDArray[np.int64], list[str]]:
    """The key of each line."""
    keys = [one.name for one in template.fields if "key" in one.to]
    columns = table(header, lines, template.fields, template.name, names=names, only=keys)
    told = {name: columns.text(name) for name in keys}
    return columns.line, _keys_of(template, told, len(columns))


def _keys_of(template: Template, told: Mapping[str, Any], count: int) -> list[str]:
    parts = [told[one.name] for one in template.fields if "key" in one.to]
    if len(parts) == 1:
        return [str(value or "") for value in parts[0]]
    return ["/".join("" if value is None else str(value) for value in row) for row in zip(*parts, strict=True)]


def _values(template: Template, columns: Columns) -> dict[str, Any]:
    """The columns by name; amounts last, since their decimals are those of the currency."""
    amounts = [one for one in template.fields if one.type == "amount"]
    told = {one.name: READERS[one.type](columns, one) for one in template.fields if one.type != "amount"}
    by = template.to("event.currency") or template.to("fact.currency")
    currency = [code or template.currency or None for code in told[by.name]] if by else template.currency or None
    if by:
        told[by.name] = currency
    for one in amounts:
        told[one.name] = columns.amount_minor(one.name, required=one.required, most=one.high, currency=currency)
    return told


def _identifiers(template: Template, told: Mapping[str, Any], count: int) -> list[Keys]:
    every, none = np.ones(count, dtype=bool), np.zeros(count, dtype=bool)
    found = []
    for what, one in template.each("identifier"):
        values = told[one.name]
        if what == "account":
            values = [f"{template.stem or template.name}:{value}" if value else None for value in values]
        purpose = one.purpose or Purpose.SERVICING
        found.append(Keys(IdentifierKind[what.upper()], values, every if what in _CLAIMING else none, purpose))
    locator, surname = template.to("traveller.locator"), template.to("person.surname")
    if locator and surname:
        given = template.to("person.given_name")
        names = zip(told[locator.name], told[surname.name], told[given.name] if given else [None] * count, strict=True)
        found.append(Keys(IdentifierKind.TRAVELLER, [traveller(*name) for name in names], every))
    return found


def _events(template: Template, told: Mapping[str, Any], columns: Columns) -> dict[str, dict[str, Any]]:
    """One event a row that says when, and of which kind; a kind of 0 is none."""
    at = template.to("event.at")
    if at is None:
        return {}
    moments = np.asarray(told[at.name], dtype="datetime64[us]")
    of_kind = template.to("event.kind")
    kinds = told[of_kind.name] if of_kind else [template.kind.value if template.kind else None] * len(columns)
    rows = [i for i, kind in enumerate(kinds) if kind and not np.isnat(moments[i])]

    def chosen(what: str) -> list[Any] | None:
        one = template.to(f"event.{what}")
        return [told[one.name][i] for i in rows] if one else None

    events: dict[str, Any] = {"mention": np.array(rows, dtype=np.int64), "occurred_at": moments[rows]}
    events["kind"] = np.array([int(kinds[i] or 0) for i in rows], dtype=np.int64)
    for what in ("item", "quantity", "cabin", "channel"):
        values = chosen(what)
        if values is not None:
            events[what] = values
    if template.channel and "channel" not in events:
        events["channel"] = [template.channel] * len(rows)
    events |= _amounts(template, chosen)
    events |= _places(events, chosen("origin"), chosen("destination"))
    if template.each("property"):
        events["properties"] = [_properties(template, told, i) for i in rows]
    return {"events": events}


def _amounts(template: Template, chosen: Callable[[str], list[Any] | None]) -> dict[str, Any]:
    values = chosen("value")
    if values is None:
        return {}
    currency = chosen("currency") or [template.currency or None] * len(values)
    # An amount in no currency is no amount.
    amounts = [int(value) if code else -1 for value, code in zip(values, currency, strict=True)]
    told = [code if value >= 0 else None for value, code in zip(amounts, currency, strict=True)]
    return {"value_minor": np.array(amounts, dtype=np.int64), "currency": told}


def _places(events: dict[str, Any], origins: list[Any] | None, destinations: list[Any] | None) -> dict[str, Any]:
    if origins is None or destinations is None:
        return {}
    pairs = list(zip(origins, destinations, strict=True))
    found: dict[str, Any] = {"haul": [haul(a, b) if a and b else None for a, b in pairs]}
    if "item" not in events:
        found["item"] = [f"{a}-{b}" if a and b else None for a, b in pairs]
    return found


def _properties(template: Template, told: Mapping[str, Any], row: int) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    for what, one in template.each("property"):
        value = told[one.name][row]
        if value is None or (isinstance(value, int | float | np.number) and value == NO_NUMBER):
            continue
        found[what] = value.item() if isinstance(value, np.generic) else value
    return found or None
