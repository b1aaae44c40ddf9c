"""How one product is shown, whatever its kind: as a small face on a tile, and in full. Made of its document alone."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from django.utils.safestring import SafeString

from runs import store
from runs.pages import markdown

Document = Mapping[str, Any]
READ_BYTES: Final = 256 * 1024
"""So much of what is stored as a file is shown; a download has all."""
ROWS: Final = 200
COLUMNS: Final = 40
ENTRIES: Final = 1000
"""Entries of a JSON value that are shown as a tree."""
DEEPEST: Final = 40
OPEN_DEPTH: Final = 2
FACE_TEXT: Final = 400
FACE_ROWS: Final = 6
FACE_COLUMNS: Final = 3
FACE_CODE: Final = 240
WRITTEN: Final = frozenset({"text", "json", "table", "number"})
_SHORT_LIST: Final = re.compile(r"\[\n *([^\s\[\]{}\"][^\[\]{}\"]{0,60}?)\n *\]")
"""Of what is indented: a list of plain values. No text holds a line's end, as JSON writes that otherwise."""


class Table(NamedTuple):
    """Rows under their columns, as many as are shown; `more` rows and `wider` columns are not."""

    columns: list[str]
    rows: list[list[object]]
    more: int
    wider: int


class Branch(NamedTuple):
    """A value in a tree: `text` of what is plain, else its `children`, of which there are `size` in `brackets`."""

    key: str
    text: str
    kind: str
    brackets: str = ""
    size: int = 0
    children: Sequence["Branch"] = ()
    open: bool = False


class Full(NamedTuple):
    """A product in full. `kind` is its own, but `markdown` for a text that is written so, `file` for what isn't shown.

    `cut`: only the beginning of its text is here.
    """

    kind: str
    text: str = ""
    html: SafeString = SafeString()
    table: Table | None = None
    tree: Branch | None = None
    cut: bool = False


class Face(NamedTuple):
    """A product on a tile."""

    kind: str
    text: str = ""
    html: SafeString = SafeString()
    table: Table | None = None


def full(asset: Document) -> Full:
    """The product of this document, read from the store where its row does not have it."""
    kind = asset["kind"]
    if kind not in WRITTEN:
        return Full(kind)
    value, text, cut = asset["value"], "", False
    if value is None and asset["size"] > len("null"):
        try:
            with store.path(asset["sha256"]).open("rb") as file:
                data = file.read(READ_BYTES)
        except FileNotFoundError:
            return Full("file")
        text, cut = data.decode(errors="replace"), asset["size"] > len(data)
        value = text if kind == "text" or cut else _parsed(text)
    return _full(kind, value, cut=cut)


def face(asset: Document) -> Face:
    """What a tile shows of it."""
    kind, value = asset["kind"], asset["value"]
    if kind not in WRITTEN or (value is None and asset["size"] > len("null")):
        return Face(kind if kind not in WRITTEN else "file")
    return face_of(value, kind)


def face_of(value: object, kind: str = "") -> Face:
    """What a tile shows of a value; `kind` is told where it is known."""
    if isinstance(value, str):
        text = value[:FACE_TEXT]
        if markdown.is_markdown(value):
            return Face("markdown", html=markdown.rendered(text, links=False))
        return Face("text", text)
    if kind != "json" and (found := table(value, FACE_ROWS, FACE_COLUMNS)):
        return Face("table", table=found)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Face("number", written(value))
    return Face("json", indented(value)[:FACE_CODE])


def kind_of(value: object) -> str:
    """The kind that a product of this value would have."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number"
    return "table" if table(value, 0) else "json"


def table(value: object, rows: int = ROWS, columns: int = COLUMNS) -> Table | None:
    """A list of row objects as a table with the columns of all its rows; None for anything else."""
    if not (isinstance(value, list) and value and all(isinstance(row, dict) for row in value)):
        return None
    names = list(dict.fromkeys(name for row in value[:ROWS] for name in row))
    shown = names[:columns]
    cells = [[row.get(name) for name in shown] for row in value[:rows]]
    return Table(shown, cells, max(len(value) - rows, 0), len(names) - len(shown))


def tree(value: object) -> Branch:
    """A JSON value as a tree of at most `ENTRIES` entries."""
    return _branch("", value, 0, [ENTRIES])


def written(value: object) -> str:
    """A value as JSON writes it, in one line."""
    return _writable(json.dumps(value, ensure_ascii=False))


def indented(value: object) -> str:
    """A value as JSON, line by line; what is short stays in one."""
    text = _writable(json.dumps(value, ensure_ascii=False, indent=2))
    return _SHORT_LIST.sub(lambda found: "[" + " ".join(found[1].split()) + "]", text)


def _writable(text: str) -> str:
    """The text without halves of surrogate pairs, which no page can be written with."""
    return text.encode(errors="replace").decode()


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _full(kind: str, value: object, *, cut: bool) -> Full:
    if isinstance(value, str) and (cut or kind in {"text", "table"}):
        if kind == "text" and not cut and markdown.is_markdown(value):
            return Full("markdown", value, markdown.rendered(value))
        return Full("text" if kind == "text" else "code", value, cut=cut)
    if kind == "table" and (found := table(value)):
        return Full("table", table=found)
    if kind == "number":
        return Full("number", written(value))
    return Full("json", indented(value), tree=tree(value))


def _branch(key: str, value: object, depth: int, left: list[int]) -> Branch:
    """`left` counts down what may still be shown."""
    left[0] -= 1
    pairs, brackets = _pairs(value)
    if not pairs:
        return Branch(key, written(value), _kind(value))
    if depth >= DEEPEST:
        return Branch(key, written(value)[:FACE_TEXT], "cut")
    children: list[Branch] = []
    for name, each in pairs:
        if left[0] <= 0:
            children.append(Branch("", f"… {len(pairs) - len(children)} more", "cut"))
            break
        children.append(_branch(name, each, depth + 1, left))
    return Branch(key, "", "branch", brackets, len(pairs), children, depth < OPEN_DEPTH)


def _pairs(value: object) -> tuple[list[tuple[str, object]], str]:
    if isinstance(value, dict):
        return [(str(name), each) for name, each in value.items()], "{}"
    return ([(str(at), each) for at, each in enumerate(value)], "[]") if isinstance(value, list) else ([], "")


def _kind(value: object) -> str:
    if isinstance(value, str):
        return "string"
    return "numeral" if isinstance(value, int | float) and not isinstance(value, bool) else "word"
