"""The whole map of the pages. Files are the same addresses with `?format=csv`."""

from __future__ import annotations

from django.urls import path

from iaros.web.views import (
    customers,
    features,
    home,
    identity,
    jobs,
    models,
    reviews,
    rfm,
    segments,
    source_acts,
    source_mapping,
    sources,
)

app_name = "web"
urlpatterns = [
    path("", home.overview, name="home"),
    path("customers/", customers.customer_list, name="customers"),
    path("customers/<uuid:customer_id>/", customers.overview, name="customer"),
    path("customers/<uuid:customer_id>/identity/", customers.identity, name="customer-identity"),
    path("customers/<uuid:customer_id>/merge/", identity.merge, name="customer-merge"),
    path("customers/<uuid:customer_id>/split/", identity.split, name="customer-split"),
    path("identity/", reviews.queue, name="reviews"),
    path("identity/quality/", reviews.quality, name="review-quality"),
    path("identity/pairs/<int:pair_id>/", reviews.pair, name="review-pair"),
    path("identity/acts/<uuid:act_id>/undo/", identity.undo, name="identity-undo"),
    path("customers/<uuid:customer_id>/<slug:tab>/", customers.tab, name="customer-tab"),
    path("segments/", segments.segment_list, name="segments"),
    path("segments/rfm/", rfm.rfm_grid, name="segment-rfm"),
    path("segments/<slug:slug>/", segments.segment_detail, name="segment"),
    path("segments/<slug:slug>/reach/", segments.segment_reach, name="segment-reach"),
    path("features/", features.feature_list, name="features"),
    path("features/<str:name>/", features.feature_detail, name="feature"),
    path("models/", models.model_list, name="models"),
    path("models/<slug:name>/", models.model_detail, name="model"),
    path("models/<slug:name>/retrain/", models.retrain, name="model-retrain"),
    path("sources/", sources.source_list, name="sources"),
    path("sources/runs/<uuid:run_id>/", sources.run_detail, name="source-run"),
    path("sources/runs/<uuid:run_id>/roll-back/", source_acts.roll_back, name="source-roll-back"),
    path("sources/upload/", source_acts.upload, name="source-upload"),
    path("sources/trials/<uuid:job_id>/", source_acts.trial, name="source-trial"),
    path("sources/trials/<uuid:job_id>/take-in/", source_acts.take_in, name="source-take-in"),
    path("sources/rows/<uuid:row_id>/", source_acts.waiting_row, name="source-row"),
    path("sources/rows/<uuid:row_id>/discard/", source_acts.discard_row, name="source-row-discard"),
    path("sources/records/<uuid:record_id>/", source_acts.raw_record, name="source-record"),
    path("sources/<slug:name>/mapping/", source_mapping.mapping, name="source-mapping"),
    path("sources/<slug:name>/replay/", source_acts.replay, name="source-replay"),
    path("sources/<slug:name>/mend/", source_acts.mend_all, name="source-mend"),
    path("sources/<slug:name>/", sources.source_detail, name="source"),
    path("jobs/", jobs.job_list, name="jobs"),
    path("jobs/<uuid:job_id>/", jobs.job_detail, name="job-detail"),
    path("jobs/<uuid:job_id>/cancel/", jobs.job_cancel, name="job-cancel"),
]
