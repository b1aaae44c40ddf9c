"""Which jobs a list shows: by state, batch, label, time and parameters, the same for REST and for pages."""

import functools
import operator
from collections.abc import Iterable
from typing import Any, Final, TypeAlias

from django.db.models import Q, QuerySet
from django.http import QueryDict

from accounts import plain_json
from accounts.problems import ProblemError, fault, invalid
from runs.models import Job, is_unwell
from runs.parameter import HasParameter
from runs.schemas import JobQuery, StateFilter
from runs.states import ACTIVE, UNWELL

MOST: Final = 20
"""Parameters to filter by at once; each reads all of the jobs' parameters."""
TOO_MANY: Final = f"A list is filtered by {MOST} values of parameters at most. Leave some out."
Given: TypeAlias = Iterable[tuple[str, str]]
"""Names of parameters, each with the text that stands behind `param.<name>=`."""


def parameters(address: QueryDict) -> list[tuple[str, str]]:
    """The parameters of jobs that an address filters by. Raises ProblemError (422) where they are more than `MOST`."""
    prefix = JobQuery.PARAMETER
    told = dict.fromkeys((name, text) for name, texts in address.lists() for text in texts)
    found = [(name.removeprefix(prefix), text) for name, text in told if name.startswith(prefix)]
    if len(found) > MOST:
        raise invalid(fault("too_large", TOO_MANY, name=f"{prefix}{found[MOST][0]}"))
    return found


def matching(rows: QuerySet[Job], query: JobQuery, given: Given = ()) -> QuerySet[Job]:
    """Those of the jobs that the query wants, whose parameters are as given: compared as JSON, else as text."""
    rows = rows.filter(_condition(query))
    for name, text in given:
        matches = (Q(HasParameter("params", name, value)) for value in _readings(text))
        rows = rows.filter(functools.reduce(operator.or_, matches))
    return rows


def states(query: JobQuery) -> set[str]:
    """The states that the query wants; none means all."""
    return {"cancelled" if state is StateFilter.CANCELED else str(state) for state in query.state}


def _condition(query: JobQuery) -> Q:
    found = Q()
    if query.state:
        found &= Q(state__in=states(query))
        if states(query) <= ACTIVE:  # few among many: read along an index by their lack of an end
            found &= Q(ended_at=None)
        if states(query) <= UNWELL:  # few as well, with an index of their own
            found &= Q(is_unwell())
    if query.batch is not None:
        found &= Q(batch_id=query.batch)
    if query.label is not None:
        found &= Q(label=query.label)
    if query.search is not None:
        found &= _searched(query.search)
    if query.submitted_after is not None:
        found &= Q(created_at__gt=query.submitted_after)
    return found


def _searched(text: str) -> Q:
    """A label that holds the text, or the number that it is."""
    number = text.strip().removeprefix("#")
    found = Q(label__icontains=text.strip())
    return found | Q(number=int(number)) if number.isdecimal() and len(number) < 10 else found


def _readings(text: str) -> list[Any]:
    """What a text may stand for: itself, and the JSON value that it spells."""
    try:
        return [text, plain_json.read(text.encode())]
    except (ProblemError, UnicodeEncodeError):
        return [text]
