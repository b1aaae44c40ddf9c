"""What the first start makes, and no later one."""

import pytest
from pytest_django import Settings

from accounts.addresses import sign_in_address
from accounts.models import SignInLink, User
from project.first_start import owner_with_examples
from runs import submit
from runs.models import Asset
from workflows.models import Workflow

pytestmark = pytest.mark.django_db


def nothing(_line: str) -> None:
    pass


def test_the_first_start_makes_an_owner_who_signs_in_by_link_alone() -> None:
    owner = owner_with_examples(nothing)
    assert owner.is_superuser
    assert not owner.has_usable_password()


def test_every_example_can_be_run_as_it_is() -> None:
    owner = owner_with_examples(nothing)
    assert Workflow.objects.visible_to(owner).count() == 3
    assert [submit.validate(workflow, {}) for workflow in Workflow.objects.all()] == [[], [], []]


def test_the_photograph_example_has_a_picture_that_loupe_made() -> None:
    owner_with_examples(nothing)
    picture = Asset.objects.get()
    assert picture.kind == "image"
    assert picture.blob
    assert picture.blob.thumbnail


def test_deleted_examples_do_not_come_back() -> None:
    owner_with_examples(nothing)
    Workflow.objects.all().delete()
    owner_with_examples(nothing)
    assert not Workflow.objects.exists()


def test_loupe_demo_leaves_the_examples_out(settings: Settings) -> None:
    settings.LOUPE_DEMO = False
    owner_with_examples(nothing)
    assert not Workflow.objects.exists()


@pytest.mark.parametrize(
    ("host", "public_url", "base"),
    [
        ("127.0.0.1", "", "http://127.0.0.1:8000"),
        ("0.0.0.0", "", "http://127.0.0.1:8000"),
        ("::", "", "http://[::1]:8000"),
        ("127.0.0.1", "https://loupe.example", "https://loupe.example"),
    ],
)
def test_the_link_signs_the_owner_in_where_a_browser_finds_loupe(
    settings: Settings, ada: User, host: str, public_url: str, base: str
) -> None:
    settings.HOST, settings.PORT, settings.PUBLIC_URL = host, 8000, public_url
    address = sign_in_address(ada)
    assert address.startswith(f"{base}/sign-in/")
    assert SignInLink.objects.redeem(address.split("/")[-2]) == ada
