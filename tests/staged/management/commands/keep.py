"""`manage.py keep FILE --job ID --node NODE`: a file as a product of a job, by the real store."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management import BaseCommand
from django.utils import timezone

from runs import store
from runs.models import Asset, Job
from workflows import media


class Command(BaseCommand):
    """Prints the asset's id."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--job", required=True)
        parser.add_argument("--node", required=True)
        parser.add_argument("--index", type=int, default=0)

    def handle(self, *, file: Path, job: str, node: str, index: int, **_: object) -> None:
        data = file.read_bytes()
        media_type = media.sniff(data[:16])
        found = Job.objects.get(pk=job)
        asset = Asset.objects.create(
            owner_id=found.owner_id,
            workflow_id=found.workflow_id,
            job=found,
            node=node,
            output="made",
            index=index,
            kind=media.kind_of(media_type),
            blob=store.keep(data, media_type=media_type),
            created_at=timezone.now(),
        )
        self.stdout.write(str(asset.pk))
