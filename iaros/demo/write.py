"""The world as files: what each source system would have sent, and the truth in a folder beside it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import orjson
import pyarrow as pa
from pyarrow import csv
from pyarrow import parquet as pq

from iaros.demo import END_AT, fares, truth
from iaros.demo.block import Block
from iaros.demo.feeds import (
    activity,
    along_the_way,
    around,
    banner,
    clicks,
    consents,
    customer_systems,
    fare_watch,
    mailings,
    members,
    pnr,
    rates,
    reservations,
    service,
    stations,
    web,
)
from iaros.demo.forms import LINES, Form, Row, listed, table
from iaros.demo.world import World

# Feeds in the form of the system that sends them: file, form, and the rows of a block.
_NATIVE: dict[str, tuple[str, Form, Callable[[Block], list[Row]]]] = {
    "salesforce_contacts": (
        *("salesforce_contacts.csv", table(customer_systems.SALESFORCE), customer_systems.salesforce_contacts),
    ),
    "hubspot": ("hubspot_contacts.csv", table(customer_systems.HUBSPOT), customer_systems.hubspot_contacts),
    "hubspot_merges": ("hubspot_merges.csv", table(customer_systems.MERGES), customer_systems.hubspot_merges),
    "hubspot_events": ("hubspot_events.csv", table(mailings.HUBSPOT), mailings.hubspot_events),
    "klaviyo_profiles": ("klaviyo_profiles.json", listed("data"), customer_systems.klaviyo_profiles),
    "klaviyo_events": ("klaviyo_events.json", listed("data"), mailings.klaviyo_events),
    "sendgrid_events": ("sendgrid_events.json", listed(), mailings.sendgrid_events),
    "zendesk_users": ("zendesk_users.json", listed("users"), service.zendesk_users),
    "zendesk_tickets": ("zendesk_tickets.json", listed("tickets"), service.zendesk_tickets),
    "call_centre": ("call_centre.csv", table(service.CALLS), service.calls),
    "surveys": ("surveys.csv", table(service.SURVEYS), service.surveys),
    "qualtrics_responses": ("qualtrics_responses.csv", table(service.QUALTRICS), service.qualtrics_responses),
    "qualtrics_contacts": ("qualtrics_contacts.csv", table(service.DIRECTORY), service.qualtrics_contacts),
    "ga4_export": ("ga4_export.ndjson", LINES, clicks.ga4_export),
    "segment_events": ("segment_events.json", listed("batch"), clicks.segment_events),
    "snowplow_enriched": ("snowplow_enriched.tsv", clicks.SNOWPLOW, clicks.snowplow_enriched),
    "search_log": ("search_log.csv", table(clicks.SEARCHES), clicks.search_log),
    "mobile_events": ("mobile_events.ndjson", LINES, clicks.mobile_events),
    "web_consent": ("web_consent.ndjson", LINES, banner.web_consent),
    "lounge_visits": ("lounge_visits.csv", table(along_the_way.LOUNGES), along_the_way.lounge_visits),
    "wifi_sessions": ("wifi_sessions.csv", table(along_the_way.SESSIONS), along_the_way.wifi_sessions),
    "onboard_sales": ("onboard_sales.csv", table(along_the_way.SALES), along_the_way.onboard_sales),
    "partner_stays": ("partner_stays.csv", table(along_the_way.STAYS), along_the_way.partner_stays),
}
FILES = {
    "exchange_rates": "exchange_rates.csv",
    "loyalty_members": "loyalty_members.csv",
    "loyalty_activity": "loyalty_activity.csv",
    "pnr": "pnr.ndjson",
    "pnrgov": "pnrgov.edi",
    "pnrgov_xml": "pnrgov.xml",
    "amadeus_pnr": "amadeus_pnr.xml",
    "amadeus_orders": "amadeus_orders.ndjson",
    "ndc_orders": "ndc_orders.xml",
    "web_events": "web_events.ndjson",
    "competitor_fares": "fares.csv",
    "consents": "consents.ndjson",
    **{source: name for source, (name, _, _) in _NATIVE.items()},
    **{source: name for source, (name, _) in around.WRITERS.items()},
    **stations.FILES,
}
_LINES: dict[str, Callable[[Block], list[bytes]]] = {
    "web_events": web.lines,
    "consents": consents.lines,
}
_TRUTHS: dict[str, Callable[[Block], pa.Table]] = {
    "people": truth.people_table,
    "mentions": truth.mentions_table,
    "tastes": truth.tastes_table,
    "trips": truth.trips_table,
}
_FEWEST_FARES, _MOST_FARES = 20_000, 60_000


def write(world: World, folder: Path) -> dict[str, Path]:
    """Write every source file of the world into `folder`, the truth into `folder/truth`; source -> file.

    Existing files are replaced. Memory stays that of one block, whatever the world's size.
    """
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    paths = {source: folder / name for source, name in FILES.items()}
    with ExitStack() as open_files:
        put = open_files.enter_context(_feeds(paths))
        tell = open_files.enter_context(_truths(folder / "truth"))
        for block in world.blocks():
            put(block)
            tell(block)
    stations.write_flights(world.scene, paths)
    _write_csv(paths["exchange_rates"], rates.table())
    wanted = min(_MOST_FARES, max(_FEWEST_FARES, world.size * 2))
    _write_csv(paths["competitor_fares"], fare_watch.table(world.scene, wanted))
    for source, (_, content) in around.WRITERS.items():
        paths[source].write_bytes(content(world.scene))
    (folder / "truth" / "world.json").write_bytes(orjson.dumps(_description(world), option=orjson.OPT_INDENT_2))
    return paths


@contextmanager
def _feeds(paths: dict[str, Path]) -> Iterator[Callable[[Block], None]]:
    with ExitStack() as files:
        texts = {source: files.enter_context(paths[source].open("wb")) for source in _LINES}
        tell_bookings = files.enter_context(_bookings(paths))
        tell_stations = files.enter_context(stations.writing(paths))
        member_file = files.enter_context(_csv(paths["loyalty_members"], members.SCHEMA))
        activity_file = files.enter_context(_csv(paths["loyalty_activity"], activity.SCHEMA))
        sent_again: list[pa.Table] = []
        native = {s: files.enter_context(form.open(paths[s])) for s, (_, form, _) in _NATIVE.items()}

        def put(block: Block) -> None:
            tell_bookings(block)
            for source, (_, _, rows_of) in _NATIVE.items():
                native[source](rows_of(block))
            tell_stations(block)
            for source, lines in _LINES.items():
                texts[source].writelines(line + b"\n" for line in lines(block))
            rows, again = members.tables(block)
            member_file.write_table(rows)
            sent_again.append(again)
            activity_file.write_table(activity.table(block))

        yield put
        for again in sent_again:
            member_file.write_table(again)


@contextmanager
def _bookings(paths: dict[str, Path]) -> Iterator[Callable[[Block], None]]:
    """The reservation systems' files; some formats have a head before the first record and a tail after the last."""
    with ExitStack() as files:
        texts = {source: files.enter_context(paths[source].open("wb")) for source in ("pnr", *reservations.WRITERS)}
        counts = dict.fromkeys(texts, 0)
        for source, head in reservations.HEAD.items():
            texts[source].write(head.encode())

        def put(block: Block) -> None:
            for source, records in pnr.files(block).items():
                texts[source].writelines(record + b"\n" if source == "pnr" else record for record in records)
                counts[source] += len(records)

        yield put
        for source, tail in reservations.TAIL.items():
            texts[source].write(tail.format(count=counts[source]).encode())


@contextmanager
def _truths(folder: Path) -> Iterator[Callable[[Block], None]]:
    with ExitStack() as files:
        writers: dict[str, pq.ParquetWriter] = {}

        def tell(block: Block) -> None:
            for name, table_of in _TRUTHS.items():
                rows = table_of(block)
                if name not in writers:
                    writers[name] = files.enter_context(pq.ParquetWriter(folder / f"{name}.parquet", rows.schema))
                writers[name].write_table(rows)

        yield tell


def _csv(path: Path, schema: pa.Schema) -> csv.CSVWriter:
    return csv.CSVWriter(path, schema, write_options=csv.WriteOptions(quoting_style="needed", quoting_header="none"))


def _write_csv(path: Path, table: pa.Table) -> None:
    with _csv(path, table.schema) as file:
        file.write_table(table)


def _description(world: World) -> dict[str, object]:
    return {
        "seed": world.seed,
        "size": world.size,
        "end_at": END_AT.isoformat(),
        "units_per_euro": fares.PER_EURO,
        "agencies": [agency.email for agency in world.scene.agencies],
    }
