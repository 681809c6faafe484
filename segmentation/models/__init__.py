from segmentation.models.features import FeatureRun, FeatureVector
from segmentation.models.registry import Alias, ModelAlias, ModelVersion, VersionStatus
from segmentation.models.scores import EntityKind, Score
from segmentation.models.segments import (
    BoundaryPass,
    CustomerList,
    CustomerListEntry,
    Direction,
    Membership,
    MembershipRun,
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
    "BoundaryPass",
    "CustomerList",
    "CustomerListEntry",
    "Direction",
    "EntityKind",
    "FeatureRun",
    "FeatureVector",
    "Membership",
    "MembershipRun",
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
