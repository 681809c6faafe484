"""What became of messages, told by HubSpot, SendGrid, Klaviyo; and who may say so: the signatures of webhooks."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from iaros.lib import clock
from privacy.models import ConsentState
from profiles import pipeline
from profiles.models import Customer, Event, EventKind
from profiles.sources import signatures
from profiles.sources.signatures import WrongSignature
from tests import world as people
from tests.profiles.sources.conftest import as_csv, as_json, consents, events, faults, keys, public

SENT_AT = 1_793_380_801


def mail(event: str, number: int = 1, **more: object) -> dict[str, object]:
    known = {"email": "ida@example.org", "timestamp": SENT_AT, "sg_message_id": "m1", "category": ["autumn", "fares"]}
    return {"event": event, "sg_event_id": f"e{number}", **known, **more}


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ("delivered", "MESSAGE_SENT"),
        ("open", "MESSAGE_OPENED"),
        ("click", "MESSAGE_CLICKED"),
        ("bounce", "MESSAGE_BOUNCED"),
        ("dropped", "MESSAGE_BOUNCED"),
    ],
)
def test_sendgrid__the_fate_of_a_message(read, event, told):
    assert events(read("sendgrid_events", as_json([mail(event)]))) == [(told, "autumn", "email", 1)]


@pytest.mark.parametrize("event", [mail("processed"), mail("deferred"), mail("open", sg_machine_open=True)])
def test_sendgrid__on_its_way_or_opened_by_a_machine__is_no_event(read, event):
    batch = read("sendgrid_events", as_json([event]))

    assert batch.native_key == ["e1"]
    assert events(batch) == []


@pytest.mark.parametrize("event", ["unsubscribe", "group_unsubscribe", "spamreport"])
def test_sendgrid__leaving__is_a_withdrawal(read, event):
    assert consents(read("sendgrid_events", as_json([mail(event)]))) == [("marketing", "email", "withdrawn")]


def test_sendgrid__coming_back_to_one_group__is_no_consent_to_all(read):
    assert consents(read("sendgrid_events", as_json([mail("group_resubscribe")]))) == []


def test_sendgrid__faults__are_named(read):
    batch = read("sendgrid_events", as_json([mail("delivered"), mail("exploded", 2), mail("open", 3, timestamp="soon"),
                                             mail("open", 4, email=None), mail("", 5)]))  # fmt: skip

    assert sorted(faults(batch)) == [(1, "event"), (2, "timestamp"), (3, "email"), (4, "event")]


def test_sendgrid__an_export_without_ids__goes_by_message_and_moment(read):
    row = {"processed": "2026-10-30T18:20:01Z", "message_id": "m1", "event": "open", "email": "ida@example.org"}

    batch = read("sendgrid_events", as_csv(row, {**row, "event": "click"}))

    assert len(set(batch.native_key)) == 2
    assert [told for told, *_ in events(batch)] == ["MESSAGE_OPENED", "MESSAGE_CLICKED"]


def test_sendgrid__a_members_address__is_the_member__a_stranger_waits(take_in):
    take_in("loyalty_members", [people.member("7", "Ida", "Lund", Email="ida@example.org", Email_Verified="Y")])

    take_in("sendgrid_events", as_json([mail("open"), mail("open", 2, email="stranger@example.org")]))

    assert Customer.objects.count() == 1
    assert Event.objects.filter(customer_id=None).count() == Event.objects.exclude(customer_id=None).count() == 1


def test_a_withdrawal_of_somebody_unknown__counts_from_when_it_was_said__once_they_are_known(take_in, customer):
    take_in("sendgrid_events", as_json([mail("unsubscribe")]))
    assert not ConsentState.objects.exists()

    take_in("loyalty_members", [people.member("7", "Ida", "Lund", Email="ida@example.org", Email_Verified="Y")])
    pipeline.refresh(as_of=people.AS_OF)

    state = ConsentState.objects.get()
    assert (state.customer_id, state.channel, state.state) == (customer("7"), "email", "withdrawn")
    assert state.occurred_at == datetime.fromtimestamp(SENT_AT, tz=UTC)
    assert Event.objects.get(kind=EventKind.CONSENT_CHANGED).customer_id == customer("7")


def test_two_people_in_one_event__are_not_made_one(take_in):
    take_in("loyalty_members", [people.member("7", "Ida", "Lund", Email="ida@example.org", Email_Verified="Y")])
    take_in("zendesk_users", as_json({"users": [{"id": 1, "name": "Bo Ek", "external_id": "u-8", "role": "end-user"}]}))

    take_in("sendgrid_events", as_json([mail("open", user_id="u-8")]))

    assert Customer.objects.living().count() == 2


def test_hubspot_events__the_fate_of_a_message__and_a_form(read):
    row = {"id": "1", "created": "2026-03-16 19:03:20.357", "recipient": "ida@example.org", "email_campaign_id": "2"}
    kinds = ("SENT", "DELIVERED", "OPEN", "CLICK", "BOUNCE", "DEFERRED")

    batch = read("hubspot_events", as_csv(*({**row, "id": kind, "type": kind} for kind in kinds)))

    assert [told for told, *_ in events(batch)] == ["MESSAGE_SENT", "MESSAGE_OPENED", "MESSAGE_CLICKED",
                                                    "MESSAGE_BOUNCED"]  # fmt: skip
    assert keys(batch) == [("EMAIL", "ida@example.org", True)]


def test_hubspot_events__filtered_as_a_machine__is_no_event__status_change_withdraws(read):
    known = {"created": 1_793_380_801_132, "recipient": "ida@example.org", "emailCampaignId": 2, "portalId": 1}
    rows = [
        {"id": "1", "type": "OPEN", "filteredEvent": True, **known},
        {"id": "2", "type": "STATUSCHANGE", "portalSubscriptionStatus": "UNSUBSCRIBED", **known},
        {"id": "3", "type": "NONSENSE", **known},
        {"id": "4", **known},
    ]

    batch = read("hubspot_events", as_json({"hasMore": False, "events": rows}))

    assert consents(batch) == [("marketing", "email", "withdrawn")]
    assert [told for told, *_ in events(batch)] == ["CONSENT_CHANGED"]
    assert {line for line, _ in faults(batch)} == {2, 3}


def test_klaviyo_events__the_fate_of_a_message__by_its_metric(read):
    def event(number: int, metric: str) -> dict[str, object]:
        return {
            "type": "event",
            "id": f"e{number}",
            "attributes": {"datetime": "2026-10-05T20:02:45+00:00", "event_properties": {"Campaign Name": "autumn"},
                           "metric_name": metric},
            "relationships": {"profile": {"data": {"type": "profile", "id": "01HQ"}}},
        }  # fmt: skip

    metrics = ("Received Email", "Opened SMS", "Clicked Email", "Opened Push", "Placed Order", "Marked Email as Spam")
    batch = read("klaviyo_events", as_json({"data": [event(i, metric) for i, metric in enumerate(metrics)]}))

    assert events(batch) == [
        ("MESSAGE_SENT", "autumn", "email", 1),
        ("MESSAGE_CLICKED", "autumn", "email", 1),
        ("MESSAGE_OPENED", "autumn", "push", 1),
        ("CONSENT_CHANGED", "marketing:withdrawn", "email", 1),
    ]
    assert keys(batch) == [("ACCOUNT", "klaviyo:01HQ", True)]


NOW = datetime(2026, 10, 30, 18, 20, 1, tzinfo=UTC)
BODY = b'[{"event":"open"}]\r\n'
SECRET = "whsec_" + base64.b64encode(b"a secret of some length").decode()


@pytest.fixture
def at_that_moment(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


def _hex(message: bytes, how=sha256) -> str:
    return hmac.new(SECRET.encode(), message, how).hexdigest()


def signed(scheme: str, at: datetime = NOW) -> dict[str, str]:
    """The headers with which a provider delivers BODY."""
    moment = str(int(at.timestamp()))
    iso = at.isoformat().replace("+00:00", "Z")
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    standard = hmac.new(key, f"msg_1.{moment}.".encode() + BODY, sha256).digest()
    zendesk = hmac.new(SECRET.encode(), iso.encode() + BODY, sha256).digest()
    return {
        "segment": {"x-signature": _hex(BODY, sha1)},
        "stripe": {"Stripe-Signature": f"t={moment},v0=old,v1={_hex(moment.encode() + b'.' + BODY)}"},
        "zendesk": {"X-Zendesk-Webhook-Signature": base64.b64encode(zendesk).decode(),
                    "X-Zendesk-Webhook-Signature-Timestamp": iso},
        "standard_webhooks": {"Webhook-Id": "msg_1", "Webhook-Timestamp": moment,
                              "Webhook-Signature": "v1,b2xk v1," + base64.b64encode(standard).decode()},
    }[scheme]  # fmt: skip


SCHEMES = ("segment", "stripe", "zendesk", "standard_webhooks")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_signature__of_the_holder_of_the_secret__is_taken(at_that_moment, scheme):
    signatures.SCHEMES[scheme](BODY, signed(scheme), SECRET)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_signature__of_another_body__or_with_another_secret__is_refused(at_that_moment, scheme):
    with pytest.raises(WrongSignature, match="does not fit"):
        signatures.SCHEMES[scheme](BODY + b" ", signed(scheme), SECRET)
    with pytest.raises(WrongSignature):
        signatures.SCHEMES[scheme](BODY, signed(scheme), "whsec_" + base64.b64encode(b"another").decode())


@pytest.mark.parametrize("scheme", SCHEMES)
def test_signature__missing__is_refused(at_that_moment, scheme):
    with pytest.raises(WrongSignature, match="missing"):
        signatures.SCHEMES[scheme](BODY, {}, SECRET)


@pytest.mark.parametrize("scheme", SCHEMES[1:])
@pytest.mark.parametrize("away", [timedelta(minutes=-6), timedelta(minutes=6)])
def test_signature__of_another_hour__is_refused(at_that_moment, scheme, away):
    with pytest.raises(WrongSignature, match="more than 5 minutes"):
        signatures.SCHEMES[scheme](BODY, signed(scheme, NOW + away), SECRET)


def test_sendgrid_signature__by_its_key__within_the_window(at_that_moment):
    key = ec.generate_private_key(ec.SECP256R1())
    own = base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()

    def headers(at: datetime) -> dict[str, str]:
        moment = str(int(at.timestamp()))
        proof = base64.b64encode(key.sign(moment.encode() + BODY, ec.ECDSA(SHA256()))).decode()
        return {
            "X-Twilio-Email-Event-Webhook-Signature": proof,
            "X-Twilio-Email-Event-Webhook-Timestamp": moment,
        }

    signatures.sendgrid(BODY, headers(NOW), own)
    with pytest.raises(WrongSignature, match="does not fit"):
        signatures.sendgrid(BODY.strip(), headers(NOW), own)
    with pytest.raises(WrongSignature, match="more than 5 minutes"):
        signatures.sendgrid(BODY, headers(NOW - timedelta(hours=1)), own)
    with pytest.raises(WrongSignature, match="public key is none"):
        signatures.sendgrid(BODY, headers(NOW), base64.b64encode(b"nonsense").decode())


@pytest.mark.public_data
def test_sendgrid_signature__of_a_real_delivery(monkeypatch):
    told = json.loads((public("messages_misc") / "sendgrid_signed_webhook.json").read_text())
    monkeypatch.setattr(clock, "now", lambda: datetime.fromtimestamp(int(told["timestamp"]), tz=UTC))
    headers = {
        "X-Twilio-Email-Event-Webhook-Signature": told["signature_base64"],
        "X-Twilio-Email-Event-Webhook-Timestamp": told["timestamp"],
    }
    body, wrong = told["raw_body"].encode(), told["negative"]

    signatures.sendgrid(body, headers, told["public_key_base64_spki"])
    with pytest.raises(WrongSignature):
        signatures.sendgrid(body, headers, wrong["wrong_public_key"])
    with pytest.raises(WrongSignature):
        signatures.sendgrid(body, {**headers, "X-Twilio-Email-Event-Webhook-Signature": wrong["wrong_signature"]},
                            told["public_key_base64_spki"])  # fmt: skip
