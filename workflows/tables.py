"""Tables as people write them: as CSV, what they copy from a spreadsheet, or JSON; read and written here and in
`static/js/editor/tables.js` alike. Knows no Django.

In CSV, a cell is a number, true or false where it is written as one, nothing where it is empty, and else, or in quotes,
a text.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

Rows: TypeAlias = list[dict[str, Any]]

_SEPARATORS: Final = (",", "\t", ";")
_NUMBER: Final = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,15})?([eE][+-]?\d{1,2})?")
_WORDS: Final = {"": None, "true": True, "false": False}


def read(text: str) -> Rows:
    """The rows of a table that a person wrote; ValueError with a sentence when it is none."""
    text = text.replace("\r\n", "\n").strip("\n")
    if text.lstrip().startswith("["):
        return _from_json(text)
    separator = max(_SEPARATORS, key=text.partition("\n")[0].count)
    (_, head), *lines = _lines(text, separator)
    names = ["" if name is None else name if isinstance(name, str) else json.dumps(name) for name in head]
    if "" in names or len({*names}) < len(names):
        raise ValueError("The first line must name the columns, each by a name of its own.")
    return [_row(number, names, cells) for number, cells in lines if cells != [None]]


def write(rows: Rows) -> str:
    """The rows as CSV; as JSON, a row a line, where CSV would lose something."""
    names = list(rows[0]) if rows else []
    plain = all(list(row) == names and all(map(_is_plain, row.values())) for row in rows)
    if names and all(names) and plain:
        lines = [",".join(map(_cell, names)), *(",".join(map(_cell, row.values())) for row in rows)]
        if len(names) > 1 or all(lines):
            return "\n".join(lines)
    return "[" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "]"


def _from_json(text: str) -> Rows:
    try:
        rows: Rows = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("This is no JSON. Write a list of rows: [{…}, {…}], or CSV.") from None
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError("In JSON, every row must be an object: [{…}, {…}].")
    return rows


def _row(number: int, names: list[str], cells: list[Any]) -> dict[str, Any]:
    if len(cells) > len(names):
        columns = f"{len(names)} column{'s' * (len(names) != 1)}"
        raise ValueError(f"Line {number} has {len(cells)} cells for {columns}. Put texts with commas in quotes.")
    return dict(zip(names, cells + [None] * (len(names) - len(cells)), strict=True))


def _lines(text: str, separator: str) -> Iterator[tuple[int, list[Any]]]:
    """Each line's number and cells. A quote that does not end, or that has something behind it, is part of the text."""
    cell = re.compile(rf'(?:"((?:[^"]|"")*)"|([^{separator}\n]*))({separator}|\n|$)')
    cells: list[Any] = []
    begun = at = 0
    while found := cell.match(text, at):
        cells.append(_value(found[2]) if found[1] is None else found[1].replace('""', '"'))
        at = found.end()
        if found[3] == separator:
            continue
        yield text.count("\n", 0, begun) + 1, cells
        cells, begun = [], at
        if not found[3]:
            return


def _value(cell: str) -> Any:
    cell = cell.strip(" \t")
    if _NUMBER.fullmatch(cell):
        return json.loads(cell)
    return _WORDS.get(cell, cell)


def _cell(value: object) -> str:
    if not isinstance(value, str):
        return "" if value is None else json.dumps(value)
    bare = value == _value(value) and not re.search(r'[",\n\t;]', value)
    return value if bare else '"' + value.replace('"', '""') + '"'


def _is_plain(value: object) -> bool:
    """Whether a cell of CSV can say it."""
    if isinstance(value, str):
        return "\r" not in value
    return (
        value is None
        or isinstance(value, bool)
        or (isinstance(value, int | float) and _value(json.dumps(value)) == value)
    )
