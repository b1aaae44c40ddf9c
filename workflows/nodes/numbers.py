"""Nodes that reckon."""

from typing import Annotated, Any

from workflows.nodes import arithmetic
from workflows.registry import Setting, node


@node(
    "number.calculate",
    title="Calculate",
    description="Works out arithmetic over named inputs: (a + b) / 2, max(a, b), a if a > b else 0.",
    output="value",
    inline=True,
)
def calculate(expression: Annotated[str, Setting(multiline=True)], **inputs: Any) -> float:
    """Return the number; whole numbers stay whole where the arithmetic lets them. NodeFailed as `arithmetic` says."""
    return arithmetic.calculate(expression, inputs)
