"""The product has what the tables tell of, all of it, and nothing besides."""

import inspect
import json
import re
from collections.abc import Iterable
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class
from django.urls import URLPattern
from pydantic import BaseModel

from project.api import api
from runs import telemetry
from runs.routing import websocket_urlpatterns
from runs.sockets import commands, socket
from tests.contract import calls, job_calls, nodes, pages, settings, sockets, targets
from tests.contract.coverage import ROOT
from tests.contract.row import Row
from tests.environment import settings_read
from tests.project.matrix import API, PAGES
from workflows.registry import Input, Output, registry

CALLS = (*calls.ACCOUNT_CALLS, *calls.WORKFLOW_CALLS, *job_calls.JOB_CALLS, *job_calls.ASSET_CALLS)
DOCUMENTS = {"GET /openapi.json", "GET /docs"}
"""The API's own, which its document does not list."""
OURS = ("accounts", "project", "runs", "workflows")
PARSER = {
    "help",
    "version",
    "verbosity",
    "settings",
    "pythonpath",
    "traceback",
    "no_color",
    "force_color",
    "skip_checks",
}
"""The options of every command of Django."""


def named(rows: Iterable[Row]) -> set[str]:
    """What is there by now."""
    return {row.name for row in rows if not row.later}


def operations() -> dict[str, dict[str, Any]]:
    """The calls of the API's document, as the tables name them."""
    paths = api.get_openapi_schema()["paths"].items()
    return {
        f"{method.upper()} {path.removeprefix('/api/v1')}": operation
        for path, methods in paths
        for method, operation in methods.items()
    }


def fields(schema: dict[str, Any]) -> set[str]:
    """The names in a schema of the document; of one that may be null or of a list, those of what is in it."""
    if "$ref" in schema:
        return fields(api.get_openapi_schema()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return set().union(*map(fields, schema["anyOf"]))
    return set(schema.get("properties", ()))


def content(part: dict[str, Any]) -> set[str]:
    """The fields of a body or an answer."""
    return set().union(*(fields(each["schema"]) for each in part.get("content", {}).values()))


def test_the_calls_are_those_of_the_tables() -> None:
    assert named(CALLS) == {*operations()} | DOCUMENTS
    assert named(CALLS) == {f"{method} {path}" for method, path in API}


@pytest.mark.parametrize(
    "row", [row for row in CALLS if not row.later and row.name not in DOCUMENTS], ids=lambda r: r.name
)
def test_a_call_takes_and_gives_what_its_row_says(row: Row) -> None:
    operation = operations()[row.name]
    query = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
    answers = [answer for status, answer in operation["responses"].items() if str(status) in {"200", "201", "202"}]

    assert query | content(operation.get("requestBody", {})) == {*row.takes.split()}
    assert set().union(*map(content, answers)) == {*row.gives.split()}


def test_the_pages_are_those_of_the_tables() -> None:
    told = named((*pages.ADDRESSES, *pages.PARTS))
    assert told - {"admin/"} == {
        route for _, route in PAGES
    }  # all of the product's, as tests/project/test_matrix.py sees to
    assert {row.name.removeprefix("GET /") for row in calls.OUTSIDE} <= told
    assert all(route.endswith("/") or route in {"", "healthz", "readyz", "metrics"} for route in told)


@pytest.mark.parametrize("row", pages.MARKS, ids=lambda row: row.name)
def test_a_mark_is_worn_by_the_pages(row: Row) -> None:
    name, _, value = row.name.partition("=")
    written = "".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    scripts = "".join(path.read_text() for path in (ROOT / "static" / "js").rglob("*.js"))
    found = re.findall(rf'\b{name}="([^"]*)"|\b{name}(?=[\s>])', written)

    assert found
    if value:
        said = value.strip('"')
        assert any(said in re.split(r"[{}%\s]+", each) for each in found) or f'mark("{said}"' in scripts


def test_the_actions_of_the_pages_that_the_contract_names_are_all_there() -> None:
    assert {row.name for row in pages.MARKS if row.name.startswith("data-action")} == {
        f'data-action="{verb}"'
        for verb in "run stop pin unpin compare cancel rerun delete download next previous close".split()
    }


def test_the_sockets_are_those_of_the_tables() -> None:
    routes = {f"/{each.pattern}" for each in websocket_urlpatterns if isinstance(each, URLPattern)}
    assert named(sockets.SOCKETS) == {route for route in routes if route.startswith("/ws/v1/")}


def test_an_update_has_what_the_table_says() -> None:
    assert named(sockets.UPDATES) == {*telemetry.EMPTY}
    update = next(row for row in sockets.FRAMES if row.name == "update")
    assert {*update.gives.split()} == {"id", "seq", "after", *telemetry.EMPTY}


def test_the_commands_of_a_socket_are_those_of_the_table() -> None:
    models: dict[str, type[BaseModel]] = dict(commands._COMMANDS)
    told = {row.name: {*row.takes.split()} for row in sockets.COMMAND_ROWS}
    assert told == {name: {*model.model_fields} - {"type"} for name, model in models.items()}


def test_the_codes_that_sockets_are_closed_with_are_those_of_the_table() -> None:
    ours = {str(value) for name, value in vars(socket).items() if name.isupper() and isinstance(value, int)}
    assert named(sockets.CLOSE_CODES) == ours | {"1009", "1012"}  # which the web process sends by itself


def test_the_settings_are_those_of_the_table() -> None:
    listed = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE))
    assert named(settings.SETTINGS) == {*settings_read()}
    assert {row.name: row.default for row in settings.SETTINGS if not row.later} == listed


def test_the_commands_are_those_of_the_table() -> None:
    ours = {name: app for name, app in get_commands().items() if app in OURS}
    assert named(settings.MANAGEMENT) == {*ours}
    for row in settings.MANAGEMENT:
        parser = load_command_class(ours[row.name], row.name).create_parser("loupe", row.name)
        own = [action for action in parser._actions if action.dest not in PARSER]
        assert {*row.takes.split()} == {(*action.option_strings, action.dest)[0] for action in own}, row.name


def test_what_make_does_is_in_the_table_or_run_by_ci() -> None:
    rules = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    told = (*named(targets.MAKE), *targets.CI_TARGETS, *targets.TOOLS)
    assert sorted(told) == sorted(rules)
    run = re.search(r"for target in (.+); do", (ROOT / ".ci" / "run").read_text())
    assert run
    assert run[1].split() == [*targets.CI_TARGETS]


def _input(port: Input) -> str:
    default = "" if port.required else f" = {json.dumps(port.default)}"
    return f"{port.name}: {port.port}{default}"


def _output(output: Output) -> str:
    return f"{output.name}: {output.port}{'…' * (output.streams or output.grows)}"


def test_the_node_types_are_those_of_the_table() -> None:
    library = [kind for kind in registry.all() if inspect.getmodule(kind.function).__name__.startswith("workflows.")]  # type: ignore[union-attr]
    assert named(nodes.NODES) == {kind.type for kind in library}


@pytest.mark.parametrize("row", [row for row in nodes.NODES if not row.later], ids=lambda row: row.name)
def test_a_node_type_takes_and_gives_what_its_row_says(row: Row) -> None:
    kind = registry.get(row.name)
    assert kind
    assert ", ".join(map(_input, kind.inputs)) == row.takes
    assert ", ".join(map(_output, kind.outputs)) == row.gives
    assert kind.safe is (row.name not in nodes.UNSAFE)
    assert kind.pure is (row.name not in nodes.IMPURE and kind.family not in {"input", "output"})
