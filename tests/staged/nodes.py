"""Node types that make tables, JSON and Markdown, and one that works as an agent does."""

from collections.abc import Mapping
from typing import Annotated, Any

from workflows.context import NodeContext
from workflows.registry import Json, Setting, node

LETTER = """# A letter

Dear **reader**, this is [a link](https://example.org).

- one
- two

| word | count |
|---|---|
| sea | 3 |

<script>document.title = "mine"</script>
"""
STEPS = ("Find the tide tables", "Compare two ports", "Write it down")


@node("staged.table", title="Tide table", description="", outputs={"table": "table"})
def table(rows: int = 240) -> dict[str, Any]:
    """So many rows."""
    return {"table": [{"port": f"Port {at}", "height": at / 4, "high": at % 2 == 0} for at in range(rows)]}


@node("staged.json", title="Facts", description="", output="json")
def facts(port: str = "Brest") -> Json:
    """Something with parts."""
    return {"port": port, "heights": [1, 2.5, 4], "moon": {"age": 12, "phase": "waxing", "eclipse": None}}


@node("staged.letter", title="Letter", description="", output="text")
def letter(text: Annotated[str, Setting(multiline=True)] = LETTER) -> str:
    """Markdown."""
    return text


@node("staged.agent", title="Agent", description="", output="text")
async def agent(context: NodeContext, goal: str = "tides", pause: float = 0.2) -> str:
    """Plan, call tools, ask a provider, write, and say what it cost."""
    for at, step in enumerate(STEPS):
        context.plan([(each, _state(place, at)) for place, each in enumerate(STEPS)])
        arguments: Mapping[str, object] = {"query": f"{goal} {at}", "limit": 3}
        call = context.call("search", arguments)
        await context.sleep(pause)
        context.call("search", arguments, {"found": [step.lower(), at]}, call=call)
        context.provider("staged", "tide-1", tokens=120 + at, cost=0.0012)
        context.log(f"Step {at + 1} of {len(STEPS)} is done.", "warning" if at == 1 else "info")
        for word in f"{step}. ".split(" "):
            context.text(f"{word} ")
            await context.sleep(pause / 4)
    context.plan([(each, "completed") for each in STEPS])
    return " ".join(STEPS)


def _state(place: int, at: int) -> Any:
    return "completed" if place < at else "running" if place == at else "waiting"
