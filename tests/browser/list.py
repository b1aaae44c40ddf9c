"""A workflow whose runs make pictures, opened on its canvas with their list."""

import httpx
from playwright.sync_api import Page

from tests.browser.person import Person, edge, node
from tests.live.product import make_workflow


def study(rest: httpx.Client, seconds: float) -> str:
    """seed → noise → wait → picture."""
    nodes = [
        node("seed", "input.integer", name="seed", value=7),
        node("noise", "image.noise", width=64, height=48),
        node("wait", "control.wait", seconds=seconds),
        node("out", "output.result", name="picture"),
    ]
    edges = [
        edge("seed", "value", "noise", "seed"),
        edge("noise", "image", "wait", "value"),
        edge("wait", "value", "out", "value"),
    ]
    return make_workflow(rest, nodes, edges)


def opened(ada: Person, workflow: str) -> Page:
    ada.page.goto(f"/workflows/{workflow}/")
    ada.sees_live()
    return ada.page
