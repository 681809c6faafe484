"""What happened to one person, in words: events newest first, and trips with their telling steps.

The caller has been let through the gate for this person and purpose; every statement here applies it once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from iaros.lib import sql
from iaros.lib.ids import bucket_of
from iaros.lib.purposes import Purpose
from iaros.web.formats import CABINS, day, money, number, words
from privacy.consent import gate
from profiles.models import EventKind

PAGE = 50
EXTRAS = {
    "extra_bag": "an extra bag",
    "seat": "a seat",
    "meal": "a meal",
    "lounge": "lounge access",
    "priority": "priority services",
    "insurance": "travel insurance",
    "wifi": "Wi-Fi",
    "extra_legroom": "extra legroom",
}
PAGES = {"checkin": "check-in", "login": "sign-in"}
ICONS = {
    EventKind.BOOKING_MADE: "ticket",
    EventKind.BOOKING_CHANGED: "edit",
    EventKind.BOOKING_CANCELLED: "ban",
    EventKind.COUPON_FLOWN: "plane",
    EventKind.ANCILLARY_BOUGHT: "shopping-bag",
    EventKind.CHECKED_IN: "checks",
    EventKind.BAG_CHECKED: "luggage",
    EventKind.POINTS_EARNED: "star",
    EventKind.POINTS_REDEEMED: "gift",
    EventKind.WEB_VIEWED: "world",
    EventKind.WEB_SEARCHED: "search",
    EventKind.APP_OPENED: "device-mobile",
    EventKind.MESSAGE_SENT: "mail",
    EventKind.MESSAGE_OPENED: "mail-opened",
    EventKind.MESSAGE_CLICKED: "pointer",
    EventKind.SERVICE_CONTACT: "headset",
    EventKind.SURVEY_ANSWERED: "message-2",
    EventKind.DISRUPTION: "plane-off",
    EventKind.REFUND: "receipt-refund",
    EventKind.CONSENT_CHANGED: "shield-check",
    EventKind.BOARDED: "plane-departure",
    EventKind.NO_SHOW: "user-x",
    EventKind.PAYMENT: "credit-card",
    EventKind.CLAIM: "alert-triangle",
    EventKind.PARTNER_STAY: "bed",
    EventKind.LOUNGE_VISITED: "armchair",
    EventKind.MESSAGE_BOUNCED: "mail-x",
}
_EVENTS_SQL = """
SELECT e.occurred_at, e.id, e.kind, e.item, e.quantity, e.value_base_minor, e.channel, e.cabin, e.lead_days,
       e.booking_id
FROM profiles_event e
WHERE e.bucket = %(bucket)s AND e.customer_id = %(customer)s AND {gate}
  AND (e.occurred_at, e.id) < (%(at)s, %(id)s)
  AND (cardinality(%(kinds)s::smallint[]) = 0 OR e.kind = ANY(%(kinds)s))
ORDER BY e.occurred_at DESC, e.id DESC
LIMIT %(limit)s
"""
_LAST = (datetime(9999, 1, 1, tzinfo=timezone.get_fixed_timezone(0)), 2**63 - 1)
_TRIPS_SQL = """
SELECT b.id, b.locator, b.status, b.channel, b.party_size, b.origin, b.destination, b.departs_at, b.returns_at,
       b.created_at,
       CASE b.currency WHEN %(ours)s THEN b.total_minor ELSE b.total_base_minor END AS total_base_minor
FROM profiles_passenger p
JOIN profiles_booking b ON b.id = p.booking_id
WHERE p.bucket = %(bucket)s AND p.customer_id = %(customer)s AND {gate}
ORDER BY b.departs_at DESC, b.id
LIMIT %(limit)s
"""


@dataclass(frozen=True)
class Happening:
    """One event in words."""

    at: datetime
    id: int
    icon: str
    text: str
    channel: str
    kind: int
    booking_id: UUID | None

    @property
    def day(self) -> date:
        return timezone.localtime(self.at).date()


@dataclass(frozen=True)
class TimelinePage:
    happenings: list[Happening]
    next_before: str


def timeline(
    customer_id: UUID, purpose: Purpose, *, kinds: Sequence[int] = (), before: str = "", limit: int = PAGE
) -> TimelinePage:
    """Events newest first, one page; `next_before` is the cursor of the next, empty at the end."""
    at, event_id = _cursor(before)
    condition, params = gate(purpose, customer="e.customer_id", bucket="e.bucket")
    params |= {
        "bucket": bucket_of(customer_id),
        "customer": customer_id,
        "at": at,
        "id": event_id,
        "kinds": list(kinds),
        "limit": limit + 1,
    }
    rows = sql.query(_EVENTS_SQL.format(gate=condition), params)
    found = [_happening(row) for row in rows[:limit]]
    last = found[-1] if len(rows) > limit else None
    return TimelinePage(found, f"{last.at.isoformat()}~{last.id}" if last else "")


def _cursor(before: str) -> tuple[datetime, int]:
    try:
        at, _, event_id = before.partition("~")
        return datetime.fromisoformat(at), min(int(event_id), 2**63 - 1)
    except ValueError:
        return _LAST


def _happening(row: dict[str, Any]) -> Happening:
    kind = EventKind(row["kind"])
    return Happening(
        at=row["occurred_at"],
        id=row["id"],
        icon=ICONS[kind],
        text=in_words(kind, row),
        channel=words(row["channel"] or ""),
        kind=int(kind),
        booking_id=row["booking_id"],
    )


def in_words(kind: EventKind, row: dict[str, Any]) -> str:
    """ "Booked CPH–LIS for 2, €412"; a part that is not known is left out."""
    item = (row["item"] or "").replace("-", "–") if kind in _ROUTES else words(row["item"] or "").lower()
    if kind == EventKind.ANCILLARY_BOUGHT:
        item = EXTRAS.get(row["item"] or "", item)
    quantity, value = row["quantity"] or 1, row["value_base_minor"]
    parts = [kind.label]
    if kind in (EventKind.POINTS_EARNED, EventKind.POINTS_REDEEMED):
        return f"{kind.label.split()[0]} {number(quantity)} points"
    if item and kind != EventKind.APP_OPENED:
        parts.append(f"the {PAGES.get(item, item)} page" if kind == EventKind.WEB_VIEWED else item)
    text = " ".join(parts).replace("Viewed a page the", "Viewed the").replace("Bought an extra ", "Bought ")
    if kind == EventKind.BOOKING_MADE and quantity > 1:
        text += f" for {quantity}"
    if row["cabin"] in CABINS and kind in _ROUTES:
        text += f", {CABINS[row['cabin']].lower()}"
    if value:
        text += f", {money(value)}"
    if kind == EventKind.BOOKING_MADE and row["lead_days"] is not None:
        text += f", {row['lead_days']} days ahead"
    return text


_ROUTES = (
    EventKind.BOOKING_MADE,
    EventKind.BOOKING_CHANGED,
    EventKind.BOOKING_CANCELLED,
    EventKind.COUPON_FLOWN,
    EventKind.WEB_SEARCHED,
    EventKind.DISRUPTION,
)


@dataclass(frozen=True)
class Step:
    """A mark on a trip's rail: done, now, ahead or wrong-turn."""

    title: str
    detail: str
    state: str


@dataclass(frozen=True)
class Trip:
    route: str
    locator: str
    departs_at: datetime
    returns_at: datetime | None
    party: int
    value_minor: int | None
    cancelled: bool
    steps: list[Step]
    when: str


def trips(
    customer_id: UUID, purpose: Purpose, happenings: Sequence[Happening], now: datetime, limit: int = 5
) -> list[Trip]:
    """The person's last trips with their telling steps, read from `happenings`; `now` is the data's own moment."""
    condition, params = gate(purpose, customer="p.customer_id", bucket="p.bucket")
    params |= {
        "bucket": bucket_of(customer_id),
        "customer": customer_id,
        "limit": limit,
        "ours": settings.BASE_CURRENCY,
    }
    rows = sql.query(_TRIPS_SQL.format(gate=condition), params)
    return [_trip(row, [h for h in happenings if h.booking_id == row["id"]], now) for row in rows]


def _trip(row: dict[str, Any], happenings: list[Happening], now: datetime) -> Trip:
    cancelled = row["status"] == "cancelled"
    ended_at = row["returns_at"] or row["departs_at"]
    recent = "Past 30 days" if ended_at > now - timedelta(days=30) else "Earlier"
    when = "Upcoming" if row["departs_at"] > now else recent
    steps = [Step("Booked", f"{day(row['created_at'])}, {row['channel']}", "done")]
    extras = [h for h in happenings if h.kind == EventKind.ANCILLARY_BOUGHT]
    if extras:
        bought = extras[0].text.removeprefix("Bought ").removeprefix("an ").removeprefix("a ").partition(",")[0]
        title = bought[:1].upper() + bought[1:]
        more = f" and {len(extras) - 1} more" if len(extras) > 1 else ""
        steps.append(Step(title + more, day(extras[-1].at), "done"))
    if cancelled:
        stopped = next((h for h in happenings if h.kind == EventKind.BOOKING_CANCELLED), None)
        steps.append(Step("Cancelled", day(stopped.at) if stopped else "", "wrong-turn"))
    else:
        steps += _flights(row, happenings, now)
    return Trip(
        route=f"{row['origin']}–{row['destination']}",
        locator=row["locator"],
        departs_at=row["departs_at"],
        returns_at=row["returns_at"],
        party=row["party_size"],
        value_minor=row["total_base_minor"],
        cancelled=cancelled,
        steps=steps,
        when=when,
    )


def _flights(row: dict[str, Any], happenings: list[Happening], now: datetime) -> list[Step]:
    flown = [h for h in reversed(happenings) if h.kind == EventKind.COUPON_FLOWN]
    if flown:
        return [Step(h.text.partition(",")[0], day(h.at), "done") for h in flown[:4]]
    legs = [("Fly out", row["departs_at"]), ("Fly back", row["returns_at"])]
    ahead = [(title, at) for title, at in legs if at is not None]
    return [
        Step(title, day(at), "done" if at < now else "now" if i == 0 else "ahead")
        for i, (title, at) in enumerate(ahead)
    ]
