"""How recommendations leave the house."""

from rest_framework import serializers

from recommendations.models import ItemKind

KINDS = ItemKind.choices


class OfferSerializer(serializers.Serializer):
    item = serializers.CharField(help_text="a route (CPH-LIS) or the code of an ancillary")
    kind = serializers.ChoiceField(KINDS)
    score = serializers.FloatField(help_text="orders the list; no probability")
    rank = serializers.IntegerField()
    reason = serializers.CharField()
    source = serializers.CharField(help_text="which candidate source brought it")  # type: ignore[assignment]
    propensity = serializers.FloatField(help_text="the chance it had to be shown")
    model_version = serializers.CharField()


class RecommendationSetSerializer(serializers.Serializer):
    items = OfferSerializer(many=True)
    decision_id = serializers.UUIDField(allow_null=True, help_text="name it when you report what the person did")
    model_version = serializers.CharField(allow_blank=True)
    fallback_level = serializers.IntegerField(help_text="0: the person's own list; higher: less personal")
    as_of = serializers.DateTimeField(allow_null=True)
    refused = serializers.CharField(allow_blank=True, help_text="why nothing may be offered; empty otherwise")
