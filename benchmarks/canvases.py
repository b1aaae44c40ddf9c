"""The graphs of the canvases that are measured in a browser, each node in its place."""

from typing import Final

from benchmarks.graphs import Json

COLUMN: Final = 300
ROW: Final = 340
STREAMS: Final = 20
DELAY_MS: Final = 20
"""Between two words: each tells a text and a progress, so that 20 streams make 2,000 updates a second."""


class Canvas:
    """A graph that is being drawn."""

    def __init__(self) -> None:
        self.nodes: list[Json] = []
        self.edges: list[Json] = []

    def chain(self, row: int, *steps: tuple[str, str, str, Json], column: int = 0, after: str = "") -> str:
        """Nodes in a row, each fed by the one before: (type, its input, its output, properties). The last one's id.

        `after` feeds the first: `<node>.<output>`.
        """
        node, fed = "", after
        for at, (kind, given, sent, properties) in enumerate(steps, start=column):
            node = f"r{row}c{at}"
            position = {"x": at * COLUMN, "y": row * ROW}
            self.nodes.append({"id": node, "type": kind, "properties": properties, "position": position})
            if fed:
                self.join(fed, f"{node}.{given}")
            fed = f"{node}.{sent}"
        return node

    def join(self, source: str, target: str) -> None:
        """An edge from `<node>.<output>` to `<node>.<input>`."""
        (start, output), (end, given) = source.split("."), target.split(".")
        edge = {"source": start, "output": output, "target": end, "input": given}
        self.edges.append({"id": f"e{len(self.edges)}", **edge})

    @property
    def graph(self) -> Json:
        """As REST takes it."""
        return {"version": 1, "nodes": self.nodes, "edges": self.edges}


def branching() -> Json:
    """Thirty nodes that do little: pictures and texts, of one seed and one word, in branches that end in results."""
    drawn = Canvas()
    seed = drawn.chain(0, ("input.integer", "", "value", {"name": "seed", "value": 1}))
    word = drawn.chain(1, ("input.text", "", "value", {"name": "word", "value": "plain"}))
    for row in (0, 1):
        drawn.chain(
            row,
            ("image.noise", "seed", "image", {"width": 96, "height": 64}),
            ("image.blur", "image", "image", {"radius": 1.0 + row}),
            ("image.text", "image", "image", {"size": 16}),
            ("output.result", "value", "", {"name": f"picture {row}"}),
            column=1,
            after=f"{seed}.value",
        )
        drawn.join(f"{word}.value", f"r{row}c3.text")
    for row in (2, 3, 4, 5):
        written = _template(drawn, row, 0, f"seed {{{{ seed }}}}, line {row}", {"seed": f"{seed}.value"})
        again = _template(drawn, row, 1, "“{{ text }}”", {"text": f"{written}.text"})
        parted = drawn.chain(row, ("text.split", "text", "item", {"separator": " "}), column=2, after=f"{again}.text")
        drawn.chain(row, ("list.collect", "item", "items", {}), column=3, after=f"{parted}.item")
        drawn.chain(row, ("output.result", "value", "", {"name": f"text {row}"}), column=4, after=f"{again}.text")
    return drawn.graph


def busy(seconds: int) -> Json:
    """Fifty nodes that are all at work for so long: streams of text, waits, and lists whose items flow one by one."""
    drawn = Canvas()
    words = " ".join(f"word{count:04}" for count in range(seconds * 1000 // DELAY_MS))
    source = drawn.chain(0, ("input.text", "", "value", {"name": "words", "value": words}))
    for at in range(STREAMS):
        stream = ("text.stream", "text", "text", {"delay_ms": DELAY_MS})
        drawn.chain(at % 4, stream, column=1 + at // 4, after=f"{source}.value")
    for at in range(9):
        drawn.chain(4 + at % 3, ("control.wait", "value", "value", {"seconds": seconds}), column=4 + at // 3)
    for row in range(4, 9):
        drawn.chain(
            row,
            ("input.text", "", "value", {"name": f"list {row}", "value": "\n".join(map(str, range(seconds * 10)))}),
            ("text.split", "text", "item", {}),
            ("control.wait", "value", "value", {"seconds": 0.1}),
            ("list.collect", "item", "items", {}),
        )
    return drawn.graph


def _template(drawn: Canvas, row: int, column: int, text: str, inputs: dict[str, str]) -> str:
    made = drawn.chain(row, ("text.template", "", "text", {"template": text}), column=column)
    drawn.nodes[-1]["dynamic_inputs"] = list(inputs)
    for name, source in inputs.items():
        drawn.join(source, f"{made}.{name}")
    return made
