"""Pages: what they show, what their forms do, and that nobody sees what is another's."""

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from runs import lens
from runs.models import Asset, Job
from runs.pages import fragments, sheet
from runs.states import State
from tests import factories
from tests.photographs import photograph
from tests.runs.jobs import graph, ran

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def page(client: Client, ada: User) -> Client:
    """Ada's browser."""
    client.force_login(ada)
    return client


def text(answer: object) -> str:
    content: bytes = getattr(answer, "content", b"")
    return content.decode()


def test_workflows_are_shown_as_cards(page: Client, ada: User, bob: User) -> None:
    factories.workflow(ada, name="Mine & ours", description="What it does.")
    factories.workflow(bob, name="Not mine")
    shown = text(page.get("/"))
    assert "Mine &amp; ours" in shown
    assert "never run" in shown
    assert "Not mine" not in shown


def test_without_workflows_the_page_says_how_to_get_one(page: Client) -> None:
    shown = text(page.get("/"))
    assert "No workflow yet" in shown
    assert 'action="/workflows/"' in shown
    assert 'action="/workflows/imports/"' in shown


def test_a_workflow_opens_on_its_canvas(page: Client, ada: User) -> None:
    workflow = factories.workflow(ada, factories.NOISE)
    shown = text(page.get(f"/workflows/{workflow.pk}/"))
    assert "data-canvas" in shown
    assert 'data-node="noise" data-status="idle" data-type="image"' in shown
    assert 'data-edge="' in shown
    assert " style=" not in shown


def test_nodes_that_are_not_saved_yet_are_drawn(page: Client, ada: User) -> None:
    workflow = factories.workflow(ada)
    address = f"/workflows/{workflow.pk}/drawings/"
    nodes = [{"id": "soft", "type": "image.blur", "title": "<Soft>"}, {"id": "odd", "type": "dream.machine"}]
    answer = page.post(address, {"nodes": nodes, "edges": []}, content_type="application/json")
    assert text(answer).count("<article ") == 2
    assert 'id="node-soft"' in text(answer)
    assert "&lt;Soft&gt;" in text(answer)
    for wrong in ("{", '{"nodes": [{"id": "a b"}]}', "[" * 100_000):
        assert page.post(address, wrong, content_type="application/json").status_code == 422


def test_run_makes_a_job_of_what_the_form_says(page: Client, ada: User) -> None:
    workflow = factories.workflow(ada)
    answer = page.post(f"/workflows/{workflow.pk}/runs/", {"p0": "good morning"})
    assert answer.headers["Location"] == f"/workflows/{workflow.pk}/runs/"
    job = Job.objects.get()
    assert (job.params, job.owner, job.state) == ({"word": "good morning"}, ada, State.QUEUED)
    shown = text(page.get(f"/workflows/{workflow.pk}/runs/"))
    assert "good morning" in shown
    assert "1st in line" in shown


def test_run_needs_no_parameters(page: Client, ada: User) -> None:
    workflow = factories.workflow(ada, factories.waiting(1))
    page.post(f"/workflows/{workflow.pk}/runs/")
    assert Job.objects.count() == 1


def test_a_photograph_is_uploaded_and_stays_for_the_next_run(page: Client, ada: User) -> None:
    workflow = factories.workflow(ada, graph({"photo": ("input.image", {"name": "photo"})}))
    address = f"/workflows/{workflow.pk}/runs/"
    page.post(address, {"p0": SimpleUploadedFile("coffee.png", photograph(), content_type="image/png")})
    asset = Asset.objects.get()
    assert Job.objects.get().params == {"photo": {"asset": str(asset.pk)}}
    assert f'name="p0-kept" value="{asset.pk}"' in text(page.get(address))
    page.post(address, {"p0-kept": str(asset.pk)})
    assert Job.objects.latest("number").params == {"photo": {"asset": str(asset.pk)}}


@pytest.mark.parametrize(
    ("given", "said"),
    [(b"not a picture", "no picture that Loupe reads. Choose a PNG"), (photograph()[:200], "damaged or incomplete")],
)
def test_what_is_no_picture_makes_no_job_and_says_why(page: Client, ada: User, given: bytes, said: str) -> None:
    document = graph({"photo": ("input.image", {"name": "photo"})})
    workflow = factories.workflow(ada, document)
    file = SimpleUploadedFile("notes.png", given, content_type="image/png")
    answer = page.post(f"/workflows/{workflow.pk}/runs/", {"p0": file})
    assert answer.status_code == 422
    assert "notes.png" in text(answer)
    assert said in text(answer)
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("audio", "no sound that Loupe reads. Choose a WAV"),
        ("video", "no film that Loupe reads. Choose an MP4 or WebM."),
    ],
)
def test_what_is_no_sound_or_film_makes_no_job_and_says_why(page: Client, ada: User, kind: str, said: str) -> None:
    workflow = factories.workflow(ada, graph({"in": (f"input.{kind}", {"name": "in"})}))
    answer = page.post(f"/workflows/{workflow.pk}/runs/", {"p0": SimpleUploadedFile("coffee.png", photograph())})
    assert answer.status_code == 422
    assert f"coffee.png is {said}" in text(answer)
    assert not Asset.objects.exists()


def test_any_file_is_uploaded_for_a_file(page: Client, ada: User) -> None:
    workflow = factories.workflow(ada, graph({"in": ("input.file", {"name": "in"})}))
    address = f"/workflows/{workflow.pk}/runs/"
    page.post(address, {"p0": SimpleUploadedFile("notes of today.txt", b"notes")})
    asset = Asset.objects.get()
    assert Job.objects.get().params == {"in": {"asset": str(asset.pk)}}
    assert f'data-given="{asset.pk}"' in text(page.get(address))
    face = text(page.get(f"/assets/{asset.pk}/face/"))
    assert "notes of today.txt" in face
    assert "5\xa0bytes" in face


def test_a_form_keeps_what_was_typed_and_an_empty_seed_draws_another_each_run(page: Client, ada: User) -> None:
    workflow = factories.workflow(ada, factories.NOISE)
    address = f"/workflows/{workflow.pk}/runs/"
    for _ in range(3):
        page.post(address, {"p0": ""})
        assert 'value="1"' not in text(page.get(address))
    seeds = [job.params["seed"] for job in Job.objects.all()]
    assert len(set(seeds)) == 3
    assert {job.label for job in Job.objects.all()} == {f"seed {seed}" for seed in seeds}
    page.post(address, {"p0": "42"})
    assert 'value="42"' in text(page.get(address))


def test_titles_name_what_a_run_was_made_with(page: Client, ada: User) -> None:
    document = graph({"blur": ("input.number", {"name": "blur", "value": 6}), "n": ("image.noise", {})})
    document["nodes"][0]["title"] = "Haze"
    workflow = factories.workflow(ada, document)
    page.post(f"/workflows/{workflow.pk}/runs/", {"p0": "3"})
    job = Job.objects.get()
    assert job.label == "haze 3"
    assert job.params["blur"] == 3
    assert isinstance(job.params["blur"], int)
    assert "<dt>Haze</dt>" in text(page.get(f"/jobs/{job.pk}/"))


def test_a_run_of_an_uploaded_picture_is_called_as_its_file(page: Client, ada: User) -> None:
    workflow = factories.workflow(ada, graph({"photo": ("input.image", {"name": "photo"})}))
    file = SimpleUploadedFile("coffee.png", photograph(), content_type="image/png")
    page.post(f"/workflows/{workflow.pk}/runs/", {"p0": file})
    job = Job.objects.get()
    assert job.label == "coffee.png"
    assert ">coffee.png</a>" in text(page.get(f"/jobs/{job.pk}/"))


def test_another_persons_form_is_their_own(page: Client, ada: User) -> None:
    workflow = factories.workflow(ada, factories.NOISE)
    address = f"/workflows/{workflow.pk}/runs/"
    page.post(address, {"p0": ""})
    elsewhere = Client()
    elsewhere.force_login(ada)
    assert 'value="1"' in text(elsewhere.get(address))


def test_a_failed_branch_is_told_while_others_still_run(page: Client, ada: User) -> None:
    job = factories.job(factories.workflow(ada), state=State.RUNNING)
    found = sheet.read(job)
    told = found.after({"nodes": {"word": {"status": "failed", "error": {"code": "x", "message": "No."}}}})
    assert "“word” has failed." in fragments.header(told, found).replace("“Text”", "“word”")


def test_another_persons_picture_is_not_there(page: Client, ada: User, bob: User) -> None:
    theirs = Asset.objects.get(job=ran(bob, factories.NOISE), node="noise")
    workflow = factories.workflow(ada, graph({"photo": ("input.image", {"name": "photo"})}))
    answer = page.post(f"/workflows/{workflow.pk}/runs/", {"p0-kept": str(theirs.pk)})
    assert answer.status_code == 422
    assert Job.objects.filter(owner=ada).count() == 0


def test_all_that_is_wrong_is_said_at_its_field(page: Client, ada: User) -> None:
    document = graph(
        {
            "n": ("input.number", {"name": "factor", "value": 1, "maximum": 2}),
            "blur": ("image.blur", {}),
        }
    )
    workflow = factories.workflow(ada, document)
    answer = page.post(f"/workflows/{workflow.pk}/runs/", {"p0": "9"})
    assert answer.status_code == 422
    assert "less than or equal to 2" in text(answer)
    again = page.post(f"/workflows/{workflow.pk}/runs/", {"p0": "1"})
    assert "blur: " in text(again)
    assert not Job.objects.exists()


def test_the_list_alone_is_what_follows_the_runs(page: Client, ada: User) -> None:
    workflow = factories.workflow(ada)
    job = factories.job(workflow)
    part = text(page.get(f"/workflows/{workflow.pk}/runs/?part=list"))
    assert part.lstrip().startswith('<section id="runs"')
    assert f'data-job-card="{job.pk}" data-state="queued"' in part
    assert "every 1s" in part
    Job.objects.update(state=State.COMPLETED)
    assert "every 5s" in text(page.get(f"/workflows/{workflow.pk}/runs/?part=list"))


def test_a_job_shows_its_results_and_its_nodes(page: Client, ada: User) -> None:
    job = ran(ada, factories.NOISE)
    result = Asset.objects.get(job=job, node="out")
    shown = text(page.get(f"/jobs/{job.pk}/"))
    assert f'data-job-card="{job.pk}" data-state="completed"' in shown
    assert 'data-node="noise" data-status="completed"' in shown
    assert f'data-asset="{result.pk}" data-job="{job.pk}"' in shown
    assert f'/api/v1/assets/{result.pk}/content" download="picture-' in shown
    assert 'data-action="delete"' in shown


def test_a_failed_job_says_what_failed_and_where(page: Client, ada: User) -> None:
    job = ran(ada, graph({"fail": ("control.fail", {"message": "Sizes <differ>."})}))
    shown = text(page.get(f"/jobs/{job.pk}/"))
    assert "Failed in “Fail”." in shown
    assert shown.count('<span class="long">Sizes &lt;differ&gt;.</span>') == 2
    assert 'href="#node-fail"' in shown


@pytest.mark.parametrize(
    ("state", "action"), [("queued", "stop"), ("running", "stop"), ("cancelling", None), ("completed", "delete")]
)
def test_an_active_job_can_be_stopped_and_an_ended_one_deleted(
    page: Client, ada: User, state: str, action: str | None
) -> None:
    job = factories.job(factories.workflow(ada), state=state)
    shown = text(page.get(f"/jobs/{job.pk}/"))
    assert [each for each in ("stop", "delete") if f'data-action="{each}"' in shown] == ([action] if action else [])


def test_cancelling_goes_back_to_where_one_was(page: Client, ada: User) -> None:
    job = factories.job(factories.workflow(ada))
    answer = page.post(f"/jobs/{job.pk}/cancellation/")
    assert answer.headers["Location"] == f"/jobs/{job.pk}/"
    job.refresh_from_db()
    assert (job.state, job.transitions.get().by) == (State.CANCELLED, "ada")
    filtered = f"/workflows/{job.workflow_id}/runs/?state=queued"
    for back, place in ((filtered, filtered), ("//elsewhere.example/", f"/jobs/{job.pk}/"), ("x", f"/jobs/{job.pk}/")):
        again = page.post(f"/jobs/{job.pk}/cancellation/", {"back": back})
        assert again.headers["Location"] == place


def test_a_live_page_that_cancels_stays_as_it_is(page: Client, ada: User) -> None:
    job = factories.job(factories.workflow(ada))
    assert page.post(f"/jobs/{job.pk}/cancellation/", headers=HTMX).status_code == 204


def test_cancelling_what_has_ended_says_so(page: Client, ada: User) -> None:
    job = factories.job(factories.workflow(ada), state=State.COMPLETED)
    shown = text(page.post(f"/jobs/{job.pk}/cancellation/", follow=True))
    assert 'class="note info"' in shown


def test_a_run_is_run_again_with_the_same_inputs(page: Client, ada: User) -> None:
    job = ran(ada, factories.NOISE, params={"seed": 7})
    answer = page.post(f"/jobs/{job.pk}/rerun/")
    made = Job.objects.exclude(pk=job.pk).get()
    assert (made.params, answer.headers["Location"]) == ({"seed": 7}, f"/jobs/{made.pk}/")
    assert page.post(f"/jobs/{job.pk}/rerun/", headers=HTMX).status_code == 204
    assert Job.objects.count() == 3


def test_what_can_t_run_again_says_why(page: Client, ada: User) -> None:
    job = factories.job(factories.workflow(ada, graph({"odd": ("dream.machine", {})})), state=State.FAILED)
    shown = text(page.post(f"/jobs/{job.pk}/rerun/", follow=True))
    assert "dream.machine" in shown
    answer = page.post(f"/jobs/{job.pk}/rerun/", headers=HTMX)
    assert (answer.status_code, answer.headers["Content-Type"]) == (409, "text/plain; charset=utf-8")
    assert "dream.machine" in answer.content.decode()
    assert 'class="note error"' not in text(page.get(f"/jobs/{job.pk}/"))  # told once
    assert Job.objects.count() == 1


def test_a_run_is_opened_on_the_canvas(page: Client, ada: User) -> None:
    job = factories.job(factories.workflow(ada), state=State.COMPLETED)
    answer = page.post(f"/jobs/{job.pk}/canvas/")
    assert answer.headers["Location"] == f"/workflows/{job.workflow_id}/"
    assert lens.of(ada, job.workflow_id) == lens.Focus(job.pk, pinned=True)


def test_run_as_it_is_saved_goes_back_to_where_one_was(page: Client, ada: User) -> None:
    workflow = factories.workflow(ada)
    address = f"/workflows/{workflow.pk}/runs/"
    answer = page.post(address, {"as_saved": "yes", "back": f"{address}?state=queued"})
    assert answer.headers["Location"] == f"{address}?state=queued"
    assert Job.objects.get().params == {"word": "hello"}


def test_what_is_written_to_find_runs_gets_an_address(page: Client, ada: User) -> None:
    workflow = factories.workflow(ada)
    address = f"/workflows/{workflow.pk}/runs/"
    answer = page.get(address, {"state": "queued", "find": "Word = hello"})
    assert answer.headers["Location"] == f"{address}?state=queued&param.word=hello"
    assert page.get(address, {"find": "ink"}).headers["Location"] == f"{address}?search=ink"


def test_a_table_without_a_match_says_how_to_see_all(page: Client, ada: User) -> None:
    workflow = factories.workflow(ada)
    address = f"/workflows/{workflow.pk}/runs/"
    assert "Not run yet" in text(page.get(address))
    page.post(address, {"p0": "hello"})
    shown = text(page.get(address, {"param.word": "other"}))
    assert "No run matches" in shown
    assert 'href="?">Clear filters</a>' in shown
    assert "“asleep” is not known as state." in text(page.get(address, {"state": "asleep"}))


def test_deleting_takes_an_ended_job_with_all_that_it_made(page: Client, ada: User) -> None:
    job = ran(ada, factories.NOISE)
    answer = page.post(f"/jobs/{job.pk}/deletion/")
    assert answer.headers["Location"] == f"/workflows/{job.workflow_id}/runs/"
    assert not Job.objects.exists()
    assert not Asset.objects.exists()


def test_deleting_refuses_an_active_job(page: Client, ada: User) -> None:
    job = factories.job(factories.workflow(ada))
    shown = text(page.post(f"/jobs/{job.pk}/deletion/", follow=True))
    assert "still active" in shown
    assert Job.objects.exists()


@pytest.mark.parametrize("path", ["cancellation/", "deletion/"])
def test_looking_changes_nothing(page: Client, ada: User, path: str) -> None:
    job = factories.job(factories.workflow(ada))
    assert page.get(f"/jobs/{job.pk}/{path}").status_code == 405


def test_what_is_anothers_is_not_there(page: Client, bob: User) -> None:
    job = factories.job(factories.workflow(bob))
    for address in (f"/workflows/{job.workflow_id}/", f"/workflows/{job.workflow_id}/runs/", f"/jobs/{job.pk}/"):
        assert page.get(address).status_code == 404
    for address in (
        f"/workflows/{job.workflow_id}/runs/",
        f"/jobs/{job.pk}/cancellation/",
        f"/jobs/{job.pk}/deletion/",
    ):
        assert page.post(address).status_code == 404
    job.refresh_from_db()
    assert job.state == State.QUEUED


def test_nothing_is_shown_before_signing_in(client: Client, ada: User) -> None:
    job = factories.job(factories.workflow(ada))
    for address in ("/", f"/workflows/{job.workflow_id}/runs/", f"/jobs/{job.pk}/"):
        assert client.get(address).headers["Location"] == f"/sign-in/?next={address}"


def test_a_part_of_a_page_is_refused_and_not_replaced_by_the_door_when_one_is_signed_out(
    client: Client, ada: User
) -> None:
    job = factories.job(factories.workflow(ada))
    part = client.get(f"/workflows/{job.workflow_id}/runs/?part=list", headers=HTMX, follow=True)
    stop = client.post(f"/jobs/{job.pk}/cancellation/", headers=HTMX, follow=True)
    assert (part.status_code, stop.status_code) == (401, 401)
    assert "<form" not in text(part)


def test_what_is_not_there_is_told_in_the_look_of_all_pages(page: Client) -> None:
    answer = page.get(f"/jobs/{uuid4()}/")
    assert answer.status_code == 404
    assert "There is nothing here" in text(answer)
    assert "css/tokens.css" in text(answer)


def test_pages_allow_nothing_inline_and_nothing_from_elsewhere(page: Client, ada: User) -> None:
    answer = page.get(f"/jobs/{ran(ada, factories.NOISE).pk}/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert " style=" not in text(answer)
    assert "<script>" not in text(answer)
