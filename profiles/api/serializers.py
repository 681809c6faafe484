"""How a golden profile leaves the house."""

from rest_framework import serializers

from profiles.sources.contract import PERSON_FIELDS


class FieldOriginSerializer(serializers.Serializer):
    """Where a value came from, and how sure it is."""

    source = serializers.CharField()  # type: ignore[assignment]
    record_id = serializers.UUIDField()
    received_at = serializers.DateTimeField()
    file = serializers.CharField(allow_blank=True)
    confidence = serializers.FloatField()


class CustomerProfileSerializer(serializers.Serializer):
    """The golden profile; names and contacts are masked unless they were revealed."""

    values = serializers.DictField(
        child=serializers.CharField(allow_null=True), help_text=f"by field: {', '.join(PERSON_FIELDS)}"
    )
    origins = serializers.DictField(child=FieldOriginSerializer(), help_text="by field, for those with a value")
    revealed = serializers.BooleanField()
    records = serializers.IntegerField(help_text="how many mentions it is made of")
    known_since = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
