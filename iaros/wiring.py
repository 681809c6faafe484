"""The one file that joins the apps: who holds data about a person, upstream first."""

from __future__ import annotations


def connect() -> None:
    """Join the apps. Called once, when all of them are loaded; calling it again changes nothing."""
    from analytics.data_holder import AnalyticsHolder
    from iaros.api.data_holder import ApiHolder
    from privacy import data_holders
    from privacy.data_holder import PrivacyHolder
    from profiles.data_holder import ProfilesHolder, ProfilesLocator
    from recommendations.data_holder import RecommendationsHolder
    from segmentation.data_holder import SegmentationHolder

    # Erasure walks this list backwards: what was derived goes first, the person's own statements last.
    holders = (
        PrivacyHolder(),
        ProfilesHolder(),
        SegmentationHolder(),
        RecommendationsHolder(),
        AnalyticsHolder(),
        ApiHolder(),
    )
    for holder in holders:
        data_holders.connect(holder)
    data_holders.connect_locator(ProfilesLocator())
