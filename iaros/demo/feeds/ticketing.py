"""What ticketing, payments and customer relations tell: coupons, documents of extras, charges, refunds, claims."""

from datetime import UTC, datetime

import numpy as np
import orjson

from iaros.demo.ancillaries import CODES
from iaros.demo.block import Block
from iaros.demo.fares import CURRENCY_OF, PER_EURO
from iaros.demo.feeds.airport import Record, chance
from iaros.demo.feeds.seats import Seat, between, moment
from iaros.demo.routes import CARRIER
from iaros.demo.seasons import DAY, END

COUPON_COLUMNS = (
    "ticket_number,check_digit,coupon_number,coupon_status,status_at,record_locator,surname,given_name,carrier,"
    "flight_number,origin,destination,departs_at,booking_class,value,currency"
)
EMD_COLUMNS = (
    "emd_number,emd_type,rfic,rfisc,status,associated_ticket,associated_coupon,record_locator,surname,given_name,"
    "issued_at,value,currency,refundable"
)
CASE_COLUMNS = (
    "case_id,case_kind,case_status,opened_at,paid_at,amount,currency,record_locator,surname,given_name,ticket_number,"
    "flight,flight_date,reason"
)
_STATUS = {"open": "O", "no_show": "O", "flown": "F", "refunded": "R"}
# Reason and service of each extra.
_SERVICES = {
    "extra_bag": ("C", "0CC"), "seat": ("A", "0B5"), "meal": ("G", "0B3"), "lounge": ("E", "0BX"),
    "priority": ("E", "0G6"), "wifi": ("G", "0CL"),
}  # fmt: skip


def files(block: Block) -> dict[str, list[Record]]:
    """The files for the people of a block."""
    seats = between(block, END - 180 * DAY, END + 120 * DAY)
    return {
        "etickets": [_coupon(s) for s in seats if chance(s, "ticket") < 0.3],
        "emd": _documents(block, seats),
        "refunds_claims": [_case(s, block) for s in seats if s.state == "refunded" and chance(s, "case") < 0.5],
        "payments": [_payment(s, block) for s in seats if s.coupon == 1 and _is_lead(s, block)],
    }


def _csv(*values: object) -> bytes:
    return (",".join("" if v is None else str(v) for v in values) + "\n").encode()


def _coupon(seat: Seat) -> Record:
    changed = moment(min(seat.at - 7200, END - 3600)) if seat.state == "refunded" else ""
    row = _csv(seat.ticket, int(seat.ticket) % 7, seat.coupon, _STATUS[seat.state], changed, seat.locator, seat.surname,
               seat.given, CARRIER, seat.flight, seat.origin, seat.destination, moment(seat.at), seat.rbd,
               f"{seat.minor / 100:.2f}", seat.currency)  # fmt: skip
    return Record(row, ((f"{seat.ticket}/{seat.coupon}", seat.person),))


def _documents(block: Block, seats: list[Seat]) -> list[Record]:
    """An EMD for some of the extras that were bought for these flights."""
    first = {(s.trip, s.ticket[-1]): s for s in seats if s.coupon == 1}
    extras, travellers, out = block.extras, block.travellers, []
    for at in np.flatnonzero(extras.bought < END).tolist():
        code, traveller = CODES[extras.code[at]], int(extras.traveller[at])
        seat = first.get((int(travellers.trip[traveller]), str(int(travellers.number[traveller]) % 10)))
        if seat is None or code not in _SERVICES or chance(seat, code) >= 0.4:
            continue
        number = f"889{82 * 10**8 + (int(block.trip_number[seat.trip]) * 97 + at) % 10**8:010d}"
        minor = int(np.round(extras.euros[at] * PER_EURO[seat.currency]) * 100)
        row = _csv(number, "A", *_SERVICES[code], "O" if seat.at > END else "F", seat.ticket, seat.coupon, seat.locator,
                   seat.surname, seat.given, moment(int(extras.bought[at])), f"{minor / 100:.2f}", seat.currency,
                   "N")  # fmt: skip
        out.append(Record(row, ((f"{number}/1", seat.person),)))
    return out


def _case(seat: Seat, block: Block) -> Record:
    """A cancelled flight: a claim where we cancelled it, else a refund."""
    ours = bool(block.trips.disrupted[seat.trip])
    opened = min(seat.at + DAY if ours else seat.at - 10 * DAY, END - 8 * DAY)
    paid = opened + int((2 + chance(seat, "paid") * 5) * DAY)
    number, kind = f"{'EU' if ours else 'RF'}-{seat.ticket[3:]}-{seat.coupon}", "eu261" if ours else "refund"
    amount = 25_000 * PER_EURO[seat.currency] if ours else float(seat.minor)
    row = _csv(number, kind, "paid", moment(opened), moment(paid), f"{amount / 100:.2f}", seat.currency, seat.locator,
               seat.surname, seat.given, seat.ticket, f"{CARRIER}{seat.flight}", seat.local.date(),
               "cancelled by us" if ours else "cancelled by the passenger")  # fmt: skip
    return Record(row, ((number, seat.person),))


def _is_lead(seat: Seat, block: Block) -> bool:
    created = int(block.trips.created[seat.trip])
    return seat.ticket.endswith("1") and created > END - 150 * DAY and chance(seat, "pay") < 0.5


def _payment(seat: Seat, block: Block) -> Record:
    """The charge of a booking, as the payment service tells it."""
    at = int(block.trips.created[seat.trip])
    currency = CURRENCY_OF.get(str(block.people.country[block.trips.lead[seat.trip]]), "EUR")
    charge = f"ch_{seat.ticket[3:]}"
    thing = {
        "id": charge,
        "object": "charge",
        "amount": seat.minor,
        "captured": True,
        "currency": currency.lower(),
        "customer": f"cus_{seat.person:08d}",
        "payment_method_details": {"type": "card", "card": {"brand": "visa", "last4": f"{seat.person % 10**4:04d}"}},
        "metadata": {"record_locator": seat.locator, "surname": seat.surname, "given_name": seat.given},
    }
    created = int(datetime.fromtimestamp(at, UTC).timestamp())
    event = {"id": f"evt_{seat.ticket[3:]}", "object": "event", "type": "charge.succeeded", "created": created}
    return Record(orjson.dumps({**event, "data": {"object": thing}}) + b"\n", ((f"payment/{charge}", seat.person),))
