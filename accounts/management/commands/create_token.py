"""`./loupe create_token USER`: a token for a program."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import ApiToken, User
from accounts.scopes import Scope


class Command(BaseCommand):
    help = "Prints a new API token alone on one line. It is shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user")
        parser.add_argument("--scope", nargs="+", action="extend", choices=[str(scope) for scope in Scope])
        parser.add_argument("--days", type=int, help="how long the token is good; without it, until it is revoked")
        parser.add_argument("--name", default="", help="what it is for, to know it by in the admin")
        parser.add_argument("--create", action="store_true", help="make the user when missing")
        parser.add_argument("--staff", action="store_true", help="make the user staff")
        parser.add_argument("--superuser", action="store_true", help="make the user a superuser")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 (Django's signature)
        scopes = [Scope(scope) for scope in options["scope"] or [Scope.WRITE]]
        days = options["days"]
        if days is not None and not 1 <= days <= 36_500:
            raise CommandError("Give --days a number from 1 to 36500, or leave it out.")
        user = _user(options)
        if Scope.ADMIN in scopes and not user.is_staff:
            raise CommandError(
                f"The scope admin is for staff. Make {user.username} staff with --staff, or leave it out."
            )
        _, secret = ApiToken.objects.issue(user, scopes, name=options["name"], days=days)
        self.stdout.write(secret)


def _user(options: dict[str, Any]) -> User:
    """The user, made if that is asked for, with the rights that are asked for."""
    name = options["user"]
    user = User.objects.filter(username=name).first()
    if user is None and not options["create"]:
        raise CommandError(f"There is no user “{name}”. Add --create to make one.")
    user = user or _made(name)
    staff, superuser = options["staff"] or options["superuser"], options["superuser"]
    if (staff and not user.is_staff) or (superuser and not user.is_superuser):
        user.is_staff, user.is_superuser = True, user.is_superuser or superuser
        user.save(update_fields=("is_staff", "is_superuser"))
    return user


def _made(name: str) -> User:
    try:
        User(username=name).clean_fields(exclude={"password"})
    except ValidationError as error:
        raise CommandError(f"“{name}” can't be the name of a user: {' '.join(error.messages)}") from error
    return User.objects.create_user(name)
