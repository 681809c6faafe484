"""The one file that joins the apps: who holds data about a person, and what is run in which order."""


def connect() -> None:
    """Join the apps. Called once, when all of them are loaded."""
