"""A rule in plain English: what it selects, for people who did not build it."""

from __future__ import annotations

from django.conf import settings

from profiles.models import EventKind
from segmentation.features import catalogue
from segmentation.features.grammar import Feature, Measure
from segmentation.segments.nodes import (
    Condition,
    Draw,
    Group,
    Happened,
    HasBeen,
    InSegment,
    Join,
    Leaf,
    Node,
    Of,
    OnList,
    Sequence,
    Step,
)

_OPS = {
    ">=": "at least",
    ">": "above",
    "<=": "at most",
    "<": "below",
    "=": "exactly",
    "!=": "other than",
}
_EVENTS = {
    EventKind.BOOKING_MADE: "bookings",
    EventKind.BOOKING_CHANGED: "changes of bookings",
    EventKind.BOOKING_CANCELLED: "cancelled bookings",
    EventKind.COUPON_FLOWN: "flights flown",
    EventKind.ANCILLARY_BOUGHT: "extras bought",
    EventKind.CHECKED_IN: "check-ins",
    EventKind.BAG_CHECKED: "bags checked",
    EventKind.POINTS_EARNED: "times points were earned",
    EventKind.POINTS_REDEEMED: "times points were redeemed",
    EventKind.WEB_VIEWED: "page views",
    EventKind.WEB_SEARCHED: "searches",
    EventKind.APP_OPENED: "app openings",
    EventKind.MESSAGE_SENT: "messages sent",
    EventKind.MESSAGE_OPENED: "messages opened",
    EventKind.MESSAGE_CLICKED: "messages clicked",
    EventKind.SERVICE_CONTACT: "contacts with service",
    EventKind.SURVEY_ANSWERED: "surveys answered",
    EventKind.DISRUPTION: "disruptions",
    EventKind.REFUND: "refunds",
    EventKind.CONSENT_CHANGED: "changes of consent",
    EventKind.BOARDED: "boardings",
    EventKind.NO_SHOW: "no-shows",
    EventKind.PAYMENT: "payments",
    EventKind.CLAIM: "claims",
    EventKind.PARTNER_STAY: "stays and drives with partners",
    EventKind.LOUNGE_VISITED: "lounge visits",
    EventKind.MESSAGE_BOUNCED: "messages bounced",
}
_WHERE = {"item": "about", "to": "to", "channel": "by", "cabin": "in cabin", "haul": "of haul"}
_UNITS = {"days": " days", "years": " years", "base currency": f" {settings.BASE_CURRENCY}"}


def sentence(rule: Group) -> str:
    """One sentence, such as "Customers with at least 6 flights flown in the last 365 days and tier gold"."""
    return f"Customers with {_node(rule, outer=True)}."


def phrase(node: Node) -> str:
    """A group or condition in words, to stand by itself."""
    return _node(node, outer=True)


def _node(node: Node, *, outer: bool = False) -> str:
    if not isinstance(node, Group):
        return condition(node)
    parts = _ranged(node) if node.join is Join.ALL else [_node(part) for part in node.parts]
    if node.join is Join.NONE:
        text = f"none of: {'; '.join(parts)}"
        return text if outer else f"({text})"
    if len(parts) == 1:
        return parts[0]
    text = (" and " if node.join is Join.ALL else " or ").join(parts)
    return text if outer else f"({text})"


def _ranged(node: Group) -> list[str]:
    """The parts in words; a lower and an upper limit of the same thing, one after the other, are said together."""
    said: list[str] = []
    before: Node | None = None
    for part in node.parts:
        if isinstance(part, Condition) and isinstance(before, Condition) and _is_range(before, part):
            said[-1], before = _range(before, part), None
        else:
            said.append(_node(part))
            before = part
    return said


def _is_range(low: Condition, high: Condition) -> bool:
    same = (low.of, low.name) == (high.of, high.name) and low.of is not Of.ATTRIBUTE
    return same and low.op in (">=", ">") and high.op in ("<=", "<")


def _range(low: Condition, high: Condition) -> str:
    """Such as "days since the last of bookings above 120 and at most 270"."""
    if low.of is Of.SCORE:
        return f"score {low.name} {_test(low, '')} and {_test(high, '')}"
    feature = catalogue.get(low.name)
    if feature.measure is Measure.COUNT and feature.events:
        return f"{_test(low, '')} and {_test(high, '')} {_counted(high, feature.events.words)}{_lately(feature.window)}"
    if feature.measure is Measure.RECENCY_DAYS and feature.events:
        return f"days since the last of {feature.events.words} {_test(low, '')} and {_test(high, '')}"
    return f"{_described(feature)} {_test(low, '')} and {_test(high, _UNITS.get(feature.unit, ''))}"


def condition(leaf: Leaf) -> str:
    """One condition in words, to stand after "with"."""
    match leaf:
        case Condition():
            return _comparison(leaf)
        case Happened():
            times = _one_of(_events(leaf.step)) if leaf.value == 1 else _events(leaf.step)
            return f"{_how_many(leaf.op, leaf.value)} {times}{_lately(leaf.within_days)}"
        case Sequence():
            return _sequence(leaf)
        case InSegment():
            return f"{'membership' if leaf.inside else 'no membership'} of segment {leaf.slug}"
        case HasBeen(for_days=int(days)):
            return f"membership of segment {leaf.slug} for {_days(days)} and more"
        case HasBeen():
            return f"membership of segment {leaf.slug} at some time{_lately(leaf.within_days or 0)}"
        case OnList():
            return f"{'a place' if leaf.inside else 'no place'} on the list {leaf.slug}"
        case Draw():
            return f"a place from {number(leaf.low)} to {number(leaf.below)} % of the draw {leaf.name}"


def _comparison(one: Condition) -> str:
    if one.of is Of.ATTRIBUTE:
        return _attribute(one)
    if one.of is Of.SCORE:
        return f"score {one.name} {_test(one, '')}"
    feature = catalogue.get(one.name)
    if feature.measure is Measure.COUNT and feature.events and one.op in _OPS:
        return _count(one, feature)
    if feature.measure is Measure.RECENCY_DAYS and feature.events:
        return _recency(one, feature.events.words)
    return f"{_described(feature)} {_test(one, _UNITS.get(feature.unit, ''))}"


def _described(feature: Feature) -> str:
    described = feature.description.rstrip(".").split(";")[0].split(",")[0]
    return f"{described[0].lower()}{described[1:]}"


def _events(step: Step) -> str:
    narrowed = [f"{_WHERE[column]} {' or '.join(words)}" for column, words in step.where]
    return " ".join([_EVENTS[step.kind], *narrowed])


def _sequence(leaf: Sequence) -> str:
    first, *others = (_events(step) for step in leaf.present)
    text = "".join([first, *(f", then {words}" for words in others)])
    without = f", and no {_events(leaf.absent)} after" if leaf.absent else ""
    return f"{text}{without}{_lately(leaf.within_days)}"


def _lately(days: int) -> str:
    return f" in the last {'day' if days == 1 else f'{days} days'}" if days else ""


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def _counted(one: Condition, words: str) -> str:
    return _one_of(words) if one.value == 1 else words


def _one_of(words: str) -> str:
    """One of what stands in the plural: "flights flown" is "flight flown", "stays and drives" is "stay or drive"."""
    told = words.split(" ")
    for place, word in enumerate(told):
        if word.endswith("s") and not word.endswith("ss"):
            told[place] = _singular(word)
            if told[place + 1 : place + 2] == ["and"]:
                told[place + 1 : place + 3] = ["or", _singular(told[place + 2])]
            break
    return " ".join(told)


def _singular(word: str) -> str:
    return word[:-2] if word.endswith(("ches", "shes", "sses", "xes")) else word[:-1]


def _how_many(op: str, value: float) -> str:
    return "no" if value == 0 and op in ("=", "<=") else f"{_OPS[op]} {number(value)}"


def _count(one: Condition, feature: Feature) -> str:
    assert feature.events is not None
    assert isinstance(one.value, float)
    return f"{_how_many(one.op, one.value)} {_counted(one, feature.events.words)}{_lately(feature.window)}"


def _recency(one: Condition, words: str) -> str:
    if one.op == "unknown":
        return f"no {words} ever"
    if one.op == "known":
        return f"any {words}"
    return f"days since the last of {words} {_test(one, '')}"


def _attribute(one: Condition) -> str:
    name = one.name.replace("_", " ")
    if one.op in ("known", "unknown"):
        return f"{name} {'not ' if one.op == 'unknown' else ''}known"
    words = one.value if isinstance(one.value, tuple) else (one.value,)
    listed = " or ".join(str(word) for word in words)
    return f"{name} {'other than ' if one.op in ('is not', 'not in') else ''}{listed}"


def _test(one: Condition, unit: str) -> str:
    if one.op in ("known", "unknown"):
        return "not known" if one.op == "unknown" else "known"
    if isinstance(one.value, tuple):
        return f"from {number(float(one.value[0]))} to {number(float(one.value[1]))}{unit}"
    assert isinstance(one.value, float)
    return f"{_OPS[one.op]} {number(one.value)}{unit[:-1] if one.value == 1 and unit.endswith('s') else unit}"


def number(value: float) -> str:
    """Without needless zeros: 4, 0.7, 1,250."""
    return f"{value:,.4f}".rstrip("0").rstrip(".")
