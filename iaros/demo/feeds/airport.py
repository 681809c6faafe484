"""What an airport tells of the last weeks: name lists, final sales, bags, boarding passes, departure control.

Only a share of the flights is told, enough to see every feed at work; `Record` says whom each record really names.
"""

import hashlib
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from iaros.demo.block import Block
from iaros.demo.feeds.seats import Seat, between, moment
from iaros.demo.routes import CARRIER
from iaros.demo.seasons import DAY, END

DCS_COLUMNS = (
    "event_id,event,occurred_at,carrier,flight_number,flight_date,origin,destination,record_locator,surname,given_name,"
    "ticket_number,booking_class,seat,sequence,bags,method"
)
_METHODS = ("web", "app", "kiosk", "desk")
_ROWS_ABOARD, _LETTERS = 30, "ABCDEF"


class Record(NamedTuple):
    """A piece of a file, and the mentions in it: native key and person."""

    raw: bytes
    mentions: tuple[tuple[str, int], ...] = ()


def files(block: Block) -> dict[str, list[Record]]:
    """The airport's files for the people of a block."""
    seats = between(block, END - 45 * DAY, END + 2 * DAY)
    return {
        "pnl_adl": list(_lists(s for s in seats if s.at > END - 10 * DAY)),
        "pfs": list(_final_sales(s for s in seats if s.at < END - DAY)),
        "bsm_bpm": [_bag(s) for s in seats if s.state == "flown" and chance(s, "bag") < 0.4],
        "bcbp": [_scan(s) for s in seats if s.state == "flown" and chance(s, "gate") < 0.3],
        "dcs_events": [r for s in seats if s.state == "flown" and chance(s, "dcs") < 0.35 for r in _control(s)],
    }


def chance(seat: Seat, what: str) -> float:
    """A number from 0 to 1 that is the seat's own: the same whichever feeds are written."""
    digest = hashlib.blake2b(f"{what}{seat.ticket}{seat.coupon}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32


def _flights(seats: Iterator[Seat]) -> Iterator[list[Seat]]:
    def flight(seat: Seat) -> tuple[int, str]:
        return seat.at, seat.flight

    for _, aboard in groupby(sorted(seats, key=flight), key=flight):
        yield list(aboard)


def _message(kind: str, seat: Seat, body: list[str]) -> bytes:
    """A message as an archive keeps it: the envelope tells the year, which the text does not."""
    sent = seat.local.replace(hour=4, minute=15)
    head = ["=HEADER", f"RCV,{sent:%Y/%m/%d %H:%M}", "=PRIORITY", "QU", "=DESTINATION TYPE B", "STX,CPHKKNV", "=ORIGIN",
            f"{seat.origin}RMNV", "=MSGID", f"{sent:%d%H%M}", "=SMI", kind, "=TEXT"]  # fmt: skip
    return ("\n".join([*head, *body, f"END{kind}"]) + "\n").encode()


def _key(kind: str, seat: Seat) -> str:
    flight = f"{CARRIER}{seat.flight}/{seat.local.date()}/{seat.origin}"
    ticket = "" if kind.startswith("PFS") else f"/ticket:{seat.ticket}"
    return f"{kind}/{flight}/{seat.locator}/{seat.surname}/{seat.given}/1{ticket}"


def _element(seat: Seat) -> str:
    member = f" .R/FQTV {CARRIER} HK1/{CARRIER}{seat.member}" if seat.member else ""
    return f"1{seat.name} .L/{seat.locator} .R/TKNE HK1 {seat.ticket}/{seat.coupon}{member}"


def _lists(seats: Iterator[Seat]) -> Iterator[Record]:
    """A name list a flight, and a list of deletions for those who cancelled."""
    for aboard in _flights(seats):
        booked = [s for s in aboard if s.state != "refunded"]
        gone = [s for s in aboard if s.state == "refunded"]
        for kind, listed in (("PNL", booked), ("ADL/DEL", gone)):
            if listed:
                yield _list(kind, listed)


def _list(kind: str, listed: list[Seat]) -> Record:
    first = listed[0]
    body = [f"{CARRIER}{first.flight}/{first.day} {first.origin} PART1"]
    for letter in sorted({s.rbd for s in listed}):
        members = [s for s in listed if s.rbd == letter]
        body.append(f"-{first.destination}{len(members):03d}{letter}")
        body += ["DEL"] if kind == "ADL/DEL" else []
        body += [_element(s) for s in members]
    return Record(_message(kind[:3], first, body), tuple((_key(kind, s), s.person) for s in listed))


def _final_sales(seats: Iterator[Seat]) -> Iterator[Record]:
    """Who did not show up, flight by flight; a few flights say that there is nothing to say."""
    for aboard in _flights(seats):
        first, absent = aboard[0], [s for s in aboard if s.state == "no_show"]
        body = [f"{CARRIER}{first.flight}/{first.day} {first.origin} PART1", f"-{first.destination}"]
        if absent:
            for letter in sorted({s.rbd for s in absent}):
                members = [s for s in absent if s.rbd == letter]
                body += [f"NOSHO {len(members)}{letter}", *(f"1{s.name} .L/{s.locator}" for s in members)]
            yield Record(_message("PFS", first, body), tuple((_key("PFS/NOSHO", s), s.person) for s in absent))
        elif chance(first, "nil") < 0.05:
            yield Record(_message("PFS", first, [*body, "NIL"]))


def _bag(seat: Seat) -> Record:
    tag = f"0889{int(chance(seat, 'tag') * 10**6):06d}"
    pieces = 1 + (chance(seat, "pieces") < 0.2)
    kilos = pieces * (12 + int(chance(seat, "kilos") * 11))
    number = f"{CARRIER}{int(seat.flight):04d}"
    body = [f".V/1L{seat.origin}", f".F/{number}/{seat.day}/{seat.destination}/{seat.cabin}", f".N/{tag}{pieces:03d}",
            f".S/Y/{_place(seat)}/C/{_sequence(seat)}", f".W/K/{pieces}/{kilos}", f".P/1{seat.name}",
            f".L/{seat.locator}"]  # fmt: skip
    key = f"BSM/{tag}/{CARRIER}{seat.flight}/{seat.local.date()}"
    return Record(_message("BSM", seat, body), ((key, seat.person),))


def _place(seat: Seat) -> str:
    place = int(chance(seat, "seat") * _ROWS_ABOARD * len(_LETTERS))
    return f"{1 + place // len(_LETTERS):03d}{_LETTERS[place % len(_LETTERS)]}"


def _sequence(seat: Seat) -> int:
    return 1 + int(chance(seat, "sequence") * 180)


def _scan(seat: Seat) -> Record:
    """A scan at the gate: moment, gate, bar code."""
    name, flown = seat.name[:20], f"{seat.local:%j}"
    once = f">60B1WW{seat.local.year % 10}{flown}B{CARRIER:3}"
    each = f"2A{seat.ticket}0 {CARRIER:3}{CARRIER:3}{seat.member or '':16} 1PCN"
    where = f"{seat.locator:7}{seat.origin}{seat.destination}{CARRIER:3}{int(seat.flight):04d} {flown}{seat.cabin}"
    leg = f"{where}{_place(seat)}{_sequence(seat):04d} 1{len(once + each):02X}{once}{each}"
    gate = f"{'ABCD'[int(chance(seat, 'pier') * 4)]}{1 + int(chance(seat, 'door') * 30)}"
    line = f"{moment(seat.at - 1800 - int(chance(seat, 'minute') * 1200))},{gate},M1{name:20}E{leg}\n"
    key = "/".join((seat.locator, name.strip(), CARRIER + seat.flight, f"{seat.local.date()}", seat.origin))
    return Record(line.encode(), ((key, seat.person),))


def _control(seat: Seat) -> Iterator[Record]:
    """Checked in, then boarded."""
    method = _METHODS[int(chance(seat, "method") * len(_METHODS))]
    moments = {"check_in": seat.at - 5400 - int(chance(seat, "early") * 70_000), "boarded": seat.at - 1500}
    for event, at in moments.items():
        key = f"{event}-{seat.ticket}-{seat.coupon}"
        row = (key, event, moment(at), CARRIER, seat.flight, f"{seat.local.date()}", seat.origin, seat.destination,
               seat.locator, seat.surname, seat.given, seat.ticket, seat.rbd, _place(seat).lstrip("0"),
               _sequence(seat), int(chance(seat, "bag") < 0.4), method)  # fmt: skip
        yield Record((",".join(map(str, row)) + "\n").encode(), ((key, seat.person),))
