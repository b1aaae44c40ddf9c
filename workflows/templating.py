"""Renders the text templates of nodes. Knows no Django."""

from collections.abc import Mapping
from functools import lru_cache
from types import CodeType
from typing import Final

from jinja2 import Template, TemplateError, TemplateSyntaxError, UndefinedError

from workflows import ports
from workflows.errors import NodeFailed
from workflows.meter import too_much
from workflows.sandbox import Metering, Sandbox

MAX_OUTPUT: Final = 1024 * 1024
MAX_TEMPLATE: Final = 100_000
# What an expression that does not make sense raises: `1 + "a"`, `1 / 0`, `[1][5]`, a macro that calls itself.
_NONSENSE: Final = (
    TemplateError,
    TypeError,
    ValueError,
    LookupError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    RecursionError,
    SyntaxError,  # Python's, of blocks that are nested too deep for it
)


def render(template: str, values: Mapping[str, object]) -> str:
    """Fill a Jinja2 template with JSON values, printed as JSON writes them (texts without quotes).

    Raises NodeFailed, with code `missing_input` for a name that `values` lacks, `too_large` for more than MAX_OUTPUT
    characters (or work beyond the sandbox's bounds), `type_mismatch` for values that are not JSON, else `bad_template`.
    """
    _check(template, values)
    sandbox = Sandbox()
    try:
        compiled = Template.from_code(sandbox, _compiled(template), sandbox.globals)
        return _bounded(compiled, values)
    except UndefinedError as error:
        raise NodeFailed("missing_input", str(error)) from error
    except TemplateSyntaxError as error:
        raise NodeFailed("bad_template", f"The template is wrong in line {error.lineno}: {error.message}") from error
    except MemoryError as error:
        raise too_much("takes more memory than there is") from error
    except _NONSENSE as error:
        raise NodeFailed("bad_template", f"The template cannot be filled in: {error}") from error


def _check(template: str, values: Mapping[str, object]) -> None:
    if len(template) > MAX_TEMPLATE:
        raise too_much(f"is longer than {MAX_TEMPLATE:,} characters")
    for name, value in values.items():
        if not ports.is_json(value):
            message = f"A template takes text, numbers and JSON. {ports.describe(value)} came to “{name}”."
            raise NodeFailed("type_mismatch", message)


@lru_cache(maxsize=64)
def _compiled(template: str) -> CodeType:
    """The template's code, which is the same for every item that it is filled in for."""
    sandbox = Sandbox()
    return sandbox.compile(Metering().visit(sandbox.parse(template)))


def _bounded(template: Template, values: Mapping[str, object]) -> str:
    chunks, length = [], 0
    for chunk in template.generate(values):
        chunks.append(chunk)
        length += len(chunk)
        if length > MAX_OUTPUT:
            raise too_much(f"puts out more than {MAX_OUTPUT:,} characters")
    return "".join(chunks)
