"""Products and uploads in the administration, with their pictures."""

from uuid import UUID

from asgiref.sync import async_to_sync
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.long_lists import LongList, OfOwner
from accounts.problems import ProblemError
from runs import content
from runs.admin.jobs import OfWorkflow
from runs.admin.readonly import ReadOnly
from runs.content import Content
from runs.models import Asset
from runs.served import content_of, thumbnail_of


@admin.register(Asset)
class AssetAdmin(ReadOnly, LongList):
    """All products and uploads, newest first."""

    list_display = ("shown", "kind", "workflow", "of_job", "place", "owner", "created")
    list_filter = ("kind", OfOwner, OfWorkflow, "created_at")
    list_select_related = ("workflow", "job", "owner", "blob")
    search_fields = ("node", "name", "workflow__name", "owner__username", "blob__digest")
    search_help_text = "A node, a file's name, a workflow, a person or the SHA-256; or an asset's whole id."
    sortable_by = ()
    ordering = ("-created_at", "-id")
    fields = ("id", "kind", "picture", "owner", "workflow", "job", "node", "output", "index", "name", "blob", "value")
    readonly_fields = ("picture",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Asset]:
        """Without what is long and in no list."""
        rows: QuerySet[Asset] = super().get_queryset(request)
        return rows.defer("job__params", "job__error", "job__traceback", "workflow__description")

    def get_urls(self) -> list[URLPattern]:
        """With the bytes of each: over REST, staff may only get their own."""
        ways = ((self.serve, "content"), (self.serve_thumbnail, "thumbnail"))
        mine = [
            path(f"<uuid:asset_id>/{what}/", self.admin_site.admin_view(view), name=f"runs_asset_{what}")
            for view, what in ways
        ]
        return [*mine, *super().get_urls()]

    def serve(self, request: HttpRequest, asset_id: UUID) -> HttpResponseBase:
        """The bytes of anybody's asset."""
        return _answer(request, content_of(self._found(request, asset_id)))

    def serve_thumbnail(self, request: HttpRequest, asset_id: UUID) -> HttpResponseBase:
        """The small picture of anybody's picture."""
        found = thumbnail_of(self._found(request, asset_id))
        if found is None:
            raise Http404
        return _answer(request, found)

    @admin.display(description="product")
    def shown(self, asset: Asset) -> SafeString:
        """Its small picture, or what its value begins with."""
        return SafeString(render_to_string("admin/runs/asset/_shown.html", {"asset": asset}))

    @admin.display(description="run")
    def of_job(self, asset: Asset) -> SafeString | str:
        """The run that made it."""
        if asset.job is None:
            return "uploaded"
        return format_html(
            '<a href="{}">#{}</a>', reverse("admin:runs_job_change", args=[asset.job_id]), asset.job.number
        )

    @admin.display(description="node")
    def place(self, asset: Asset) -> str:
        """Where in the run."""
        return f"{asset.node} · {asset.output} {asset.index + 1}" if asset.node else "–"

    @admin.display(description="created (UTC)")
    def created(self, asset: Asset) -> str:
        """To the second."""
        return f"{asset.created_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="content")
    def picture(self, asset: Asset) -> SafeString:
        """The picture itself, or a link to the bytes."""
        address = reverse("admin:runs_asset_content", args=[asset.pk])
        if asset.kind != "image":
            return format_html('<a href="{}">open</a>', address)
        return format_html('<a href="{0}"><img class="preview" src="{0}" alt="The picture"></a>', address)

    def _found(self, request: HttpRequest, asset_id: UUID) -> Asset:
        asset = get_object_or_404(Asset.objects.select_related("blob__thumbnail", "job"), pk=asset_id)
        if not self.has_view_permission(request, asset):
            raise PermissionDenied
        return asset


def _answer(request: HttpRequest, found: Content) -> HttpResponseBase:
    try:
        return async_to_sync(content.respond)(request, found)
    except ProblemError as problem:
        raise Http404(str(problem)) from problem
