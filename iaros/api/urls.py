"""The whole map of `/api/v1/`."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView

from iaros.api import (
    activations,
    analytics,
    deliveries,
    identity,
    intelligence,
    jobs,
    model_catalogue,
    recommendations,
    segments,
    site,
)

app_name = "api"
urlpatterns = [
    path("intelligence/recommendations", recommendations.RecommendationsView.as_view()),  # asked most, so found first
    path("intelligence/profile", intelligence.ProfileView.as_view()),
    path("intelligence/segment", intelligence.SegmentView.as_view()),
    path("intelligence/score", intelligence.ScoreView.as_view()),
    path("intelligence/enrich", intelligence.EnrichView.as_view()),
    path("identity/merge", identity.MergeView.as_view()),
    path("identity/split", identity.SplitView.as_view()),
    path("identity/undo", identity.UndoView.as_view()),
    path("analytics/segments", analytics.SegmentsView.as_view()),
    path("analytics/behavior", analytics.BehaviorView.as_view()),
    path("analytics/journey", analytics.JourneyView.as_view()),
    path("analytics/lifetime-value", analytics.LifetimeValueView.as_view()),
    path("analytics/churn-risk", analytics.ChurnRiskView.as_view()),
    path("models/status", model_catalogue.StatusView.as_view()),
    path("models/performance", model_catalogue.PerformanceView.as_view()),
    path("models/retrain", model_catalogue.RetrainView.as_view()),
    path("models/deploy", model_catalogue.DeployView.as_view()),
    path("segments", segments.SegmentListView.as_view()),
    path("segments/preview", segments.SegmentPreviewView.as_view()),
    path("segments/count", segments.SegmentCountView.as_view()),
    path("segments/overlap", segments.SegmentOverlapView.as_view()),
    path("segments/<slug:slug>", segments.SegmentDetailView.as_view()),
    path("segments/<slug:slug>/members", segments.SegmentMembersView.as_view()),
    path("segments/<slug:slug>/reach", segments.SegmentReachView.as_view()),
    path("segments/<slug:slug>/why", segments.SegmentWhyView.as_view()),
    path("segments/<slug:slug>/activations", activations.ActivationListView.as_view()),
    path("activations/<uuid:activation_id>/file", activations.ActivationFileView.as_view()),
    path("sources/<slug:name>/batches", deliveries.BatchView.as_view(), name="batches"),
    path("webhooks/<slug:name>", deliveries.WebhookView.as_view()),
    path("jobs/<uuid:job_id>", jobs.JobView.as_view(), name="job"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", site.DocsView.as_view(), name="docs"),
    re_path(r"^.*$", site.UnknownView.as_view()),
]
