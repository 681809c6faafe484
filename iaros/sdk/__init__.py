"""The data scientists' door: `from iaros.sdk import features`."""

from iaros.sdk.frames import export_features, features

__all__ = ["export_features", "features"]
