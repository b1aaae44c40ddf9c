"""`worker NAME`: one process of a pool."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from runs.worker import process


class Command(BaseCommand):
    help = "One worker process of a pool, which starts it. Use `workers` to start a pool."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--arrival", type=int, help="A file descriptor to close when it has come up.")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        process.run(options["name"], options["arrival"])
