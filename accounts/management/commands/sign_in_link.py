"""`./loupe sign_in_link USER`: signs a person in without a password."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.addresses import running, sign_in_address
from accounts.models import User


class Command(BaseCommand):
    help = "Prints a link that signs the user in, once within 15 minutes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 (Django's signature)
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user “{options['user']}”. `create_token NAME --create` makes one.")
        found = settings.PUBLIC_URL or running(settings.DATA_DIR)
        if not found:
            self.stderr.write("Loupe does not run here, so that nothing answers there yet: start it with `make run`.")
        self.stdout.write(sign_in_address(user, found or None))
