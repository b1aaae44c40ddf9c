"""Only Loupe's own pages, and programs, may open sockets."""

import pytest
from pytest_django import Settings

from accounts.models import User
from project.origin import is_ours
from runs.models import Job
from tests import factories
from tests.runs.clients import connected, cookie, refused
from tests.runs.followers import act, submitted


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://localhost:9123", "localhost:9123"),
        ("HTTP://Localhost:9123", "localhost:9123"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("https://loupe.example", "loupe.example"),
        ("https://loupe.example", "loupe.example:443"),
        ("http://loupe.example", "loupe.example"),
        ("https://trusted.example", "elsewhere:8000"),
        ("https://any.wild.example", "elsewhere:8000"),
    ],
)
def test_a_page_of_the_requests_own_host_and_port_or_of_the_list_is_ours(
    settings: Settings, origin: str, host: str
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://trusted.example", "https://*.wild.example"]
    assert is_ours(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://evil.example", "127.0.0.1:8000"),
        ("http://127.0.0.1:9", "127.0.0.1:8000"),
        ("http://127.0.0.1", "127.0.0.1:8000"),
        ("http://127.0.0.1:8000.evil.example", "127.0.0.1:8000"),
        ("http://trusted.example", "127.0.0.1:8000"),
        ("https://wild.example.evil", "127.0.0.1:8000"),
        ("null", "127.0.0.1:8000"),
        ("", "127.0.0.1:8000"),
        ("http://127.0.0.1:99999999", "127.0.0.1:8000"),
        ("file://", "127.0.0.1:8000"),
    ],
)
def test_a_page_from_elsewhere_is_not(settings: Settings, origin: str, host: str) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://trusted.example", "https://*.wild.example"]
    assert not is_ours(origin, host)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("valkey")
class TestHandshake:
    @pytest.fixture
    def job(self, ada: User) -> Job:
        return submitted(factories.workflow(ada))

    async def test_our_own_page_may_open_a_socket(self, ada: User, job: Job) -> None:
        headers = {**await act(cookie, ada), "host": "localhost:9123", "origin": "http://localhost:9123"}
        async with connected(f"/ws/v1/jobs/{job.pk}", headers) as socket:
            assert (await socket.frame())["type"] == "job"

    async def test_a_page_from_elsewhere_is_refused_though_it_brings_the_cookie(self, ada: User, job: Job) -> None:
        headers = {**await act(cookie, ada), "origin": "http://evil.example"}
        assert await refused(f"/ws/v1/jobs/{job.pk}", headers)

    async def test_a_name_that_is_not_ours_is_refused_so_that_no_page_can_rebind_it(self, ada: User, job: Job) -> None:
        headers = {**await act(cookie, ada), "host": "evil.example:8000", "origin": "http://evil.example:8000"}
        assert await refused(f"/ws/v1/jobs/{job.pk}", headers)
