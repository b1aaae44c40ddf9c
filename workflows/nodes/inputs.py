"""What a person or a program gives to a run: a workflow's parameters."""

from typing import Annotated, Any

from PIL import Image

from workflows.errors import NodeFailed
from workflows.recordings import Audio, File, Video
from workflows.registry import Setting, node

Name = Annotated[str, Setting(description="What the parameter is called when the workflow is run.")]
Description = Annotated[str, Setting(description="Shown beside the parameter.")]
Table = Annotated[list[dict[str, Any]], Setting(type="table", widget="table")]
Bound = Annotated[float | None, Setting(description="Leave empty for no bound.")]
WholeBound = Annotated[int | None, Setting(description="Leave empty for no bound.")]


@node("input.text", title="Text", description="A text to give to a run.", output="value", pure=False, inline=True)
def text(name: Name, value: Annotated[str, Setting(multiline=True)], description: Description = "") -> str:  # noqa: ARG001
    """Pass the text on."""
    return value


@node(
    "input.integer",
    title="Whole number",
    description="A whole number to give to a run, within bounds if it has any.",
    output="value",
    pure=False,
    inline=True,
)
def integer(
    name: Name,
    value: int,
    minimum: WholeBound = None,
    maximum: WholeBound = None,
    description: Description = "",  # noqa: ARG001
) -> int:
    """Pass the number on; NodeFailed when it is out of bounds."""
    _check_bounds(name, value, minimum, maximum)
    return value


@node(
    "input.number",
    title="Number",
    description="A number to give to a run, within bounds if it has any.",
    output="value",
    pure=False,
    inline=True,
)
def number(
    name: Name,
    value: float,
    minimum: Bound = None,
    maximum: Bound = None,
    description: Description = "",  # noqa: ARG001
) -> float:
    """Pass the number on; NodeFailed when it is out of bounds."""
    _check_bounds(name, value, minimum, maximum)
    return value


@node(
    "input.boolean", title="Switch", description="Yes or no, to give to a run.", output="value", pure=False, inline=True
)
def boolean(name: Name, value: bool, description: Description = "") -> bool:  # noqa: ARG001
    """Pass the switch's state on."""
    return value


@node(
    "input.choice",
    title="Choice",
    description="One of several texts, to give to a run.",
    output="value",
    pure=False,
    inline=True,
)
def choice(
    name: Name,
    value: Annotated[str, Setting(widget="select")],
    choices: Annotated[
        list[str], Setting(widget="lines", description="What there is to choose from, one a line.")
    ] = [],  # noqa: B006 (read only)
    description: Description = "",  # noqa: ARG001
) -> str:
    """Pass the choice on; NodeFailed when it is none of `choices`."""
    if choices and value not in choices:
        raise NodeFailed("bad_value", f"“{name}” is none of its choices; give it one of {', '.join(choices)}.")
    return value


@node(
    "input.image",
    title="Picture",
    description="A picture to give to a run: an upload, or one that a run has made.",
    output="value",
    pure=False,
    inline=True,
)
def image(name: Name, value: Image.Image, description: Description = "") -> Image.Image:  # noqa: ARG001
    """Pass the picture on."""
    return value


@node(
    "input.audio",
    title="Sound",
    description="A sound to give to a run: an upload, or one that a run has made.",
    output="value",
    pure=False,
    inline=True,
)
def audio(name: Name, value: Audio, description: Description = "") -> Audio:  # noqa: ARG001
    """Pass the sound on."""
    return value


@node(
    "input.video",
    title="Film",
    description="A film to give to a run: an upload, or one that a run has made.",
    output="value",
    pure=False,
    inline=True,
)
def video(name: Name, value: Video, description: Description = "") -> Video:  # noqa: ARG001
    """Pass the film on."""
    return value


@node(
    "input.file",
    title="File",
    description="A file to give to a run, whatever is in it: an upload, or what a run has made.",
    output="value",
    pure=False,
    inline=True,
)
def file(name: Name, value: File, description: Description = "") -> File:  # noqa: ARG001
    """Pass the file on."""
    return value


@node(
    "input.table",
    title="Table",
    description="Rows with named columns, to give to a run.",
    output="value",
    pure=False,
    inline=True,
)
def table(name: Name, value: Table, description: Description = "") -> Table:  # noqa: ARG001
    """Pass the rows on."""
    return value


def _check_bounds(name: str, value: float, minimum: float | None, maximum: float | None) -> None:
    """A value may come over an edge, where nobody has looked at the bounds yet."""
    if minimum is not None and value < minimum:
        raise NodeFailed("bad_value", f"“{name}” is {value}; give it at least {minimum}.")
    if maximum is not None and value > maximum:
        raise NodeFailed("bad_value", f"“{name}” is {value}; give it at most {maximum}.")
