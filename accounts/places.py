"""Where a person goes next, when the request itself says where."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def own(request: HttpRequest, place: str, otherwise: str = "/") -> str:
    """The place, if it is the path of one of our pages; never another site."""
    ours = url_has_allowed_host_and_scheme(place, {request.get_host()}, require_https=request.is_secure())
    return place if ours and place.startswith("/") else otherwise
