"""`doctor`: what is wrong with this installation, and what to do."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from project.doctor import examine, hasten


class Command(BaseCommand):
    help = "Checks the database, Redis, the storage, the disk and the workers, and says what to do. Exit code 1: act."
    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> None:
        """From the command line alone: the connections of a process that goes on stay as they are."""
        hasten()
        super().run_from_argv(argv)

    def handle(self, *_args: Any, **_options: Any) -> None:
        good = True
        for finding in examine():
            good = good and finding.good
            mark = self.style.SUCCESS("ok   ") if finding.good else self.style.ERROR("wrong")
            self.stdout.write(f"{mark} {finding.subject}: {finding.sentence}")
        if not good:
            sys.exit(1)
