"""The API against its own document: whatever is sent, it answers as the document says."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import redis
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from accounts.models import ApiToken, User
from accounts.scopes import Scope
from runs import webhooks
from runs.models import Batch
from runs.states import State
from tests import factories
from tests.rest import Rest

pytestmark = pytest.mark.django_db

served: Any = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler(), headers={"Host": "127.0.0.1"})
documented = served.exclude(path_regex="/(content|thumbnail)$")  # these stream, which takes an event loop
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]


@pytest.fixture
def admin(root: User, valkey: redis.Redis) -> Mapping[str, str]:
    """The headers of one who may do everything."""
    return {**Rest(root, Scope.ADMIN).headers, "Host": "127.0.0.1"}


@pytest.fixture
def ids(root: User, valkey: redis.Redis) -> Mapping[str, str]:
    """Things that are there."""
    workflow = factories.workflow(root)
    job = factories.job(workflow, number=1_000_000, state=State.COMPLETED)  # those to come count from 1
    asset = factories.product(job, "word")
    token, _ = ApiToken.objects.issue(root, [Scope.READ])
    times = {"created_at": timezone.now(), "released_at": timezone.now()}
    batch = Batch.objects.create(workflow=workflow, owner=root, count=2, **times)
    hook, _ = webhooks.make(root, "http://93.184.215.14/", ["job.ended"], None)
    things = {
        "workflow_id": workflow,
        "job_id": job,
        "asset_id": asset,
        "token_id": token,
        "batch_id": batch,
        "webhook_id": hook,
    }
    return {**{name: str(thing.pk) for name, thing in things.items()}, "number": "1", "node": "word"}


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Requests leave the test's transaction open, as Django's own test client has it."""
    moments = (request_started, request_finished)
    for moment in moments:
        moment.disconnect(close_old_connections)
    yield
    for moment in moments:
        moment.connect(close_old_connections)


OPERATIONS = [found.ok() for found in documented.get_all_operations()]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_what_is_sent_is_answered_as_documented(
    operation: Any, mode: GenerationMode, admin: Mapping[str, str], ids: Mapping[str, str]
) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def ask(case: Any) -> None:
        if mode is GenerationMode.POSITIVE:
            case.path_parameters = {name: ids[name] for name in case.path_parameters or {}}
        case.call_and_validate(headers=dict(admin), checks=CHECKS)

    ask()
