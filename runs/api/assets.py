"""REST: what jobs made and people uploaded."""

from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from ninja import File, Query as FromQuery, Router, UploadedFile

from accounts.authentication import READ, RUN, WRITE, ApiRequest, visible
from accounts.idempotency import found_again, once
from accounts.paging import page
from accounts.problems import ProblemError, fault, invalid, not_found
from accounts.schemas import Page
from runs import archive, content, uploads
from runs.api.jobs import find as find_job
from runs.models import Asset
from runs.models.asset import AssetQuerySet
from runs.removal import remove_asset
from runs.representation import asset_document
from runs.schemas import ArchiveBody, AssetDocument, AssetQuery, WorkflowAssetQuery
from runs.served import content_of, thumbnail_of
from workflows.api import find as find_workflow
from workflows.errors import MediaError

router = Router(tags=["assets"])
NAMED = 5
"""So many assets are named in an error."""


@router.get("/workflows/{uuid:workflow_id}/assets", auth=READ, response=Page[AssetDocument])
def list_workflow_assets(request: ApiRequest, workflow_id: UUID, query: FromQuery[WorkflowAssetQuery]) -> HttpResponse:
    """What the jobs of a workflow have made, the newest first."""
    rows = _rows().filter(workflow=find_workflow(request, workflow_id))
    given = {"node": query.node, "job_id": query.job, "kind": query.kind}
    return _page(rows.filter(**{name: value for name, value in given.items() if value is not None}), query)


@router.get("/jobs/{uuid:job_id}/assets", auth=READ, response=Page[AssetDocument])
def list_job_assets(request: ApiRequest, job_id: UUID, query: FromQuery[AssetQuery]) -> HttpResponse:
    """What a job has made, the newest first."""
    return _page(_rows().filter(job=find_job(request, job_id)), query)


@router.post("/assets", auth=RUN, response={201: AssetDocument, 200: AssetDocument})
def upload_asset(request: ApiRequest, file: File[UploadedFile | None] = None) -> HttpResponse:
    """Keeps a file, to be given to a parameter as `{"asset": "<id>"}`. What it is, its own bytes say."""
    given = _uploaded(request, file)
    try:
        blob = uploads.stored(given)
    except MediaError as error:
        raise invalid(fault("bad_value", str(error), name="file")) from error
    asked = f"{blob.digest} {given.name}".encode()
    made = once(request, request.auth, lambda: str(uploads.make(request.auth.user, given, blob).pk), asked=asked)
    asset = found_again(request, find, made)
    location = {"Location": f"/api/v1/assets/{asset.pk}"}
    return JsonResponse(asset_document(asset), status=made.status, headers=location)


@router.post("/assets/archive", auth=READ, response={200: None})
async def pack_assets(request: ApiRequest, body: ArchiveBody) -> HttpResponseBase:
    """The assets as one zip file, sent while it is written. 404 when one of them is not there."""
    contents = await sync_to_async(_contents)(request, body.ids)
    headers = {"Content-Disposition": f'attachment; filename="{archive.NAME}"', "X-Content-Type-Options": "nosniff"}
    return StreamingHttpResponse(archive.zipped(contents), content_type="application/zip", headers=headers)


@router.get("/assets/{uuid:asset_id}", auth=READ, response=AssetDocument)
def read_asset(request: ApiRequest, asset_id: UUID) -> HttpResponse:
    """One asset."""
    return JsonResponse(asset_document(find(request, asset_id)))


@router.get("/assets/{uuid:asset_id}/content", auth=READ, response={200: None, 206: None, 304: None})
async def read_content(request: ApiRequest, asset_id: UUID, *, raw: bool = False) -> HttpResponseBase:
    """The bytes, or the range of them that is asked for.

    A PNG that a run made says where it comes from, in an iTXt chunk named `loupe`; with `raw` it is as it is stored.
    """
    found = await sync_to_async(lambda: content_of(find(request, asset_id), raw=raw))()
    return await content.respond(request, found)


@router.get("/assets/{uuid:asset_id}/thumbnail", auth=READ, response={200: None, 206: None, 304: None})
async def read_thumbnail(request: ApiRequest, asset_id: UUID) -> HttpResponseBase:
    """A small WebP of a picture; 404 for what has none."""
    asset = await sync_to_async(find)(request, asset_id)
    thumbnail = thumbnail_of(asset)
    if thumbnail is None:
        raise not_found("This asset has no thumbnail.")
    return await content.respond(request, thumbnail)


@router.delete("/assets/{uuid:asset_id}", auth=WRITE, response={204: None})
def delete_asset(request: ApiRequest, asset_id: UUID, *, force: bool = False) -> HttpResponse:
    """Deletes an asset. 409 while its own job is active, or, unless `force`, while another one is given it."""
    remove_asset(find(request, asset_id), force=force)
    return HttpResponse(status=204)


def find(request: ApiRequest, asset_id: UUID) -> Asset:
    """The asset with its blob and job, if these credentials may see it; else ProblemError 404."""
    asset = visible(_rows().select_related("blob__thumbnail"), request.auth).filter(pk=asset_id).first()
    if asset is None:
        raise not_found("There is no such asset.")
    return asset


def _contents(request: ApiRequest, ids: list[UUID]) -> list[content.Content]:
    rows = visible(_rows().select_related("job__graph").defer("job__error", "job__traceback"), request.auth)
    found = rows.in_bulk(ids)
    if missing := [str(each) for each in ids if each not in found]:
        raise not_found(f"There is no such asset: {', '.join(missing[:NAMED])}.")
    contents = {each: content_of(found[each]) for each in ids}
    if gone := [str(each) for each, it in contents.items() if not it.is_there()]:
        raise not_found(f"The bytes of these assets are gone from the disk: {', '.join(gone[:NAMED])}. Leave them out.")
    return list(contents.values())


def _rows() -> AssetQuerySet:
    """What a workflow and its jobs made is its owner's: who may see them may see that."""
    return Asset.objects.for_documents()


def _page(rows: QuerySet[Asset], query: AssetQuery) -> HttpResponse:
    part = page(rows, order=query.order, limit=query.limit, cursor=query.cursor)
    return JsonResponse(part.document(asset_document))


def _uploaded(request: ApiRequest, file: UploadedFile | None) -> UploadedFile:
    if request.content_type != "multipart/form-data":
        raise ProblemError(415, "Send the file as “multipart/form-data”, in the field `file`.")
    if file is None or len(request.FILES) != 1 or len(request.FILES.getlist("file")) != 1 or request.POST:
        raise invalid(fault("missing_input", "Send exactly one file, in the field `file`.", name="file"))
    if (file.size or 0) > settings.MAX_UPLOAD_BYTES:
        raise ProblemError(413, f"A file may have {settings.MAX_UPLOAD_BYTES:,} bytes at most.")
    return file
