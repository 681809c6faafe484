"""What Salesforce, HubSpot, Zendesk and Klaviyo say of people, in the shapes in which they export it."""

from __future__ import annotations

import pytest

from privacy.models import ConsentState
from profiles.models import Customer, Event, Link, LinkRule, Profile, SourceRecord
from profiles.sources.people_names import apart
from tests.profiles.sources.conftest import as_csv, as_json, consents, events, faults, keys

REPORT = {"Contact ID": "0035g00000AbCdE", "First Name": "Ida", "Last Name": "Lund", "Email": "ida@example.org",
          "Mailing City": "Aarhus", "Mailing Country": "Denmark"}  # fmt: skip
COPY = {"id": "0035g00000AbCdEAAV", "first_name": "Ida", "last_name": "Lund", "email": "ida@example.org",
        "mailing_city": "Aarhus", "mailing_country": "Denmark"}  # fmt: skip
REST = {"attributes": {"type": "Contact"}, "Id": "0035g00000AbCdEAAV", "FirstName": "Ida", "LastName": "Lund",
        "Email": "ida@example.org", "MailingCity": "Aarhus", "MailingCountry": "Denmark"}  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [as_csv(REPORT), as_csv(COPY), as_json({"totalSize": 1, "done": True, "records": [REST]})],
    ids=["report", "warehouse", "REST"],
)
def test_salesforce__a_contact__is_the_same_however_it_is_exported(read, content):
    batch = read("salesforce_contacts", content)

    assert batch.native_key == ["0035g00000AbCdE"]
    assert {name: values[0] for name, values in batch.person.items() if values[0]} == {
        "given_name": "Ida",
        "surname": "Lund",
        "email": "ida@example.org",
        "city": "Aarhus",
        "country": "DK",
    }
    assert keys(batch) == [("ACCOUNT", "salesforce:0035g00000AbCdE", True), ("EMAIL", "ida@example.org", False)]


def test_salesforce__a_lead_that_became_a_contact__is_one_person_with_it(take_in, counts):
    lead = {"Id": "00Q5g00000LeadAAAA", "LastName": "Lund", "LeadSource": "Web", "ConvertedContactId": REST["Id"]}

    take_in("salesforce_contacts", as_csv(lead), "leads.csv")
    report = take_in("salesforce_contacts", as_json([REST]), "contacts.json")

    assert counts(report) == (1, 0, 0, 0)
    assert Customer.objects.living().count() == 1
    assert Link.objects.filter(rule=LinkRule.ACCOUNT).exists()


def test_salesforce__opted_out__is_a_withdrawal_with_its_moment(take_in):
    row = {**REST, "HasOptedOutOfEmail": True, "LastModifiedDate": "2026-03-01T10:00:00.000+0000"}

    take_in("salesforce_contacts", as_json([row]))

    state = ConsentState.objects.get()
    assert (state.purpose, state.channel, state.state) == ("marketing", "email", "withdrawn")
    assert state.occurred_at.isoformat() == "2026-03-01T10:00:00+00:00"


def test_salesforce__not_opted_out__is_no_consent(read):
    assert consents(read("salesforce_contacts", as_json([{**REST, "HasOptedOutOfEmail": False}]))) == []


def test_salesforce__deleted__leaves_no_personal_value(read):
    batch = read("salesforce_contacts", as_json([{**REST, "IsDeleted": True}]))

    assert not any(value for values in batch.person.values() for value in values)
    assert not any(key.claims.any() for key in batch.keys)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"Id": ""}, "Id"),
        ({"Birthdate": "17/05/1984"}, "Birthdate"),
        ({"LastModifiedDate": "yesterday"}, "LastModifiedDate"),
        ({"HasOptedOutOfEmail": "true"}, "LastModifiedDate"),
        ({"Is Current": "false"}, "Is Current"),
    ],
)
def test_salesforce__a_value_that_cannot_be__is_named(read, changes, field):
    batch = read("salesforce_contacts", as_json([REST, {**REST, **changes}]))

    assert faults(batch) == [(1, field)]


def test_salesforce__changed_is_updated__again_is_unchanged(take_in, counts):
    first = take_in("salesforce_contacts", as_csv(COPY), "1")
    changed = take_in("salesforce_contacts", as_csv({**COPY, "mailing_city": "Odense"}), "2")
    again = take_in("salesforce_contacts", as_csv({**COPY, "mailing_city": "Odense"}), "3")

    assert [counts(each) for each in (first, changed, again)] == [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0)]
    assert Profile.objects.get().records == 1


@pytest.mark.parametrize(
    "content",
    [
        as_csv({"id": "501", "property_firstname": "Ida", "property_lastname": "Lund", "property_email": "i@e.org"}),
        as_csv({"Record ID": "501", "First Name": "Ida", "Last Name": "Lund", "Email": "i@e.org"}),
        as_json({"results": [{"id": "501", "properties": {"firstname": "Ida", "lastname": "Lund", "email": "i@e.org"}}],
                 "paging": {"next": {"after": "501"}}}),
        as_json({"contacts": [{"vid": 501, "properties": {"firstname": {"value": "Ida"}, "lastname": {"value": "Lund"},
                                                         "email": {"value": "i@e.org"}}}], "has-more": False}),
    ],
    ids=["warehouse", "export", "v3", "v1"],
)  # fmt: skip
def test_hubspot__a_contact__is_the_same_however_it_is_exported(read, content):
    batch = read("hubspot", content)

    assert batch.native_key == ["501"]
    assert [batch.person[name][0] for name in ("given_name", "surname", "email")] == ["Ida", "Lund", "i@e.org"]


def test_hubspot__merged_contacts__become_one_customer(take_in):
    take_in("hubspot", as_csv({"id": "1", "property_firstname": "Ida", "property_lastname": "Lund"},
                              {"id": "2", "property_firstname": "Ida", "property_lastname": "Lund"},
                              {"id": "3", "property_firstname": "I.", "property_lastname": "Lund"}))  # fmt: skip
    assert Customer.objects.living().count() == 3

    take_in("hubspot_merges", as_csv({"canonical_vid": "1", "vid_to_merge": "2", "timestamp": "2026-03-01 10:00:00"}))
    take_in("hubspot", as_csv({"id": "1", "property_firstname": "Ida", "property_lastname": "Lund",
                               "property_hs_merged_object_ids": "2;3"}), "later")  # fmt: skip

    assert Customer.objects.living().count() == 1


def test_zendesk_users__a_verified_address_claims__staff_are_set_aside(read):
    users = [
        {"id": 7, "name": "Ida Lund", "email": "ida@example.org", "verified": True, "role": "end-user"},
        {"id": 8, "name": "Bo Ek", "email": "bo@example.org", "verified": False, "role": "end-user"},
        {"id": 9, "name": "Ann Agent", "email": "ann@airline.example", "verified": True, "role": "agent"},
    ]

    batch = read("zendesk_users", as_json({"users": users, "count": 3, "next_page": None}))

    assert keys(batch) == [("ACCOUNT", "zendesk:7", True), ("EMAIL", "ida@example.org", True)]
    assert next(key for key in batch.keys if key.kind.name == "EMAIL").claims.tolist()[:2] == [True, False]
    assert faults(batch) == [(2, "role")]


TICKET = {"id": 35, "created_at": "2026-10-22T00:19:23Z", "updated_at": "2026-10-23T00:00:00Z", "requester_id": 7,
          "status": "solved", "priority": "high", "type": "question", "subject": "My bag", "description": "It is gone",
          "via": {"channel": "voice", "source": {"from": {}, "rel": "inbound"}},
          "satisfaction_rating": {"score": "good", "comment": "Kind people"}}  # fmt: skip


def test_zendesk_tickets__a_rated_ticket__is_a_contact_and_an_answer__without_a_word_of_it(read):
    batch = read("zendesk_tickets", as_json({"tickets": [TICKET], "users": [{"id": 7}], "end_time": 1}))

    assert events(batch) == [
        ("SERVICE_CONTACT", "question", "phone", 1),
        ("SURVEY_ANSWERED", "csat:ticket", "phone", 1),
    ]
    assert not batch.person
    assert "bag" not in str(batch.facts)
    assert "Kind" not in str(batch.facts)


def test_zendesk_tickets__exported_view__reads_the_same(read):
    row = {"Id": "35", "Requester": "Ida Lund", "Requester id": "7", "Status": "Solved", "Via": "Mail",
           "Created at": "2026-10-22 00:19:23 +0000", "Satisfaction Score": "Bad"}  # fmt: skip

    batch = read("zendesk_tickets", as_csv(row))

    assert keys(batch) == [("ACCOUNT", "zendesk:7", True)]
    assert events(batch) == [("SERVICE_CONTACT", "ticket", "email", 1), ("SURVEY_ANSWERED", "csat:ticket", "email", 0)]


def test_zendesk_tickets__deleted__tells_nothing__and_takes_back_what_it_told(take_in, counts):
    take_in("zendesk_users", as_json({"users": [{"id": 7, "name": "Ida Lund", "role": "end-user"}]}))
    take_in("zendesk_tickets", as_json({"tickets": [TICKET]}), "1")

    report = take_in("zendesk_tickets", as_json({"tickets": [{**TICKET, "status": "deleted"}]}), "2")

    assert counts(report) == (0, 1, 0, 0)
    assert not Event.objects.exists()


def test_zendesk_tickets__of_somebody_unknown__make_no_customer(take_in):
    take_in("zendesk_tickets", as_json({"tickets": [TICKET]}))

    assert not Customer.objects.exists()
    assert SourceRecord.objects.count() == 1


PROFILE = {
    "type": "profile",
    "id": "01HQ",
    "attributes": {
        "email": "ida@example.org",
        "first_name": "Ida",
        "last_name": "Lund",
        "external_id": "u-7",
        "location": {"city": "Aarhus", "country": "Denmark"},
        "subscriptions": {
            "email": {"marketing": {"consent": "SUBSCRIBED", "consent_timestamp": "2026-02-11T09:00:00+00:00"}},
            "sms": {"marketing": {"consent": "NEVER_SUBSCRIBED"}},
        },
    },
}


def test_klaviyo__a_subscription__is_a_consent_with_its_moment(read):
    batch = read("klaviyo_profiles", as_json({"data": [PROFILE], "links": {"next": None}}))

    assert keys(batch)[:2] == [("LOGIN", "u-7", True), ("ACCOUNT", "klaviyo:01HQ", True)]
    assert batch.person["city"] == ["Aarhus"]
    assert consents(batch) == [("marketing", "email", "granted")]


def test_klaviyo__an_exported_list__reads_the_same(read):
    row = {"Email": "ida@example.org", "Klaviyo ID": "01HQ", "First Name": "Ida", "Last Name": "Lund",
           "Zip Code": "8000", "Email Marketing Consent": "UNSUBSCRIBED",
           "Email Marketing Consent Timestamp": "2026-02-11 09:00:00"}  # fmt: skip

    batch = read("klaviyo_profiles", as_csv(row))

    assert batch.native_key == ["01HQ"]
    assert batch.person["postal_code"] == ["8000"]
    assert consents(batch) == [("marketing", "email", "withdrawn")]


def test_klaviyo__a_subscription_without_its_moment__is_no_consent(read):
    assert (
        consents(read("klaviyo_profiles", as_csv({"id": "1", "email": "a@b.org", "email_consent": "SUBSCRIBED"}))) == []
    )


@pytest.mark.parametrize(
    ("written", "given", "surname"),
    [
        ("Ida Lund", "Ida", "Lund"),
        ("Lund, Ida Marie", "Ida Marie", "Lund"),
        ("Ludwig van Beethoven", "Ludwig", "van Beethoven"),
        ("Van Beethoven", "Van", "Beethoven"),
        ("Ida", "Ida", None),
        ("ida@example.org", None, None),
        ("", None, None),
    ],
)
def test_a_name_in_one_field__is_taken_apart(written, given, surname):
    assert apart(written) == (given, surname)
