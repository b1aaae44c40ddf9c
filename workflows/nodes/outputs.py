"""What a run shows and hands out. What these return is kept as their product."""

from typing import Annotated, Any

from workflows.registry import Setting, node


@node(
    "output.result",
    title="Result",
    description="Hands out what reaches it, as the run's result of this name.",
    pure=False,
    inline=True,
)
def result(
    name: Annotated[str, Setting(description="What the result is called among the run's outputs.")],  # noqa: ARG001
    value: Any = None,
) -> Any:
    """Return what is to be kept."""
    return value


@node(
    "output.preview",
    title="Preview",
    description="Shows what reaches it, without making it a result.",
    pure=False,
    inline=True,
)
def preview(value: Any = None) -> Any:
    """Return what is to be shown."""
    return value
