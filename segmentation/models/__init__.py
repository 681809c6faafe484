from segmentation.models.features import FeatureRun, FeatureVector
from segmentation.models.registry import Alias, ModelAlias, ModelVersion, VersionStatus
from segmentation.models.scores import EntityKind, Score
from segmentation.models.segments import (
    Direction,
    Membership,
    Segment,
    SegmentGroupPermission,
    SegmentKind,
    SegmentStatus,
    SegmentUserPermission,
    SegmentVersion,
    Transition,
)

__all__ = [
    "Alias",
    "Direction",
    "EntityKind",
    "FeatureRun",
    "FeatureVector",
    "Membership",
    "ModelAlias",
    "ModelVersion",
    "Score",
    "Segment",
    "SegmentGroupPermission",
    "SegmentKind",
    "SegmentStatus",
    "SegmentUserPermission",
    "SegmentVersion",
    "Transition",
    "VersionStatus",
]
