"""How many a rule selects, and how many of them can be reached: counted while it is being built, in one statement.

Comes in: a rule, the purpose and channel it is for. Goes out: people by step, from those matched to those who can be
exported, and by condition. On a large base some buckets are counted and the figures are estimates, and say so: a bucket
is a random part of the base. Who may be counted at all is decided by the gate of `analytics`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from iaros.lib import clock, sql
from iaros.lib.ids import BUCKETS
from iaros.lib.purposes import Channel, Purpose
from iaros.lib.reports import Progress, silent
from privacy import consent
from profiles.models import EventKind, IdentifierKind
from segmentation.features.catalogue import VERSION
from segmentation.models import FeatureRun, Segment
from segmentation.segments import compiling, dag, nodes, rules, sentences
from segmentation.segments.nodes import Group, Node

# Counted without estimating up to so many customers; of a larger base so many are counted for all.
COUNTED_WHOLE, SAMPLED = 20_000, 6_000
# The later steps look into a table of identifiers, so of a large match some people stand for all.
STEPPED = 2_000

STEPS: tuple[tuple[str, str], ...] = (
    ("matched", "Match the rule"),
    ("identified", "Can be addressed"),
    ("consented", "May be contacted"),
    ("not_held_out", "Not in the holdout"),
    ("under_cap", "Not contacted too often"),
    ("exportable", "Can be exported"),
)
# By what a person is addressed on each channel.
ADDRESSED_BY: dict[Channel, tuple[IdentifierKind, ...]] = {
    Channel.EMAIL: (IdentifierKind.EMAIL,),
    Channel.SMS: (IdentifierKind.PHONE,),
    Channel.PHONE: (IdentifierKind.PHONE,),
    Channel.PUSH: (IdentifierKind.DEVICE, IdentifierKind.LOGIN, IdentifierKind.LOYALTY_NUMBER),
    Channel.APP: (IdentifierKind.DEVICE, IdentifierKind.LOGIN, IdentifierKind.LOYALTY_NUMBER),
    Channel.WEB: (IdentifierKind.DEVICE, IdentifierKind.LOGIN, IdentifierKind.LOYALTY_NUMBER),
    Channel.POST: (IdentifierKind.EMAIL, IdentifierKind.PHONE, IdentifierKind.LOYALTY_NUMBER),
    Channel.PARTNER: (IdentifierKind.EMAIL, IdentifierKind.PHONE),
}

# Said of every table of a join: Postgres infers it of none, and would read the other partitions too.
_WITHIN = "{table}.bucket BETWEEN %(low)s AND %(high)s"
_KNOWN = """
known AS MATERIALIZED (
    SELECT v.bucket, v.id, {conditions}
    FROM segmentation_featurevector v
    {profiles}
    WHERE v.bucket BETWEEN %(low)s AND %(high)s AND v.catalogue_version = %(version)s AND {gate}
),

matched AS MATERIALIZED (SELECT bucket, id FROM known WHERE {rule})
"""
_PROFILES = "LEFT JOIN profiles_profile p ON p.bucket = v.bucket AND p.id = v.id AND " + _WITHIN.format(table="p")
_MEMBERS = """
matched AS MATERIALIZED (
    SELECT m.bucket, m.id FROM segmentation_membership m
    WHERE m.bucket BETWEEN %(low)s AND %(high)s
      AND length(m.bitmap) > %(byte)s AND get_bit(m.bitmap, %(bit)s) = 1 AND {gate}
)
"""
_STEPPED = """
stepped AS (
    SELECT m.bucket, m.id,
           {identified} AS identified,
           {consented} AS consented,
           {drawn} >= %(held_out)s AS not_held_out,
           {messages} < %(cap)s AS under_cap,
           p.id IS NOT NULL AND coalesce(p.birth_year <= %(born_by)s, true) AS exportable
    FROM (SELECT bucket, id FROM matched LIMIT %(stepped)s) m
    LEFT JOIN profiles_profile p
        ON p.bucket = m.bucket AND p.id = m.id AND p.bucket BETWEEN %(low)s AND %(high)s
    {beside}
)
"""
_SENT = """
e.kind = %(sent)s AND e.occurred_at >= %(cap_since)s AND e.occurred_at < %(at)s
AND coalesce(e.channel, %(channel)s) = %(channel)s
"""
# Of some people each is looked up; of many the tables are read once and joined: 0.5 instead of 10 s for 48,000.
_ONE_BY_ONE = {
    "identified": "EXISTS (SELECT 1 FROM profiles_identifier i WHERE i.customer_id = m.id AND i.kind = ANY(%(kinds)s))",
    "messages": f"""
        (SELECT count(*) FROM profiles_event e WHERE e.bucket = m.bucket AND e.customer_id = m.id AND {_SENT})
    """,
    "beside": "",
}
_TOGETHER = {
    "identified": "known_by.customer_id IS NOT NULL",
    "messages": "coalesce(sent.messages, 0)",
    "beside": f"""
        LEFT JOIN (
            SELECT DISTINCT i.customer_id FROM profiles_identifier i WHERE i.kind = ANY(%(kinds)s)
        ) known_by ON known_by.customer_id = m.id
        LEFT JOIN (
            SELECT e.bucket, e.customer_id, count(*) AS messages FROM profiles_event e
            WHERE {_SENT} AND e.bucket BETWEEN %(low)s AND %(high)s GROUP BY e.bucket, e.customer_id
        ) sent ON sent.bucket = m.bucket AND sent.customer_id = m.id
    """,
}
MANY = 2_000
_STEP_COLUMNS = """
    count(*) AS stepped,
    count(*) FILTER (WHERE identified) AS identified,
    count(*) FILTER (WHERE identified AND consented) AS consented,
    count(*) FILTER (WHERE identified AND consented AND not_held_out) AS not_held_out,
    count(*) FILTER (WHERE identified AND consented AND not_held_out AND under_cap) AS under_cap,
    count(*) FILTER (WHERE identified AND consented AND not_held_out AND under_cap AND exportable) AS exportable
"""
_PREVIEW = """
WITH {known}, {stepped}
SELECT counted.*, (SELECT count(*) FROM matched) AS matched, steps.*,
       (SELECT array_agg(x.id) FROM (SELECT id FROM matched LIMIT %(examples)s) x) AS examples
FROM (SELECT count(*) AS customers{nodes} FROM known) counted, (SELECT {columns} FROM stepped) steps
"""
_REACH = """
WITH {members}, {stepped}
SELECT (SELECT count(*) FROM matched) AS matched, steps.* FROM (SELECT {columns} FROM stepped) steps
"""
_POPULATION_SQL = "SELECT count(*) AS people FROM segmentation_featurevector WHERE catalogue_version = %(version)s"
EVERYBODY = 2_147_483_647


@dataclass(frozen=True)
class Step:
    """People left after a step, how many the step lost, and their share of those matched."""

    name: str
    title: str
    people: int
    lost: int
    share: float | None


@dataclass(frozen=True)
class NodeCount:
    """How many of the base a condition or group holds for by itself; `path` is its place in the rule's JSON.

    `so_far`: how many its group would hold for if it ended here; None for the first of a group.
    """

    path: str
    sentence: str
    people: int
    so_far: int | None = None


@dataclass(frozen=True)
class Preview:
    """What a rule would select. `estimated`: `customers` were looked at and stand for the `population`."""

    sentence: str
    estimated: bool
    customers: int
    population: int
    steps: list[Step]
    conditions: list[NodeCount]
    examples: list[UUID]
    depends_on: list[str]
    as_of: datetime
    seconds: float


@dataclass(frozen=True)
class Audience:
    """For what a rule is meant: it decides who of those matched can be reached."""

    purpose: Purpose
    channel: Channel
    holdout_percent: float = 10.0
    slug: str = ""


def moment() -> datetime:
    """As of when the stored features stand; now, where nothing is stored."""
    run = FeatureRun.objects.filter(finished_at__isnull=False).order_by("-finished_at").first()
    return run.as_of if run else clock.now()


def preview(rule: Any, audience: Audience, *, examples: int = 5) -> Preview:
    """Count the rule and its reach. Raises rules.InvalidRule. The caller limits how long it may take."""
    tree = rules.read(rule, names=dag.names())
    population = sql.query(_POPULATION_SQL, {"version": VERSION})[0]["people"]
    whole = population <= COUNTED_WHOLE
    width = BUCKETS if whole else max(1, SAMPLED * BUCKETS // population)
    found = count(tree, audience, high=width - 1, stepped=STEPPED if width < BUCKETS else EVERYBODY, examples=examples)
    # Of the figures only how many there are at all is not an estimate.
    return found if whole else replace(found, population=population)


def count(
    tree: Group,
    audience: Audience,
    *,
    low: int = 0,
    high: int = BUCKETS - 1,
    stepped: int = EVERYBODY,
    examples: int = 5,
) -> Preview:
    """The same for a range of buckets, scaled to all of them."""
    began, at = time.perf_counter(), moment()
    told = compiling.compiled(tree, at)
    named = {leaf: f"c{place}" for place, leaf in enumerate(told.conditions)}
    paths = list(_paths(tree, "rule"))
    counted = [(f"n{place}", compiling.joined(node, named)) for place, (_, node) in enumerate(paths)]
    begun = {path: (f"s{place}", group) for place, (path, group) in enumerate(_begun(tree, "rule"))}
    counted += [(name, compiling.joined(group, named)) for name, group in begun.values()]
    gate, params = consent.gate(Purpose.ANALYTICS, customer="v.id", within=_WITHIN)
    known = _KNOWN.format(
        conditions=compiling.select((named[leaf], text) for leaf, text in told.conditions.items()),
        profiles=_PROFILES if told.reads_profiles else "",
        gate=gate,
        rule=compiling.joined(tree, named),
    )
    steps, more = _stepped(audience, at, stepped)
    statement = _PREVIEW.format(
        known=known,
        stepped=steps,
        nodes="".join(f", count(*) FILTER (WHERE {text}) AS {name}" for name, text in counted),
        columns=_STEP_COLUMNS,
    )
    params |= {**told.params, **more, "low": low, "high": high, "version": VERSION, "examples": examples}
    row = sql.query(statement, params)[0]
    scale = BUCKETS / (high - low + 1)
    return Preview(
        sentence=sentences.sentence(tree),
        estimated=scale > 1 or row["stepped"] < row["matched"],
        customers=row["customers"],
        population=round(row["customers"] * scale),
        steps=_steps(row, scale),
        conditions=[
            NodeCount(
                path,
                sentences.phrase(node),
                round(row[f"n{place}"] * scale),
                round(row[begun[path][0]] * scale) if path in begun else None,
            )
            for place, (path, node) in enumerate(paths)
        ],
        examples=row["examples"] or [],
        depends_on=nodes.depends_on(tree),
        as_of=at,
        seconds=round(time.perf_counter() - began, 4),
    )


def count_all(tree: Group, audience: Audience, progress: Progress = silent, *, ranges: int = 32) -> Preview:
    """Everybody counted, range after range, so that it can be watched and stopped."""
    width = BUCKETS // ranges
    parts = []
    for nth in range(ranges):
        progress(phase="counting", done=nth, total=ranges)
        parts.append(count(tree, audience, low=nth * width, high=(nth + 1) * width - 1, examples=0))
    return _together(parts, ranges)


def _together(parts: Sequence[Preview], ranges: int) -> Preview:
    first, customers = parts[0], sum(part.customers for part in parts)
    row = {name: sum(part.steps[place].people for part in parts) // ranges for place, (name, _) in enumerate(STEPS)} | {
        "stepped": sum(part.steps[0].people for part in parts) // ranges
    }
    conditions = [
        NodeCount(
            one.path,
            one.sentence,
            sum(part.conditions[place].people for part in parts) // ranges,
            None if one.so_far is None else sum(part.conditions[place].so_far or 0 for part in parts) // ranges,
        )
        for place, one in enumerate(first.conditions)
    ]
    return Preview(
        sentence=first.sentence,
        estimated=False,
        customers=customers,
        population=customers,
        steps=_steps(row, 1),
        conditions=conditions,
        examples=[],
        depends_on=first.depends_on,
        as_of=first.as_of,
        seconds=round(sum(part.seconds for part in parts), 4),
    )


def of_segment(segment: Segment, *, stepped: int = EVERYBODY) -> list[Step]:
    """The steps for the members as they stand."""
    gate, params = consent.gate(Purpose.ANALYTICS, customer="m.id", within=_WITHIN)
    steps, more = _stepped(audience_of(segment), moment(), stepped, together=min(segment.size, stepped) > MANY)
    statement = _REACH.format(members=_MEMBERS.format(gate=gate), stepped=steps, columns=_STEP_COLUMNS)
    place = {"byte": segment.position // 8, "bit": segment.position, "low": 0, "high": BUCKETS - 1}
    return _steps(sql.query(statement, params | more | place)[0], 1)


def members_by_step(segment: Segment, at: datetime, low: int, high: int) -> tuple[str, dict[str, Any]]:
    """The beginning of a statement in which `stepped` has a row a member of these buckets, and its parameters."""
    gate, params = consent.gate(Purpose.ANALYTICS, customer="m.id", within=_WITHIN)
    steps, more = _stepped(audience_of(segment), at, EVERYBODY)
    place = {"byte": segment.position // 8, "bit": segment.position, "low": low, "high": high}
    return f"WITH {_MEMBERS.format(gate=gate)}, {steps}", params | more | place


def audience_of(segment: Segment) -> Audience:
    return Audience(
        Purpose(segment.purpose), Channel(segment.channel), float(segment.holdout_percent), str(segment.slug)
    )


def holdout_draw(slug: str) -> str:
    """The name of the draw by which a segment's holdout is chosen."""
    return f"holdout:{slug}"


def _stepped(audience: Audience, at: datetime, stepped: int, *, together: bool = False) -> tuple[str, dict[str, Any]]:
    gate, params = consent.gate(audience.purpose, audience.channel, customer="m.id", within=_WITHIN)
    drawn = f"({compiling.DRAW.format(name='holdout', id='m.id')})"
    airline = settings.INTELLIGENCE
    parts = _TOGETHER if together else _ONE_BY_ONE
    return _STEPPED.format(consented=gate, drawn=drawn, **parts), {
        **params,
        "kinds": [int(kind) for kind in ADDRESSED_BY[audience.channel]],
        "holdout": holdout_draw(audience.slug),
        "held_out": round(audience.holdout_percent * 100),
        "sent": int(EventKind.MESSAGE_SENT),
        "cap": airline.segmentation.most_messages,
        "cap_since": at - timedelta(days=airline.segmentation.message_days),
        "at": at,
        "channel": audience.channel.value,
        "born_by": at.year - airline.segmentation.adult_years,
        "stepped": stepped,
    }


def _steps(row: dict[str, Any], scale: float) -> list[Step]:
    """From counts to people: where only some of those matched were looked at, they stand for all."""
    matched, looked = row["matched"], row["stepped"]
    grown = scale * matched / looked if looked else scale
    people = [round(matched * scale), *(round(row[name] * grown) for name, _ in STEPS[1:])]
    before = [people[0], *people]
    return [
        Step(name, title, here, was - here, here / people[0] if people[0] else None)
        for (name, title), here, was in zip(STEPS, people, before[:-1], strict=True)
    ]


def _paths(node: Node, path: str) -> Any:
    """Every group and condition with its place, from the outside in."""
    yield path, node
    if isinstance(node, Group):
        for place, part in enumerate(node.parts):
            yield from _paths(part, f"{path}.{node.join}[{place}]")


def _begun(node: Node, path: str) -> Iterator[tuple[str, Group]]:
    """For every part of a group but its first, by its place: the group up to there."""
    if not isinstance(node, Group):
        return
    for place, part in enumerate(node.parts):
        here = f"{path}.{node.join}[{place}]"
        if place:
            yield here, Group(node.join, node.parts[: place + 1])
        yield from _begun(part, here)
