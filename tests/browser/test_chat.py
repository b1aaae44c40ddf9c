"""A model is asked on the canvas: its words as they come, what it called and took, and how it is stopped."""

import httpx
from playwright.sync_api import Page, expect

from tests.browser.board import Board, at, board
from tests.browser.person import edge, node, violations
from tests.loopback import Server
from tests.speaking import PATH, calling, in_turn, pausing, spoken
from tests.waiting import eventually


def asking(page: Page, rest: httpx.Client) -> Board:
    """A canvas with a chat and its result."""
    nodes = [at(node("chat", "llm.chat"), 0, 0), at(node("out", "output.result", name="song"), 420, 0)]
    return board(page, rest, nodes, [edge("chat", "text", "out", "value")])


def test_words_are_seen_as_they_come_and_stop_hangs_up(page: Page, rest: httpx.Client, service: Server) -> None:
    service.answers[PATH] = pausing("Once ", "upon ")
    service.left.clear()
    drawn = asking(page, rest)
    drawn.editor("chat", "prompt").fill("Tell me a story.")
    drawn.saved()
    drawn.press("Control+Enter")
    expect(drawn.node("chat")).to_contain_text("Once upon", timeout=30_000)
    assert not service.left.is_set()
    page.locator('[data-action="stop"]').first.click()
    expect(drawn.node("chat")).to_have_attribute("data-status", "cancelled", timeout=10_000)
    eventually(service.left.is_set, 5)


def test_tools_are_written_a_line_each_and_their_calls_and_tokens_are_seen(
    page: Page, rest: httpx.Client, service: Server
) -> None:
    service.answers[PATH] = in_turn(calling(("number_calculate", '{"expression": "6 * 7"}')), spoken("It is ", "42."))
    drawn = asking(page, rest)
    drawn.editor("chat", "prompt").fill("What is it?")
    drawn.editor("chat", "tools").fill("number.calculate\nhttp.get")
    assert drawn.saved_node("chat")["properties"]["tools"] == ["number.calculate", "http.get"]
    drawn.press("Control+Enter")
    expect(drawn.node("chat")).to_have_attribute("data-status", "completed", timeout=30_000)
    expect(drawn.node("chat")).to_contain_text("It is 42.")
    drawn.node("chat").locator("#calls-chip-chat").click()
    expect(page.locator("#calls-chat")).to_contain_text("number.calculate")
    drawn.press("Escape")
    drawn.node("chat").locator("#asked-chip-chat").click()
    expect(page.locator("#asked-chat")).to_contain_text("36 tokens")
    expect(page.locator("#asked-chat")).not_to_contain_text("$")  # nobody published a price
    assert violations(page) == []
