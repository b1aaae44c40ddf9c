"""What the first start makes: the owner, to whom the installation belongs, and the example workflows."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from accounts.models import User
from runs import uploads
from runs.models import Asset
from workflows import saving
from workflows.examples import documents, stand_in_picture
from workflows.media import encode_image

OWNER = "owner"


def owner_with_examples(say: Callable[[str], None]) -> User:
    """The owner. On the first start it is made, with the examples; one that a person deletes never comes back."""
    owner = User.objects.filter(username=OWNER).first()
    if owner is not None:
        return owner
    with transaction.atomic():
        owner = User.objects.create_superuser(OWNER)
        if settings.LOUPE_DEMO:
            say("Making the example workflows …")
            _install_examples(owner)
    return owner


def _install_examples(owner: User) -> None:
    photograph = {"asset": str(_stand_in(owner).pk)}
    for document in reversed(documents()):  # lists show the newest first
        graph = saving.parsed(_with_photograph(document["graph"], photograph))
        saving.make(owner, name=document["name"], description=document["description"], graph=graph)


def _stand_in(owner: User) -> Asset:
    """A picture to try an example with, before there is a photograph."""
    picture = encode_image(stand_in_picture())
    file = SimpleUploadedFile("Stand-in photograph.png", picture.data, picture.media_type)
    return uploads.make(owner, file, uploads.stored(file))


def _with_photograph(graph: dict[str, Any], photograph: dict[str, str]) -> dict[str, Any]:
    for node in graph["nodes"]:
        if node["type"] == "input.image" and node["properties"].get("value") is None:
            node["properties"]["value"] = photograph
    return graph
