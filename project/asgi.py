"""The application that the web process serves: Django's pages and API, and the sockets."""

import os

import django
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.signals import request_started

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup(set_prefix=False)

# Behind Django's set-up, as these need its models.
from project.handler import BEFORE_EACH, Handler  # noqa: E402
from project.ids import ids_in_any_case  # noqa: E402
from project.origin import own_origin  # noqa: E402
from project.static import with_static_files  # noqa: E402
from runs.routing import websocket_urlpatterns  # noqa: E402
from runs.sockets.hints import Hints  # noqa: E402

Hints.linger_seconds = 300.0  # the channel layer takes a tenth of a second to listen again

for receiver in BEFORE_EACH:
    request_started.disconnect(receiver)  # the handler does it, on the thread that it has for the request

application = ids_in_any_case(
    ProtocolTypeRouter(
        {"http": with_static_files(Handler()), "websocket": own_origin(URLRouter(websocket_urlpatterns))}
    )
)
