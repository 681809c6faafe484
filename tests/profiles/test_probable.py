"""Who is one person when no certain key says so: weighed, with the reason kept, never against the airline's rules."""

from __future__ import annotations

import pytest

from iaros.accounts.models import User
from profiles import identity_acts, pipeline, probable, reviewing
from profiles.identity import match_models, review
from profiles.identity.blocked import LIMITS
from profiles.models import (
    Customer,
    Identifier,
    IdentifierKind,
    IngestRun,
    Link,
    LinkRule,
    MatchModelVersion,
    PairReason,
    PairState,
    Passenger,
    ReviewPair,
    SharedIdentifier,
    Verdict,
)
from tests import world as people

AT = "solveig.ekdahl@example.org"
PHONE = "+4520123456"
SOLVEIG = people.member(
    "N700100", "Solveig", "Ekdahl", Email=AT, Phone=PHONE, Birth_Date="1984-05-17", Gender="Female", Country="DK"
)


def living() -> int:
    return Customer.objects.living().count()


def trip(locator: str, *passengers: dict, email: str | None = None) -> dict:
    contacts = [people.email_of(email, passenger=1)] if email else []
    return people.booking(locator, passengers, contacts=contacts)


@pytest.fixture
def steward(db) -> User:
    return User.objects.create_user("steward")


def test_name_and_unconfirmed_address__are_one_person__and_the_link_says_why(take_in, customer):
    take_in("loyalty_members", [SOLVEIG])
    take_in("pnr", [trip("TRIP01", people.passenger(1, "SOLVEIGMRS", "EKDAHL"), email=AT)])
    assert living() == 2

    done = probable.match_changed()

    assert (done.joined, living()) == (1, 1)
    link = Link.objects.get(rule=LinkRule.PROBABLE, ended_at=None)
    parts = review.parts_of(link.evidence)
    assert {part.comparison for part in parts} >= {"prior", "given_name", "surname", "email"}
    assert sum(part.weight for part in parts) >= match_models.champion().link_from
    assert link.score == pytest.approx(review.probability(sum(part.weight for part in parts)), abs=1e-6)


@pytest.mark.parametrize(
    ("given_name", "surname", "more"),
    [
        ("BJARNE", "EKDAHL", {}),
        ("BJARNE", "EKDAHL", {"birth_date": "1984-05-17"}),
        ("SOLVEIG", "EKDAHL", {"birth_date": "2011-11-30"}),
        ("SOLVEIG", "EKDAHL", {"type": "INF"}),
        ("SOLVEIG", "EKDAHL", {"type": "CHD"}),
        ("SOLVEIG", "EKDAHL", {"title": "MR"}),
        ("", "EKDAHL", {}),
    ],
)
def test_family_at_one_address__stays_apart(take_in, given_name, surname, more):
    take_in("loyalty_members", [SOLVEIG])
    take_in("pnr", [trip("TRIP01", people.passenger(1, given_name, surname, **more), email=AT)])

    probable.match_changed()

    assert not Link.objects.filter(rule=LinkRule.PROBABLE).exists()


def test_two_of_one_booking__never_merge__nor_through_a_third(take_in):
    take_in("loyalty_members", [SOLVEIG])
    pair = [people.passenger(1, "SOLVEIG", "EKDAHL"), people.passenger(2, "SOLVEIG", "EKDAHL")]
    contacts = [people.email_of(AT, passenger=n) for n in (1, 2)]
    take_in("pnr", [people.booking("TRIP01", pair, contacts=contacts)])

    probable.match_changed()

    seats = list(Passenger.objects.values_list("customer_id", flat=True))
    assert len(set(seats)) == 2
    assert ReviewPair.objects.filter(reason=PairReason.AMBIGUOUS).exists()


def test_a_name_that_two_of_a_booking_have__is_nobodys__though_birth_dates_differ(take_in):
    born = ("1984-05-17", "2012-02-01")
    pair = [people.passenger(n, "SOLVEIG", "EKDAHL", birth_date=day) for n, day in enumerate(born, start=1)]

    take_in("pnr", [people.booking("TRIP01", pair)])

    assert SharedIdentifier.objects.filter(kind=IdentifierKind.TRAVELLER, shared=True).count() == 1
    assert not Identifier.objects.filter(kind=IdentifierKind.TRAVELLER, claims=True).exists()


def test_who_fits_father_and_son__is_held(take_in):
    father = people.member("N700101", "Solveig", "Ekdahl", Email=AT, Birth_Date="1950-03-02")
    take_in("loyalty_members", [SOLVEIG, father])
    take_in("pnr", [trip("TRIP01", people.passenger(1, "SOLVEIG", "EKDAHL"), email=AT)])

    probable.match_changed()

    assert living() == 3
    assert set(ReviewPair.objects.filter(reason=PairReason.AMBIGUOUS).values_list("state", flat=True)) == {"open"}


def test_namesakes__are_no_reason(take_in):
    take_in("loyalty_members", [SOLVEIG])
    take_in("pnr", [trip("TRIP01", people.passenger(1, "SOLVEIG", "EKDAHL"))])

    done = probable.match_changed()

    assert (done.joined, done.held) == (0, 0)


def test_junior_and_senior__are_two(take_in):
    junior = people.passenger(1, "SOLVEIG", "EKDAHL JR")
    senior = people.passenger(1, "SOLVEIG", "EKDAHL SR")
    take_in("pnr", [trip("TRIP01", junior, email=AT), trip("TRIP02", senior, email=AT)])

    probable.match_changed()

    assert living() == 2


def test_an_accepted_pair__whose_merge_is_taken_back__waits_again(take_in, steward):
    take_in("loyalty_members", [SOLVEIG])
    take_in("pnr", [trip("TRIP01", people.passenger(1, "SOLVEIG", "EKDAHL"))])
    one, other = sorted(Customer.objects.values_list("id", flat=True))
    pair = ReviewPair.objects.create(one_id=one, other_id=other, reason=PairReason.GREY, weight=1.0, evidence=[])
    act = reviewing.decide(pair.pk, Verdict.ACCEPTED, steward).act

    identity_acts.undo_act(act_id=act.id, by=steward, reason="They are mother and daughter")

    pair.refresh_from_db()
    assert (pair.state, pair.decided_at) == (PairState.OPEN, None)
    assert living() == 2


def test_rejected__is_never_linked_again(take_in, steward):
    take_in("loyalty_members", [SOLVEIG])
    take_in("pnr", [trip("TRIP01", people.passenger(1, "SOLVEIG", "EKDAHL"), email=AT)])
    one, other = sorted(Customer.objects.values_list("id", flat=True))
    pair = ReviewPair.objects.create(one_id=one, other_id=other, reason=PairReason.GREY, weight=1.0, evidence=[])

    reviewing.decide(pair.pk, Verdict.REJECTED, steward)

    assert probable.match_changed().joined == 0
    assert living() == 2


def test_accepted__joins__with_who_said_so__and_agreement_is_counted(take_in, steward):
    take_in("loyalty_members", [SOLVEIG])
    take_in("pnr", [trip("TRIP01", people.passenger(1, "SOLVEIG", "EKDAHL"))])
    one, other = sorted(Customer.objects.values_list("id", flat=True))
    told = {"model": 0, "parts": [["prior", "", -9.0], ["surname", "same", 6.5]]}
    pair = ReviewPair.objects.create(one_id=one, other_id=other, reason=PairReason.GREY, weight=-2.5, evidence=told)
    [shown] = review.open_pairs().pairs
    assert [part.outcome for part in shown.parts] == ["", "same"]

    decided = reviewing.decide(pair.pk, Verdict.ACCEPTED, steward)
    reviewing.decide(pair.pk, Verdict.REJECTED, User.objects.create_user("second"))

    assert (decided.survivor, living()) == (one, 1)
    link = Link.objects.get(rule=LinkRule.MANUAL, ended_at=None)
    assert (link.actor, link.evidence["pair"]) == (steward, pair.pk)
    assert review.pair_of(pair.pk).state == PairState.ACCEPTED
    assert (review.agreement().rate.value, review.agreement().rate.of) == (0.0, 1)
    assert review.quality().by_reason[PairReason.GREY].value == 1.0


def test_open_pairs__come_page_by_page(take_in):
    take_in("loyalty_members", [people.member(f"N70{n}", f"Name{n}", "Ekdahl") for n in range(4)])
    ids = sorted(Customer.objects.values_list("id", flat=True))
    for other in ids[1:]:
        ReviewPair.objects.create(one_id=ids[0], other_id=other, reason=PairReason.GREY, weight=1, evidence=[])

    first = review.open_pairs(limit=2)
    second = review.open_pairs(first.next, limit=2)

    assert ([pair.other for pair in first.pairs], first.waiting) == (ids[1:3], 3)
    assert ([pair.other for pair in second.pairs], second.next) == (ids[3:], None)


def test_a_round_of_matches__is_a_run_that_can_be_taken_back(take_in):
    take_in("loyalty_members", [SOLVEIG])
    take_in("pnr", [trip("TRIP01", people.passenger(1, "SOLVEIG", "EKDAHL"), email=AT)])
    before = set(Link.objects.values_list("record_id", "customer_id", "rule", "ended_at"))
    probable.match_changed()
    run = IngestRun.objects.order_by("-id").first()

    pipeline.roll_back(run.id)

    assert living() == 2
    assert set(Link.objects.values_list("record_id", "customer_id", "rule", "ended_at")) == before


def test_one_alone__is_compared_at_once(take_in, customer):
    take_in("pnr", [trip("TRIP01", people.passenger(1, "SOLVEIG", "EKDAHL"), email=AT)])
    probable.match_changed()
    take_in("loyalty_members", [SOLVEIG])

    done = probable.match([customer("N700100")])

    assert (done.looked_at, done.joined, living()) == (2, 1, 1)


def test_a_promoted_model__decides(take_in):
    take_in("loyalty_members", [SOLVEIG])
    take_in("pnr", [trip("TRIP01", people.passenger(1, "SOLVEIG", "EKDAHL"), email=AT)])
    shipped = match_models.shipped()
    row = match_models.keep(shipped.model, promote=True)
    MatchModelVersion.objects.filter(pk=row.pk).update(link_from=90.0, review_from=5.0)

    done = probable.match_changed()

    assert (done.joined, done.held) == (0, 1)
    assert ReviewPair.objects.get().model_version == row.pk
    assert match_models.promoted(match_models.keep(shipped.model)).pk == match_models.champion().version


def test_a_poisoned_number__joins_nobody__and_is_marked(take_in):
    names = ["Ada", "Bertil", "Carla", "Dmitri", "Elena", "Farid", "Greta", "Hugo"]
    poisoned = [
        trip(f"TRIP0{n}", people.passenger(1, given, f"{given}sson", loyalty_number="N777"))
        for n, given in enumerate(names)
    ]

    take_in("pnr", poisoned)
    take_in("pnr", [trip("TRIPXX", people.passenger(1, "Ada", "Adasson", loyalty_number="N777"))], "later")

    assert living() == len(names) + 1
    [shared] = review.shared_identifiers()
    assert (shared.kind, shared.people) == ("Loyalty number", 4)
    assert SharedIdentifier.objects.get().shared


@pytest.mark.parametrize("blocked", ["test@test.com", "noreply@airline.example", "nomail@nomail.example"])
def test_a_placeholder__is_nobodys_address(take_in, blocked):
    rows = [
        people.member(f"N70{n}", given, "Ekdahl", Email=blocked, Email_Verified="Y", Birth_Date="1900-01-01")
        for n, given in enumerate(["Ada", "Bertil", "Carla"])
    ]

    take_in("loyalty_members", rows)
    probable.match_changed()

    assert living() == 3
    assert set(Identifier.objects.values_list("kind", flat=True)) == {1}


def test_an_address_of_many__stops_being_evidence(take_in):
    given = ["Ada", "Bertil", "Carla", "Dmitri", "Elena", "Farid"]
    take_in("loyalty_members", [people.member(f"N70{n}", g, f"{g}sson", Email=AT) for n, g in enumerate(given)])
    take_in("pnr", [trip("TRIP01", people.passenger(1, "ADA", "ADASSON"), email=AT)])

    done = probable.match_changed()

    assert done.joined == 0
    assert [shared.kind for shared in review.shared_identifiers()] == ["E-mail"]


def test_odd_values__join_nobody_and_break_nothing(take_in):
    odd = ["", "X" * 200, "😀😀", "ANNA MARIA LOUISE", "null", "O'Brien-Smith", "山田", "  ", "Jr.", "a" * 3]
    rows = [
        people.member(f"N90{n}", name, odd[-n - 1], Email="nobody", Phone="0000000000", Birth_Date="1900-01-01")
        for n, name in enumerate(odd)
    ]
    take_in("loyalty_members", rows)
    before = living()

    probable.match_changed()

    assert living() == before


def test_the_same_record_a_thousand_times__is_one_person_at_most(take_in):
    same = people.passenger(1, "SOLVEIG", "EKDAHL", birth_date="1984-05-17")
    take_in("pnr", [trip(f"T{n:05}", same, email=AT) for n in range(1000)])

    probable.match_changed()

    assert living() == 1


def test_one_customer__claims_so_many_new_addresses_and_no_more(take_in):
    take_in("loyalty_members", [SOLVEIG])
    booked = [
        people.booking(
            f"TRIP{n:02}",
            [people.passenger(1, "SOLVEIG", "EKDAHL", loyalty_number="N700100")],
            contacts=[people.email_of(f"solveig{n}@example.org", passenger=1, verified=True)],
        )
        for n in range(9)
    ]

    take_in("pnr", booked)

    addresses = Identifier.objects.filter(kind=IdentifierKind.EMAIL)
    assert (addresses.count(), addresses.filter(claims=True).count()) == (10, LIMITS[IdentifierKind.EMAIL].most_new)
