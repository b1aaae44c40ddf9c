"""The addresses of sockets."""

from typing import Any

from django.urls import path, re_path

from runs.sockets.canvas import CanvasSocket
from runs.sockets.consumers import ProgramJobSocket, ProgramWorkflowSocket
from runs.sockets.pages import PageSocket, StaffPageSocket
from runs.sockets.socket import nothing_here

websocket_urlpatterns: list[Any] = [  # Channels gives ASGI applications where Django has views
    path("ws/v1/jobs/<uuid:job_id>", ProgramJobSocket.serve),  # type: ignore[arg-type]
    path("ws/v1/workflows/<uuid:workflow_id>", ProgramWorkflowSocket.serve),  # type: ignore[arg-type]
    path("ws/pages/jobs/<uuid:job_id>", PageSocket.serve),  # type: ignore[arg-type]
    path("ws/admin/jobs/<uuid:job_id>", StaffPageSocket.serve),  # type: ignore[arg-type]
    path("ws/pages/workflows/<uuid:workflow_id>", CanvasSocket.serve),  # type: ignore[arg-type]
    re_path("", nothing_here),  # type: ignore[arg-type]
]
