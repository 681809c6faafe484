"""Whatever stands in a field, a connector names it or passes it over; none of them fails."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from iaros.demo.world import build
from iaros.demo.write import write
from profiles.pipeline import FileRefused
from profiles.sources import reading
from profiles.sources.catalogue import CONNECTORS
from profiles.sources.contract import Framing, Lines

SOURCES = (
    *("salesforce_contacts", "hubspot", "hubspot_events", "hubspot_merges", "klaviyo_profiles", "klaviyo_events"),
    *("sendgrid_events", "zendesk_users", "zendesk_tickets", "call_centre", "surveys", "qualtrics_responses"),
    *("qualtrics_contacts", "ga4_export", "segment_events", "snowplow_enriched", "search_log", "mobile_events"),
    "web_consent",
)
ODD: tuple[Any, ...] = (
    *(None, True, -1, 10**30, 1.5e300, "", " ", "\ufeff", "é" * 300, "2026-13-45", "0001-01-01", "nan", "1e999"),
    *([], {}, [1, [2]], {"a": {"b": None}}, '{"data":', "[[[[", "\U0001f600", "a\u0000b", "9" * 16, "-5", "²"),
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write(build(1_500, seed=3), tmp_path_factory.mktemp("hostile"))


@pytest.mark.parametrize("source", SOURCES)
def test_odd_values__in_any_field__fail_nothing__and_every_row_is_accounted_for(files, source):
    connector, rng = CONNECTORS[source], random.Random(source)
    header = reading.header_of(files[source], connector)
    (chunk, *_) = reading.chunks(files[source], connector, header)
    as_text = header is not None or connector.framing is Framing.LINES
    spoil = _in_a_line if as_text else _in_an_object
    raw = [spoil(rng, line) for line in chunk.lines.raw[:150] for _ in range(4)]
    lines = Lines(raw, np.arange(1, len(raw) + 1))

    batch = connector.read(header, lines)
    connector.scan(header, lines)

    told = set(batch.line.tolist()) | {reject.line for reject in batch.rejects}
    assert told == set(range(len(raw)))
    assert all(len(key.values) == len(batch.native_key) for key in batch.keys)
    moments = batch.facts.get("events", {}).get("occurred_at", np.empty(0, dtype="datetime64[us]"))
    assert not np.isnat(moments).any()


def _in_an_object(rng: random.Random, raw: bytes) -> bytes:
    document = json.loads(raw)
    at = document
    while True:
        name = rng.choice(list(at))
        if not isinstance(at[name], dict) or not at[name] or rng.random() < 0.3:
            at[name] = rng.choice(ODD)
            return json.dumps(document).encode()
        at = at[name]


def _in_a_line(rng: random.Random, raw: bytes) -> bytes:
    separator = b"\t" if raw.count(b"\t") > 50 else b","
    fields = raw.split(separator)
    odd = rng.choice([one for one in ODD if isinstance(one, str) and '"' not in one and "\0" not in one])
    fields[rng.randrange(len(fields))] = odd.encode()
    return separator.join(fields)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("content", [b"", b"\n\n", b"[]", b"{}", b"[1, 2]", b'{"a": [', b"\xff\xfe\x00", b"a,b\n1,2\n"])
def test_a_file_of_something_else__is_refused_or_set_aside(take_in, source, content):
    try:
        report = take_in(source, content)
    except FileRefused:
        return
    assert report.counts.read == report.counts.quarantined + report.counts.new
    assert report.counts.new == 0


def test_a_table_of_very_many_columns__is_read_in_its_bounds(read):
    header = b"id,property_firstname," + b",".join(b"c%d" % i for i in range(20_000))
    row = b"1,Ida," + b"," * 19_999

    batch = read("hubspot", header + b"\n" + row + b"\n")

    assert batch.person["given_name"] == ["Ida"]


@pytest.mark.parametrize("source", ["loyalty_members", "hubspot", "competitor_fares"])
def test_a_table_of_a_hundred_thousand_columns__is_refused_at_once(take_in, source):
    header = b",".join(b"c%d" % i for i in range(100_000))

    with pytest.raises(FileRefused, match=r"100,000 columns; at most 50,000"):
        take_in(source, header + b"\n1\n")
