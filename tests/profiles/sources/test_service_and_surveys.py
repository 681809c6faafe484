"""Calls and answers: scores and reasons go on, what was said and written does not."""

from __future__ import annotations

import pytest

from profiles.models import Customer, Event, EventKind
from tests import world as people
from tests.profiles.sources.conftest import as_csv, as_json, events, faults, keys

CALL = {"Call Id": "c1", "Started At": "2026-10-30T18:20:01Z", "Queue": "Disruption", "Reason": "Rebooking",
        "Wait Seconds": "94", "Duration Seconds": "412", "Outcome": "solved", "Caller Number": "+4520123456",
        "Loyalty Number": "7", "Record Locator": "ABC2DE", "Surname": "LUND", "Given Name": "IDA",
        "Notes": "was very angry"}  # fmt: skip
ANSWER = {"Response Id": "r1", "Answered At": "2026-10-30T18:20:01Z", "Survey": "NPS", "Score": "9",
          "Touchpoint": "After flight", "Loyalty Number": "7", "Comment": "my son was ill"}  # fmt: skip


def test_call__is_a_contact__by_the_strongest_key_alone__without_the_notes(read):
    batch = read("call_centre", as_csv(CALL))

    assert events(batch) == [("SERVICE_CONTACT", "rebooking", "phone", 1)]
    assert batch.facts["events"]["properties"] == [{"wait_s": 94, "seconds": 412, "outcome": "solved"}]
    assert [(kind, claims) for kind, _, claims in keys(batch)] == [
        ("LOYALTY_NUMBER", True),
        ("TRAVELLER", False),
        ("PHONE", False),
    ]
    assert "angry" not in str(batch.facts)


def test_call__a_system_with_other_names__reads_the_same(read):
    row = {"Contact Id": "c1", "Initiation Timestamp": "2026-10-30T18:20:01Z", "Queue Name": "Disruption",
           "Talk Time": "412.5", "Disposition": "solved", "ANI": "+4520123456", "PNR": "ABC2DE",
           "Last Name": "LUND"}  # fmt: skip

    batch = read("call_centre", as_csv(row))

    assert events(batch) == [("SERVICE_CONTACT", "disruption", "phone", 1)]
    assert [(kind, claims) for kind, _, claims in keys(batch)] == [("TRAVELLER", True), ("PHONE", False)]


def test_call__by_the_name_in_a_booking__is_the_passengers(take_in):
    take_in("pnr", [people.booking("ABC2DE", [people.passenger(1, "IDA", "LUND")])])

    take_in("call_centre", as_csv({**CALL, "Loyalty Number": ""}))

    assert Event.objects.get(kind=EventKind.SERVICE_CONTACT).customer_id == Customer.objects.get().id


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"Call Id": ""}, "Call Id"),
        ({"Started At": "30/10/2026"}, "Started At"),
        ({"Wait Seconds": "-4"}, "Wait Seconds"),
        ({"Duration Seconds": "a while"}, "Duration Seconds"),
        ({"Channel": "pigeon"}, "Channel"),
    ],
)
def test_call__a_value_that_cannot_be__is_named(read, changes, field):
    assert faults(read("call_centre", as_csv(CALL, {**CALL, "Call Id": "c2", **changes}))) == [(1, field)]


def test_answer__its_score_goes_on__its_words_do_not(read):
    batch = read("surveys", as_csv(ANSWER, {**ANSWER, "Response Id": "r2", "Survey": "CSAT", "Score": "4"}))

    assert events(batch) == [
        ("SURVEY_ANSWERED", "nps:after flight", None, 9),
        ("SURVEY_ANSWERED", "csat:after flight", None, 4),
    ]
    assert "ill" not in str(batch.facts)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"Score": "11"}, "Score"),
        ({"Score": "8.5"}, "Score"),
        ({"Score": ""}, "Score"),
        ({"Survey": "CSAT", "Score": "0"}, "Score"),
        ({"Survey": "mood"}, "Survey"),
        ({"Answered At": ""}, "Answered At"),
    ],
)
def test_answer__that_cannot_be__is_named(read, changes, field):
    assert faults(read("surveys", as_csv(ANSWER, {**ANSWER, "Response Id": "r2", **changes}))) == [(1, field)]


def test_answer__on_a_scale_of_its_own(read):
    batch = read("surveys", as_csv({**ANSWER, "Survey": "CSAT", "Score": "9", "Scale": "1-10"}))

    assert batch.rejects == []
    assert batch.facts["events"]["properties"][0]["scale"] == "1-10"


def test_answer__changed_is_updated__again_is_unchanged(take_in, counts):
    take_in("loyalty_members", [people.member("7", "Ida", "Lund")])

    reports = [take_in("surveys", as_csv({**ANSWER, "Score": score}), str(i)) for i, score in enumerate("998")]

    assert [counts(each) for each in reports] == [(1, 0, 0, 0), (0, 0, 1, 0), (0, 1, 0, 0)]
    assert Event.objects.get(kind=EventKind.SURVEY_ANSWERED).quantity == 8


HEADS = (
    b"StartDate,EndDate,Status,Finished,RecordedDate,ResponseId,RecipientEmail,ExternalReference,Q1_NPS_GROUP,Q1,Q2\n"
    b"Start Date,End Date,Response Type,Finished,Recorded Date,Response ID,Recipient Email,External Data Reference,"
    b'"How likely?",How likely?,"Tell us\nmore"\n'
    b'"{""ImportId"":""startDate"",""timeZone"":""UTC""}","{""ImportId"":""endDate""}",x,x,x,x,x,x,x,x,x\n'
)


def test_qualtrics__an_export__with_its_three_heads(read):
    rows = (
        b"2026-10-30 18:00:00,2026-10-30 18:20:01,IP Address,True,2026-10-30 18:20:02,R_1,i@e.org,,Promoter,9,bad\n"
        b"2026-10-30 18:00:00,2026-10-30 18:20:01,IP Address,False,2026-10-30 18:20:02,R_2,bo@example.org,u-8,,,\n"
        b"2026-10-30 18:00:00,2026-10-30 18:20:01,Survey Preview,True,2026-10-30 18:20:02,R_3,,,Promoter,10,\n"
    )

    batch = read("qualtrics_responses", HEADS + rows)

    assert batch.native_key == ["R_1", "R_2", "R_3"]
    assert events(batch)[0] == ("SURVEY_ANSWERED", "nps:qualtrics", None, 9)
    assert faults(batch) == [(2, "Status")]
    assert "bad" not in str(batch.facts)


def test_qualtrics__the_json_export__reads_the_same(read):
    values = {"endDate": "2026-10-30T18:20:01Z", "status": 0, "finished": 1, "recipientEmail": "ida@example.org",
              "QID4": 9, "QID4_NPS_GROUP": 3, "QID5_TEXT": "bad"}  # fmt: skip

    batch = read("qualtrics_responses", as_json({"responses": [{"responseId": "R_1", "values": values, "labels": {}}]}))

    assert events(batch) == [("SURVEY_ANSWERED", "nps:qualtrics", None, 9)]
    assert keys(batch) == [("EMAIL", "ida@example.org", True)]


def test_qualtrics__contacts_and_their_invitations__are_one_person(take_in):
    take_in("qualtrics_contacts", as_csv({"contact_id": "CID_1", "distribution_id": "EMD_1", "opened_at": "",
                                          "sent_at": "2026-03-28 07:17:14"}), "invited")  # fmt: skip
    assert not Customer.objects.exists()

    report = take_in("qualtrics_contacts", as_csv({"directory_id": "POOL_1", "id": "CID_1", "first_name": "Ida",
                                                   "last_name": "Lund", "email": "ida@example.org"}))  # fmt: skip

    assert report.counts.new == 1
    assert Customer.objects.count() == 1
