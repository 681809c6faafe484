"""What pages say about who is who: the links of a person with their weights, what was decided, what an act changes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from iaros.lib.purposes import Purpose
from iaros.web.formats import words
from profiles import identity_acts, link_evidence, ties
from profiles.blast_radius import BlastRadius, Change
from profiles.link_evidence import LinkTold, SharedKey, Step
from profiles.models import ActKind, IdentityAct
from profiles.selectors import profiles_of
from profiles.sources.catalogue import CONNECTORS

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
KINDS = {
    "told": "Records and events",
    "profile": "Golden values",
    "consent": "Consent",
    "segments": "Segments",
    "activations": "Activations",
    "scores": "Scores",
    "recommendations": "Offers",
}


@dataclass(frozen=True)
class WaterfallStep:
    """One comparison of the waterfall: where it begins and ends, in bits, and what it says."""

    name: str
    outcome: str
    weight: float
    begins: float
    ends: float
    sums_up: bool = False


@dataclass(frozen=True)
class Waterfall:
    steps: Sequence[WaterfallStep]
    low: float
    high: float


@dataclass(frozen=True)
class LinkLine:
    """A link as the page lists it."""

    source: str
    record_id: UUID
    why: str
    weight: str
    score: float
    linked_at: datetime
    ended_at: datetime | None
    received_at: datetime
    superseded: bool
    chosen: bool = False


@dataclass(frozen=True)
class ActLine:
    """A merge or split that somebody decided; `open` says that it can be taken back from here."""

    id: UUID
    text: str
    reason: str
    actor: str
    at: datetime
    undone_at: datetime | None
    takes_back: bool

    @property
    def open(self) -> bool:
        return self.undone_at is None and not self.takes_back


@dataclass(frozen=True)
class Near:
    """Somebody who lives or travels with the person; no reason to take the two for one."""

    customer_id: UUID
    name: str
    household: bool
    trips: int


@dataclass(frozen=True)
class Evidence:
    """Why one record is held to be this person's."""

    record_id: UUID
    source: str
    sentence: str
    waterfall: Waterfall | None
    keys: Sequence[SharedKey]


def ids(said: Sequence[str]) -> list[UUID]:
    """Those of these texts that are ids."""
    return [UUID(each) for each in said if _ID.fullmatch(each)]


def links(customer_id: UUID, purpose: Purpose, record_id: UUID | None = None) -> tuple[list[LinkLine], Evidence | None]:
    """The links of a person, and the evidence of one that holds: the chosen, else the first with weights, else the
    first."""
    told = link_evidence.links_of(customer_id, purpose=purpose)
    held = [each for each in told if each.ended_at is None]
    shown = next((each for each in held if each.record_id == record_id), None)
    shown = shown or next((each for each in held if each.steps), held[0] if held else None)
    chosen = shown.record_id if shown else None
    return [_line(each, chosen) for each in told], _evidence(customer_id, shown) if shown else None


def _evidence(customer_id: UUID, told: LinkTold) -> Evidence:
    return Evidence(
        record_id=told.record_id,
        source=_source(told.source),
        sentence=_sentence(told),
        waterfall=waterfall(told.steps),
        keys=() if told.steps else link_evidence.shared_keys(customer_id, told.record_id),
    )


def waterfall(steps: Sequence[Step]) -> Waterfall | None:
    """The weights one on the other, and their sum."""
    if not steps:
        return None
    at, drawn = 0.0, []
    for step in steps:
        drawn.append(WaterfallStep(words(step.comparison), words(step.outcome), step.weight, at, at + step.weight))
        at += step.weight
    drawn.append(WaterfallStep("Final weight", f"p = {1 / (1 + 2 ** -max(min(at, 60), -60)):.4f}", at, 0.0, at, True))
    ends = [0.0, *(step.ends for step in drawn)]
    return Waterfall(drawn, min(ends), max(ends))


def acts(customer_id: UUID) -> list[ActLine]:
    return [_act(act, customer_id) for act in identity_acts.acts_of(customer_id)]


def near(customer_id: UUID, purpose: Purpose) -> list[Near]:
    """The household, and who travels along, of those whom the purpose lets be read."""
    found = ties.ties_of(customer_id, purpose=purpose)
    names = {p.customer_id: p.name for p in profiles_of([tie.customer_id for tie in found], purpose=purpose)}
    return [Near(t.customer_id, names[t.customer_id], t.household, t.trips) for t in found if t.customer_id in names]


def by_kind(radius: BlastRadius) -> list[tuple[str, str, list[Change]]]:
    """The changes in the order of the page: slug, title, changes."""
    return [(kind, KINDS.get(kind, words(kind)), list(found)) for kind, found in _ordered(radius)]


def in_words(radius: BlastRadius) -> str:
    """One sentence for the head of the preview."""
    counted = [f"{len(found)} in {KINDS.get(kind, kind).lower()}" for kind, found in _ordered(radius)]
    return f"{radius.records} records would go over. Changes: {', '.join(counted) or 'none'}."


def _ordered(radius: BlastRadius) -> list[tuple[str, list[Change]]]:
    places = {kind: at for at, kind in enumerate(KINDS)}
    return sorted(radius.by_kind.items(), key=lambda each: places.get(each[0], len(places)))


def _line(told: LinkTold, chosen: UUID | None) -> LinkLine:
    return LinkLine(
        source=_source(told.source),
        record_id=told.record_id,
        why=told.rule.label,
        weight=f"{told.weight:+.1f}" if told.weight is not None else "rule",
        score=told.score,
        linked_at=told.linked_at,
        ended_at=told.ended_at,
        received_at=told.received_at,
        superseded=told.superseded,
        chosen=told.record_id == chosen and told.ended_at is None,
    )


def _source(name: str) -> str:
    return CONNECTORS[name].title if name in CONNECTORS else words(name)


def _sentence(told: LinkTold) -> str:
    said = [f"{told.rule.label}, since {told.linked_at:%d %b %Y}"]
    if told.actor:
        said.append(f"by {told.actor}")
    if told.merged_from:
        said.append(f"came with {str(told.merged_from)[-12:]}")
    if told.split_from:
        said.append(f"split off {str(told.split_from)[-12:]}")
    if told.was:
        said.append(f"before that: {told.was.label.lower()}")
    return "; ".join(said) + "."


def _act(act: IdentityAct, customer_id: UUID) -> ActLine:
    other = act.other_id if act.customer_id == customer_id else act.customer_id
    word = "Merged with" if act.kind == ActKind.MERGE else "Split from"
    return ActLine(
        id=act.id,
        text=f"{word} {str(other)[-12:]}, {act.records} records",
        reason=act.reason,
        actor=act.actor.get_username() if act.actor else "",
        at=act.at,
        undone_at=act.undone_at,
        takes_back=act.undoes is not None,
    )
