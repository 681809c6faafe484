"""Who may be one person though no certain key says so: the weights in force, identifiers that are nobody's own, and
pairs of customers that a person has to look at."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from iaros.lib.fields import RealField
from iaros.lib.personal_data import Personal, Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models.customer import IdentifierKind


class MatchModelVersion(models.Model):
    """A match model as it was estimated: what each outcome of a comparison weighs, and from which weight what follows.

    The champion decides; where there is none, the model that is shipped does, as version 0. Names stand in it only as
    shares of many people.
    """

    no_personal_data: ClassVar[str] = "weights of comparisons, and how frequent common names are"

    weights = models.JSONField(help_text="profiles.identity.matching.model.MatchModel as JSON")
    link_from = models.FloatField(help_text="weight in bits from which two customers are linked")
    review_from = models.FloatField(help_text="weight in bits from which a person should look")
    learnt_from = models.CharField(max_length=200)
    estimated_at = models.DateTimeField(default=timezone.now)
    estimated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    champion = models.BooleanField(default=False)
    promoted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["champion"], condition=Q(champion=True), name="profiles_matchmodelversion_one_champion"
            ),
            models.CheckConstraint(
                condition=Q(review_from__lte=F("link_from")), name="profiles_matchmodelversion_review_below_link"
            ),
        ]

    def __str__(self) -> str:
        return f"Match model {self.pk}"


class SharedIdentifier(models.Model):
    """A look-up that unrelated people were found to carry: by keyed hashes of how their names sound, who they were.

    Once more than the kind allows are known it is `shared`, and is evidence of nobody any more.
    """

    personal_data: ClassVar[dict[str, Personal]] = {
        "lookup": Personal(Purpose.SERVICING, Sensitivity.PSEUDONYM, export=False),
        "names": Personal(Purpose.SERVICING, Sensitivity.PSEUDONYM, export=False),
    }

    pk = models.CompositePrimaryKey("lookup", "kind")
    lookup = models.BinaryField(max_length=16)
    kind = models.SmallIntegerField(choices=IdentifierKind)
    names = ArrayField(models.BigIntegerField(), help_text="keyed hashes of unrelated names, one more than allowed")
    shared = models.BooleanField(default=False)
    found_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {len(self.names)} people"


class Verdict(models.TextChoices):
    ACCEPTED = "accepted", "The same person"
    REJECTED = "rejected", "Two people"
    UNSURE = "unsure", "Not sure"


class PairState(models.TextChoices):
    """What became of a pair. A pair is linked when it was joined without a person and is looked at to measure that."""

    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    REJECTED = "rejected", "Rejected"
    UNSURE = "unsure", "Not sure"


class PairReason(models.TextChoices):
    """Why a person should look."""

    GREY = "grey", "Not sure enough to link"
    CONTRADICTION = "contradiction", "Alike, and something contradicts"
    AMBIGUOUS = "ambiguous", "Fits several people who are not one"
    CROWD = "crowd", "More records than one person has"
    LINKED = "linked", "Linked; looked at to measure how well"


class ReviewPairQuerySet(models.QuerySet["ReviewPair"]):
    def waiting(self) -> Self:
        """Pairs that nobody has decided."""
        return self.filter(state=PairState.OPEN)


class ReviewPair(models.Model):
    """Two customers who may be one person. `one` is the older id. A pair that was rejected is never linked again.

    `evidence` holds outcomes and weights, never values: those are read from the profiles, by whoever may.
    """

    personal_data: ClassVar[dict[str, Personal]] = {
        "one_id": Personal(Purpose.SERVICING, Sensitivity.PSEUDONYM, export=False),
        "other_id": Personal(Purpose.SERVICING, Sensitivity.PSEUDONYM, export=False),
        "evidence": Personal(Purpose.SERVICING, Sensitivity.DERIVED, export=False),
    }

    one_id = models.UUIDField()
    other_id = models.UUIDField()
    state = models.CharField(max_length=10, choices=PairState, default=PairState.OPEN)
    reason = models.CharField(max_length=14, choices=PairReason)
    weight = RealField(help_text="in bits; 0 is even odds")
    evidence = models.JSONField(help_text="[comparison, outcome, weight] for each that said something")
    model_version = models.IntegerField(default=0)
    found_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ReviewPairQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["one_id", "other_id"], name="profiles_reviewpair_once"),
            models.CheckConstraint(condition=Q(one_id__lt=F("other_id")), name="profiles_reviewpair_older_first"),
        ]
        indexes = [
            models.Index(fields=["other_id"], name="profiles_reviewpair_other"),
            models.Index(fields=["state", "id"], name="profiles_reviewpair_state"),
        ]
        permissions = [("review_pairs", "Decide whether two customers are one person")]

    def __str__(self) -> str:
        return f"{self.one_id} and {self.other_id}"


class PairVerdict(models.Model):
    """What one reviewer said of one pair; the last word of each counts."""

    no_personal_data: ClassVar[str] = "opinions of staff about pairs"

    pair = models.ForeignKey(ReviewPair, on_delete=models.CASCADE, related_name="verdicts")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    verdict = models.CharField(max_length=10, choices=Verdict)
    said_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pair", "reviewer"], name="profiles_pairverdict_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.pair_id}"
