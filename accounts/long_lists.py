"""Lists in the administration of what there may be a great many of: a page costs no more the more rows there are."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from accounts.drilling import Dates, dates
from accounts.models import User

PAGE = 50
COUNTED = 5000
"""So many rows are counted and can be turned to; what lies further back is found by filters, dates and search."""


class BoundedPaginator(Paginator[Any]):
    """Counts no further than people turn pages."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, or `COUNTED`."""
        rows: Any = self.object_list
        counted: int = rows.order_by()[:COUNTED].count()
        return counted

    @property
    def goes_on(self) -> bool:
        """Whether there may be more."""
        return self.count == COUNTED


class FilledChangeList(ChangeList):
    """One page of rows, filled by its admin."""

    @cached_property
    def dates(self) -> Dates | None:
        """What its dates are chosen from."""
        return dates(self)

    def get_results(self, request: HttpRequest) -> None:
        """As Django does it; then what the rows show besides is read, for all of them at once."""
        super().get_results(request)
        rows: Any = list(self.result_list)
        self.model_admin.fill(rows)  # type: ignore[attr-defined]  # a LongList
        self.result_list = rows


class LongList(admin.ModelAdmin[Any]):
    """A list of what there are a great many of."""

    change_list_template = "admin/long_list.html"
    list_per_page = list_max_show_all = PAGE
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def fill(self, rows: list[Any]) -> None:
        """Reads what the rows of one page show besides; nothing, unless a list says what."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002 (Django's names)
        """With filled rows."""
        return FilledChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Who pastes an id means that one, and gets it by its index."""
        try:
            return queryset.filter(pk=UUID(search_term.strip())), False
        except ValueError:
            return super().get_search_results(request, queryset, search_term)


class Typed(admin.SimpleListFilter):
    """A filter that is typed: of thousands of values none is read to be chosen from."""

    template = "admin/typed_filter.html"
    placeholder = ""

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[Any, str]]:
        """One, so that Django shows the filter."""
        return [("", "")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """The form: what is typed, what else the address says, and the way out."""
        others = {name: given for name, given in changelist.filter_params.items() if name != self.parameter_name}
        yield {
            "name": self.parameter_name,
            "typed": self.value() or "",
            "placeholder": self.placeholder,
            "others": [(name, each) for name, given in others.items() for each in given],
            "without": changelist.get_query_string(remove=[str(self.parameter_name)]),
        }


class OfOwner(Typed):
    """By the owner's name."""

    title = "owner"
    parameter_name = "whose"
    placeholder = "their user name"

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of that person, by the index of what is theirs."""
        if not self.value():
            return queryset
        return queryset.filter(owner__in=list(User.objects.filter(username=self.value()).values_list("pk", flat=True)))
