"""One passenger name record of a PNRGOV message: its segments in their order, read into what they tell.

The order gives the meaning. What stands before the first TIF is the booking's; after a TIF, that passenger's; after a
TVL, that flight's; after MSG come cars and hotels; after ABI the history, which tells of what was.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from profiles.sources import agents
from profiles.sources.edifact import Separators, plain, segments
from profiles.sources.flights import moment_of
from profiles.sources.json_lines import Unreadable
from profiles.sources.pnrgov_parts import Excess, Flown, Named, Request
from profiles.sources.travellers import numbers

BOOKING, PASSENGER, FLIGHT, OTHER, HISTORY = range(5)
ANNOUNCED = 9  # characters of UNA
# Groups hold seats for people who are not named yet.
_UNNAMED = re.compile(r"(?:TBA|TBC|TBD|TBN|UNNAMED|NONAME|NO NAME)\b|\d", re.IGNORECASE)
_RELEVANT_TEXT = "CTC"


class Record:
    """What a record told so far. Raises Unreadable where its locator is missing."""

    def __init__(self, raw: str) -> None:
        self.locator = self.created_day = self.created_time = ""
        self.modified: datetime | None = None
        self.ticketed: datetime | None = None
        self.system = self.originator = self.agency = self.office = self.originator_type = ""
        self.country = self.currency = ""
        self.head_carrier = self.head_number = ""
        self.passengers: list[Named] = []
        self.flights: list[Flown] = []
        self.lost: list[Flown] = []  # flights that the history tells to be cancelled
        self.wishes: list[Request] = []
        self.documents: list[Request] = []  # DOCS, INFT, CHLD
        self.e_tickets: list[Request] = []  # TKNE
        self.reachable: list[Request] = []  # CTCE, CTCM
        self.remarks: list[tuple[int, str]] = []  # place of the passenger or -1, text with a contact
        self.phones: list[str] = []
        self.excess: list[Excess] = []
        self.split: list[str] = []
        self.section, self.current, self.action = BOOKING, -1, ""
        self.splitting = False
        self._read(segments(raw[ANNOUNCED:], Separators.read(raw)))
        if not self.locator:
            raise Unreadable("RCI", None, "a record locator of at most 8 characters")
        if not self.flights:
            self.flights = self.lost
        self._number()
        self._order()

    def _read(self, told: list[str]) -> None:
        begin = next((at for at, segment in enumerate(told) if segment[:3] == "SRC"), 0)
        for segment in told[:begin]:
            if segment[:3] == "TVL":
                self._head(segment.split("+"))
        readers = _READERS
        for segment in told[begin:]:
            if segment[:3] in readers:
                readers[segment[:3]](self, segment)

    def _head(self, said: list[str]) -> None:
        """The flight that the message is about."""
        self.head_carrier = _part(said, 4, 0)
        self.head_number = _part(said, 5, 0).lstrip("0")

    def _number(self) -> None:
        told = numbers([p.reference for p in self.passengers], [p.at for p in self.passengers])
        for passenger, number in zip(self.passengers, told, strict=True):
            passenger.number = number

    def _order(self) -> None:
        """Flights in the order in which they leave; some senders put the one first that the message is about."""
        places = sorted(range(len(self.flights)), key=lambda at: self.flights[at].departs)
        if places == list(range(len(places))):
            return
        self.flights = [self.flights[at] for at in places]
        told: list[Request | Excess] = [*self.wishes, *self.documents, *self.e_tickets, *self.reachable, *self.excess]
        for one in told:
            one.flight = places.index(one.flight) if one.flight >= 0 else -1

    # Segments -----------------------------------------------------------------------------------------------------

    def reservation(self, segment: str) -> None:  # RCI
        said = segment.split("+")
        if self.section == BOOKING and not self.locator:
            parts = said[1].split(":") if len(said) > 1 else []
            self.locator = plain(parts[1]).upper() if len(parts) > 1 and len(parts[1].strip()) <= 8 else ""
            stamps = [part for part in parts[2:] if part.isdecimal()]
            if stamps and len(stamps[0]) == 6:
                self.created_day, self.created_time = stamps[0], stamps[1] if len(stamps) > 1 else ""
        elif self.splitting:
            self.split += [plain(_part(said, at, 1)) for at in range(1, len(said))]
            self.splitting = False

    def dates(self, segment: str) -> None:  # DAT
        if self.section >= OTHER:
            return
        for composite in segment.split("+")[1:]:
            qualifier, _, rest = composite.partition(":")
            day, _, time = rest.partition(":")
            at = moment_of(day.strip(), time.strip())
            if at is None:
                continue
            if qualifier == "700" and self.section == BOOKING:
                self.modified = at
            elif qualifier == "710" and self.section <= PASSENGER:
                self.ticketed = min(self.ticketed or at, at)
            elif qualifier == "2" and self.section == FLIGHT and self.flights:
                self.flights[-1].checked_in = at

    def origin(self, segment: str) -> None:  # ORG
        if self.section != BOOKING:
            return
        said = segment.split("+")
        self.system, self.originator = _part(said, 1, 0), _part(said, 4, 0)
        self.agency, self.office = _part(said, 2, 0), _part(said, 2, 1)
        self.originator_type = _part(said, 5, 0)
        self.country, self.currency = _part(said, 6, 0), _part(said, 6, 1)

    def address(self, segment: str) -> None:  # ADD: of the whole booking, its telephone at the end
        if self.section == BOOKING:
            self.phones += [plain(_part([one], 0, 8 if one.count(":") > 7 else 7)) for one in segment.split("+")[2:]]

    def traveller(self, segment: str) -> None:  # TIF
        if self.section >= OTHER:
            return
        surname, *given = segment.split("+")[1:] or [""]
        if self.section == FLIGHT:
            self.current = self._known(surname, given[0] if given else "")
            if self.flights and self.current >= 0:
                self.flights[-1].aboard.append(self.current)
            return
        self.section, self.current = PASSENGER, -1
        family = surname.split(":")
        if len(family) > 1 and family[1].strip() == "G":
            return
        for one in given or [""]:
            self._add_traveller(plain(family[0]), [plain(part) for part in one.split(":")])

    def _add_traveller(self, surname: str, parts: list[str]) -> None:
        name, kind, reference = (*parts, "", "", "")[:3]
        at = max((p.at for p in self.passengers), default=0) + 1
        erased = not surname and not name
        if not surname and name:
            raise Unreadable("TIF.surname", None, "a surname")
        same = next((i for i, p in enumerate(self.passengers) if self._is(p, surname, name, reference)), None)
        if same is not None:
            self.current = same  # told again
            return
        if surname and (_UNNAMED.match(surname) or len(surname) > 200):
            return
        self.passengers.append(Named(at, surname, name or None, kind, reference, erased=erased))
        self.current = len(self.passengers) - 1

    def _is(self, passenger: Named, surname: str, name: str, reference: str) -> bool:
        told = (passenger.surname, passenger.given_name or "", passenger.reference)
        return bool(reference) and told == (surname, name, reference)

    def _known(self, surname: str, given: str) -> int:
        parts = given.split(":")
        reference, family = _part([given], 0, 2), plain(surname.split(":")[0])
        for place, passenger in enumerate(self.passengers):
            if reference and passenger.reference == reference:
                return place
        for place, passenger in enumerate(self.passengers):
            if passenger.surname == family and (passenger.given_name or "") == plain(parts[0]):
                return place
        return -1

    def programme(self, segment: str) -> None:  # FTI
        if self.section == PASSENGER and self.current >= 0:
            for composite in segment.split("+")[1:]:
                carrier, _, rest = composite.partition(":")
                self.passengers[self.current].programmes.append((plain(carrier), plain(rest.split(":")[0])))

    def fare(self, segment: str) -> None:  # FAR
        if self.section == PASSENGER and self.current >= 0:
            self.passengers[self.current].fare_basis = plain(_part(segment.split("+"), 6, 0))

    def ticket(self, segment: str) -> None:  # TKT
        if self.section == PASSENGER and self.current >= 0:
            self.passengers[self.current].tickets.append(plain(_part(segment.split("+"), 1, 0)))

    def money(self, segment: str) -> None:  # MON
        if self.section != PASSENGER or self.current < 0:
            return
        passenger = self.passengers[self.current]
        for composite in segment.split("+")[1:]:
            kind, amount, currency = (*composite.split(":"), "", "", "")[:3]
            if kind == "B":
                passenger.base = (amount, currency.strip())
            elif kind == "T":
                passenger.total = (amount, currency.strip())

    def excess_baggage(self, segment: str) -> None:  # EBD
        if self.section < OTHER:
            said = segment.split("+")
            currency, rate, units = _part(said, 1, 0), _part(said, 1, 1), _part(said, 2, 0)
            self.excess.append(Excess(self.current, self._flight(), rate, currency, units))

    def _flight(self) -> int:
        return len(self.flights) - 1 if self.section == FLIGHT else -1

    def request(self, segment: str) -> None:  # SSR
        kept = self._kept(segment[4:8])
        if kept is None or self.section >= OTHER:
            return
        said = segment.split("+")
        parts = said[1].split(":") if len(said) > 1 else [""]
        parts += [""] * (9 - len(parts))
        details = [(plain(_part([one], 0, 0)), _part([one], 0, 2)) for one in said[2:] if one]
        text = plain(parts[8] if len(parts) == 9 else ":".join(parts[8:]))
        passenger = self.current if self.section == PASSENGER else -1
        kept.append(
            Request(parts[0].strip(), parts[1].strip(), parts[2].strip(), parts[6].strip(), parts[7].strip(), text,
                    passenger, self._flight(), details)
        )  # fmt: skip

    def _kept(self, code: str) -> list[Request] | None:
        """Where a request belongs; None where it tells nothing that is read."""
        if code == "TKNE":
            return self.e_tickets
        if code in ("DOCS", "INFT", "CHLD"):
            return self.documents
        if code in ("CTCE", "CTCM"):
            return self.reachable
        return self.wishes if agents.is_wish(code) else None

    def remark(self, segment: str) -> None:  # IFT
        if _RELEVANT_TEXT in segment and self.section < OTHER:
            text = " ".join(plain(part) for part in segment.split("+")[2:])
            self.remarks.append((self.current if self.section == PASSENGER else -1, text))

    def travel(self, segment: str) -> None:  # TVL
        if self.section == OTHER or (self.section == HISTORY and self.action != "X"):
            return
        said = segment.split("+")
        told = self.lost if self.section == HISTORY else self.flights
        if len(said) > 5 and not (said[1] or said[2] or said[3]):
            if self.section != HISTORY and self.flights:
                self._operated(said)
            return
        self.current = -1
        if self.section != HISTORY:
            self.section = FLIGHT
        found = _flown(said, len(told) + 1)
        if found is None:
            return
        if self.section == HISTORY:
            found.status = "XX"
            if any((f.number, f.origin, f.departs) == (found.number, found.origin, found.departs) for f in told):
                return
        told.append(found)

    def _operated(self, said: list[str]) -> None:
        """The number of the flight under its other code: the operating carrier's, or the one it is sold under."""
        flight, number = self.flights[-1], _part(said, 5, 0).lstrip("0")
        operating = flight.carriers[1] if len(flight.carriers) > 1 else ""
        if operating and operating == self.head_carrier and flight.number == self.head_number:
            flight.operating, flight.number = (operating, flight.number), number or flight.number
        else:
            flight.operating = (operating, number)

    def status(self, segment: str) -> None:  # RPI
        if self.section == FLIGHT and self.flights:
            self.flights[-1].status = plain(_part(segment.split("+"), 2, 0)) or "HK"

    def seat(self, segment: str) -> None:  # SSD
        if self.section == FLIGHT and self.flights and self.current >= 0:
            said = segment.split("+")
            self.flights[-1].seats.append((self.current, plain(_part(said, 1, 0)), _part(said, 5, 0)))

    def bags(self, segment: str) -> None:  # TBD
        if self.section == FLIGHT and self.flights and self.current >= 0:
            said = segment.split("+")
            count = _part(said, 2, 0)
            # A tag with a range: the first number and how many follow each other.
            ranges = [_part([one], 0, 2) for one in said[5:] if _part([one], 0, 1)]
            many = int(count) if count.isdecimal() else sum(int(n) if n.isdecimal() else 1 for n in ranges)
            if 0 < many < 100:
                self.flights[-1].bags.append((self.current, many))

    def checked_in(self, segment: str) -> None:  # TRI: the next TIF says whose it is
        if self.section == FLIGHT:
            self.current = -1

    def split_off(self, segment: str) -> None:  # EQN
        self.splitting = self.section >= PASSENGER

    def other_product(self, segment: str) -> None:  # MSG
        if self.section < HISTORY:
            self.section = OTHER

    def history(self, segment: str) -> None:  # ABI
        self.section = HISTORY

    def changed(self, segment: str) -> None:  # SAC
        self.section, self.action = HISTORY, _part(segment.split("+"), 3, 0)


_READERS: dict[str, Callable[[Record, str], None]] = {
    "RCI": Record.reservation,
    "DAT": Record.dates,
    "ORG": Record.origin,
    "ADD": Record.address,
    "TIF": Record.traveller,
    "FTI": Record.programme,
    "FAR": Record.fare,
    "TKT": Record.ticket,
    "MON": Record.money,
    "EBD": Record.excess_baggage,
    "SSR": Record.request,
    "IFT": Record.remark,
    "TVL": Record.travel,
    "RPI": Record.status,
    "SSD": Record.seat,
    "TBD": Record.bags,
    "TRI": Record.checked_in,
    "EQN": Record.split_off,
    "MSG": Record.other_product,
    "ABI": Record.history,
    "SAC": Record.changed,
}


def _part(said: list[str], element: int, part: int) -> str:
    """Part of an element, blank where it is absent."""
    if element >= len(said):
        return ""
    told = said[element]
    if ":" not in told:
        return "" if part else told.strip()
    parts = told.split(":")
    return parts[part].strip() if part < len(parts) else ""


def _flown(said: list[str], number: int) -> Flown | None:
    """The flight of a TVL; None where it is an open segment, or none by air."""
    day, time, *rest = (*(said[1] if len(said) > 1 else "").split(":"), "", "", "")[:5]
    lands_day, lands_time = rest[0].strip(), rest[1].strip()
    if len(lands_day) == 4 and not lands_time:
        lands_day, lands_time = "", lands_day  # the day of arrival was left out, and its colon with it
    origin, destination = _part(said, 2, 0), _part(said, 3, 0)
    carriers = [plain(c) for c in said[4].split(":")] if len(said) > 4 else [""]
    flight = _part(said, 5, 0)
    if not day.strip() or not origin or not destination or not carriers[0]:
        return None
    if flight.isalpha():
        return None  # OPEN, ARNK
    departs = moment_of(day.strip(), time.strip())
    if departs is None:
        raise Unreadable(f"TVL[{number}].departs", f"{day}:{time}", "DDMMYY and HHMM")
    arrives = moment_of(lands_day or day.strip(), lands_time) if lands_time else None
    return Flown(carriers, plain(flight), _part(said, 5, 1), origin, destination, departs, arrives)
