"""What people write is made comparable, and what says nothing is no evidence."""

import pandas as pd
import pytest

from profiles.identity.matching import cleaning, headers, names


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("SEJOONMR", "sejoon"),
        ("Se-Joon", "sejoon"),
        ("Mr. Se Joon", "sejoon"),
        ("ANNA MRS", "anna"),
        ("EMRE", "emre"),
        ("José", "jose"),
        ("Дмитрий", "dmitrii"),
        ("Ελένη", "eleni"),
        ("test", None),
        ("QQQ", None),
        ("🙂🙂", None),
        ("   ", None),
        ("-", None),
    ],
)
def test_given_name(written, compared):
    assert names.given_name(written) == compared


def test_a_surname_of_two_hundred_letters__is_cut():
    assert len(names.surname("Ab" * 100)) == names.LONGEST


@pytest.mark.parametrize(("short", "root"), [("Bob James", "robert"), ("Sasha", "alexander"), ("Ulrik", "ulrik")])
def test_short_forms__stand_for_their_root(short, root):
    assert names.root(short) == root


@pytest.mark.parametrize(
    ("written", "given", "surname"),
    [
        ("DOE/JANE MRS", "JANE MRS", "DOE"),
        ("Doe, Jane", "Jane", "Doe"),
        ("Mr Jan van den Berg", "Jan", "van den Berg"),
        ("Cher", "", "Cher"),
    ],
)
def test_full_names__are_split(written, given, surname):
    assert names.split_full(written) == (given, surname)


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("1984-05-17", "19840517"),
        ("19840517", "19840517"),
        ("17.5.1984", "19840517"),
        ("17/05/84", "19840517"),
        ("17MAY84", "19840517"),
        ("May 17, 1984", "19840517"),
        ("1900-01-01", None),
        ("0000-00-00", None),
        ("soon", None),
    ],
)
def test_birth_date(written, date):
    assert names.birth_date(written) == date


def test_dates_with_the_month_first__are_seen_by_their_days():
    frame = pd.DataFrame({"dob": ["05/17/1984", "12/31/1990", "01/02/1970"]})

    assert cleaning.clean(frame, {"birth_date": ["dob"]})["birth_date"].tolist() == ["19840517", "19901231", "19700102"]


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (" Ann@Example.SE ", "ann@example.se"),
        ("test@test.com", None),
        ("noreply@airline.com", None),
        ("ann at example", None),
    ],
)
def test_email(written, address):
    assert names.email(written) == address


@pytest.mark.parametrize(
    ("written", "digits"),
    [("+46 70 123 45 68", "701234568"), ("070-123 45 68", "701234568"), ("000 000 000", None), ("123456789", None)],
)
def test_phone(written, digits):
    assert names.phone(written) == digits


def test_columns__are_guessed_by_header_then_by_content():
    frame = pd.DataFrame(
        {
            "Passenger LastName": ["Ek", "Ås"],
            "fname_c1": ["Ann", "Bo"],
            "by": ["1984", "1990"],
            "bm": ["5", "12"],
            "bd": ["17", "1"],
            "col7": ["a@mail.se", "b@mail.se"],
            "cluster": ["1", "2"],
        }
    )

    guessed = headers.guess(frame)

    assert guessed.columns == {
        "given_name": ["fname_c1"],
        "surname": ["Passenger LastName"],
        "birth_year": ["by"],
        "birth_month": ["bm"],
        "birth_day": ["bd"],
        "email": ["col7"],
    }
    assert guessed.unused == ["cluster"]


def test_a_mapping__overrides_the_guess():
    frame = pd.DataFrame({"surname": ["Ek"], "maiden": ["Ås"], "city": ["Lund"]})

    guessed = headers.guess(frame, given={"surname": "maiden", "city": None})

    assert guessed.columns == {"surname": ["maiden"]}


@pytest.mark.parametrize("given", [{"shoe size": "a"}, {"surname": "nowhere"}])
def test_a_mapping_of_what_does_not_exist__is_refused(given):
    with pytest.raises(headers.WrongMapping):
        headers.guess(pd.DataFrame({"a": ["x"]}), given=given)
