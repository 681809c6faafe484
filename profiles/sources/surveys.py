"""Answers to surveys, one row an answer: recommendation (NPS), satisfaction (CSAT) or effort (CES). A template of ours.

The score and what it is about go on; what was written beside it is not read and stays in the sealed message.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources.columns import Columns, table
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines, Sample
from profiles.sources.happenings import Happenings, keys_of, micros
from profiles.sources.travellers import traveller

_PSEUDONYM, _IDENTITY = Sensitivity.PSEUDONYM, Sensitivity.IDENTITY
FIELDS = (
    Field("Response Id", "text", "r-000123", required=True, aliases=("Response ID", "Answer Id", "Survey Response ID")),
    Field("Answered At", "moment", "2026-10-30T18:20:01Z", required=True,
          aliases=("Submitted At", "Completed At", "Response Date", "Created At", "Responded At", "Date Submitted")),
    Field("Survey", "NPS CSAT CES", "NPS", aliases=("Survey Type", "Metric", "Question Type")),
    Field("Score", "number", "9", required=True, aliases=("Rating", "NPS Score", "CSAT Score", "NPS", "CSAT", "CES")),
    Field("Scale", "lowest-highest", "0-10"),
    Field("Touchpoint", "text", "after flight", aliases=("Journey Stage", "Survey Name")),
    Field("Channel", "text", "email", aliases=("Source",)),
    Field("Loyalty Number", "text", "480934", _PSEUDONYM, aliases=("Frequent Flyer Number", "Member Number")),
    Field("User Id", "the airline's own id", "u-77120", _PSEUDONYM),
    Field("Email", "e-mail", "ingrid@example.org", Sensitivity.CONTACT, aliases=("Person Email", "Respondent Email")),
    Field("Record Locator", "text", "ABC2DE", _PSEUDONYM, aliases=("PNR", "Booking Reference")),
    Field("Surname", "text", "SOLHEIM", _IDENTITY, aliases=("Last Name",)),
    Field("Given Name", "text", "INGRID", _IDENTITY, aliases=("First Name",)),
    Field("Flight", "flight", "NV781"),
)  # fmt: skip
SURVEYS = {"nps": "nps", "csat": "csat", "ces": "ces", "": "nps"}
SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read answers; each is one mention of who answered, and one answer with its score as quantity."""
    columns = table(header, lines, FIELDS, "surveys")
    ids = columns.text("Response Id", required=True, longest=80)
    facts = _happenings(columns).facts()
    names = zip(columns.text("Record Locator", longest=10), columns.text("Surname"), columns.text("Given Name"),
                strict=True)  # fmt: skip
    keys = keys_of(
        (IdentifierKind.LOYALTY_NUMBER, columns.text("Loyalty Number", longest=20)),
        (IdentifierKind.LOGIN, columns.text("User Id", longest=64)),
        (IdentifierKind.TRAVELLER, [traveller(*name) for name in names]),
        (IdentifierKind.EMAIL, columns.text("Email", longest=254)),
        purpose=Purpose.ANALYTICS,
    )
    return Batch(lines, columns.line, [i or "" for i in ids], keys=keys, facts=facts, rejects=columns.rejects)


def _happenings(columns: Columns) -> Happenings:
    told = Happenings()
    kinds = columns.choice("Survey", SURVEYS, "NPS, CSAT or CES")
    scores = columns.whole("Score", 0, 100).tolist()
    touchpoints, scales = columns.text("Touchpoint", longest=80), columns.text("Scale", longest=10)
    channels, flights = columns.text("Channel", longest=40), columns.text("Flight", longest=10)
    for at, moment in enumerate(micros(columns.stamps("Answered At"))):
        kind = kinds[at] or "nps"
        low, high = _scale(scales[at]) or SCALES[kind]
        if scores[at] >= 0 and not low <= scores[at] <= high:
            columns.reject(at, "Score", str(scores[at]), f"{low} to {high}")
        if moment is None:
            continue
        told.event(
            *(at, EventKind.SURVEY_ANSWERED, moment),
            item=f"{kind}:{touchpoints[at]}".casefold() if touchpoints[at] else kind,
            channel=(channels[at] or "").casefold() or None,
            quantity=scores[at],
            properties={"scale": f"{low}-{high}", "flight": flights[at]},
        )
    return told


def _scale(written: str | None) -> tuple[int, int] | None:
    low, dash, high = (written or "").partition("-")
    return (int(low), int(high)) if dash and low.strip().isdecimal() and high.strip().isdecimal() else None


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The id of each answer."""
    columns = table(header, lines, FIELDS, "surveys", only=["Response Id"])
    return columns.line, [value or "" for value in columns.text("Response Id")]


def recognises(sample: Sample) -> float:
    names = sample.plain_columns
    scored = names & {"score", "rating", "npsscore", "csatscore", "nps", "csat", "ces"}
    answered = names & {"answeredat", "submittedat", "completedat", "responsedate", "createdat", "respondedat",
                        "datesubmitted"}  # fmt: skip
    by_id = names & {"responseid", "answerid", "surveyresponseid"}
    return 0.8 * bool((scored and answered and by_id) or sample.has("Response Id", "Score"))


CONNECTOR = Connector(
    name="surveys",
    title="Survey answers",
    family=Family.CRM,
    format="CSV, JSON",
    version="1",
    purpose=Purpose.ANALYTICS,
    fields=FIELDS,
    read=read,
    scan=scan,
    framing=Framing.TABLE,
    within=("responses", "survey_responses"),
    introduces=False,
    freshness_hours=24 * 8,
    recognises=recognises,
    specification="ours",
)
