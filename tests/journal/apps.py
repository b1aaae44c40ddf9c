import os

from django.apps import AppConfig


class JournalConfig(AppConfig):
    name = "tests.journal"

    def ready(self) -> None:
        """Workers carry out their jobs by the executor that keeps the journal; readers may be given less time."""
        from runs.sockets import socket  # noqa: PLC0415
        from runs.worker import process  # noqa: PLC0415 (it needs the models)
        from tests.journal.executor import Journalled  # noqa: PLC0415

        process.Executor = Journalled  # type: ignore[attr-defined]
        socket.SEND_PATIENCE = float(os.environ.get("SEND_PATIENCE", socket.SEND_PATIENCE))
