"""The table of all feeds. A new one is a file beside this one and a row here."""

from __future__ import annotations

from collections.abc import Callable

from profiles.sources import (
    airports,
    amadeus_orders,
    amadeus_pnr,
    bcbp,
    bsm_bpm,
    call_centre,
    competitor_fares,
    consents,
    dcs_events,
    demographics,
    disruptions,
    ecb_rates,
    emd,
    etickets,
    exchange_rates,
    ga4_export,
    holidays,
    hubspot,
    hubspot_events,
    hubspot_merges,
    klaviyo_events,
    klaviyo_profiles,
    lounge_visits,
    loyalty_activity,
    loyalty_members,
    mobile_events,
    ndc_orders,
    onboard_sales,
    openflights_airports,
    partner_stays,
    paxlst,
    payments,
    pfs,
    pnl_adl,
    pnr,
    pnrgov,
    pnrgov_xml,
    qualtrics_contacts,
    qualtrics_responses,
    refunds_claims,
    salesforce_contacts,
    search_log,
    segment_events,
    sendgrid_events,
    snowplow_enriched,
    ssim,
    surveys,
    typeb,
    us_dot_fares,
    weather,
    web_consent,
    web_events,
    wifi_sessions,
    zendesk_tickets,
    zendesk_users,
)
from profiles.sources.contract import Connector, Sample

# Each raises RefusedFile where it recognises what must not come in.
REFUSALS: tuple[Callable[[Sample], None], ...] = (paxlst.refuse,)

CONNECTORS: dict[str, Connector] = {
    connector.name: connector
    for connector in (
        loyalty_members.CONNECTOR,
        loyalty_activity.CONNECTOR,
        pnr.CONNECTOR,
        pnrgov.CONNECTOR,
        pnrgov_xml.CONNECTOR,
        amadeus_pnr.CONNECTOR,
        amadeus_orders.CONNECTOR,
        ndc_orders.CONNECTOR,
        pnl_adl.CONNECTOR,
        pfs.CONNECTOR,
        bsm_bpm.CONNECTOR,
        typeb.CONNECTOR,
        bcbp.CONNECTOR,
        dcs_events.CONNECTOR,
        etickets.CONNECTOR,
        emd.CONNECTOR,
        ssim.CONNECTOR,
        disruptions.CONNECTOR,
        refunds_claims.CONNECTOR,
        payments.CONNECTOR,
        web_events.CONNECTOR,
        consents.CONNECTOR,
        competitor_fares.CONNECTOR,
        us_dot_fares.CONNECTOR,
        exchange_rates.CONNECTOR,
        salesforce_contacts.CONNECTOR,
        hubspot.CONNECTOR,
        hubspot_events.CONNECTOR,
        hubspot_merges.CONNECTOR,
        klaviyo_profiles.CONNECTOR,
        klaviyo_events.CONNECTOR,
        sendgrid_events.CONNECTOR,
        zendesk_users.CONNECTOR,
        zendesk_tickets.CONNECTOR,
        call_centre.CONNECTOR,
        surveys.CONNECTOR,
        qualtrics_responses.CONNECTOR,
        qualtrics_contacts.CONNECTOR,
        ga4_export.CONNECTOR,
        segment_events.CONNECTOR,
        snowplow_enriched.CONNECTOR,
        search_log.CONNECTOR,
        web_consent.CONNECTOR,
        mobile_events.CONNECTOR,
        ecb_rates.CONNECTOR,
        demographics.CONNECTOR,
        holidays.CONNECTOR,
        weather.CONNECTOR,
        airports.CONNECTOR,
        openflights_airports.CONNECTOR,
        partner_stays.CONNECTOR,
        lounge_visits.CONNECTOR,
        wifi_sessions.CONNECTOR,
        onboard_sales.CONNECTOR,
    )
}


def recognise(sample: Sample) -> Connector | None:
    """The feed that a file looks most like, or None. Raises RefusedFile for what must not come in."""
    refuse(sample)
    sure = {c.name: c.recognises(sample) for c in CONNECTORS.values() if c.recognises}
    best = max(sure, key=sure.__getitem__, default=None)
    return CONNECTORS[best] if best and sure[best] >= 0.5 else None


def refuse(sample: Sample) -> None:
    """Raises RefusedFile for what must not come in, whatever feed it is said to be of."""
    for refusal in REFUSALS:
        refusal(sample)
