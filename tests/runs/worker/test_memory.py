"""Equal calls of pure nodes are served what was made before: to their owner alone, as long as its bytes are there."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from runs import store
from runs.estimate import estimate
from runs.models import Asset, Blob, Job, Kept
from tests.runs.jobs import cached, graph, ran, ran_again, told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


def pictures(cache: Any = "forever", **noise: Any) -> dict[str, Any]:
    document = graph(
        {
            "noise": ("image.noise", {"width": 16, "height": 16, **noise}),
            "blur": ("image.blur", {"radius": 1.0}),
            "out": ("output.result", {"name": "picture"}),
        },
        "noise.image > blur.image",
        "blur.image > out.value",
    )
    for node in document["nodes"][:2]:
        node["cache"] = cache
    return document


def made(job: Job) -> dict[str, str]:
    return {node: str(blob) for node, blob in Asset.objects.filter(job=job).values_list("node", "blob")}


def test_a_second_run_is_served_and_has_products_of_its_own(ada: User) -> None:
    first = ran(ada, pictures())
    second = ran_again(first)

    assert (cached(first), cached(second)) == (set(), {"noise", "blur"})
    assert made(second) == made(first)
    assert Blob.objects.filter(media_type="image/png").count() == 2
    assert second.state == "completed"


def test_runs_that_are_served_tell_that_the_next_may_take_no_time(ada: User) -> None:
    first = ran(ada, pictures())
    second = ran_again(first)
    first.delete()

    estimated = estimate(second.workflow, 1).seconds

    assert estimated is not None
    assert 0 <= estimated.low < 1


def test_another_workflow_of_the_same_person_is_served_too_and_another_person_is_not(ada: User, bob: User) -> None:
    ran(ada, pictures())

    assert cached(ran(ada, {**pictures(), "notes": ["another"]})) == {"noise", "blur"}
    assert cached(ran(bob, pictures())) == set()
    assert set(Kept.objects.values_list("owner", flat=True)) == {ada.pk, bob.pk}


@pytest.mark.parametrize("cache", [None, "never", 0])
def test_nothing_is_kept_unless_a_node_asks_for_it(ada: User, cache: Any) -> None:
    assert cached(ran_again(ran(ada, pictures(cache)))) == set()
    assert not Kept.objects.exists()


def test_with_no_room_for_results_nothing_is_kept_or_served(ada: User, settings: Settings) -> None:
    first = ran(ada, pictures())
    settings.MAX_KEPT_RESULTS = 0

    assert cached(ran_again(first)) == set()


def test_what_is_older_than_a_node_takes_is_made_anew(ada: User) -> None:
    first = ran(ada, pictures(60))
    assert cached(ran_again(first)) == {"noise", "blur"}
    Kept.objects.update(made_at=timezone.now() - timedelta(seconds=61))

    assert cached(ran_again(first)) == set()
    assert cached(ran_again(first)) == {"noise", "blur"}


def test_deleted_products_are_served_while_their_bytes_are_there_and_then_made_anew(ada: User) -> None:
    first = ran(ada, pictures())
    before = made(first)
    Asset.objects.all().delete()

    second = ran_again(first)
    assert (cached(second), made(second)) == ({"noise", "blur"}, before)

    Asset.objects.all().delete()
    Blob.objects.update(used_at=timezone.now() - timedelta(hours=2))
    while store.clear_unused():
        pass
    third = ran_again(first)
    assert (third.state, cached(third), made(third)) == ("completed", set(), before)


def test_a_file_that_is_gone_from_the_disk_is_made_anew(ada: User) -> None:
    first = ran(ada, pictures())
    store.path(made(first)["noise"]).unlink()

    second = ran_again(first)

    assert (second.state, cached(second)) == ("completed", {"blur"})
    assert store.path(made(second)["noise"]).exists()


def test_a_failed_call_is_not_kept(ada: User) -> None:
    document = pictures(width=1, height=1)
    assert ran(ada, document).state == "completed"
    kept = Kept.objects.count()
    failing = graph({"fit": ("image.text", {"text": "far too long for it", "size": 40})})
    noise = {"id": "noise", "type": "image.noise", "properties": {"width": 8, "height": 8}}
    edge = {"id": "e", "source": "noise", "output": "image", "target": "fit", "input": "image"}
    failing = {**failing, "nodes": [noise, {**failing["nodes"][0], "cache": "forever"}], "edges": [edge]}

    for _ in range(2):
        assert ran(ada, failing).state == "failed"
    assert Kept.objects.count() == kept


def test_numbers_and_switches_that_look_alike_are_told_apart(ada: User) -> None:
    def wrote(value: Any) -> Job:
        document = graph(
            {"it": ("input.number" if value is not True else "input.boolean", {"name": "it", "value": value}),
             "text": ("text.template", {"template": "{{ it }}"})},
            "it.value > text.it",
        )  # fmt: skip
        document["nodes"][1] |= {"cache": "forever", "dynamic_inputs": ["it"]}
        return ran(ada, document)

    assert [told(wrote(value))["values"]["text"]["text"] for value in (1, 1.5, True, 1)] == ["1", "1.5", "true", "1"]
    assert Kept.objects.count() == 3


def test_the_oldest_results_go_first(ada: User) -> None:
    for age in range(5):
        row = {"owner": ada, "results": [], "made_at": timezone.now() - timedelta(minutes=age)}
        Kept.objects.create(key=str(age), **row)

    Kept.objects.forget_beyond(10)
    assert Kept.objects.count() == 5
    Kept.objects.forget_beyond(2)
    assert set(Kept.objects.values_list("pk", flat=True)) == {"0", "1"}
    Kept.objects.forget_beyond(0)
    assert not Kept.objects.exists()


def test_results_go_with_their_owner(ada: User) -> None:
    ran(ada, pictures())
    ada.delete()
    assert not Kept.objects.exists()
