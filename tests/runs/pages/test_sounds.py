"""The wave of a sound, for those to whom it belongs."""

from pathlib import Path

import pytest
from django.test import Client

from accounts.models import User
from runs import store
from tests import factories
from tests.workflows.test_sound import wav

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


def test_a_sound_tells_its_peaks_and_anything_else_none(client: Client, ada: User, tmp_path: Path) -> None:
    client.force_login(ada)
    job = factories.job(factories.workflow(ada), state="completed")
    blob = store.keep(wav(tmp_path / "a.wav", 2).read_bytes(), media_type="audio/wav")
    sound = factories.product(job, kind="audio", value=None, blob=blob)
    text = factories.product(job, index=1)
    answer = client.get(f"/assets/{sound.pk}/waveform/")
    assert answer.json()["seconds"] == 1
    assert len(answer.json()["peaks"]) == 80
    assert "private" in answer.headers["Cache-Control"]
    assert client.get(f"/assets/{text.pk}/waveform/").json() == {"peaks": None, "seconds": None}


def test_a_page_shows_a_sound_a_film_and_a_file_as_what_they_are(client: Client, ada: User) -> None:
    client.force_login(ada)
    workflow = factories.workflow(ada)
    job = factories.job(workflow, state="completed")
    for index, (kind, mark) in enumerate((("audio", "<audio "), ("video", "<video "), ("file", 'class="file"'))):
        blob = store.keep(kind.encode(), media_type="application/octet-stream")
        made = factories.product(job, kind=kind, value=None, blob=blob, index=index)
        assert mark in client.get(f"/assets/{made.pk}/").content.decode()
    page = client.get(f"/workflows/{workflow.pk}/nodes/out/").content.decode()
    assert page.count("data-play") == 2
    assert page.count("data-wave") == 1
    assert 'class="poster"' in page


def test_a_film_with_a_poster_is_a_film_on_tiles_and_among_a_jobs_results(client: Client, ada: User) -> None:
    client.force_login(ada)
    document = {
        "version": 1,
        "nodes": [{"id": "out", "type": "output.result", "properties": {"name": "film"}}],
        "edges": [],
    }
    job = factories.job(factories.workflow(ada, document), state="completed")
    poster = store.keep(b"a poster", media_type="image/webp", width=4, height=3)
    film = store.keep(b"a film", media_type="video/mp4", width=40, height=30, duration=65, thumbnail=poster)
    made = factories.product(job, kind="video", value=None, blob=film, result="film")
    thumbnail = f"/api/v1/assets/{made.pk}/thumbnail"
    for address in (f"/workflows/{job.workflow_id}/nodes/out/", f"/assets/{made.pk}/face/"):
        face = client.get(address).content.decode()
        assert f'poster="{thumbnail}" preload="none"' in face
        assert "1:05" in face
        assert "<img" not in face
    page = client.get(f"/assets/{made.pk}/").content.decode()
    assert f'<video src="/api/v1/assets/{made.pk}/content#t=0.001" controls' in page
    assert ">1:05<" in page
