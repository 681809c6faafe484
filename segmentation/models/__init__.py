from segmentation.models.features import FeatureRun, FeatureVector
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
    "Direction",
    "EntityKind",
    "FeatureRun",
    "FeatureVector",
    "Membership",
    "Score",
    "Segment",
    "SegmentGroupPermission",
    "SegmentKind",
    "SegmentStatus",
    "SegmentUserPermission",
    "SegmentVersion",
    "Transition",
]
