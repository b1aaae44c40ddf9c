"""Ids in addresses are found in capitals too, by requests and sockets alike."""

import httpx
import pytest

from accounts.models import User
from accounts.scopes import Scope
from project.asgi import application
from tests import factories
from tests.rest import ROOT, Rest
from tests.runs.clients import bearer, connected
from tests.runs.followers import act

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


async def test_a_request_finds_its_object(ada: User) -> None:
    workflow = await act(factories.workflow, ada)
    headers = (await act(Rest, ada)).headers
    path = f"{ROOT}/workflows/{str(workflow.pk).upper()}/versions"
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(application), base_url="http://127.0.0.1", headers=headers
    ) as client:
        answer = await client.get(path)
    assert answer.status_code == 200


async def test_a_socket_finds_its_job(ada: User) -> None:
    job = await act(lambda: factories.job(factories.workflow(ada)))
    async with connected(f"/ws/v1/jobs/{str(job.pk).upper()}", await act(bearer, ada, Scope.READ)) as socket:
        assert (await socket.frame())["job_id"] == str(job.pk)
