"""A passenger name record without passengers who were erased: their names, and all that is said of them, go.

Their TIF stays without the name, so that the others keep their numbers. History, remarks and requests of nobody in
particular may name them, and go with the first of them.
"""

from __future__ import annotations

from profiles.models import IdentifierKind
from profiles.sources import agents
from profiles.sources.contract import IsGone, IsTheirs
from profiles.sources.edifact import Separators, plain, segments
from profiles.sources.flights import moment_of
from profiles.sources.pnrgov_parts import Named
from profiles.sources.pnrgov_record import ANNOUNCED, BOOKING, FLIGHT, HISTORY, PASSENGER, Record

_USUAL = Separators()
# What is said about the flights and the booking, and about nobody.
_SECTIONS = {"TVL": FLIGHT, "ABI": HISTORY, "SAC": HISTORY, "SRC": BOOKING}
_KEPT = frozenset(["UNH", "MSG", "ORG", "TVL", "SRC", "RCI", "DAT", "EQN", "RPI", "APD", "EBD", "TRA", "ADD"])


def redacted(raw: bytes, is_gone: IsGone, is_theirs: IsTheirs) -> bytes:
    """The record as it may be kept, with the usual separators."""
    text = raw.decode()
    record = Record(text)
    created = moment_of(record.created_day, record.created_time) or record.ticketed or record.modified
    stem = f"{record.locator}/{created.date() if created else ''}"
    gone = {id(p) for p in record.passengers if not p.erased and is_gone(f"{stem}/{p.number}")}
    everyone = all(p.erased or id(p) in gone for p in record.passengers)
    kept = _Kept(record, gone, everyone, is_theirs)
    told = segments(text[ANNOUNCED:], Separators.read(text))
    return (_USUAL.announced + "".join(f"{_released(s)}'" for one in told if (s := kept.of(one)))).encode()


def _released(segment: str) -> str:
    """Characters that were released before are so again."""
    return "".join(f"?{plain(c)}" if c > "\ue000" and plain(c) in "+:'?" else plain(c) or c for c in segment)


class _Kept:
    """Goes through the segments in their order and says what is left of each."""

    def __init__(self, record: Record, gone: set[int], everyone: bool, is_theirs: IsTheirs) -> None:
        self.record, self.gone, self.everyone, self.is_theirs = record, gone, everyone, is_theirs
        self.section = BOOKING
        self.theirs = False  # what follows is of somebody erased

    def of(self, segment: str) -> str:
        tag = segment[:3]
        self.section = _SECTIONS.get(tag, self.section)
        if not self.gone:
            return segment
        if self.section == HISTORY or tag in ("IFT", "LTS", "REF"):
            return ""
        if tag == "TIF":
            return self._name(segment)
        if tag in ("TVL", "TRI"):
            self.theirs = False
        if tag == "SSR":
            return "" if self.theirs else self._request(segment)
        if tag == "ADD":
            return "" if self.everyone or self._is_their_address(segment) else segment
        return segment if tag in _KEPT or not self.theirs else ""

    def _name(self, segment: str) -> str:
        surname, *given = segment.split("+")[1:]
        self.section = PASSENGER if self.section == BOOKING else self.section
        whose = self._whose(surname, given)
        self.theirs = whose is not None and id(whose) in self.gone
        if not self.theirs or whose is None:
            return segment
        return "" if self.section == FLIGHT else f"TIF++:{whose.type}:{whose.reference}"

    def _whose(self, surname: str, given: list[str]) -> Named | None:
        parts = given[0].split(":") if given else [""]
        name, reference = (plain(surname.split(":")[0]), plain(parts[0])), "".join(parts[2:3])
        everybody = self.record.passengers
        by_name = [p for p in everybody if (p.surname, p.given_name or "") == name]
        by_reference = [p for p in everybody if reference and p.reference == reference]
        return next(iter([p for p in by_name if p in by_reference] or by_reference or by_name), None)

    def _request(self, segment: str) -> str:
        references = {p.reference for p in self.record.passengers if id(p) in self.gone and p.reference}
        said = segment.split("+")
        details = [one for one in said[2:] if one.split(":")[2:3] and one.split(":")[2] not in references]
        named = any(one.split(":")[2:3] and one.split(":")[2] for one in said[2:])
        if named:
            return "+".join([*said[:2], *details]) if details else ""
        # Under another passenger's name it is theirs; of nobody in particular its text may be about anybody.
        return segment if self.section == PASSENGER else "SSR+" + ":".join("".join(said[1:2]).split(":")[:8])

    def _is_their_address(self, segment: str) -> bool:
        numbers = [agents.phone(part) for one in segment.split("+")[2:] for part in one.split(":")[7:]]
        return any(number and self.is_theirs(IdentifierKind.PHONE, number) for number in numbers)
