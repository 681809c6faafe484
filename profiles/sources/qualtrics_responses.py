"""Responses of Qualtrics surveys, one row a response: CSV exports with three heads, JSON exports, warehouse copies.

The score is the answer beside which the export puts a group of promoters (`Q1_NPS_GROUP`), or a column called NPS. What
was written in the other answers is not read. Previews and tests of the makers are no answers.
"""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import orjson
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources.columns import Columns, table
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines, Sample
from profiles.sources.happenings import Happenings, keys_of, micros
from profiles.sources.surveys import SCALES

_SCORE = Field("NPS", "0 to 10", "9", aliases=("NPS Score", "values.NPS"))
FIELDS = (
    Field("ResponseId", "text", "R_3e9aZTqhcgXRH0o", required=True,
          aliases=("id", "responseId", "_recordId", "values._recordId", "Response ID")),
    Field("EndDate", "moment", "2026-10-30 18:20:01", aliases=("End Date", "values.endDate")),
    Field("RecordedDate", "moment", "2026-10-30 18:20:02", aliases=("Recorded Date", "values.recordedDate")),
    Field("Finished", "true or false", "1", aliases=("values.finished",)),
    Field("Status", "type of response", "IP Address", aliases=("Response Type", "values.status")),
    Field("SurveyId", "text", "SV_6Jcja72TpOiHjdX", aliases=("survey_id", "surveyId")),
    Field("DistributionChannel", "text", "email", aliases=("Distribution Channel", "values.distributionChannel")),
    Field("RecipientEmail", "e-mail", "ingrid@example.org", Sensitivity.CONTACT,
          aliases=("Recipient Email", "values.recipientEmail")),
    Field("ExternalReference", "the airline's own id", "u-77120", Sensitivity.PSEUDONYM,
          aliases=("External Data Reference", "ExternalDataReference", "values.externalDataReference")),
    Field("LoyaltyNumber", "text", "480934", Sensitivity.PSEUDONYM,
          aliases=("Loyalty Number", "loyalty_number", "values.LoyaltyNumber", "values.loyalty_number")),
    _SCORE,
)  # fmt: skip
_GROUP = "_NPS_GROUP"
_NO_ANSWERS = ("1", "2", "8", "9", "12", "17", "survey preview", "survey test", "spam", "preview spam")
_NO_ANSWER = "an answer of a customer"


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read responses; each is one mention of who answered; those that were finished are answers."""
    columns = table(header, lines, _fields(header, lines), "qualtrics_responses")
    ids = columns.text("ResponseId", required=True, longest=40)
    facts = _happenings(columns).facts()
    keys = keys_of(
        (IdentifierKind.LOYALTY_NUMBER, columns.text("LoyaltyNumber", longest=20)),
        (IdentifierKind.LOGIN, columns.text("ExternalReference", longest=64)),
        (IdentifierKind.EMAIL, columns.text("RecipientEmail", longest=254)),
        purpose=Purpose.ANALYTICS,
    )
    return Batch(lines, columns.line, [i or "" for i in ids], keys=keys, facts=facts, rejects=columns.rejects)


def _fields(header: bytes | None, lines: Lines) -> tuple[Field, ...]:
    """The fields, with the column of this survey that holds the score."""
    names: list[str] = []
    if header is not None:
        names = next(csv.reader(io.StringIO(header.decode("utf-8", "replace"))), [])
        found = [name.removesuffix(_GROUP) for name in names if name.endswith(_GROUP)]
    else:
        found = [f"values.{name}" for name in _scored(lines)]
    return (*FIELDS[:-1], replace(_SCORE, aliases=(*_SCORE.aliases, *found)))


def _scored(lines: Lines) -> list[str]:
    found: dict[str, None] = {}
    for raw in lines.raw:
        if _GROUP.encode() not in raw:
            continue
        try:
            values = orjson.loads(raw).get("values", {})
        except (orjson.JSONDecodeError, AttributeError):
            continue
        if isinstance(values, dict):
            found |= dict.fromkeys(name.removesuffix(_GROUP) for name in values if name.endswith(_GROUP))
    return list(found)


def _happenings(columns: Columns) -> Happenings:
    told = Happenings()
    ended = micros(columns.stamps("EndDate", required=False))
    recorded = micros(columns.stamps("RecordedDate", required=False))
    low, high = SCALES["nps"]
    scores = columns.whole("NPS", low, high, required=False).tolist()
    status, surveys = columns.text("Status", longest=60), columns.text("SurveyId", longest=40)
    channels = columns.text("DistributionChannel", longest=40)
    for at, finished in enumerate(columns.flags("Finished")):
        if (status[at] or "").casefold() in _NO_ANSWERS:
            columns.reject(at, "Status", repr(status[at]), _NO_ANSWER)
        moment = ended[at] if ended[at] is not None else recorded[at]
        if not finished:
            continue
        if moment is None:
            columns.reject(at, "EndDate", "empty", "a moment as 2026-10-31T09:14:00Z")
            continue
        scored = scores[at] >= 0
        told.event(
            *(at, EventKind.SURVEY_ANSWERED, moment),
            item="nps:qualtrics" if scored else "survey",
            channel=(channels[at] or "").casefold() or None,
            quantity=scores[at] if scored else 1,
            properties={"scale": f"{low}-{high}" if scored else None, "survey": surveys[at]},
        )
    return told


def _is_second_head(raw: bytes) -> bool:
    """Of the three heads of an export the second has the questions, the third the ids of the import."""
    return b"ImportId" in raw[:400] or raw[:400].lstrip(b'"').startswith((b"Start Date", b"Response ID"))


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The id of each response."""
    columns = table(header, lines, FIELDS, "qualtrics_responses", only=["ResponseId"])
    return columns.line, [value or "" for value in columns.text("ResponseId")]


def recognises(sample: Sample) -> float:
    names = sample.plain_columns
    exported = {"responseid", "startdate", "enddate", "finished"} <= names
    copied = {"id", "surveyid", "startdate", "enddate", "finished", "recordeddate"} <= names
    return 0.95 * (exported or copied or sample.has("responseId", "values", "labels"))


CONNECTOR = Connector(
    name="qualtrics_responses",
    title="Qualtrics responses",
    family=Family.CRM,
    format="CSV, JSON",
    version="v3",
    purpose=Purpose.ANALYTICS,
    fields=FIELDS,
    read=read,
    scan=scan,
    framing=Framing.TABLE,
    within=("responses",),
    passes_over=_is_second_head,
    introduces=False,
    freshness_hours=24 * 8,
    recognises=recognises,
    specification="Qualtrics API: response exports",
)
