"""What decides whether and when something goes on."""

import time
from typing import Annotated, Any, Final

from workflows.context import NodeContext
from workflows.errors import NodeFailed
from workflows.registry import Setting, node

_TICK: Final = 0.1  # seconds between two reports of progress


@node("control.wait", title="Wait", description="Waits, then passes on what it was given.", output="value", pure=False)
async def wait(
    context: NodeContext,
    value: Any = None,
    seconds: Annotated[float, Setting(minimum=0, maximum=3600, unit="s")] = 1.0,
) -> Any:
    """Return `value` after `seconds` by the monotonic clock; a cancelled run does not wait it out."""
    started = time.monotonic()
    while (waited := time.monotonic() - started) < seconds:
        context.progress(waited, seconds)
        await context.sleep(min(_TICK, seconds - waited))
    context.progress(1, 1)
    return value


@node(
    "control.fail",
    title="Fail",
    description="Fails with a message of your own when told to, else passes on what it was given.",
    output="value",
    inline=True,
)
def fail(
    value: Any = None,
    message: Annotated[str, Setting(multiline=True)] = "This run was told to fail.",
    when: Annotated[bool, Setting(description="Off: nothing fails.")] = True,
) -> Any:
    """Return `value`; NodeFailed with code `failed` and the message if `when`."""
    if when:
        raise NodeFailed("failed", message)
    return value


@node(
    "control.if",
    title="If",
    description="Sends what it was given one way or the other; what hangs on the other way is skipped.",
    outputs={"then": "any", "otherwise": "any"},
    inline=True,
)
def choose(condition: bool, value: Any = None) -> dict[str, Any]:
    """Return the one output that is sent."""
    return {"then" if condition else "otherwise": value}
