"""What keeps the code readable at a glance: how long a function, a module, a template and a script may be."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("accounts", "benchmarks", "project", "runs", "tests", "workflows")

TYPICAL_FUNCTION = 8
LONGEST_FUNCTION = 50
LONGEST_MODULE = 400
LONGEST_TEMPLATE = 60
LONGEST_SCRIPT = 150

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> list[Path]:
    found = [path for source in SOURCES for path in (ROOT / source).rglob("*.py")]
    return [ROOT / "manage.py", *(path for path in found if "migrations" not in path.parts)]


def functions(module: Path) -> Iterator[Function]:
    return (part for part in ast.walk(ast.parse(module.read_bytes())) if isinstance(part, Function))


def length(function: Function) -> int:
    """Lines from `def` to the end, without the docstring: explaining a thing must not cost it its room."""
    first = function.body[0]
    said = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if said else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def test_no_function_is_longer_than_a_screen() -> None:
    lengths = {
        f"{module.relative_to(ROOT)}:{function.lineno} {function.name}": length(function)
        for module in modules()
        for function in functions(module)
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def test_most_functions_of_the_product_are_a_handful_of_lines() -> None:
    product = [module for module in modules() if "tests" not in module.parts]
    assert median(length(function) for module in product for function in functions(module)) <= TYPICAL_FUNCTION


def test_no_module_is_longer_than_its_budget() -> None:
    assert over(modules(), LONGEST_MODULE) == {}


@pytest.mark.parametrize(
    ("folder", "pattern", "budget"),
    [("templates", "*.html", LONGEST_TEMPLATE), ("static/js", "*.js", LONGEST_SCRIPT)],
)
def test_no_template_or_script_is_longer_than_its_budget(folder: str, pattern: str, budget: int) -> None:
    assert over([*(ROOT / folder).rglob(pattern)], budget) == {}


def over(files: list[Path], budget: int) -> dict[str, int]:
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files}
    return {name: lines for name, lines in lengths.items() if lines > budget}
