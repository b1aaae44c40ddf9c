"""What a person typed into a workflow's form last, so that the next run begins with it. Kept in their session."""

from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpRequest

from workflows.models import Workflow

FORMS: Final = 20
"""So many workflows' forms are remembered, the newest."""
LONGEST: Final = 20_000
"""Characters of all that was typed into a form; more is not kept."""
_KEY: Final = "typed"


def last(request: HttpRequest, workflow: Workflow) -> Mapping[str, object] | None:
    """The parameters as they were given, a seed to be drawn as None; nothing before the first run."""
    found: Mapping[str, object] | None = request.session.get(_KEY, {}).get(str(workflow.pk))
    return found


def keep(request: HttpRequest, workflow: Workflow, params: Mapping[str, object]) -> None:
    """Remembers what was given for a run."""
    forms: dict[str, Any] = request.session.get(_KEY, {})
    forms.pop(str(workflow.pk), None)
    if len(str(params)) <= LONGEST:
        forms[str(workflow.pk)] = dict(params)
    request.session[_KEY] = dict(list(forms.items())[-FORMS:])
