"""`workers`: the pool of worker processes of one machine."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from runs.pool import supervisor


class Command(BaseCommand):
    help = "Runs a pool of worker processes. SIGTERM: takes no more jobs, and hands back what runs after DRAIN_SECONDS."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--count", type=int, help="how many processes (default: WORKERS, else as many as the cap)")

    def handle(self, *_args: Any, **options: Any) -> None:
        count = options["count"]
        if count is not None and count < 1:
            raise CommandError("Give --count a number from 1 on, or leave it out.")
        supervisor.run(count)
