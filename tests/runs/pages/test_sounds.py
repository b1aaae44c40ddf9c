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
