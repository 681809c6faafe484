"""How models, scores and segments leave the house."""

from rest_framework import serializers

from segmentation.models import Alias, VersionStatus


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
