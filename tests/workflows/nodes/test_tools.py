"""Node types as a model is told of them, and calls them."""

from typing import Annotated, Literal

import pytest

from workflows.errors import NodeFailed
from workflows.nodes import tools
from workflows.registry import Json, NodeType, Registry, Setting, registry


def declared() -> NodeType:
    own = Registry()

    @own.node("word.count", title="Count", description="Counts words.", output="counts")
    async def count(
        words: Annotated[list[str], Setting(description="What to count.")],
        among: Json = None,
        order: Literal["up", "down"] = "up",
        most: Annotated[int, Setting(minimum=1, maximum=9)] = 3,
    ) -> list[int]:
        return [len(word) for word in words][:most]

    found = own.get("word.count")
    assert found
    return found


def test_a_tool_is_described_by_its_inputs() -> None:
    assert tools.usable(declared())
    assert tools.schema(declared()) == {
        "type": "object",
        "properties": {
            "words": {"type": "array", "items": {"type": "string"}, "description": "What to count."},
            "among": {},
            "order": {"type": "string", "enum": ["up", "down"]},
            "most": {"type": "integer", "minimum": 1, "maximum": 9},
        },
        "required": ["words"],
        "additionalProperties": False,
    }


async def test_a_tool_takes_what_the_node_would() -> None:
    assert await tools.use(declared(), {"words": ["a", "bcd", "ef"], "most": 2.0}) == [1, 3]
    with pytest.raises(NodeFailed, match="must be at most 9"):
        await tools.use(declared(), {"words": [], "most": 10})


def test_what_makes_or_takes_media_or_shows_itself_is_no_tool() -> None:
    usable = [each.type for each in registry.all() if tools.usable(each)]
    assert {"http.get", "number.calculate", "text.template"} <= {*usable}
    assert not {"image.blur", "audio.tone", "text.stream", "llm.chat", "control.if", "input.text"} & {*usable}


def test_a_long_result_is_cut() -> None:
    assert tools.readable({"a": "é"}) == '{"a": "é"}'
    assert tools.readable("x" * (tools.LONGEST_RESULT + 1)).endswith("x… (cut here)")
