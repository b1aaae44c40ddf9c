"""Someone at a browser: the page, and what it complained of."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, expect

from tests.live.product import Json, make_workflow, submit

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"


class Person:
    """Looks at one page of the product at `base`. `tolerates`: console messages with these words are no complaints."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.tolerates: tuple[str, ...] = ()
        self._hosts = (base, base.replace("http", "ws", 1), "data:", "blob:")
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._watch)

    def follow(self, job: Json) -> None:
        """Opens the job's page, and waits until it is live."""
        self.page.goto(f"/jobs/{job['id']}/")
        self.sees_live()

    def tabs_to(self, selector: str) -> None:
        """Presses Tab until the focus is there."""
        for _ in range(80):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        pytest.fail(f"The keyboard does not reach {selector}.")

    def goes_back(self) -> None:
        """As the Back button does; Playwright's own waits for a load that does not come from the back/forward cache."""
        self.page.evaluate("history.back()")

    def sees_live(self, within: float = 5.0) -> None:
        expect(self.page.locator("body")).to_have_attribute("data-connection", "live", timeout=within * 1000)

    def sees_state(self, state: str, within: float = 20.0) -> None:
        expect(self.page.locator("#head")).to_have_attribute("data-state", state, timeout=within * 1000)

    def sees_status(self, node: str, status: str, within: float = 20.0) -> None:
        card = self.page.locator(f'[data-node="{node}"]')
        expect(card).to_have_attribute("data-status", status, timeout=within * 1000)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(words in message.text for words in self.tolerates):
            self.complaints.append(message.text)

    def _watch(self, request: Request) -> None:
        if not request.url.startswith(self._hosts):
            self.complaints.append(f"asked {request.url}")


def node(node_id: str, kind: str, /, **properties: Any) -> Json:
    return {"id": node_id, "type": kind, "properties": properties}


def edge(source: str, output: str, target: str, given: str) -> Json:
    return {"id": f"{source}-{target}", "source": source, "output": output, "target": target, "input": given}


def waiting_job(rest: httpx.Client, seconds: float) -> Json:
    """A new job that makes a picture, then waits so long."""
    nodes = [
        node("noise", "image.noise", width=64, height=48),
        node("wait", "control.wait", seconds=seconds),
        node("out", "output.result", name="picture"),
    ]
    edges = [edge("noise", "image", "wait", "value"), edge("wait", "value", "out", "value")]
    return submit(rest, make_workflow(rest, nodes, edges))


def many_pictures_job(rest: httpx.Client, pictures: int) -> Json:
    """A new job that hands out so many pictures, one after another, and a text."""
    nodes = [
        node("words", "text.split", text="\n".join(map(str, range(pictures)))),
        node("wait", "control.wait", seconds=0.2),
        node("noise", "image.noise", width=320, height=480),
        node("write", "image.text"),
        node("out", "output.result", name="picture"),
        node("gather", "list.collect"),
        node("told", "output.result", name="told"),
    ]
    edges = [
        edge("words", "item", "wait", "value"),
        edge("wait", "value", "write", "text"),
        edge("noise", "image", "write", "image"),
        edge("write", "image", "out", "value"),
        edge("words", "item", "gather", "item"),
        edge("gather", "items", "told", "value"),
    ]
    return submit(rest, make_workflow(rest, nodes, edges))


def telling_job(rest: httpx.Client, text: str, delay_ms: int) -> Json:
    """A new job that streams a text, and has a number besides."""
    nodes = [
        node("story", "text.stream", text=text, delay_ms=delay_ms),
        node("out", "output.result", name="story"),
        node("count", "input.integer", name="count", value=7),
        node("number", "output.result", name="number"),
    ]
    edges = [edge("story", "text", "out", "value"), edge("count", "value", "number", "value")]
    return submit(rest, make_workflow(rest, nodes, edges))


def failing_job(rest: httpx.Client, message: str) -> Json:
    """A new job whose second node fails with this message, so that the third is skipped."""
    nodes = [
        node("noise", "image.noise", width=64, height=48),
        node("fail", "control.fail", message=message),
        node("out", "output.result", name="never"),
    ]
    edges = [edge("noise", "image", "fail", "value"), edge("fail", "value", "out", "value")]
    return submit(rest, make_workflow(rest, nodes, edges))


def violations(page: Page, *, preload: bool = True) -> list[str]:
    """What axe finds on the page as it stands. What it preloads of imported style sheets, the page's policy refuses."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("preload => axe.run({preload}).then(found => found.violations)", preload)
    return [f"{each['id']}: {each['nodes'][0]['html']} {each['nodes'][0]['failureSummary']}" for each in found]
