"""What `benchmarks.idle` stands beside: Django, Channels and Daphne as they come, where nothing is stored or run.

For `python -m daphne benchmarks.bare_web:application`. The same client makes the same requests of it.
"""

import json
from typing import Final

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

JOB: Final = {"state": "completed", "told": "x" * 900}
"""About as long as a job that does nothing."""


def submit(request: HttpRequest) -> JsonResponse:
    """Takes a job and forgets it."""
    return JsonResponse(JOB | json.loads(request.body), status=201)


class Follower(AsyncWebsocketConsumer):
    """Tells of a job that has completed."""

    async def connect(self) -> None:  # noqa: D102
        await self.accept()
        for kind in ("job", "snapshot"):
            await self.send(json.dumps({"type": kind, "job": JOB}))


settings.configure(ALLOWED_HOSTS=["127.0.0.1"], LOGGING_CONFIG=None, ROOT_URLCONF=__name__, SECRET_KEY="bare")
urlpatterns = [path("jobs", submit)]
application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter([path("jobs/<uuid:job>", Follower.as_asgi())]),  # type: ignore[arg-type, list-item]
    }
)
