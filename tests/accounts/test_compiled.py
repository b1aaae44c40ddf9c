"""A query that is compiled once finds what the query itself would, with whatever values it is run."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import CharField, DateTimeField, QuerySet, UUIDField
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.compiled import Compiled, Placeholder, Somebody, insert
from accounts.models import ApiToken, User
from accounts.scopes import Scope

pytestmark = pytest.mark.django_db


def test_rows_are_those_of_the_query_with_these_values(ada: User, bob: User) -> None:
    names = Compiled(
        lambda user: ApiToken.objects.filter(user=user).order_by("name").values_list("name", "scopes"), user=UUIDField()
    )
    for user, name in [(ada, "a"), (ada, "b"), (bob, "c")]:
        ApiToken.objects.issue(user, [Scope.READ], name=name)

    assert names.rows(user=ada.pk) == [("a", ["read"]), ("b", ["read"])]
    assert names.rows(user=bob.pk) == [("c", ["read"])]


def test_values_that_need_no_conversion_are_found_too(ada: User) -> None:
    names = Compiled(lambda: User.objects.values_list("username"))
    assert names.rows() == [("ada",)]


def test_it_is_built_and_compiled_once(ada: User, bob: User) -> None:
    built = []

    def build(name: Placeholder) -> QuerySet[User]:
        built.append(name)
        return User.objects.filter(username=name)

    by_name = Compiled(build, name=CharField())

    assert [by_name.first(name=name) for name in ("ada", "bob", "nobody")] == [ada, bob, None]
    assert len(built) == 1


def test_models_are_whole_and_bring_what_is_joined(
    ada: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    token, _ = ApiToken.objects.issue(ada, [Scope.READ, Scope.RUN], name="mine", days=1)
    by_prefix = Compiled(
        lambda prefix: ApiToken.objects.select_related("user").filter(prefix=prefix), prefix=CharField()
    )

    with django_assert_num_queries(1):
        found = by_prefix.first(prefix=token.prefix)
        assert found is not None
        assert (found, found.user, found.scopes, found.expires_at) == (token, ada, token.scopes, token.expires_at)

    found.name = "ours"
    found.save()
    token.refresh_from_db()
    assert token.name == "ours"


def test_times_are_bound_as_the_database_has_them(ada: User) -> None:
    ApiToken.objects.issue(ada, [Scope.READ], days=1)
    expiring = Compiled(lambda at: ApiToken.objects.filter(expires_at__lt=at), at=DateTimeField())

    assert not expiring.rows(at=timezone.now())
    assert len(expiring.rows(at=timezone.now() + timedelta(days=2))) == 1


def test_somebody_stands_for_the_user_of_what_may_be_seen(ada: User, bob: User) -> None:
    mine = Compiled(lambda: ApiToken.objects.visible_to(Somebody()))
    token, _ = ApiToken.objects.issue(ada, [Scope.READ])

    assert mine.rows(user=ada.pk) == [token]
    assert mine.rows(user=bob.pk) == []


@pytest.mark.django_db(transaction=True)
def test_each_thread_reads_by_its_own_connection(ada: User) -> None:
    named = Compiled(lambda name: User.objects.filter(username=name), name=CharField())
    seen: list[object] = []

    def read() -> None:
        try:
            found = named.first(name="ada")
            seen.extend([found, connection.connection])
        finally:
            connection.close()

    assert named.first(name="ada") == ada
    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert seen[0] == ada
    assert seen[1] not in {None, connection.connection}
    connection.close()  # a connection that is made anew is used, too
    assert named.first(name="ada") == ada
    assert named.first(name="nobody") is None


def test_new_rows_are_written_whole(ada: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    tokens = [
        ApiToken(user=ada, name=name, prefix=name, digest=name, scopes=[Scope.RUN], created_at=timezone.now())
        for name in "ab"
    ]
    with django_assert_num_queries(1):
        insert(tokens)
    assert [(each.pk, each.user, each.scopes, each.created_at) for each in ApiToken.objects.order_by("name")] == [
        (each.pk, ada, [Scope.RUN], each.created_at) for each in tokens
    ]

    tokens[0].name = "c"
    tokens[0].save()
    assert ApiToken.objects.filter(name="c").count() == 1
