"""REST under `/api/v1/`: the routers of the apps on one strict API, with its documents."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from accounts.api import router as accounts_router
from accounts.authentication import READ
from accounts.problems import MEDIA_TYPE, ProblemError, not_found
from project.failures import HANDLERS
from project.strict import StrictParser, known_parameters_only
from runs.api import router as runs_router
from workflows.api import router as workflows_router
from workflows.schemas import ProblemDocument

_SECURITY = {
    "token": {"type": "http", "scheme": "bearer"},
    "session": {"type": "apiKey", "in": "header", "name": "X-CSRFToken", "description": "With the session cookie."},
}
_COMPONENTS = "#/components/schemas/"
_CONTENT = {MEDIA_TYPE: {"schema": {"$ref": f"{_COMPONENTS}ProblemDocument"}}}
_PROBLEMS = {
    "422": {
        "description": "It can't be taken as it is: `errors` lists all that is wrong, and where.",
        "content": _CONTENT,
    },
    "default": {"description": "What is wrong, and what to do.", "content": _CONTENT},
}


class Api(NinjaAPI):
    """ninja, made strict: HEAD where GET works, problems for every error, also those of routing."""

    def _get_bound_routers(self) -> Any:
        routers = super()._get_bound_routers()
        for path in [path for router in routers for path in router.path_operations.values()]:
            for operation in path.operations:
                if "GET" in operation.methods and "HEAD" not in operation.methods:
                    operation.methods.append("HEAD")
        return routers

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        unknown = re_path("", _unknown, name="api-unknown")
        return [_finished(pattern) for pattern in [*super()._get_urls(), unknown] if isinstance(pattern, URLPattern)]

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """The document, with what ninja can't know: the schemes of authentication, and problems."""
        schema = super().get_openapi_schema(**options)
        schema["components"]["schemas"] |= _problem_schemas()
        schema["components"]["securitySchemes"] = _SECURITY
        for methods in schema["paths"].values():
            methods.pop("head", None)
            for operation in methods.values():
                operation["security"] = [{name: []} for name in _SECURITY]
                operation["responses"] |= _PROBLEMS
                operation.update(_told(operation.get("description", "")))
        return schema


def _problem_schemas() -> dict[str, Any]:
    """That of a problem, and those that it refers to, each as a component of its own."""
    problem = ProblemDocument.model_json_schema(ref_template=f"{_COMPONENTS}{{model}}")
    return {**problem.pop("$defs", {}), "ProblemDocument": problem}


def _told(docstring: str) -> dict[str, str]:
    """What a call does, by the first sentence of its docstring; what more there is to know, by the others."""
    first, _, rest = " ".join(docstring.split()).partition(". ")
    return {"summary": first.removesuffix("."), "description": rest}


def _unknown(request: HttpRequest) -> HttpResponseBase:
    return not_found(f"There is nothing at {request.path}. The calls are listed at /api/v1/docs.").response()


def _finished(pattern: URLPattern) -> URLPattern:
    """The pattern, with `_finish` behind its view. Sessions' CSRF tokens are checked where the sessions are read."""
    view: Callable[..., Any] = _unknown if pattern.name == "api-root" else pattern.callback

    @functools.wraps(view)
    def finished(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return _finish(request, view(request, *args, **kwargs))

    @functools.wraps(view)
    async def finished_async(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return _finish(request, await view(request, *args, **kwargs))

    pattern.callback = csrf_exempt(finished_async if inspect.iscoroutinefunction(view) else finished)
    return pattern


def _finish(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if isinstance(response, HttpResponseNotAllowed):
        allowed = ", ".join(sorted(response["Allow"].split(", ")))
        detail = f"{request.method} is not possible here. Use one of: {allowed}."
        response = ProblemError(405, detail, headers={"Allow": allowed}).response()
    if not response.has_header("Cache-Control"):
        response["Cache-Control"] = "no-store"
    if not response.streaming and not response.content and request.method != "HEAD":  # type: ignore[attr-defined]
        del response["Content-Type"]  # there is nothing that it would be the type of
    if request.method == "HEAD" and not response.streaming:  # Daphne would send what is behind the first 64 KiB
        response.headers.setdefault("Content-Length", str(len(response.content)))  # type: ignore[attr-defined]
        response.content = b""  # type: ignore[attr-defined]
    return response


api = Api(
    title="Loupe",
    version="1",
    description="Run workflows, follow their jobs, and get what they made.",
    urls_namespace="api",
    auth=[READ],
    parser=StrictParser(),
    docs_decorator=require_safe,
)
api.add_decorator(known_parameters_only)
for _error, _handler in HANDLERS.items():
    api.add_exception_handler(_error, _handler)
for _router in (accounts_router, workflows_router, runs_router):
    api.add_router("", _router)
