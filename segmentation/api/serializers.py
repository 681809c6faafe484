"""How models, scores and segments leave the house."""

from rest_framework import serializers

from iaros.lib.purposes import Channel, Purpose
from segmentation.models import Alias, DestinationKind, SegmentKind, SegmentStatus, VersionStatus


class CheckSerializer(serializers.Serializer):
    """One condition of a gate, as it came out."""

    name = serializers.CharField()
    value = serializers.FloatField()
    rule = serializers.CharField()
    limit = serializers.FloatField()
    passed = serializers.BooleanField()


class SpokenVersionSerializer(serializers.Serializer):
    number = serializers.IntegerField()
    as_of = serializers.DateTimeField(help_text="the model knows nothing later than this")
    trained_at = serializers.DateTimeField(source="created_at")


class ModelStatusSerializer(serializers.Serializer):
    """What serves for one model of the catalogue."""

    name = serializers.CharField()
    title = serializers.CharField()
    question = serializers.CharField()
    entity = serializers.CharField()
    horizon_days = serializers.IntegerField()
    state = serializers.ChoiceField(["serving", "no champion"])
    champion = SpokenVersionSerializer(allow_null=True)
    challenger = SpokenVersionSerializer(allow_null=True)


class ModelVersionSerializer(serializers.Serializer):
    """One training, with the figures of its time split and what the gate said."""

    model = serializers.CharField(source="name")
    version = serializers.IntegerField(source="number")
    status = serializers.ChoiceField(VersionStatus.choices)
    alias = serializers.ChoiceField(Alias.choices, allow_null=True)
    as_of = serializers.DateTimeField()
    trained_at = serializers.DateTimeField(source="created_at")
    trained_by = serializers.CharField(allow_blank=True)
    metrics = serializers.JSONField()
    checks = CheckSerializer(many=True)


class ReasonSerializer(serializers.Serializer):
    """How much a feature moved the score, and what its value was."""

    feature = serializers.CharField()
    contribution = serializers.FloatField()
    value = serializers.FloatField(allow_null=True)


class HeldScoreSerializer(serializers.Serializer):
    """One model's answer about a person or one of their bookings, the strongest reason first."""

    name = serializers.CharField()
    title = serializers.CharField()
    value = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    reasons = ReasonSerializer(many=True)
    entity_kind = serializers.CharField()
    entity_id = serializers.UUIDField()
    model_version = serializers.CharField()
    as_of = serializers.DateTimeField()


class HeldSegmentSerializer(serializers.Serializer):
    """A segment the person is in: why, in the words of its rule, and since when."""

    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    purpose = serializers.CharField()
    channel = serializers.CharField()
    sentence = serializers.CharField(allow_blank=True)
    version = serializers.IntegerField()
    since = serializers.DateTimeField(allow_null=True)


class SegmentSerializer(serializers.Serializer):
    """A segment with its newest wording and its counts at the last refresh."""

    slug = serializers.SlugField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    kind = serializers.ChoiceField(SegmentKind.choices)
    status = serializers.ChoiceField(SegmentStatus.choices)
    purpose = serializers.ChoiceField(Purpose.choices)
    channel = serializers.ChoiceField(Channel.choices)
    sentence = serializers.CharField(allow_blank=True, help_text="what the rule selects, in words")
    version = serializers.IntegerField()
    rule = serializers.JSONField(allow_null=True)
    depends_on = serializers.ListField(child=serializers.CharField())
    holdout_percent = serializers.FloatField()
    size = serializers.IntegerField()
    reach = serializers.IntegerField(help_text="members who can be addressed on its channel and may be contacted")
    stability = serializers.FloatField(allow_null=True)
    confidence = serializers.FloatField(allow_null=True)
    counted_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)


class NewSegmentSerializer(serializers.Serializer):
    """A rule with what it is for. Purpose and channel are never left out."""

    name = serializers.CharField(max_length=120)
    rule = serializers.JSONField(
        help_text='a group of conditions, such as {"all": [...]}; docs/api.md tells the grammar'
    )
    purpose = serializers.ChoiceField(Purpose.choices)
    channel = serializers.ChoiceField(Channel.choices)
    description = serializers.CharField(required=False, allow_blank=True, max_length=2_000)
    holdout_percent = serializers.FloatField(required=False, min_value=0, max_value=50, default=10)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    publish = serializers.BooleanField(required=False, default=False, help_text="count it from the next refresh on")


class PreviewRequestSerializer(serializers.Serializer):
    """A rule to count before it is saved."""

    rule = serializers.JSONField()
    purpose = serializers.ChoiceField(Purpose.choices)
    channel = serializers.ChoiceField(Channel.choices)
    holdout_percent = serializers.FloatField(required=False, min_value=0, max_value=50, default=10)
    examples = serializers.IntegerField(required=False, min_value=0, max_value=20, default=0)


class StepSerializer(serializers.Serializer):
    """People left after a step on the way from those who match to those who can be exported."""

    name = serializers.CharField()
    title = serializers.CharField()
    people = serializers.IntegerField()
    lost = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True, help_text="of those who match")


class NodeCountSerializer(serializers.Serializer):
    path = serializers.CharField(help_text="the place in the rule")
    sentence = serializers.CharField()
    people = serializers.IntegerField()
    so_far = serializers.IntegerField(
        allow_null=True, help_text="for whom its group would hold if it ended here; null for the first of a group"
    )


class ConditionReasonSerializer(serializers.Serializer):
    """One condition for one customer."""

    sentence = serializers.CharField()
    holds = serializers.BooleanField()
    value = serializers.JSONField(allow_null=True, help_text="the number or word found")


class ExampleSerializer(serializers.Serializer):
    customer_id = serializers.UUIDField()
    tier = serializers.CharField(allow_null=True)
    country = serializers.CharField(allow_null=True)
    home_airport = serializers.CharField(allow_null=True)
    reasons = ConditionReasonSerializer(many=True)


class PreviewSerializer(serializers.Serializer):
    """What a rule would select. `estimated`: `customers` were counted, and stand for the `population`."""

    sentence = serializers.CharField()
    estimated = serializers.BooleanField()
    customers = serializers.IntegerField()
    population = serializers.IntegerField()
    steps = StepSerializer(many=True)
    conditions = NodeCountSerializer(many=True)
    members = ExampleSerializer(many=True)
    depends_on = serializers.ListField(child=serializers.CharField())
    as_of = serializers.DateTimeField()
    seconds = serializers.FloatField()


class ReachSerializer(serializers.Serializer):
    steps = StepSerializer(many=True)


class IntersectionSerializer(serializers.Serializer):
    slugs = serializers.ListField(child=serializers.CharField())
    people = serializers.IntegerField()


class OverlapSerializer(serializers.Serializer):
    """Pairs in `matrix`, combinations in `intersections`, the largest first."""

    slugs = serializers.ListField(child=serializers.CharField())
    names = serializers.ListField(child=serializers.CharField())
    sizes = serializers.ListField(child=serializers.IntegerField())
    matrix = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()))
    jaccard = serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))
    intersections = IntersectionSerializer(many=True)


class ExplanationSerializer(serializers.Serializer):
    """Why a customer is in or not, when the clock alone would change that, and what is missing to reach them."""

    inside = serializers.BooleanField()
    told = serializers.CharField(help_text="all of it in one sentence")
    sentence = serializers.CharField(allow_blank=True)
    version = serializers.IntegerField()
    since = serializers.DateTimeField(allow_null=True)
    reasons = ConditionReasonSerializer(many=True)
    missing = serializers.ListField(child=serializers.CharField())
    changes_at = serializers.DateTimeField(allow_null=True)
    changes_because = serializers.CharField(allow_blank=True)
    as_of = serializers.DateTimeField(allow_null=True)


class NewActivationSerializer(serializers.Serializer):
    """Where to send the members: a destination that an administrator set up."""

    destination = serializers.SlugField(max_length=60)


class PowerSerializer(serializers.Serializer):
    """The smallest change of the booking rate that the holdout would show, in four of five trials."""

    treated = serializers.IntegerField()
    held_out = serializers.IntegerField()
    baseline = serializers.FloatField()
    detectable = serializers.FloatField(allow_null=True)


class ActivationSerializer(serializers.Serializer):
    """One sending of a segment's members, with what became of them."""

    id = serializers.UUIDField()
    destination = serializers.CharField(source="destination.slug")
    kind = serializers.ChoiceField(DestinationKind.choices, source="destination.kind")
    version = serializers.IntegerField(help_text="the wording of the rule that stood")
    purpose = serializers.ChoiceField(Purpose.choices)
    channel = serializers.ChoiceField(Channel.choices)
    holdout_percent = serializers.FloatField()
    job_id = serializers.UUIDField(allow_null=True)
    began_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="people by outcome")
    power = PowerSerializer(allow_null=True)
    file_name = serializers.CharField(allow_blank=True)
