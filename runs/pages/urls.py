"""Addresses of the pages."""

from django.urls import path

from runs.pages import views

urlpatterns = [
    path("", views.workflows, name="workflows"),
    path("workflows/<uuid:workflow_id>/", views.workflow, name="workflow"),
    path("workflows/<uuid:workflow_id>/drawings/", views.drawings, name="drawings"),
    path("workflows/<uuid:workflow_id>/runs/", views.runs, name="runs"),
    path("jobs/<uuid:job_id>/", views.job, name="job"),
    path("jobs/<uuid:job_id>/cancellation/", views.cancellation, name="job-cancellation"),
    path("jobs/<uuid:job_id>/deletion/", views.deletion, name="job-deletion"),
]
