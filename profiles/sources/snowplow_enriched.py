"""Enriched events of Snowplow: a line of 131 columns with tabs between them, some of which hold self-describing JSON.

The address of the network, the text of the browser and the page's address with its query are not read.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Channel, Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources import site_events
from profiles.sources.contract import Batch, Connector, Family, Field, Lines, Reject, Sample
from profiles.sources.happenings import Happenings, keys_of, micros
from profiles.sources.stamps import read_stamps

_NAMES = """
app_id platform etl_tstamp collector_tstamp dvce_created_tstamp event event_id txn_id name_tracker v_tracker v_collector
v_etl user_id user_ipaddress user_fingerprint domain_userid domain_sessionidx network_userid geo_country geo_region
geo_city geo_zipcode geo_latitude geo_longitude geo_region_name ip_isp ip_organization ip_domain ip_netspeed page_url
page_title page_referrer page_urlscheme page_urlhost page_urlport page_urlpath page_urlquery page_urlfragment
refr_urlscheme refr_urlhost refr_urlport refr_urlpath refr_urlquery refr_urlfragment refr_medium refr_source refr_term
mkt_medium mkt_source mkt_term mkt_content mkt_campaign contexts se_category se_action se_label se_property se_value
unstruct_event tr_orderid tr_affiliation tr_total tr_tax tr_shipping tr_city tr_state tr_country ti_orderid ti_sku
ti_name ti_category ti_price ti_quantity pp_xoffset_min pp_xoffset_max pp_yoffset_min pp_yoffset_max useragent br_name
br_family br_version br_type br_renderengine br_lang br_features_pdf br_features_flash br_features_java
br_features_director br_features_quicktime br_features_realplayer br_features_windowsmedia br_features_gears
br_features_silverlight br_cookies br_colordepth br_viewwidth br_viewheight os_name os_family os_manufacturer
os_timezone dvce_type dvce_ismobile dvce_screenwidth dvce_screenheight doc_charset doc_width doc_height tr_currency
tr_total_base tr_tax_base tr_shipping_base ti_currency ti_price_base base_currency geo_timezone mkt_clickid mkt_network
etl_tags dvce_sent_tstamp refr_domain_userid refr_dvce_tstamp derived_contexts domain_sessionid derived_tstamp
event_vendor event_name event_format event_version event_fingerprint true_tstamp
"""
COLUMNS = tuple(_NAMES.split())
_AT = {name: place for place, name in enumerate(COLUMNS)}
FIELDS = (
    Field("event_id", "UUID", "c6ef3124-b53a-4b13-a233-0088f79dcbcb", required=True),
    Field("collector_tstamp", "moment", "2026-10-30 18:20:01.132", required=True),
    Field("derived_tstamp", "moment", "2026-10-30 18:20:00.998"),
    Field("platform", "web mob app", "web"),
    Field("event", "type of event", "page_view", required=True),
    Field("event_name", "text", "page_view"),
    Field("user_id", "the airline's own id", "u-77120", Sensitivity.PSEUDONYM),
    Field("domain_userid", "UUID", "bc2e92ec6c204a14", Sensitivity.PSEUDONYM),
    Field("network_userid", "UUID", "ecdff4d0-9175-40ac-a8bb-325c49733607", Sensitivity.PSEUDONYM),
    Field("se_action", "text", "flight_search"),
    Field("unstruct_event", "self-describing JSON", "{}"),
    Field("contexts", "self-describing JSON", "{}"),
)
_PING = ("page_ping", "pp")
_NO_WEB = ("mob", "app", "pc", "tv")


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read events; each is one mention by the airline's own id or the browser."""
    rejects: list[Reject] = []
    rows, at = _rows(lines, rejects)
    moments = micros(_moments(rows, at, rejects))
    told = Happenings()
    for mention, (row, moment) in enumerate(zip(rows, moments, strict=True)):
        if not row[_AT["event_id"]]:
            rejects.append(Reject(at[mention], "event_id", "empty", "a UUID"))
        elif moment is not None:
            _tell(told, mention, row, moment)
    browsers = [row[_AT["domain_userid"]] or row[_AT["network_userid"]] or _session_user(row) for row in rows]
    keys = keys_of(
        (IdentifierKind.LOGIN, [row[_AT["user_id"]][:256] or None for row in rows]),
        (IdentifierKind.DEVICE, [browser or None for browser in browsers]),
        purpose=Purpose.ANALYTICS,
    )
    native = [row[_AT["event_id"]] for row in rows]
    return Batch(lines, np.array(at, dtype=np.int64), native, keys=keys, facts=told.facts(), rejects=rejects)


def _rows(lines: Lines, rejects: list[Reject]) -> tuple[list[list[str]], list[int]]:
    rows, at = [], []
    for index, raw in enumerate(lines.raw):
        row = raw.decode().split("\t")
        if len(row) == len(COLUMNS):
            rows.append(row)
            at.append(index)
        else:
            rejects.append(Reject(index, "line", f"{len(row)} columns", f"{len(COLUMNS)} columns with tabs between"))
    return rows, at


def _moments(rows: list[list[str]], at: list[int], rejects: list[Reject]) -> NDArray[np.datetime64]:
    """When it happened as far as the pipeline could tell, else when it was collected."""
    written = [row[_AT["derived_tstamp"]] or row[_AT["collector_tstamp"]] for row in rows]
    moments = read_stamps(written)
    for mention in np.flatnonzero(np.isnat(moments)).tolist():
        said = repr(written[mention][:40]) if written[mention] else "empty"
        rejects.append(Reject(at[mention], "collector_tstamp", said, "a moment as 2026-10-31 09:14:00.000"))
    return moments


def _tell(told: Happenings, mention: int, row: list[str], moment: int) -> None:
    kind = row[_AT["event"]]
    name = row[_AT["se_action"]] if kind in ("struct", "se") else row[_AT["event_name"]] or kind
    found = None if kind in _PING else site_events.meaning(name)
    if found is None:
        return
    channel = Channel.APP if row[_AT["platform"]] in _NO_WEB else Channel.WEB
    if found[0] is not EventKind.WEB_SEARCHED:
        told.event(mention, found[0], moment, item=found[1], channel=channel.value)
        return
    asked = _described(row)
    where, far = site_events.route(asked.get("origin"), asked.get("destination"))
    ahead = site_events.days_ahead(asked.get("departure_date") or asked.get("departureDate"), moment)
    party = asked.get("passengers")
    told.event(
        *(mention, EventKind.WEB_SEARCHED, moment),
        item=where or "search",
        haul=far,
        channel=channel.value,
        quantity=party if isinstance(party, int) and 0 < party < 100 else 1,
        lead_days=ahead,
    )


def _described(row: list[str]) -> dict[str, Any]:
    """The fields of the event's own JSON, and of a context about a search; nothing where they cannot be read."""
    event = _inner(row[_AT["unstruct_event"]])
    data = event.get("data") if isinstance(event, dict) else None
    if isinstance(data, dict):
        return data
    for context in _contexts(row):
        if isinstance(context.get("data"), dict) and "search" in str(context.get("schema")):
            return dict(context["data"])
    return {}


def _session_user(row: list[str]) -> str | None:
    """The device of a mobile event, which its session's context names."""
    for context in _contexts(row):
        if "/client_session/" in str(context.get("schema")) and isinstance(context.get("data"), dict):
            return str(context["data"].get("userId") or "") or None
    return None


def _contexts(row: list[str]) -> list[dict[str, Any]]:
    listed = _inner(row[_AT["contexts"]])
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _inner(written: str) -> Any:
    try:
        outer = orjson.loads(written) if written else None
    except orjson.JSONDecodeError:
        return None
    return outer.get("data") if isinstance(outer, dict) else None


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The id of each event."""
    rows, at = _rows(lines, [])
    return np.array(at, dtype=np.int64), [row[_AT["event_id"]] for row in rows]


def recognises(sample: Sample) -> float:
    first = sample.head.split(b"\n", 1)[0]
    return 0.95 * (first.count(b"\t") == len(COLUMNS) - 1)


CONNECTOR = Connector(
    name="snowplow_enriched",
    title="Snowplow enriched events",
    family=Family.WEB,
    format="TSV",
    version="131 columns",
    purpose=Purpose.ANALYTICS,
    fields=FIELDS,
    read=read,
    scan=scan,
    passes_over=lambda raw: raw.startswith(b"app_id\tplatform\t"),
    introduces=False,
    freshness_hours=2,
    recognises=recognises,
    specification="Snowplow canonical event, enriched TSV",
)
