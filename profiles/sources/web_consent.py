"""What visitors chose in the consent banner, one choice a record: a TC string (TCF 2), a GPP string, the GPC signal.

A choice becomes statements of the ledger about the channel web, with the tool, its version and the vendor list as
evidence; the string itself stays in the sealed message. The airline reads the choice as a publisher: what single
vendors got is between visitor and vendor, and changes nothing here. Nobody consents on another's behalf: a choice on a
device nobody signed in on waits with the device.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Channel, Purpose
from profiles.models import IdentifierKind
from profiles.sources import tcf
from profiles.sources.columns import Columns, table
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines
from profiles.sources.happenings import Happenings, keys_of, micros

_PSEUDONYM = Sensitivity.PSEUDONYM
FIELDS = (
    Field("choice_id", "text", "wc-000123", required=True, aliases=("id", "consentId", "consent_id", "receiptId")),
    Field("at", "moment", "2026-10-30T18:20:01+01:00", required=True,
          aliases=("timestamp", "date", "createdAt", "created_at", "interactionDate")),
    Field("device_id", "text", "dev_9f2c", _PSEUDONYM,
          aliases=("deviceId", "visitor_id", "visitorId", "anonymousId", "cookie_id")),
    Field("user_id", "the airline's own id", "u-77120", _PSEUDONYM, aliases=("userId", "identifier")),
    Field("loyalty_number", "text", "480934", _PSEUDONYM, aliases=("loyaltyNumber",)),
    Field("tc_string", "TC string", "CQAAAAAQAAAAAAcABBENAAFgAIAAAIAAAAAAAAAAAAAA",
          aliases=("tcString", "tcfString", "euconsent", "euconsent-v2", "tcf.tcString", "TCString")),
    Field("gpp_string", "GPP string", "DBABMA~CQAAAAAQAAAAAAcABBENAAFgAIAAAIAAAAAAAAAAAAAA",
          aliases=("gppString", "gpp", "gpp.gppString")),
    Field("gpc", "true or false", "true", aliases=("globalPrivacyControl", "sec_gpc", "Sec-GPC", "sec-gpc")),
    Field("language", "ISO 639", "da"),
)  # fmt: skip
# Purposes of the TCF: basic ads, profiles for ads, ads by profile; profiles for content, content by profile; measuring
# content, understanding audiences.
ADVERTISING, CONTENT, MEASURING = frozenset((2, 3, 4)), frozenset((5, 6)), frozenset((8, 9))
Statement = tuple[Purpose, Channel | None, str]


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read choices; each is one mention by membership, user id or device, and the statements it makes."""
    columns = table(header, lines, FIELDS, "web_consent")
    ids = columns.text("choice_id", required=True, longest=80)
    facts = _happenings(columns).facts()
    keys = keys_of(
        (IdentifierKind.LOYALTY_NUMBER, columns.text("loyalty_number", longest=20)),
        (IdentifierKind.LOGIN, columns.text("user_id", longest=256)),
        (IdentifierKind.DEVICE, columns.text("device_id", longest=256)),
    )
    return Batch(lines, columns.line, [i or "" for i in ids], keys=keys, facts=facts, rejects=columns.rejects)


def _happenings(columns: Columns) -> Happenings:
    told = Happenings()
    tc_strings, gpp_strings = columns.text("tc_string", longest=20_000), columns.text("gpp_string", longest=40_000)
    signals, languages = columns.flags("gpc"), columns.text("language", longest=8)
    said = columns.text("gpc")
    for at, moment in enumerate(micros(columns.stamps("at"))):
        chosen, field = None, "tc_string"
        try:
            if tc_strings[at]:
                chosen = tcf.decode(tc_strings[at] or "")
            field = "gpp_string"
            sections = tcf.decode_gpp(gpp_strings[at] or "").sections if gpp_strings[at] else {}
            if chosen is None and tcf.TCF_EU_SECTION in sections:
                chosen = tcf.decode(sections[tcf.TCF_EU_SECTION])
        except tcf.MalformedString as error:
            found, _, expected = str(error).partition("; expected ")
            columns.reject(at, field, found, expected or "a string of the IAB")
            continue
        if not (tc_strings[at] or gpp_strings[at] or said[at]):
            columns.reject(at, "tc_string", "empty", "a TC string, a GPP string or the GPC signal")
        if moment is None:
            continue
        evidence = _evidence(chosen) if chosen else {"method": "gpc"}
        for purpose, channel, state in _statements(chosen, signals[at]):
            by_signal = signals[at] and purpose in (Purpose.MARKETING, Purpose.SHARING)
            by = {"method": "gpc"} if by_signal else evidence
            told.consent(at, purpose, state, moment, channel=channel, language=languages[at], **by)
    return told


def _statements(chosen: tcf.TcString | None, gpc: bool) -> Iterator[Statement]:
    """What the choice says by purpose. The signal of the browser goes before the banner: it objects to selling and
    to advertising by profile."""
    if chosen:
        agreed = chosen.publisher_purposes if chosen.publisher_purposes is not None else chosen.purposes
        for_measuring = agreed | chosen.purposes | chosen.legitimate_interests | (chosen.publisher_interests or set())
        if not gpc:
            yield Purpose.MARKETING, Channel.WEB, "granted" if agreed >= ADVERTISING else "denied"
        yield Purpose.PERSONALISATION, Channel.WEB, "granted" if agreed >= CONTENT else "denied"
        # Measuring rests on a legitimate interest: unless it was objected to, nothing has to be said.
        if not MEASURING & for_measuring:
            yield Purpose.ANALYTICS, Channel.WEB, "objected"
    if gpc:
        yield Purpose.MARKETING, Channel.WEB, "objected"
        yield Purpose.SHARING, None, "objected"


def _evidence(chosen: tcf.TcString) -> dict[str, Any]:
    return {
        "method": f"tcf2:cmp{chosen.cmp_id}.{chosen.cmp_version}:screen{chosen.screen}",
        "policy_version": f"tcf{chosen.policy_version}:gvl{chosen.vendor_list_version}",
    }


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The id of each choice."""
    columns = table(header, lines, FIELDS, "web_consent", only=["choice_id"])
    return columns.line, [value or "" for value in columns.text("choice_id")]


CONNECTOR = Connector(
    name="web_consent",
    title="Choices in the consent banner",
    family=Family.WEB,
    format="JSON, CSV",
    version="TCF 2.2, GPP 1, GPC",
    purpose=Purpose.LEGAL_OBLIGATION,
    fields=FIELDS,
    read=read,
    scan=scan,
    framing=Framing.TABLE,
    introduces=False,
    freshness_hours=2,
    recognises=lambda sample: 0.95 * bool(
        (sample.members | sample.columns) & {"tc_string", "tcString", "tcfString", "euconsent-v2", "gpp_string",
                                             "gppString", "gpc", "globalPrivacyControl", "tcstring", "gppstring"}
    ),
    specification="IAB Tech Lab: TCF 2.2, Global Privacy Platform; W3C Global Privacy Control",
)  # fmt: skip
