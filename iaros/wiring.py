"""The one file that joins the apps: who holds data about a person, upstream first."""

from __future__ import annotations


def connect() -> None:
    """Join the apps. Called once, when all of them are loaded; calling it again changes nothing."""
    from privacy import data_holders
    from privacy.data_holder import PrivacyHolder
    from profiles.data_holder import ProfilesHolder, ProfilesLocator
    from recommendations.data_holder import RecommendationsHolder

    # Erasure walks this list backwards: what was derived goes first, the person's own statements last.
    for holder in (PrivacyHolder(), ProfilesHolder(), RecommendationsHolder()):
        data_holders.connect(holder)
    data_holders.connect_locator(ProfilesLocator())
