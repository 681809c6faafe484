"""Lists of customers as their page shows them: how many stand on each, and which segments name it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from iaros.web.formats import NONE
from segmentation.models import CustomerList, CustomerListEntry, Segment, SegmentVersion


@dataclass(frozen=True)
class ListLine:
    """A list with its size and the segments that name it."""

    one: CustomerList
    people: int
    users: list[Segment]

    @property
    def owner(self) -> str:
        who = self.one.owner
        return (who.get_full_name() or who.get_username()) if who else NONE


def lines() -> list[ListLine]:
    """Every list by name, in three queries."""
    counted = CustomerListEntry.objects.values_list("list_id").annotate(n=Count("*")).order_by()
    people, users = dict(counted), _users()
    found = CustomerList.objects.select_related("owner").order_by("name", "id")
    return [ListLine(one, people.get(one.id, 0), users.get(str(one.slug), [])) for one in found]


def _users() -> dict[str, list[Segment]]:
    newest = SegmentVersion.objects.exclude(segment__status="retired").select_related("segment")
    found: dict[str, list[Segment]] = {}
    for version in newest.order_by("segment_id", "-number").distinct("segment_id").defer("rule"):
        for named in version.depends_on:
            if named.startswith("list "):
                found.setdefault(named.removeprefix("list "), []).append(version.segment)
    return found
