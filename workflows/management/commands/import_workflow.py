"""`./loupe import_workflow FILE …`: workflows from JSON files."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import User
from workflows import saving
from workflows.files import FileInvalid, read


class Command(BaseCommand):
    help = "Makes a workflow of each JSON file and prints their ids, one on a line. Either all are made or none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--owner", default="owner", help="whose they are to be (owner)")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 (Django's signature)
        owner = User.objects.filter(username=options["owner"]).first()
        if owner is None:
            raise CommandError(f"There is no user “{options['owner']}”. Say whose they are with --owner.", returncode=2)
        try:
            documents = [read(path) for path in options["files"]]
        except FileInvalid as error:
            raise CommandError(str(error), returncode=2) from error
        with transaction.atomic():
            for each in documents:
                workflow = saving.make(owner, name=each.name, description=each.description, graph=each.graph)
                self.stdout.write(str(workflow.pk))
