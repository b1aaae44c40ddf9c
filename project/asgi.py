"""The application that the web process serves: Django's pages and API, and the sockets."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
pages = get_asgi_application()

# Behind Django's set-up, as these need its models.
from project.origin import own_origin  # noqa: E402
from project.static import with_static_files  # noqa: E402
from runs.routing import websocket_urlpatterns  # noqa: E402

application = ProtocolTypeRouter(
    {"http": with_static_files(pages), "websocket": own_origin(URLRouter(websocket_urlpatterns))}
)
