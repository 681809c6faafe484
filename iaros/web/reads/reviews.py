"""What pages of the identity review show: pairs that wait, one pair side by side, and how good identity is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from iaros.accounts.models import User
from iaros.lib import sql
from iaros.lib.purposes import Purpose
from iaros.web.formats import words
from iaros.web.reads.identities import Waterfall, waterfall
from profiles import masking
from profiles import selectors as profiles
from profiles.identity import review
from profiles.identity.review import Agreement, Pair, Quality, Rate, Shared
from profiles.link_evidence import Step
from profiles.models import PairReason
from profiles.selectors import CustomerProfile

PAGE = 50
_COUNTS_SQL = "SELECT count(*) AS people, coalesce(sum(p.records), 0)::bigint AS records FROM profiles_profile p"
_BARS = 12


@dataclass(frozen=True)
class PairLine:
    """A pair that waits, with both names as far as the purpose lets them be read."""

    id: int
    one: str
    other: str
    reason: str
    weight: float
    probability: float
    found_at: object


@dataclass(frozen=True)
class Compared:
    """One field of the two: both values masked, and whether they are the same without the mask."""

    name: str
    one: str
    other: str
    said: str


@dataclass(frozen=True)
class SideBySide:
    pair: Pair
    names: tuple[str, str]
    fields: Sequence[Compared]
    waterfall: Waterfall | None
    waiting: int


@dataclass(frozen=True)
class Interval:
    """A share with its interval as a page draws it; of nothing judged there is none."""

    title: str
    rate: Rate


@dataclass(frozen=True)
class SizeBar:
    label: str
    people: int
    share: float


@dataclass(frozen=True)
class IdentityQuality:
    quality: Quality
    agreement: Agreement
    by_reason: list[Interval]
    sizes: list[SizeBar]
    shared: list[Shared]
    people: int
    records: int

    @property
    def records_a_person(self) -> float | None:
        return self.records / self.people if self.people else None


def queue(purpose: Purpose, cursor: str = "", reason: str = "") -> tuple[list[PairLine], str, int]:
    """Pairs that wait and whom the purpose lets be read, the cursor of the next page, and how many wait in all."""
    chosen = PairReason(reason) if reason in PairReason.values else None
    found = review.open_pairs(cursor or None, PAGE, reason=chosen)
    return _lines(found.pairs, purpose), found.next or "", found.waiting


def second_opinions(reviewer: User, purpose: Purpose) -> list[PairLine]:
    """Decided pairs that this reviewer has not seen: what they say measures agreement."""
    return _lines(review.for_second_opinion(reviewer), purpose)


def side_by_side(pair_id: int, purpose: Purpose) -> SideBySide | None:
    """The pair with what is known of both; None where the purpose may not see one of them. Raises NoSuchPair."""
    pair = review.pair_of(pair_id)
    one = profiles.profile_of(pair.one, purpose=purpose, reveal=True)
    other = profiles.profile_of(pair.other, purpose=purpose, reveal=True)
    if one is None or other is None:
        return None
    steps = [Step(part.comparison, part.outcome, part.weight) for part in pair.parts]
    waiting = review.open_pairs(None, 1).waiting
    return SideBySide(pair, (one.name, other.name), _compared(one, other), waterfall(steps), waiting)


def next_pair(pair_id: int) -> int | None:
    """The pair that waits after this one, else the first that waits."""
    for cursor in (str(pair_id), None):
        found = review.open_pairs(cursor, 1).pairs
        if found:
            return found[0].id
    return None


def identity_quality() -> IdentityQuality:
    """Precision and recall as reviewed pairs tell them, agreement of reviewers, sizes, shared identifiers, counts."""
    quality = review.quality()
    [counts] = sql.query(_COUNTS_SQL)
    return IdentityQuality(
        quality=quality,
        agreement=review.agreement(),
        by_reason=[Interval(PairReason(reason).label, rate) for reason, rate in quality.by_reason.items()],
        sizes=_bars(review.cluster_sizes().sizes),
        shared=review.shared_identifiers(),
        **counts,
    )


def _bars(sizes: Sequence[tuple[int, int]]) -> list[SizeBar]:
    """How many people are made of so many records; large sizes in one bar."""
    shown = {str(size): count for size, count in sizes if size < _BARS}
    if rest := sum(count for size, count in sizes if size >= _BARS):
        shown[f"{_BARS} and more"] = rest
    most = max(shown.values(), default=1)
    return [SizeBar(label, count, count / most) for label, count in shown.items()]


def _lines(pairs: Sequence[Pair], purpose: Purpose) -> list[PairLine]:
    names = _names({each for pair in pairs for each in (pair.one, pair.other)}, purpose)
    return [
        PairLine(p.id, names[p.one], names[p.other], p.reason.label, p.weight, p.probability, p.found_at)
        for p in pairs
        if p.one in names and p.other in names
    ]


def _names(customers: set[UUID], purpose: Purpose) -> dict[UUID, str]:
    return {found.customer_id: found.name for found in profiles.profiles_of(sorted(customers), purpose=purpose)}


def _compared(one: CustomerProfile, other: CustomerProfile) -> list[Compared]:
    fields = [name for name in one.values if one.values.get(name) or other.values.get(name)]
    return [_field(name, one.values.get(name), other.values.get(name)) for name in fields]


def _field(name: str, one: str | None, other: str | None) -> Compared:
    known = bool(one and other)
    said = "only one" if not known else "same" if (one or "").casefold() == (other or "").casefold() else "differs"
    return Compared(words(name), masking.masked(name, one) or "", masking.masked(name, other) or "", said)
