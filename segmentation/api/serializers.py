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
