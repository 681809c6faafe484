from recommendations.models.decision import Decision
from recommendations.models.recommendation import KIND_NUMBERS, ItemKind, Recommendation
from recommendations.models.version import Policy, RecommenderVersion

__all__ = ["KIND_NUMBERS", "Decision", "ItemKind", "Policy", "Recommendation", "RecommenderVersion"]
