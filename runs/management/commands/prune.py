"""`./loupe prune`: deletes what the retention rules let go, and the bytes that nothing needs any more."""

from argparse import ArgumentTypeError
from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from runs import outbox, retention, store
from runs.retention import Rules


class Command(BaseCommand):
    help = (
        "Deletes ended runs by the rules RETENTION_DAYS and RETENTION_JOBS, with all that they made. Runs that a lens "
        "is pinned to, and those of which a product is chosen, stay."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=_positive_days, help="keep runs that ended in the last so many days")
        parser.add_argument("--jobs", type=_positive, help="keep the newest so many runs of each workflow")
        parser.add_argument("--dry-run", action="store_true", help="delete nothing, and say how many would go")

    def handle(self, *_args: Any, **options: Any) -> None:
        rules = Rules(options["days"] or 0, options["jobs"] or 0) or Rules.of_settings()
        if not rules:
            self.stdout.write(
                "There is no rule, so every run stays. Set RETENTION_DAYS or RETENTION_JOBS, or say --days or --jobs."
            )
            return
        if options["dry_run"]:
            self.stdout.write(f"Runs that would go: {retention.due(rules)}.")
            return
        gone = retention.prune(rules)
        outbox.forget_old()
        files = 0
        while cleared := store.clear_unused():
            files += cleared
        self.stdout.write(f"Runs that are gone: {gone}. Files that nothing needed for an hour: {files}.")


def _positive(text: str) -> int:
    with suppress(ValueError):
        if (number := int(text)) >= 1:
            return number
    message = f"“{text}” is no number from 1 on"
    raise ArgumentTypeError(message)


def _positive_days(text: str) -> float:
    with suppress(ValueError):
        if 0 < (number := float(text)) < 1e6:
            return number
    message = f"“{text}” is no number above 0 and below a million"
    raise ArgumentTypeError(message)
