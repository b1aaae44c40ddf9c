"""What REST promises of choosing a product for a node."""

import pytest

from accounts.models import User
from accounts.scopes import Scope
from runs.models import Asset, Choice
from runs.states import State
from tests import factories
from tests.rest import Rest, codes
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


@pytest.fixture
def rest(ada: User) -> Rest:
    return Rest(ada)


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada, factories.NOISE)


@pytest.fixture
def asset(workflow: Workflow) -> Asset:
    return factories.picture(factories.job(workflow, state=State.COMPLETED), "noise")


def path(workflow: Workflow, node: str = "noise") -> str:
    return f"/workflows/{workflow.pk}/nodes/{node}/choice"


def test_a_product_is_chosen_listed_replaced_and_given_up(rest: Rest, workflow: Workflow, asset: Asset) -> None:
    choices = f"/workflows/{workflow.pk}/choices"
    other = factories.picture(factories.job(workflow, state=State.COMPLETED), "noise")

    for each in (asset, other):
        chosen = {"node": "noise", "asset_id": str(each.pk)}
        answer = rest.put(path(workflow), {"asset_id": str(each.pk)})
        assert (answer.status_code, answer.json()) == (200, chosen)
        assert rest.get(choices).json() == {"items": [chosen], "next": None}

    assert rest.delete(path(workflow)).status_code == 204
    assert rest.get(choices).json() == {"items": [], "next": None}
    assert rest.delete(path(workflow)).status_code == 404


def test_only_what_the_node_itself_has_made_can_be_chosen(
    rest: Rest, ada: User, bob: User, workflow: Workflow, asset: Asset
) -> None:
    assert asset.job is not None
    elsewhere = [
        factories.picture(asset.job, "out"),
        *(factories.picture(factories.job(factories.workflow(who, factories.NOISE)), "noise") for who in (ada, bob)),
    ]
    for other in elsewhere:
        answer = rest.put(path(workflow), {"asset_id": str(other.pk)})
        assert (answer.status_code, codes(answer)) == (422, {("asset_id", "bad_value")})
    assert rest.put(path(workflow, "nowhere"), {"asset_id": str(asset.pk)}).status_code == 404
    assert not Choice.objects.exists()


def test_choosing_needs_the_scope_write(ada: User, workflow: Workflow, asset: Asset) -> None:
    rest = Rest(ada, Scope.RUN)

    assert rest.put(path(workflow), {"asset_id": str(asset.pk)}).status_code == 403
    assert rest.get(f"/workflows/{workflow.pk}/choices").status_code == 200


def test_what_is_chosen_is_deleted_only_by_force_which_takes_the_choice_back(
    rest: Rest, workflow: Workflow, asset: Asset
) -> None:
    rest.put(path(workflow), {"asset_id": str(asset.pk)})

    refused = rest.delete(f"/assets/{asset.pk}")
    assert refused.status_code == 409
    assert "chosen" in refused.json()["detail"]
    assert rest.delete(f"/assets/{asset.pk}?force=true").status_code == 204
    assert rest.get(f"/workflows/{workflow.pk}/choices").json()["items"] == []


def test_a_choice_survives_new_runs_and_new_versions(rest: Rest, workflow: Workflow, asset: Asset) -> None:
    rest.put(path(workflow), {"asset_id": str(asset.pk)})

    rest.post(f"/workflows/{workflow.pk}/jobs")
    rest.patch(f"/workflows/{workflow.pk}", {"name": "renamed", "graph": factories.TEXT})

    assert rest.get(f"/workflows/{workflow.pk}/choices").json()["items"] == [
        {"node": "noise", "asset_id": str(asset.pk)}
    ]
