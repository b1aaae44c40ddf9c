"""Writes `docs/contract_coverage.md`: every promise of the contract, with the tests that show it."""

import ast
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from tests.contract.row import Later, Row, Shown
from tests.contract.rows import TABLES

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "contract_coverage.md"
HEAD = """# What is promised, and the tests that show it

Made by `python -m tests.contract.coverage` from `tests/contract/`: change it there. Tests compare these tables with the
product: a call, setting, command, node type or page that stands in none fails, and so does a promise without a test.
"""


def document() -> str:
    """The tables as Markdown."""
    shown = [each for _, each in promises()]
    tests = [each for each in shown if not isinstance(each, Later)]
    named = {test for each in tests for test in each}
    counted = (
        f"\n{len(tests)} of {len(shown)} promises are shown, by {len(named)} tests; the others are not built yet.\n"
    )
    return HEAD + counted + "".join(_table(title, rows) for title, rows in TABLES.items())


def promises() -> Iterator[tuple[str, Shown]]:
    """Every promise by where it stands, with what shows it."""
    for title, rows in TABLES.items():
        for row in rows:
            for promise, shown in row.promises.items():
                yield f"{title}: {row.name}: {promise}", shown


def unshown() -> dict[str, list[str]]:
    """The promises that name no test, or what is none, each with what is wrong with it."""
    named = {path for _, shown in promises() if not isinstance(shown, Later) for path, _ in map(_split, shown)}
    known = {path: set(tests_of(ROOT / path)) for path in named}
    found = {}
    for place, shown in promises():
        if isinstance(shown, Later):
            continue
        wrong = [f"{path}::{test} is no test" for path, test in map(_split, shown) if test not in known[path]]
        if wrong or not shown:
            found[place] = wrong or ["it names no test"]
    return found


def tests_of(path: Path) -> Iterator[str]:
    """The tests that a file has, found without importing it; those of a class as `Class::test`."""
    if not path.exists():
        return
    for part in ast.parse(path.read_bytes()).body:
        inner, prefix = (part.body, f"{part.name}::") if isinstance(part, ast.ClassDef) else ([part], "")
        for each in inner:
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name.startswith("test_"):
                yield prefix + each.name


def _split(test: str) -> tuple[str, str]:
    path, _, name = test.partition("::")
    return path, name


def _table(title: str, rows: tuple[Row, ...]) -> str:
    lines = [f"\n## {title}\n", "| what | promise | shown by |", "|---|---|---|"]
    for row in rows:
        for number, (promise, shown) in enumerate(row.promises.items()):
            lines.append(f"| {_what(row) if number == 0 else ''} | {promise} | {_shown(shown)} |")
    return "\n".join(lines) + "\n"


def _what(row: Row) -> str:
    """Its name, with what it takes and gives."""
    fields = [("takes", row.takes), ("gives", row.gives), ("default", row.default or "")]
    told = "".join(f"<br>{kind}: {text}" for kind, text in fields if text)
    return f"`{row.name or '/'}`{told}"


def _shown(shown: Shown) -> str:
    """Links to the files, and the names of the tests in each."""
    if isinstance(shown, Later):
        return f"not yet: {shown.what}"
    files = groupby(map(_split, shown), lambda test: test[0])
    return "<br>".join(
        f"[{path.removeprefix('tests/')}](../{path}): " + ", ".join(name for _, name in tests) for path, tests in files
    )


if __name__ == "__main__":
    DOCUMENT.write_text(document())
