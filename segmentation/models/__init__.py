from segmentation.models.activation import Activation, Destination, DestinationKind, Emission, FileFormat, Outcome
from segmentation.models.clusters import BehaviouralCluster, ClusterLevel
from segmentation.models.features import FeatureRun, FeatureVector
from segmentation.models.registry import Alias, ModelAlias, ModelVersion, VersionStatus
from segmentation.models.scores import EntityKind, Score
from segmentation.models.segments import (
    BoundaryPass,
    CustomerList,
    CustomerListEntry,
    Membership,
    MembershipRun,
    Segment,
    SegmentGroupPermission,
    SegmentKind,
    SegmentStatus,
    SegmentUserPermission,
    SegmentVersion,
)
from segmentation.models.tiles import BusyCustomer, DayTile, OutdatedTile
from segmentation.models.transitions import Direction, Moves, Transition

__all__ = [
    "Activation",
    "Alias",
    "BehaviouralCluster",
    "BoundaryPass",
    "BusyCustomer",
    "ClusterLevel",
    "CustomerList",
    "CustomerListEntry",
    "DayTile",
    "Destination",
    "DestinationKind",
    "Direction",
    "Emission",
    "EntityKind",
    "FeatureRun",
    "FeatureVector",
    "FileFormat",
    "Membership",
    "MembershipRun",
    "ModelAlias",
    "ModelVersion",
    "Moves",
    "Outcome",
    "OutdatedTile",
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
