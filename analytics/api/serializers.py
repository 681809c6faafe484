"""How analytics leaves the house. `_minor` is in minor units of the airline's currency, the rest in major units."""

from rest_framework import serializers

from segmentation.api.serializers import ReasonSerializer
from segmentation.models import SegmentKind, SegmentStatus


class WeekSerializer(serializers.Serializer):
    week = serializers.DateField()
    visitors = serializers.IntegerField()
    searchers = serializers.IntegerField()
    bookers = serializers.IntegerField()
    travellers = serializers.IntegerField()
    visits = serializers.IntegerField()
    searches = serializers.IntegerField()
    bookings = serializers.IntegerField()
    revenue_minor = serializers.IntegerField()


class ShareSerializer(serializers.Serializer):
    name = serializers.CharField()
    bookings = serializers.IntegerField()
    share = serializers.FloatField()
    revenue_minor = serializers.IntegerField()


class BehaviourSerializer(serializers.Serializer):
    """Everybody over 13 weeks, or one customer over two years."""

    as_of = serializers.DateTimeField()
    since = serializers.DateTimeField()
    searches = serializers.IntegerField()
    bookings = serializers.IntegerField()
    look_to_book = serializers.FloatField(allow_null=True, help_text="searches per booking")
    weeks = WeekSerializer(many=True)
    channels = ShareSerializer(many=True)
    lead_times = ShareSerializer(many=True)


class StageSerializer(serializers.Serializer):
    name = serializers.CharField()
    of = serializers.CharField(allow_blank=True)
    travellers = serializers.IntegerField()
    conversion_rate = serializers.FloatField(allow_null=True)
    median_days = serializers.FloatField(allow_null=True)


class TripSerializer(serializers.Serializer):
    route = serializers.CharField()
    stage = serializers.CharField()
    channel = serializers.CharField(allow_null=True)
    searched_at = serializers.DateTimeField(allow_null=True)
    booked_at = serializers.DateTimeField()
    extras = serializers.ListField(child=serializers.CharField())
    flown_at = serializers.DateTimeField(allow_null=True)
    fare_minor = serializers.IntegerField(allow_null=True)


class JourneySerializer(serializers.Serializer):
    """The stages of everybody over 180 days, or the trips of one customer, newest first."""

    as_of = serializers.DateTimeField()
    since = serializers.DateTimeField(allow_null=True)
    stages = StageSerializer(many=True)
    trips = TripSerializer(many=True)


class OwnScoreSerializer(serializers.Serializer):
    state = serializers.CharField(help_text="scored, or no champion")
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    reasons = ReasonSerializer(many=True)
    as_of = serializers.DateTimeField(allow_null=True)


class TenthSerializer(serializers.Serializer):
    tenth = serializers.IntegerField()
    customers = serializers.IntegerField()
    total = serializers.FloatField()
    share = serializers.FloatField()
    lowest = serializers.FloatField()
    median = serializers.FloatField()
    highest = serializers.FloatField()


class ValueSpreadSerializer(serializers.Serializer):
    as_of = serializers.DateTimeField()
    state = serializers.CharField()
    measure = serializers.CharField(help_text="predicted, or paid where no model serves")
    currency = serializers.CharField()
    customers = serializers.IntegerField()
    total = serializers.FloatField()
    mean = serializers.FloatField()
    top_tenth_share = serializers.FloatField(allow_null=True)
    tenths = TenthSerializer(many=True)


class CustomerValueSerializer(serializers.Serializer):
    as_of = serializers.DateTimeField()
    state = serializers.CharField()
    measure = serializers.CharField()
    currency = serializers.CharField()
    value = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    paid_12m = serializers.FloatField()
    bookings_12m = serializers.IntegerField()
    score = OwnScoreSerializer()


class LifetimeValueSerializer(serializers.Serializer):
    """One of the two: the spread over everybody, or the customer that was named."""

    everybody = ValueSpreadSerializer(allow_null=True)
    customer = CustomerValueSerializer(allow_null=True)


class BandSerializer(serializers.Serializer):
    name = serializers.CharField()
    from_risk = serializers.FloatField()
    to_risk = serializers.FloatField()
    customers = serializers.IntegerField()
    mean_risk = serializers.FloatField()
    value_at_risk = serializers.FloatField()


class RiskBandsSerializer(serializers.Serializer):
    as_of = serializers.DateTimeField()
    state = serializers.CharField()
    currency = serializers.CharField()
    customers = serializers.IntegerField()
    value_at_risk = serializers.FloatField(allow_null=True)
    bands = BandSerializer(many=True)


class CustomerRiskSerializer(serializers.Serializer):
    as_of = serializers.DateTimeField()
    state = serializers.CharField()
    risk = serializers.FloatField(allow_null=True)
    band = serializers.CharField(allow_blank=True)
    score = OwnScoreSerializer()


class ChurnRiskSerializer(serializers.Serializer):
    """One of the two: the bands of everybody, or the customer that was named."""

    everybody = RiskBandsSerializer(allow_null=True)
    customer = CustomerRiskSerializer(allow_null=True)


class SegmentMoveSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    kind = serializers.ChoiceField(SegmentKind.choices)
    purpose = serializers.CharField()
    channel = serializers.CharField()
    status = serializers.ChoiceField(SegmentStatus.choices)
    size = serializers.IntegerField()
    reach = serializers.IntegerField(help_text="members who may be reached for its purpose and channel")
    counted_at = serializers.DateTimeField(allow_null=True)
    entered = serializers.IntegerField(help_text="in the last seven days of data")
    gone = serializers.IntegerField()
