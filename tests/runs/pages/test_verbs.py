"""A waiting run is put first from a page."""

import pytest
from django.test import Client

from accounts.models import User
from runs.models import Job
from runs.states import State
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def page(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


def test_a_waiting_run_is_put_before_ones_other_runs(page: Client, ada: User) -> None:
    workflow = factories.workflow(ada)
    _, second, third = (factories.job(workflow, number=number) for number in (1, 2, 3))
    assert page.post(f"/jobs/{third.pk}/promotion/", headers=HTMX).status_code == 204
    assert page.post(f"/jobs/{second.pk}/promotion/").headers["Location"] == f"/jobs/{second.pk}/"
    assert list(Job.objects.waiting().order_by("place").values_list("number", flat=True)) == [2, 3, 1]


def test_a_run_that_does_not_wait_can_t_be_put_first(page: Client, ada: User) -> None:
    job = factories.job(factories.workflow(ada), state=State.RUNNING)
    answer = page.post(f"/jobs/{job.pk}/promotion/", headers=HTMX)
    assert (answer.status_code, "does not wait any more" in answer.content.decode()) == (409, True)
    assert "does not wait any more" in page.post(f"/jobs/{job.pk}/promotion/", follow=True).content.decode()
