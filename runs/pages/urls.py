"""Addresses of the pages."""

from django.urls import path

from runs.pages import collection, comparison, hints, shelves, sounds, steering, verbs, views, webhooks

urlpatterns = [
    path("", views.workflows, name="workflows"),
    path("workflows/", collection.make, name="workflow-making"),
    path("workflows/imports/", collection.bring_in, name="workflow-imports"),
    path("workflows/<uuid:workflow_id>/", views.workflow, name="workflow"),
    path("workflows/<uuid:workflow_id>/name/", collection.rename, name="workflow-name"),
    path("workflows/<uuid:workflow_id>/copies/", collection.copy, name="workflow-copies"),
    path("workflows/<uuid:workflow_id>/deletion/", collection.delete, name="workflow-deletion"),
    path("workflows/<uuid:workflow_id>/drawings/", views.drawings, name="drawings"),
    path("workflows/<uuid:workflow_id>/runs/", views.runs, name="runs"),
    path("workflows/<uuid:workflow_id>/compare/", comparison.compare, name="compare"),
    path("workflows/<uuid:workflow_id>/lens/", steering.move_lens, name="lens"),
    path("workflows/<uuid:workflow_id>/run/", steering.run, name="run"),
    path("workflows/<uuid:workflow_id>/many/", steering.many, name="many"),
    path("workflows/<uuid:workflow_id>/cancellation/", steering.cancel_waiting, name="waiting-cancellation"),
    path("workflows/<uuid:workflow_id>/nodes/<str:node>/", shelves.shelf, name="gallery"),
    path("assets/<uuid:asset_id>/", shelves.light, name="light"),
    path("assets/<uuid:asset_id>/face/", shelves.face, name="face"),
    path("assets/<uuid:asset_id>/waveform/", sounds.waveform, name="waveform"),
    path("hints/", hints.see, name="hints"),
    path("settings/webhooks/", webhooks.webhook_list, name="settings-webhooks"),
    path("settings/webhooks/<uuid:webhook_id>/", webhooks.deliveries, name="webhook-deliveries"),
    path("settings/webhooks/<uuid:webhook_id>/deletion/", webhooks.deletion, name="webhook-deletion"),
    path("jobs/<uuid:job_id>/", views.job, name="job"),
    path("jobs/<uuid:job_id>/cancellation/", verbs.cancellation, name="job-cancellation"),
    path("jobs/<uuid:job_id>/rerun/", verbs.again, name="job-rerun"),
    path("jobs/<uuid:job_id>/promotion/", verbs.promotion, name="job-promotion"),
    path("jobs/<uuid:job_id>/canvas/", verbs.on_canvas, name="job-canvas"),
    path("jobs/<uuid:job_id>/deletion/", verbs.deletion, name="job-deletion"),
]
