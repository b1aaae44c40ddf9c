"""Parameters and files are called as people know them."""

import pytest
from django.utils import timezone

from accounts.models import User
from runs import naming
from runs.labels import label
from runs.models import Asset
from tests.runs.jobs import graph
from workflows import graph as graphs, parameters
from workflows.registry import registry

pytestmark = pytest.mark.django_db
NOWHERE = "00000000-0000-4000-8000-000000000001"


def titled(**titles: str) -> list[parameters.Parameter]:
    """Parameters that are called by their ids, with these titles."""
    document = graph({name: ("input.integer", {"name": name, "value": 1}) for name in titles})
    for node in document["nodes"]:
        node["title"] = titles[node["id"]]
    return parameters.declared(graphs.parse(document), registry)


def test_titles_stand_for_names_as_within_a_sentence_where_they_tell_parameters_apart() -> None:
    declared = titled(blur="Haze", quality="JPEG quality", first="Number", second="Number", plain="")
    given = dict.fromkeys(("blur", "quality", "first", "second", "plain", "noise.seed"), 1)
    assert list(naming.in_words(given, naming.titles(declared), {})) == [
        "haze",
        "JPEG quality",
        "first",
        "second",
        "plain",
        "noise.seed",
    ]
    assert list(naming.headings(declared).values()) == ["Haze", "JPEG quality", "first", "second", "plain"]


def test_a_picture_is_called_as_its_file_and_otherwise_ones_own(ada: User) -> None:
    upload = Asset.objects.create(owner=ada, name="coffee.jpg", kind="image", created_at=timezone.now())
    own = {"photo": {"asset": str(upload.pk)}}
    other = {"photo": {"asset": NOWHERE}}
    assert naming.files(own, other, {"photo": {"asset": "no id"}, "n": 3}) == {str(upload.pk): "coffee.jpg"}
    labels = [
        label(naming.in_words(each, {}, naming.files(each)), {"photo": None}, lambda: None) for each in (own, other)
    ]
    assert labels == ["coffee.jpg", "own photo"]


def test_a_question_gets_its_answer_in_a_label() -> None:
    assert label({"with a cover?": True}, {"with a cover?": False}, lambda: None) == "with a cover? yes"
    assert label({"with a cover?": False}, {"with a cover?": True}, lambda: None) == "with a cover? no"


@pytest.mark.parametrize(("kind", "name"), [("audio", "a sound"), ("video", "a film"), ("file", "a file")])
def test_sounds_films_and_files_that_runs_made_are_called_what_they_are(ada: User, kind: str, name: str) -> None:
    made = Asset.objects.create(owner=ada, kind=kind, created_at=timezone.now())
    given = Asset.objects.create(owner=ada, name="mine.bin", kind=kind, created_at=timezone.now())
    found = naming.files({"a": {"asset": str(made.pk)}, "b": {"asset": str(given.pk)}})
    assert found == {str(made.pk): name, str(given.pk): "mine.bin"}


def test_other_things_that_runs_made_have_no_names(ada: User) -> None:
    ids = [Asset.objects.create(owner=ada, kind=kind, created_at=timezone.now()).pk for kind in ("image", "text")]
    assert naming.files({str(pk): {"asset": str(pk)} for pk in ids}) == {}
