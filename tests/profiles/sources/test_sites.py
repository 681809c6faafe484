"""What people do on site and app, told by GA4, Segment, Snowplow, the search log and the app itself."""

from __future__ import annotations

import json

import pytest

from profiles import pipeline
from profiles.models import Customer, Event, EventKind, Identifier, IdentifierKind, Profile
from profiles.sources import site_events
from profiles.sources.snowplow_enriched import COLUMNS
from tests import world as people
from tests.profiles.sources.conftest import as_csv, as_json, consents, events, faults, keys

AT = "2026-10-30T18:20:01Z"


def hit(name: str, **more: object) -> dict[str, object]:
    known = {"event_timestamp": "1793384401132002", "user_pseudo_id": "123.456", "platform": "WEB", "user_id": None}
    return {"event_name": name, **known, **more}


def param(key: str, value: object) -> dict[str, object]:
    kind = "int_value" if isinstance(value, int) else "string_value"
    return {"key": key, "value": {"string_value": None, "int_value": None, kind: value}}


def test_ga4__a_search__has_its_route_and_party_from_the_parameters(read):
    asked = [param("origin", "CPH"), param("destination", "LIS"), param("passengers", 2),
             param("start_date", "2026-12-12"), param("search_term", "something personal")]  # fmt: skip

    batch = read("ga4_export", as_json([hit("flight_search", event_params=asked, user_id="u-7")]))

    assert events(batch) == [("WEB_SEARCHED", "CPH-LIS", "web", 2)]
    assert (batch.facts["events"]["haul"], batch.facts["events"]["lead_days"].tolist()) == (["M"], [43])
    assert keys(batch) == [("LOGIN", "u-7", True), ("DEVICE", "123.456", False)]
    assert "personal" not in str(batch.facts)


@pytest.mark.parametrize(
    ("name", "platform", "told"),
    [
        ("page_view", "WEB", [("WEB_VIEWED", "page", "web", 1)]),
        ("screen_view", "IOS", [("WEB_VIEWED", "screen", "app", 1)]),
        ("session_start", "ANDROID", [("APP_OPENED", "app", "app", 1)]),
        ("session_start", "WEB", []),
        ("begin_checkout", "WEB", [("WEB_VIEWED", "checkout", "web", 1)]),
        ("notification_open", "IOS", [("MESSAGE_OPENED", None, "push", 1)]),
        ("scroll", "WEB", []),
    ],
)
def test_ga4__what_a_hit_means(read, name, platform, told):
    assert events(read("ga4_export", as_json([hit(name, platform=platform)]))) == told


def test_ga4__storage_refused__ties_nobody_and_tells_nothing(read):
    refused = hit("page_view", user_id="u-7", privacy_info={"analytics_storage": "No"})

    batch = read("ga4_export", as_json([refused]))

    assert len(batch.native_key) == 1
    assert events(batch) == keys(batch) == []


def test_ga4__a_parameter_whose_name_is_no_text__fails_nothing(read):
    odd = [{"key": ["ga_session_id"], "value": {"int_value": 7}}]

    assert len(read("ga4_export", as_json([hit("flight_search", event_params=odd, user_id="u-7")])).native_key) == 1


def test_ga4__flat_copy__reads_the_same(read):
    row = {"name": "page_view", "timestamp": "2026-10-30 18:20:01", "user_pseudo_id": "123.456", "platform": "web",
           "user_id": "u-7", "bundle_sequence_id": "1", "batch_event_index": "1"}  # fmt: skip

    batch = read("ga4_export", as_csv(row, {**row, "batch_event_index": "2"}))

    assert events(batch) == [("WEB_VIEWED", "page", "web", 1)] * 2
    assert len(set(batch.native_key)) == 2


def message(kind: str, **more: object) -> dict[str, object]:
    return {"type": kind, "messageId": f"m-{kind}", "userId": "u-7", "timestamp": AT, **more}


IDENTIFY = message("identify", anonymousId="dev-1", traits={
    "name": "Ida Lund", "email": "ida@example.org", "loyaltyNumber": 7,
    "address": {"street": "Åboulevarden 1", "city": "Aarhus", "postalCode": "8000", "country": "Denmark"}})  # fmt: skip


def test_segment__identify__tells_who_somebody_is(read):
    batch = read("segment_events", as_json(IDENTIFY))

    assert [batch.person[name][0] for name in ("given_name", "surname", "city", "country")] == [
        *("Ida", "Lund", "Aarhus", "DK"),
    ]
    assert keys(batch) == [
        ("LOYALTY_NUMBER", "7", True),
        ("LOGIN", "u-7", True),
        ("DEVICE", "dev-1", False),
        ("EMAIL", "ida@example.org", False),
    ]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (message("page", name="Baggage"), ("WEB_VIEWED", "baggage", "web", 1)),
        (message("screen", name="Boarding pass"), ("WEB_VIEWED", "boarding pass", "app", 1)),
        (message("track", event="Flight Searched", properties={"origin": "cph", "destination": "LIS", "passengers": 3}),
         ("WEB_SEARCHED", "CPH-LIS", "web", 3)),
        (message("track", event="Product Viewed"), ("WEB_VIEWED", "fare", "web", 1)),
        (message("track", event="Order Completed"), ("WEB_VIEWED", "purchase", "web", 1)),
        (message("track", event="Application Opened", channel="mobile"), ("APP_OPENED", "app", "app", 1)),
        (message("track", event="Email Opened", properties={"campaign_name": "autumn"}),
         ("MESSAGE_OPENED", "autumn", "email", 1)),
        (message("track", event="Push Notification Bounced", properties={"campaign": {"name": "gate"}}),
         ("MESSAGE_BOUNCED", "gate", "push", 1)),
        (message("track", event="Live Chat Conversation Started", properties={"message_body": "secret"}),
         ("SERVICE_CONTACT", "chat", "chat", 1)),
        (message("track", event="Feedback Submitted", properties={"rating": 5}),
         ("SURVEY_ANSWERED", "rating", "web", 5)),
        (message("track", event="Unsubscribed"), ("CONSENT_CHANGED", "marketing:withdrawn", "email", 1)),
        (message("track", event="Video Playback Started"), ("WEB_VIEWED", "video", "web", 1)),
    ],
)  # fmt: skip
def test_segment__what_a_message_tells(read, told, expected):
    batch = read("segment_events", as_json([told]))

    assert events(batch) == [expected]
    assert "secret" not in str(batch.facts)


def test_segment__batch_and_rudderstack__are_read_alike(read):
    rudder = {"type": "track", "event": "Product Viewed", "anonymousId": "dev-1", "messageId": "r1",
              "originalTimestamp": AT, "channel": "web", "context": {"traits": {"email": "i@e.org"}}}  # fmt: skip

    batch = read("segment_events", as_json({"batch": [message("page", name="Home"), rudder], "sentAt": AT}))

    assert [told for told, *_ in events(batch)] == ["WEB_VIEWED", "WEB_VIEWED"]
    assert batch.native_key == ["page/m-page", "track/r1"]


def test_segment__faults__are_named__and_a_message_without_moment_tells_no_event(read):
    batch = read("segment_events", as_json([
        message("page"),
        {"type": "dance", "userId": "u-7"},
        {"type": "page", "name": "Home"},
        {"type": "page", "userId": "u-7", "name": "Home"},
        {"type": "group", "userId": "u-7", "groupId": "acme"},
        {"type": "track", "userId": "u-7", "event": "Product Viewed", "timestamp": "last week"},
        {"type": "track", "userId": ["u-7"], "event": "Product Viewed"},
        {"type": "track", "userId": "u-7", "properties": "none"},
    ]))  # fmt: skip

    assert sorted(faults(batch)) == [(1, "type"), (2, "userId"), (3, "timestamp"), (5, "timestamp"), (6, "userId"),
                                     (7, "properties")]  # fmt: skip
    assert len(events(batch)) == 1


def test_segment__without_a_message_id__the_same_message_is_known_again(take_in, counts):
    told = {"type": "track", "userId": "u-7", "event": "Product Viewed", "timestamp": AT}

    first, again = (take_in("segment_events", as_json([told]), name) for name in ("1", "2"))

    assert (counts(first), counts(again)) == ((1, 0, 0, 0), (0, 0, 1, 0))


def test_segment__choices_of_the_visitor__are_consents__and_refused_analytics_tell_nothing(read):
    choice = {"consent": {"categoryPreferences": {"Advertising": False, "Analytics": False, "DataSharing": True,
                                                  "Functional": True}}}  # fmt: skip

    batch = read("segment_events", as_json([
        message("track", event="Segment Consent Preference Updated", context=choice),
        {**message("page", name="Home", context=choice), "messageId": "m2"},
    ]))  # fmt: skip

    assert sorted(consents(batch)) == [
        ("analytics", "web", "objected"),
        ("marketing", "web", "denied"),
        ("sharing", "web", "granted"),
    ]
    assert [told for told, *_ in events(batch)] == ["CONSENT_CHANGED"] * 3


def test_segment__an_anonymous_visitor__waits__until_the_device_signs_in(take_in):
    visit = {"type": "page", "messageId": "m1", "anonymousId": "dev-1", "timestamp": AT, "name": "Home"}
    take_in("segment_events", as_json([visit]), "anonymous")
    assert not Customer.objects.exists()

    take_in("segment_events", as_json([IDENTIFY]), "identified")
    pipeline.refresh(as_of=people.AS_OF)

    customer = Customer.objects.get()
    assert Event.objects.get(kind=EventKind.WEB_VIEWED).customer_id == customer.id
    assert Profile.objects.get().country == "DK"


def test_segment__an_alias__is_a_hint_that_claims_nothing(take_in):
    take_in("segment_events", as_json([message("alias", previousId="ida@example.org")]), "1")
    take_in("segment_events", as_json([message("alias", previousId="dev-0", messageId="m2")]), "2")

    assert Customer.objects.count() == 1
    known = Identifier.objects.values_list("kind", "claims")
    assert set(known) == {(IdentifierKind.LOGIN, True), (IdentifierKind.EMAIL, False), (IdentifierKind.DEVICE, False)}


def enriched(**values: str) -> bytes:
    known = {"app_id": "site", "platform": "web", "collector_tstamp": "2026-10-30 18:20:01.132", "event": "page_view",
             "event_id": "c6ef3124-b53a-4b13-a233-0088f79dcbcb", "domain_userid": "bc2e92ec6c204a14"}  # fmt: skip
    return "\t".join({**known, **values}.get(name, "") for name in COLUMNS).encode() + b"\n"


def described(schema: str, data: object) -> str:
    inner = {"schema": f"iglu:example/{schema}/jsonschema/1-0-0", "data": data}
    return json.dumps({"schema": "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0", "data": inner})


def test_snowplow__has_131_columns():
    assert len(COLUMNS) == len(set(COLUMNS)) == 131


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, [("WEB_VIEWED", "page", "web", 1)]),
        ({"event": "page_ping"}, []),
        ({"event": "struct", "se_action": "flight_search"}, [("WEB_SEARCHED", "search", "web", 1)]),
        ({"event": "unstruct", "event_name": "application_foreground", "platform": "mob"},
         [("APP_OPENED", "app", "app", 1)]),
        ({"event": "unstruct", "event_name": "flight_search",
          "unstruct_event": described("flight_search", {"origin": "CPH", "destination": "BKK", "passengers": 2})},
         [("WEB_SEARCHED", "CPH-BKK", "web", 2)]),
        ({"event": "unstruct", "event_name": "flight_search", "unstruct_event": "{broken"},
         [("WEB_SEARCHED", "search", "web", 1)]),
    ],
)  # fmt: skip
def test_snowplow__what_an_event_means(read, values, told):
    assert events(read("snowplow_enriched", enriched(**values))) == told


def test_snowplow__faults__are_named(read):
    lines = [enriched(), b"too\tfew\n", enriched(event_id="", user_id="u-7"), enriched(collector_tstamp="never")]

    assert sorted(faults(read("snowplow_enriched", b"".join(lines)))) == [
        *((1, "line"), (2, "event_id"), (3, "collector_tstamp")),
    ]


def test_search_log__a_search__with_who_where_when_and_the_price_shown(read):
    row = {"Search Id": "s1", "Searched At": AT, "Device Id": "dev-1", "Origin": "cph", "Destination": "BKK",
           "Departure Date": "2026-12-01", "Adults": "2", "Children": "1", "Cabin": "Business", "Results": "14",
           "Lowest Price": "5,189.00", "Currency": "EUR"}  # fmt: skip
    wrong = {"Origin": "COPENHAGEN"}, {"Cabin": "deck"}, {"Searched At": ""}, {"Departure Date": "soon"}

    batch = read("search_log", as_csv(row, *({**row, "Search Id": str(i), **w} for i, w in enumerate(wrong))))

    assert events(batch)[0] == ("WEB_SEARCHED", "CPH-BKK", "web", 3)
    table = batch.facts["events"]
    assert (table["haul"][0], table["cabin"][0], table["lead_days"][0]) == ("L", "C", 32)
    assert table["properties"][0] == {"results": 14, "lowest_minor": 518_900, "currency": "EUR"}
    assert sorted(faults(batch)) == [(1, "Origin"), (2, "Cabin"), (3, "Searched At"), (4, "Departure Date")]


def app_event(kind: str, **more: object) -> dict[str, object]:
    return {"event_id": kind, "type": kind, "at": AT, "device_id": "dev-1", "platform": "ios", **more}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (app_event("app_open"), [("APP_OPENED", "app", "app", 1)]),
        (app_event("screen", screen="Boarding pass"), [("WEB_VIEWED", "boarding pass", "app", 1)]),
        (app_event("push_delivered", campaign="gate"), [("MESSAGE_SENT", "gate", "push", 1)]),
        (app_event("push_opened"), [("MESSAGE_OPENED", None, "push", 1)]),
        (app_event("push_opt_out"), [("CONSENT_CHANGED", "marketing:withdrawn", "push", 1)]),
        (app_event("push_opt_in"), []),
        (app_event("push_opt_in", policy_version="2025-01"), [("CONSENT_CHANGED", "marketing:granted", "push", 1)]),
        (app_event("token", push_token="abc"), []),
        ({"id": "a1", "type": "OPEN", "occurred": AT, "device": {"ios_channel": "dev-1", "named_user_id": "u-7"}},
         [("APP_OPENED", "app", "app", 1)]),
        ({"event_type": "users.messages.pushnotification.Open",
          "properties": {"id": "b1", "time": 1_793_380_801, "device_id": "dev-1", "external_user_id": "u-7",
                         "campaign_name": "gate"}}, [("MESSAGE_OPENED", "gate", "push", 1)]),
    ],
)  # fmt: skip
def test_app_and_push__what_an_event_tells(read, told, expected):
    batch = read("mobile_events", as_json([told]))

    assert events(batch) == expected
    assert batch.rejects == []
    assert ("DEVICE", "dev-1", False) in keys(batch)


def test_app__an_unknown_type__is_named(read):
    assert faults(read("mobile_events", as_json([app_event("app_open"), app_event("teleport")]))) == [(1, "type")]


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        (("cph", " LIS "), ("CPH-LIS", "M")),
        (("CPH", "QQQ"), ("CPH-QQQ", None)),
        (("CPH", None), (None, None)),
        (("CPH", "LISBON"), (None, None)),
        ((7, "LIS"), (None, None)),
    ],
)
def test_a_route__is_two_codes(ends, expected):
    assert site_events.route(*ends) == expected
