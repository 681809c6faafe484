"""Choices in the consent banner: strings of the IAB read bit by bit, and what follows for the ledger."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

import pytest

from privacy.models import ConsentEvent, ConsentState
from profiles import pipeline
from profiles.sources import tcf
from profiles.sources.tcf import MalformedString
from tests import world as people
from tests.profiles.sources.conftest import as_csv, as_json, consents, faults

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
SAID_AT = datetime(2026, 10, 30, tzinfo=UTC)


def bits(*fields: tuple[int, int]) -> str:
    """(value, width) fields as base64url."""
    text = "".join(f"{value:0{width}b}" for value, width in fields)
    text += "0" * (-len(text) % 6)
    return "".join(LETTERS[int(text[at : at + 6], 2)] for at in range(0, len(text), 6))


def chosen(numbers: Collection[int], width: int = 24) -> tuple[int, int]:
    return sum(1 << width - number for number in numbers), width


def tc_string(
    purposes: Collection[int], interests: Collection[int] = (), vendors: str = "", publisher: str = ""
) -> str:
    """A TC string of CMP 300, version 5, in Danish, with the vendors as given or none."""
    moment = int(SAID_AT.timestamp() * 10)
    core = bits(
        *((2, 6), (moment, 36), (moment, 36), (300, 12), (5, 12), (1, 6), (3, 6), (0, 6), (250, 12), (4, 6)),
        *((1, 1), (0, 1), (0, 12), chosen(purposes), chosen(interests), (0, 1), (3, 6), (10, 6)),
        *((int(bit), 1) for bit in vendors or f"{0:016b}0"),
        *((0, 16), (0, 1), (0, 12)),
    )
    return f"{core}.{publisher}" if publisher else core


def test_tc_string__every_field_of_the_core(read):
    ranged = f"{9:016b}1{2:012b}" + "0" + f"{3:016b}" + "1" + f"{5:016b}{7:016b}"

    told = tcf.decode(tc_string({1, 2, 10}, {7, 9}, ranged))

    assert (told.created_at, told.cmp_id, told.cmp_version, told.screen) == (SAID_AT, 300, 5, 1)
    assert (told.language, told.publisher_country, told.vendor_list_version, told.policy_version) == (
        *("DA", "DK", 250, 4),
    )
    assert (told.purposes, told.legitimate_interests) == ({1, 2, 10}, {7, 9})
    assert told.vendors == {3, 5, 6, 7}
    assert told.is_service_specific
    assert told.publisher_purposes is None


def test_tc_string__vendors_as_bits__and_the_publishers_own_segment():
    publisher = bits((3, 3), chosen({1, 5, 6}), chosen({8}), (0, 6))

    told = tcf.decode(tc_string({1}, vendors=f"{4:016b}0" + "1001", publisher=publisher))

    assert told.vendors == {1, 4}
    assert (told.publisher_purposes, told.publisher_interests) == ({1, 5, 6}, {8})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "base64url"),
        ("C!", "'!'; expected base64url"),
        (tc_string({1})[:20], "ends after 120 bits"),
        ("B" + tc_string({1})[1:], "version 1; expected version 2"),
        (tc_string({1}, vendors=f"{5:016b}1{1:012b}" + "1" + f"{4:016b}{9:016b}"), "vendors 4 to 9; expected 1 to 5"),
        (tc_string({1}, vendors=f"{65535:016b}0"), "ends after"),
        (tc_string({1}, vendors=f"{65535:016b}1{4095:012b}"), "vendors 0 to 0"),
        ("C" * 100_001, "100,001 characters"),
    ],
)
def test_tc_string__malformed__says_how(text, said):
    with pytest.raises(MalformedString, match=said):
        tcf.decode(text)


def test_gpp_string__names_its_sections():
    # Section 2 in Fibonacci code is 011; then, as a distance of 5 from it, section 7: 00011.
    header = bits((3, 6), (1, 6), (2, 12), (0, 1), (0b011, 3), (0, 1), (0b00011, 5))

    assert tcf.decode_gpp(f"{header}~{tc_string({1})}~BVVV").sections == {2: tc_string({1}), 7: "BVVV"}
    with pytest.raises(MalformedString, match="1 GPP sections; expected 2"):
        tcf.decode_gpp(f"{header}~BVVV")
    with pytest.raises(MalformedString, match="GPP type 2"):
        tcf.decode_gpp("C" + header[1:])


ALL = set(range(1, 11))


def choice(**more: object) -> dict[str, object]:
    return {"choice_id": "c1", "at": "2026-10-30T10:00:00Z", "device_id": "dev-1", "user_id": "u-7", **more}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"tc_string": tc_string(ALL)}, {"marketing": "granted", "personalisation": "granted"}),
        ({"tc_string": tc_string({1, 5, 6}, {8})}, {"marketing": "denied", "personalisation": "granted"}),
        ({"tc_string": tc_string(set())},
         {"marketing": "denied", "personalisation": "denied", "analytics": "objected"}),
        ({"tc_string": tc_string(ALL), "gpc": True},
         {"marketing": "objected", "personalisation": "granted", "sharing": "objected"}),
        ({"gpc": True}, {"marketing": "objected", "sharing": "objected"}),
        ({"gpp_string": f"DBABMA~{tc_string(ALL)}"}, {"marketing": "granted", "personalisation": "granted"}),
        ({"gpp_string": "DBABTA~1YNN"}, {}),
        ({"gpc": False}, {}),
    ],
)  # fmt: skip
def test_a_choice__becomes_statements_by_purpose(read, told, expected):
    batch = read("web_consent", as_json([choice(**told)]))

    assert {purpose: state for purpose, _, state in consents(batch)} == expected
    assert batch.rejects == []


def test_a_choice__single_vendors__change_nothing(read):
    few, many = tc_string(ALL), tc_string(ALL, vendors=f"{800:016b}0" + "1" * 800)

    assert consents(read("web_consent", as_json([choice(tc_string=few)]))) == consents(
        read("web_consent", as_json([choice(tc_string=many)]))
    )


def test_a_choice__that_cannot_be_read__is_named__by_its_own_name_or_another_tools(read):
    rows = [{"consentId": "1", "timestamp": 1_793_354_400_000, "tcString": tc_string(ALL)},
            {"consentId": "2", "timestamp": 1_793_354_400_000, "tcString": "COxyz"},
            {"consentId": "3", "timestamp": 1_793_354_400_000},
            {"consentId": "4", "timestamp": 1_793_354_400_000, "gppString": "DBABMA"},
            {"consentId": "5", "tcString": tc_string(ALL)}]  # fmt: skip

    batch = read("web_consent", as_json(rows))

    assert sorted(faults(batch)) == [(1, "tc_string"), (2, "tc_string"), (3, "gpp_string"), (4, "at")]
    assert len(consents(batch)) == 2


def test_a_choice__is_kept_with_its_evidence__for_whom_the_device_turns_out_to_be(take_in, customer):
    take_in("web_consent", as_json([choice(user_id=None, tc_string=tc_string(set()))]))
    assert not ConsentEvent.objects.exists()

    take_in("loyalty_members", [people.member("7", "Ida", "Lund")])
    take_in("web_events", [people.seen("w1", "dev-1", user={"loyalty_number": "7"})])
    pipeline.refresh(as_of=people.AS_OF)

    assert set(ConsentState.objects.values_list("customer_id", "purpose", "channel", "state")) == {
        (customer("7"), "marketing", "web", "denied"),
        (customer("7"), "personalisation", "web", "denied"),
        (customer("7"), "analytics", "web", "objected"),
    }
    evidence = ConsentEvent.objects.filter(purpose="marketing").get()
    assert (evidence.method, evidence.policy_version, evidence.source) == (
        *("tcf2:cmp300.5:screen1", "tcf4:gvl250", "web_consent"),
    )


def test_a_choice__as_csv(read):
    assert len(consents(read("web_consent", as_csv(choice(tc_string=tc_string(ALL)))))) == 2
