"""The hints of the first five minutes: what a person may try next.

One that is dismissed, or has been followed, never comes back.
"""

from typing import Final

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from accounts.models import User
from runs.pages.mine import user_of

HINTS: Final = ("run", "again", "lens", "compare", "grid", "stop", "kept")
"""In the order in which they are given."""


def unseen(user: User) -> list[str]:
    """What there is still to tell this person."""
    return [name for name in HINTS if name not in user.seen_hints]


@login_required
@require_POST
def see(request: HttpRequest) -> HttpResponse:
    """Takes the hint `name` as seen for good, or with `all` every one."""
    name = request.POST.get("name", "")
    seen = HINTS if name == "all" else (name,)
    if not set(seen) <= set(HINTS):
        raise Http404(f"There is no hint “{name}”.")
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user_of(request).pk)
        user.seen_hints = [*user.seen_hints, *(each for each in seen if each not in user.seen_hints)]
        user.save(update_fields=["seen_hints"])
    return HttpResponse(status=204)
