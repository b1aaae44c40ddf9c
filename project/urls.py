"""The addresses: pages end with a slash, the API's paths do not."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from project.api import api
from project.health import healthz, readyz
from project.metrics import metrics
from runs.admin import queue

admin.autodiscover()  # here, as workers have no pages, and start sooner without
urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/queue/", queue.view, name="admin-queue"),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("", include("accounts.urls")),
    path("", include("runs.pages.urls")),
]
