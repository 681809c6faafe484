"""Decides who is one person where no certain key says so: everything that is said of two customers is weighed.

Comes in: customers that are new or changed. Goes out: customers to be joined, each with its evidence, and pairs that a
person has to look at. It refuses what contradicts, joins nobody who fits two people about equally well, and grows no
group in which any two are known to be two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from uuid import UUID

from privacy import subjects
from profiles.identity import candidates, forms, match_models, vetoes
from profiles.identity.candidates import Pair
from profiles.identity.match_models import InForce
from profiles.identity.matching.clustering import MOST_RECORDS
from profiles.identity.search_keys import Keyed
from profiles.identity.weighing import Weighing, weigh
from profiles.models import PairReason

# Of two people who cannot both be meant, one has to be so many bits likelier than the other.
CLEARLY = 5.0


@dataclass
class Decisions:
    """`joins`: (survivor, duplicate), and the weighing by which the duplicate hangs together with the others. `held`:
    pairs for review, with the reason. `compared`: how many pairs were weighed. `said`: how those who were compared are
    told of, and `known` what else is known of those who are likely."""

    version: int
    joins: dict[Pair, Weighing] = field(default_factory=dict)
    held: dict[Pair, tuple[PairReason, Weighing]] = field(default_factory=dict)
    compared: int = 0
    said: forms.Told = field(default_factory=forms.Told)
    known: vetoes.Known = field(default_factory=vetoes.Known)

    def news(self) -> set[UUID]:
        """Survivors of whom somebody who joins them tells anything new, in words or by travels, so that they may be
        likened to others now."""
        return {
            survivor
            for survivor, duplicate in self.joins
            if self.said.is_news(survivor, duplicate) or self.known.travelled(duplicate)
        }


def apart_from_copies(wanted: Sequence[Keyed]) -> tuple[list[Keyed], dict[UUID, UUID]]:
    """The customers without those of whom the same is said as of an older one among them, and by copy, of whom.

    A record that was sent a thousand times would fill every block it stands in, and be compared with nobody. Who tells
    a name only is no copy of a namesake.
    """
    first: dict[tuple[str | None, ...], UUID] = {}
    originals, copies = [], {}
    for each in sorted(wanted, key=lambda row: row.customer):
        form = forms.raw_form(each.values)
        original = first.setdefault(form, each.customer)
        if original == each.customer or not each.match_keys or not forms.tells(form):
            originals.append(each)
        else:
            copies[each.customer] = original
    return originals, copies


def decide(
    wanted: Sequence[Keyed], *, base: int, in_force: InForce | None = None, copies: Mapping[UUID, UUID] | None = None
) -> Decisions:
    """Who of these customers, and of their copies, is one person with whom. Nothing is written."""
    in_force = in_force or match_models.champion()
    decisions, copies = Decisions(in_force.version), copies or {}
    pairs = _thawed(candidates.pairs(wanted) | {_pair(*each) for each in copies.items()})
    if not pairs:
        return decisions
    known = decisions.known
    weighings = weigh(pairs, in_force, base, known, decisions.said)
    strong = {
        pair: found
        for pair, found in weighings.items()
        if found.weight >= in_force.link_from and found.telling and not found.apart
    }
    among = _unweighed(strong, weighings)
    weighings |= weigh(among, in_force, base, known, decisions.said) if among else {}
    decisions.compared = len(weighings)
    sure = _unambiguous(strong, weighings, decisions)
    known.ask(customer for pair in sure for customer in pair)
    _join(_Groups(weighings, known, copies), sure, decisions)
    for pair in pairs:
        found = weighings.get(pair)
        if found is None or pair in strong or found.never or not found.telling:
            continue
        if found.weight < in_force.review_from:
            continue
        if not found.against:
            decisions.held[pair] = (PairReason.GREY, found)
        elif found.weight >= in_force.link_from:
            decisions.held[pair] = (PairReason.CONTRADICTION, found)
    return decisions


def _thawed(pairs: Iterable[Pair]) -> list[Pair]:
    """In a fixed order, without people whose data is only stored."""
    # By number: comparing ids themselves calls Python for each.
    ordered = sorted(pairs, key=lambda pair: (pair[0].int, pair[1].int))
    frozen = subjects.frozen({customer for pair in ordered for customer in pair}) if ordered else set()
    return [pair for pair in ordered if not frozen & set(pair)] if frozen else ordered


def _unweighed(strong: Iterable[Pair], weighings: dict[Pair, Weighing]) -> list[Pair]:
    """Pairs within what hangs together that share no key: what they say against each other counts as well."""
    found = set()
    for together in _hanging_together(strong).values():
        if 2 < len(together) <= MOST_RECORDS:
            found |= {pair for pair in combinations(sorted(together), 2) if pair not in weighings}
    return sorted(found)


def _hanging_together(pairs: Iterable[Pair]) -> dict[UUID, set[UUID]]:
    """By the oldest customer, everybody who is reached by these pairs."""
    group: dict[UUID, set[UUID]] = {}
    for one, other in pairs:
        together = group.get(one, {one}) | group.get(other, {other})
        group.update(dict.fromkeys(together, together))
    return {min(together): together for together in group.values()}


def _unambiguous(
    strong: dict[Pair, Weighing], weighings: dict[Pair, Weighing], decisions: Decisions
) -> dict[Pair, Weighing]:
    """Without links of somebody who fits two people about equally well who cannot be one: those are held. What hangs
    on such a somebody otherwise may be of either, and is held as well. What only their travels say gives way to what
    they say themselves."""
    fits: dict[UUID, list[UUID]] = defaultdict(list)
    for one, other in strong:
        fits[one].append(other)
        fits[other].append(one)
    ambiguous: set[Pair] = set()
    torn: set[UUID] = set()
    of_either: set[UUID] = set()
    for somebody, others in fits.items():
        for one, other in combinations(others, 2):
            between = weighings.get(_pair(one, other))
            if between is None or not between.apart:
                continue
            first, second = _pair(somebody, one), _pair(somebody, other)
            gap = strong[first].weight - strong[second].weight
            if strong[first].by_travels != strong[second].by_travels:
                ambiguous.add(first if strong[first].by_travels else second)
            elif abs(gap) >= CLEARLY:
                ambiguous.add(second if gap > 0 else first)
            elif strong[first].by_travels:
                of_either.add(somebody)
            else:
                torn.add(somebody)
    ambiguous |= {
        pair for pair, found in strong.items() if torn & set(pair) or (found.by_travels and of_either & set(pair))
    }
    decisions.held |= {pair: (PairReason.AMBIGUOUS, strong[pair]) for pair in ambiguous}
    return {pair: found for pair, found in strong.items() if pair not in ambiguous}


class _Groups:
    """Groups of customers as they grow, and what two of them say against becoming one."""

    def __init__(self, weighings: dict[Pair, Weighing], known: vetoes.Known, copies: Mapping[UUID, UUID]) -> None:
        self._weighings, self._known, self._copies = weighings, known, copies
        self._of: dict[UUID, set[UUID]] = {}

    def of(self, customer: UUID) -> set[UUID]:
        return self._of.get(customer) or {customer}

    def objection(self, one: set[UUID], other: set[UUID]) -> PairReason | None:
        between = (self._weighings.get(_pair(first, second)) for first in one for second in other)
        if any(said is not None and said.apart for said in between) or self._known.on_two_seats(one, other):
            return PairReason.AMBIGUOUS
        return PairReason.CROWD if len([c for c in one | other if c not in self._copies]) > MOST_RECORDS else None

    def unite(self, one: set[UUID], other: set[UUID]) -> None:
        together = one | other
        self._of.update(dict.fromkeys(together, together))

    def all(self) -> list[set[UUID]]:
        return list({min(each): each for each in self._of.values()}.values())


def _join(groups: _Groups, sure: dict[Pair, Weighing], decisions: Decisions) -> None:
    """Join from the strongest pair down; never two groups of which any two members are known to be two people."""
    tree: list[Pair] = []
    group: dict[UUID, UUID] = {}
    for pair, found in sorted(sure.items(), key=lambda row: (-row[1].weight, row[0])):
        first, second = groups.of(pair[0]), groups.of(pair[1])
        if pair[0] in second:
            continue
        if reason := groups.objection(first, second):
            decisions.held[pair] = (reason, found)
        else:
            groups.unite(first, second)
            tree.append(pair)
    grown: dict[UUID, list[Pair]] = defaultdict(list)
    for oldest, together in ((min(each), each) for each in groups.all()):
        group.update(dict.fromkeys(together, oldest))
    for pair in tree:
        grown[group[pair[0]]].append(pair)
    for oldest, pairs in grown.items():
        decisions.joins |= _rooted(oldest, pairs, sure)


def _rooted(survivor: UUID, tree: Sequence[Pair], sure: dict[Pair, Weighing]) -> dict[Pair, Weighing]:
    """By (survivor, duplicate), the weighing by which the duplicate hangs on what is nearer to the survivor."""
    found: dict[Pair, Weighing] = {}
    reached, left = {survivor}, list(tree)
    while left:
        for pair in [each for each in left if (each[0] in reached) != (each[1] in reached)]:
            newer = pair[1] if pair[0] in reached else pair[0]
            found[survivor, newer] = sure[pair]
            reached.add(newer)
        left = [each for each in left if not set(each) <= reached]
    return found


def _pair(one: UUID, other: UUID) -> Pair:
    return min(one, other), max(one, other)
