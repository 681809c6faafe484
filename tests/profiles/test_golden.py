"""Which value stands, why, and who may see it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from iaros.lib.ids import uuid7
from iaros.lib.purposes import Purpose
from privacy import ledger, subjects
from privacy.encryption import CannotOpen
from profiles import person_values, selectors
from profiles.golden import assemble, misspelt, provenance, reliability
from profiles.golden.survivorship import COPIED, Mention, candidates, in_order, published_from, survive
from profiles.ingest import messages
from profiles.models import Profile, Source, SourceRecord, SourceReliability
from profiles.sources.contract import PERSON_FIELDS
from tests import world as people

NOW = datetime(2026, 10, 31, tzinfo=UTC)


def mention(trust: float, days: int, **values: str) -> Mention:
    return Mention(uuid7().bytes, trust, NOW + timedelta(days=days), [values.get(name) for name in PERSON_FIELDS])


def test_survivorship__trust_first_then_the_latest():
    trusted, old, new = mention(0.9, 0, surname="Ek"), mention(0.6, 1, city="Malmö"), mention(0.6, 2, city="Lund")

    values, packed = survive([old, new, trusted])

    golden = dict(zip(PERSON_FIELDS, values, strict=True))
    origin = provenance.unpack(packed)
    assert (golden["surname"], golden["city"], golden["email"]) == ("Ek", "Lund", None)
    assert origin["surname"].record_id.bytes == trusted.record_id
    assert origin["city"].record_id.bytes == new.record_id
    assert origin["city"].confidence < origin["surname"].confidence


def test_origin__leads_to_the_raw_line(world, db):
    origin = selectors.profile_of(world.alice, purpose=Purpose.SERVICING).origins["email"]

    line = messages.raw_line(SourceRecord.objects.get(id=origin.record_id))

    assert origin.source == "loyalty_members"
    assert b"alice@example.org" in line


@pytest.mark.parametrize(
    "values",
    [
        ["Ms", None, "Ek"],
        [None] * 18,
        ["Ms", "Åse Łucja", "D'Ávila-Ek", "a,b@c.example", '"'],
        ["Ms", "one\x1fother", None, "ek@example.org"],
    ],
    ids=["gaps", "nothing", "letters", "separator"],
)
def test_values__sealed_and_opened__are_the_same(values):
    opened = person_values.unpacked(person_values.packed(values))

    assert opened == [*values, *[None] * (len(PERSON_FIELDS) - len(values))]


def test_values__sealed_as_a_list_once__are_still_read():
    opened = person_values.unpacked(b'["Ms",null,"Ek"]')

    assert opened[:4] == ["Ms", None, "Ek", None]
    assert len(opened) == len(PERSON_FIELDS)


def test_profile__does_not_open_under_another_customer(world, db):
    cipher = Profile.objects.get(id=world.alice).cipher
    bobs = subjects.sealers([world.bob])[world.bob]

    with pytest.raises(CannotOpen):
        bobs.open(cipher, b"profile:" + world.alice.bytes)


def test_profile__is_masked_unless_revealed(world, db):
    masked = selectors.profile_of(world.alice, purpose=Purpose.SERVICING)
    whole = selectors.profile_of(world.alice, purpose=Purpose.SERVICING, reveal=True)

    assert masked.values["email"] == "a•••••@example.org"
    assert whole.values["email"] == "alice@example.org"


def test_gate__consent_withdrawn_or_objected__nobody_is_there(world, db):
    objection = ledger.ConsentEntry(world.alice, Purpose.ANALYTICS, "objected", NOW)
    ledger.record([objection])

    assert selectors.profile_of(world.carol, purpose=Purpose.PERSONALISATION) is None
    assert selectors.profile_of(world.alice, purpose=Purpose.ANALYTICS) is None
    assert selectors.find_customers("Andersson", purpose=Purpose.ANALYTICS) == []
    assert selectors.profile_of(world.alice, purpose=Purpose.PERSONALISATION)


@pytest.mark.parametrize(
    "query",
    ["Andersson", "Ander", "Alice Andersson", "Anderson", "ALICE@example.org", "NV000001", "+45 20 12 34 56", "alice0"],
)
def test_find__by_name_beginning_sound_email_number_phone_and_locator(world, db, query):
    found = selectors.find_customers(query, purpose=Purpose.SERVICING)

    assert world.alice in [match.profile.customer_id for match in found]


def test_survivorship__many_who_agree_outweigh_the_most_trusted():
    alone, others = mention(0.9, 0, city="Malmö"), [mention(0.7, days, city="Lund") for days in range(4)]

    values, packed = survive([alone, *others])

    assert dict(zip(PERSON_FIELDS, values, strict=True))["city"] == "Lund"
    assert provenance.unpack(packed)["city"].confidence > 0.7


def test_survivorship__an_old_address_gives_way_to_a_new_one_and_a_birth_date_does_not():
    old = mention(0.8, -8 * 365, city="Malmö", birth_date="1984-05-17")
    new = mention(0.75, 0, city="Lund", birth_date="1984-05-18")

    golden = dict(zip(PERSON_FIELDS, survive([old, new])[0], strict=True))

    assert (golden["city"], golden["birth_date"]) == ("Lund", "1984-05-17")


@pytest.mark.parametrize("seed", range(20))
def test_survivorship__the_golden_value__is_the_likeliest_candidate(seed):
    draw = random.Random(seed)
    told = {"city": ("Lund", "LUND", "Malmö", None), "birth_date": ("1984-05-17", "1984-05-18", None)}
    mentions = [
        mention(draw.choice((0.3, 0.6, 0.9)), -draw.randrange(3000), **{n: draw.choice(v) for n, v in told.items()})
        for _ in range(draw.randrange(2, 6))
    ]

    values, packed = survive(mentions)

    best = [found[0] if found else None for found in candidates(in_order(mentions))]
    likely = [c if c and c.probability >= published_from(at) else None for at, c in enumerate(best)]
    assert values == [c.value if c else None for c in likely]
    sure = provenance.unpack(packed)
    told_sure = {name: origin.confidence for name, origin in sure.items()}
    assert told_sure == pytest.approx(
        {PERSON_FIELDS[at]: c.probability for at, c in enumerate(likely) if c}, abs=1 / 255
    )


def test_survivorship__less_likely_than_not__is_a_candidate_only():
    doubtful = [
        mention(0.5, 0, birth_date="1984-01-01"),
        mention(0.5, 1, birth_date="1985-01-01"),
        mention(0.5, 2, birth_date="1986-01-01"),
    ]

    found = candidates(in_order(doubtful))[PERSON_FIELDS.index("birth_date")]

    assert dict(zip(PERSON_FIELDS, survive(doubtful)[0], strict=True))["birth_date"] is None
    assert [c.value for c in found] == ["1986-01-01", "1985-01-01", "1984-01-01"]
    assert sum(c.probability for c in found) < 1


def test_reliability__a_source_that_others_contradict_is_believed_less():
    rng = random.Random(1)
    questions = []
    for n in range(400):
        truth = f"town {n}"
        wrong = f"town {n + 1}"
        questions.append(("city", [(1, truth), (2, truth), (3, truth if rng.random() < 0.6 else wrong)]))

    learnt = reliability.estimate(questions, {1: 0.7, 2: 0.7, 3: 0.7})

    assert learnt[1, "city"][0] > 0.97
    assert abs(learnt[3, "city"][0] - 0.6) < 0.05
    assert learnt[3, "city"][1] == 400


def test_reliability__is_learnt_from_what_has_landed(take_in, monkeypatch):
    monkeypatch.setattr(reliability, "SAMPLED_BUCKETS", range(256))
    take_in("loyalty_members", [people.member("NV1", "Ann", "Ek")])
    take_in("pnr", [people.booking("TRIP01", [people.passenger(1, "ANN", "EK", loyalty_number="NV1")])])

    assemble.learn_reliability(at=NOW)

    told = SourceReliability.objects.get(field="surname", source_id=Source.objects.get(name="pnr").id)
    assert told.statements >= 1
    assert told.reliability > 0.6


def test_provenance__of_one_record__takes_runs_and_is_read_like_any_other() -> None:
    record, count = uuid7(), len(PERSON_FIELDS)
    values = ["x"] * 3 + [None] * 2 + ["y"] * (count - 5)
    sure = tuple([0.9] * 2 + [0.5] + [0.9] * (count - 3))

    packed = provenance.of_one_record(record.bytes, values, sure)

    index = [0 if value else provenance.NONE for value in values]
    plain = provenance.pack(
        [record.bytes], index, [one if value else 0 for one, value in zip(sure, values, strict=True)]
    )
    assert len(packed) == 1 + 16 + 2 + 2 + 1 + 2
    assert provenance.unpack(packed) == provenance.unpack(plain)


def test_profile__what_stands_in_clear__is_not_sealed_once_more_and_is_read_all_the_same(take_in, customer):
    enrolled = {"Loyalty_Card": "Gold", "Enrollment_Year": "2020", "Enrollment_Month": "5"}
    take_in("loyalty_members", [people.member("NV9", "Ann", "Ek", **enrolled)])
    person = customer("NV9")

    row = Profile.objects.get(id=person)
    opened = subjects.sealers([person])[person].open(row.cipher, b"profile:" + person.bytes)
    sealed = dict(zip(PERSON_FIELDS, person_values.unpacked(opened), strict=True))
    told = selectors.profile_of(person, purpose=Purpose.SERVICING, reveal=True).values
    assert (sealed["tier"], sealed["enrolled_on"]) == (None, None)
    assert (told["tier"], told["enrolled_on"]) == ("Gold", "2020-05-01")
    assert sealed["surname"] == told["surname"] == "Ek"


def test_provenance__of_several_records__keeps_those_that_gave_a_value() -> None:
    records, count = [uuid7() for _ in range(3)], len(PERSON_FIELDS)
    index = [2] * 4 + [0] + [provenance.NONE] * (count - 5)
    sure = [1.0] * 4 + [0.6] + [0.0] * (count - 5)

    packed = provenance.pack([record.bytes for record in records], index, sure)

    origins = provenance.unpack(packed)
    assert [origins[name].record_id for name in PERSON_FIELDS[:5]] == [records[2]] * 4 + [records[0]]
    assert (origins[PERSON_FIELDS[4]].confidence, len(origins)) == (0.6, 5)
    assert len(packed) == 1 + 2 * 16 + 3 + 3 + 1


def test_provenance__written_field_by_field_before__is_read_as_it_was() -> None:
    record, count = uuid7(), len(PERSON_FIELDS)

    origins = provenance.unpack(b"\x01" + record.bytes + b"\x00\xff" + b"\xff\x00" * (count - 1))

    assert origins == {PERSON_FIELDS[0]: provenance.Origin(PERSON_FIELDS[0], record, 1.0)}


def test_provenance__of_which_nothing_is_published__has_no_record() -> None:
    nothing = [provenance.NONE] * len(PERSON_FIELDS)

    assert provenance.unpack(provenance.pack([uuid7().bytes], nothing, [0.0] * len(nothing))) == {}


def test_spellings__of_one_name__agree__and_the_fullest_stands():
    told = [
        mention(0.6, 0, given_name="Asa", surname="Maansson"),
        mention(0.6, 1, given_name="Asa", surname="Mansson"),
        mention(0.6, 2, given_name="Åsa Maria", surname="Månsson"),
        mention(0.9, 3, given_name="Åsa", surname="Mnsson"),
    ]

    values, packed = survive(told)

    golden = dict(zip(PERSON_FIELDS, values, strict=True))
    origin = provenance.unpack(packed)
    assert (golden["given_name"], golden["surname"]) == ("Åsa Maria", "Mnsson")
    assert origin["given_name"].record_id.bytes == told[2].record_id
    assert [each.value for each in candidates(in_order(told))[PERSON_FIELDS.index("surname")]] == ["Mnsson", "Månsson"]


def test_another_spelling__is_no_disagreement_of_sources():
    said = [(1, mention(0.9, 0, surname="Jørgensen").values), (2, mention(0.6, 1, surname="JOERGENSEN").values)]

    [(_, statements)] = reliability.questions_of(said)

    assert len({value for _, value in statements}) == 1


@pytest.fixture(scope="module")
def names() -> misspelt.Names:
    """A twentieth are called Andersen, a fiftieth Bech; one in forty names has a slip."""
    slips = [{"name": "one slip", "m": 0.05}]
    shares = {"surname": {"andersen": 0.05, "bech": 0.02}, "given_name": {"soeren": 0.02, "anna": 0.02}}
    return misspelt.Names({"frequencies": shares, "comparisons": {"surname": slips, "given_name": slips}})


@pytest.mark.parametrize(
    ("field", "told", "a_slip"),
    [
        ("surname", "Andrrsen", True),
        ("surname", "ANDRESEN", True),
        ("surname", "Andersen", False),
        ("surname", "Lindqvist", False),
        ("given_name", "Soerne Peter", True),
        ("given_name", "Søren", False),
        ("given_name", "Ann", False),
        ("city", "Andrrsen", False),
    ],
)
def test_an_unknown_name_beside_a_common_one__is_mostly_a_slip(names, field, told, a_slip):
    assert (names.chance(PERSON_FIELDS.index(field), told) > 0.5) is a_slip


def test_a_slip_told_once__is_a_candidate_and_not_published(names):
    once = mention(0.6, 0, surname="Andrrsen", given_name="Ida")

    values = dict(zip(PERSON_FIELDS, survive([once], names)[0], strict=True))

    assert (values["surname"], values["given_name"]) == (None, "Ida")
    [[candidate], *_] = [found for found in candidates([once], names) if found and found[0].value == "Andrrsen"]
    assert candidate.probability < published_from(PERSON_FIELDS.index("surname"))


def test_a_rare_name_that_two_wrote_by_themselves__is_no_slip(names):
    twice = [mention(0.6, day, surname="Andresen") for day in (0, 1)]

    assert survive(twice, names)[0][PERSON_FIELDS.index("surname")] == "Andresen"


def test_of_a_name_and_its_slip__the_name_stands(names):
    right, wrong = mention(0.6, 0, surname="Bech"), mention(0.7, 1, surname="Beech")

    assert survive([wrong, right], names)[0][PERSON_FIELDS.index("surname")] == "Bech"


def test_an_airport_that_reads_the_reservation__is_no_second_witness(take_in):
    take_in("pnr", [people.booking("TRIP01", [people.passenger(1, "IDA", "LINDQVIST")])])
    coupons, _ = Source.objects.get_or_create(name="etickets")

    sure = assemble.believed(assemble.trust_by_source())

    assert sure[coupons.id][PERSON_FIELDS.index("surname")] == COPIED
    assert sure[Source.objects.get(name="pnr").id][PERSON_FIELDS.index("surname")] > COPIED
