"""`manage.py run`: all of Loupe, under one supervisor."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from project.errors import CannotStart
from project.supervisor import run


class Command(BaseCommand):
    help = "Starts Loupe: Valkey, workers and the web process. Ctrl-C stops it."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--with-parent", action="store_true", help="stop when the process that started it has ended"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            run(settings.DATA_DIR, with_parent=options["with_parent"])
        except CannotStart as reason:
            sys.exit(f"Loupe cannot start: {reason}")
        except KeyboardInterrupt:
            sys.exit(130)
