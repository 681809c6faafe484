from recommendations.models.decision import Decision
from recommendations.models.recommendation import ItemKind, Recommendation
from recommendations.models.version import Policy, RecommenderVersion

__all__ = ["Decision", "ItemKind", "Policy", "Recommendation", "RecommenderVersion"]
