"""A workflow's canvas as someone at a browser finds and uses it."""

from typing import Any

import httpx
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.live.product import Json, make_workflow


class Board:
    """The canvas of one workflow, open in a page."""

    def __init__(self, page: Page, rest: httpx.Client, workflow: str) -> None:
        self.page = page
        self._rest = rest
        self.workflow = workflow
        self.open()

    def open(self) -> None:
        self.page.goto(f"/workflows/{self.workflow}/")
        self.page.locator("[data-canvas][data-ready]").wait_for()

    def node(self, node_id: str) -> Locator:
        return self.page.locator(f'[data-node="{node_id}"]')

    def port(self, node_id: str, side: str, name: str) -> Locator:
        return self.node(node_id).locator(f'[data-side="{side}"][data-port="{name}"]')

    def editor(self, node_id: str, name: str) -> Locator:
        return self.page.locator(f"#p-{node_id}-{name}")

    def edges(self) -> Locator:
        return self.page.locator("[data-edge] .line[d]")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def drag(self, start: Locator, end: Locator | tuple[float, float]) -> None:
        """From the middle of one thing to the middle of another, or that far in pixels."""
        x, y = middle(box(start))
        across, down = middle(box(end)) if isinstance(end, Locator) else (x + end[0], y + end[1])
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move((x + across) / 2, (y + down) / 2)
        self.page.mouse.move(across, down, steps=3)
        self.page.wait_for_timeout(50)  # what moves is drawn once a frame
        self.page.mouse.up()

    def saved(self) -> Json:
        """The graph as the server has it, once what is shown is saved."""
        expect(self.page.locator("[data-saved]")).to_have_attribute("data-saved", "saved", timeout=10_000)
        graph: Json = self._rest.get(f"/workflows/{self.workflow}").json()["graph"]
        return graph

    def saved_node(self, node_id: str) -> Json:
        return next(node for node in self.saved()["nodes"] if node["id"] == node_id)

    def saved_edges(self) -> set[str]:
        return {"{source}.{output} → {target}.{input}".format(**edge) for edge in self.saved()["edges"]}


def at(node: Json, x: float, y: float, **more: Any) -> Json:
    return {**node, "position": {"x": x, "y": y}, **more}


def board(page: Page, rest: httpx.Client, nodes: list[Json], edges: list[Json] | None = None) -> Board:
    """The canvas of a new workflow."""
    return Board(page, rest, make_workflow(rest, nodes, edges or []))


def box(of: Locator) -> FloatRect:
    found = of.bounding_box()
    assert found
    return found


def middle(found: FloatRect) -> tuple[float, float]:
    return found["x"] + found["width"] / 2, found["y"] + found["height"] / 2


def meet(one: FloatRect, other: FloatRect) -> bool:
    """Whether they lie on each other."""
    across = one["x"] < other["x"] + other["width"] and other["x"] < one["x"] + one["width"]
    return across and one["y"] < other["y"] + other["height"] and other["y"] < one["y"] + one["height"]


def painted(page: Page) -> None:
    """Waits for the first picture of a new page: what is pressed before it, Chromium drops."""
    page.wait_for_function("() => performance.getEntriesByName('first-paint').length", polling=50)
