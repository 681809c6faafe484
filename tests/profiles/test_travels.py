"""Who is one person by how they travel: a booking that tells a name only still tells who else is in it, and through
which agency it was made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from profiles import probable
from profiles.identity import match_models
from profiles.models import Customer, Link, LinkRule, PairReason, Passenger, ReviewPair
from profiles.sources.addressees import addressee
from profiles.sources.namesakes import tickets_of_namesakes
from profiles.sources.travellers import traveller
from tests import world as people

LIV, ODD = people.passenger(1, "LIV", "EKDAHL"), people.passenger(2, "ODD", "EKDAHL")
AGENCY = {"iata": "17300200", "email": "booking@agency.example", "phone": "+4533333333"}


def living() -> int:
    return Customer.objects.living().count()


def test_same_name_and_same_companion__are_one_person(take_in):
    member = people.passenger(2, "ODD", "EKDAHL", loyalty_number="N700100")
    take_in("loyalty_members", [people.member("N700100", "Odd", "Ekdahl", Birth_Date="1984-05-17")])
    take_in("pnr", [people.booking("TRIP01", [LIV, member]), people.booking("TRIP02", [LIV, member])])

    probable.match_changed()

    assert living() == 2
    evidence = Link.objects.filter(rule=LinkRule.PROBABLE).latest("linked_at").evidence
    assert "company" in {part[0] for part in evidence["parts"]}


def test_couples_told_by_name_only__are_two_people_whom_each_makes_known(take_in):
    take_in("pnr", [people.booking("TRIP01", [LIV, ODD]), people.booking("TRIP02", [LIV, ODD])])

    probable.match_changed()

    assert living() == 2
    assert Passenger.objects.values("customer_id").distinct().count() == 2


def test_father_and_son_of_one_name__are_not_told_apart_by_the_mother(take_in):
    son = people.passenger(3, "ODD", "EKDAHL")
    take_in("pnr", [people.booking("TRIP01", [LIV, ODD, son]), people.booking("TRIP02", [LIV, ODD])])

    probable.match_changed()

    assert len(set(Passenger.objects.filter(number__gt=1).values_list("customer_id", flat=True))) == 3
    assert ReviewPair.objects.filter(reason=PairReason.AMBIGUOUS).exists()


def test_mother_and_daughter_of_one_name__are_no_company_that_makes_them_known(take_in):
    daughter = people.passenger(2, "LIV", "EKDAHL")
    alone = people.passenger(1, "LIV", "EKDAHL")
    take_in("pnr", [people.booking("TRIP01", [LIV, daughter]), people.booking("TRIP02", [alone, daughter])])

    probable.match_changed()

    assert living() == 4


def test_a_group__is_no_company(take_in):
    group = [people.passenger(n, f"PERSON{chr(64 + n)}", "GROUP") for n in range(2, 12)]
    take_in("pnr", [people.booking("TRIP01", [LIV, *group]), people.booking("TRIP02", [LIV, *group])])

    probable.match_changed()

    assert living() == 22


def by_agency(locator: str, passenger: dict, to: str) -> dict:
    booked = people.booking(locator, [passenger], agency=AGENCY)
    return booked | {"segments": [booked["segments"][0] | {"destination": to}]}


@pytest.fixture
def of_others() -> list[dict]:
    """Bookings that the agency made for 240 others to Lisbon, which say how common that is."""
    names = [f"{first}{second}" for first in "ABCDEFGHIJKL" for second in "ABCDEFGHIJKLMNOPQRST"]
    return [by_agency(f"ELSE{name}", people.passenger(1, f"OTHER{name}", f"ELSE{name}"), "LIS") for name in names]


@pytest.mark.parametrize(("one", "other", "joined"), [("AGP", "AGP", 1), ("AGP", "LHR", 0), ("LIS", "LIS", 0)])
def test_same_name_agency_and_route__are_one_person__unless_everybody_flies_it(take_in, of_others, one, other, joined):
    take_in("pnr", [*of_others, by_agency("TRIP01", LIV, one), by_agency("TRIP02", LIV, other)])

    done = probable.match_changed()

    assert done.joined == joined


@pytest.mark.parametrize(
    ("email", "whose"),
    [
        ("liv.ekdahl12@post.example", 0),
        ("lekdahl@post.example", 0),
        ("ekdahl.odd1@post.example", 1),
        ("odd77@post.example", 1),
        ("ekdahl@post.example", None),
        ("the.family@post.example", None),
        ("liv.odd@post.example", None),
    ],
)
def test_whose_an_address_is(email, whose):
    assert addressee(email, [("LIVMRS", "EKDAHL"), ("Odd Erik", "Ekdahl"), (None, "EKDAHL")]) == whose


def test_an_address_of_the_booking__is_of_the_passenger_it_names(take_in):
    contacts = [people.email_of("odd.ekdahl@post.example", passenger=None)]
    take_in("loyalty_members", [people.member("N700100", "Odd", "Ekdahl", Email="odd.ekdahl@post.example")])
    take_in("pnr", [people.booking("TRIP01", [LIV, ODD], contacts=contacts)])

    probable.match_changed()

    assert living() == 2


def test_a_name_in_telex_letters__is_the_name_in_the_booking():
    assert traveller("7KQX2M", "Sørensen", "Åse") == traveller("7KQX2M", "SOERENSEN", "AASEMRS")
    assert traveller("7KQX2M", "Järvinen", "Jörg") == traveller("7KQX2M", "JARVINEN", "JOERGMR")


def test_two_names_that_many_have__are_no_slips_of_each_other():
    assert match_models.shipped_names() >= {"anna", "arne"}


def test_of_two_namesakes_in_a_booking__the_ticket_says_who_is_meant():
    names = {1: "7KQX2M|dam/han", 2: "7KQX2M|dam/han", 3: "7KQX2M|dam/ole"}
    coupons = [{"passenger": number, "ticket_number": f"889-000001234{number}"} for number in names]

    assert tickets_of_namesakes(coupons, names) == {1: "ticket:8890000012341", 2: "ticket:8890000012342"}


def test_couples_of_one_name__are_not_made_one_by_a_common_wife(take_in):
    """Two whose names many have, each with a wife of the husband's surname and a name that many have."""
    shares = {"given_name": {"liv": 0.1, "odd": 0.1}, "surname": {"ekdahl": 0.1}}
    match_models.keep(replace(match_models.shipped().model, frequencies=shares), promote=True)
    take_in("pnr", [people.booking("TRIP01", [LIV, ODD]), people.booking("TRIP02", [LIV, ODD])])

    done = probable.match_changed()

    assert done.joined == 0
