"""What a page draws of a sound."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from runs import store
from runs.pages.mine import asset_of
from workflows import sound


@login_required
@require_safe
@cache_control(private=True, max_age=31_536_000, immutable=True)
def waveform(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """`{"peaks": [0–1, …], "seconds"}` of a WAV file; both null for all else, which the browser decodes itself."""
    asset = asset_of(request, asset_id)
    found = sound.waveform(store.path(asset.blob.digest)) if asset.blob and asset.kind == "audio" else None
    return JsonResponse(found._asdict() if found else {"peaks": None, "seconds": None})
