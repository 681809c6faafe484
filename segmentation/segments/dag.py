"""Segments that name segments: an order in which each comes after those it names, and no way round.

What a segment names is written with each wording, as "segment slug" among what it depends on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from iaros.lib import sql
from segmentation.ml.catalogue import SPECS
from segmentation.models import CustomerList, Segment
from segmentation.segments.nodes import Group, segments_of
from segmentation.segments.rules import InvalidRule, Vocabulary

_NAMED_SQL = """
SELECT s.slug, named.what
FROM segmentation_segment s
JOIN LATERAL (
    SELECT v.depends_on FROM segmentation_segmentversion v WHERE v.segment_id = s.id ORDER BY v.number DESC LIMIT 1
) v ON true
CROSS JOIN LATERAL jsonb_array_elements_text(v.depends_on) AS named (what)
WHERE s.status <> 'retired' AND named.what LIKE 'segment %%'
"""


def names() -> Vocabulary:
    """What a rule may name today: models, published segments, lists."""
    return Vocabulary(
        scores=frozenset(SPECS),
        segments=frozenset(Segment.objects.published().values_list("slug", flat=True)),
        lists=frozenset(CustomerList.objects.values_list("slug", flat=True)),
    )


def named_by() -> dict[str, set[str]]:
    """For each segment that names others: which. Drafts count, retired ones do not."""
    found: dict[str, set[str]] = {}
    for row in sql.query(_NAMED_SQL, {}):
        found.setdefault(row["slug"], set()).add(row["what"].removeprefix("segment "))
    return found


def users_of(slug: str) -> list[str]:
    """Segments whose standing rule names this one."""
    return sorted(user for user, named in named_by().items() if slug in named)


def refuse_cycle(slug: str, rule: Group) -> None:
    """Raises InvalidRule if `slug` with this rule would come to name itself, with the way round."""
    graph: Mapping[str, set[str]] = named_by() | {slug: segments_of(rule)}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as cycle:
        way = [str(one) for one in reversed(cycle.args[1])]
        raise InvalidRule([f"rule: segments would name each other in a circle: {' names '.join(way)}"]) from None


def ordered(rules: Mapping[str, Group]) -> Iterable[str]:
    """The slugs in an order in which each comes after the segments that it names."""
    graph = {slug: segments_of(rule) & rules.keys() for slug, rule in rules.items()}
    return TopologicalSorter(graph).static_order()
