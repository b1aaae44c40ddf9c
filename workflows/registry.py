"""Node types, declared on plain typed functions with `@node`, and the registry that knows them all.

```python
@node("image.blur", title="Blur", description="Softens a picture.", output="image")
def blur(image: Image, radius: Annotated[float, Setting(minimum=0, maximum=200, unit="px")] = 4.0) -> Image: ...
```
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, ParamSpec, TypeVar

from workflows import ports
from workflows.declaration import Call, Input, Json, Setting, Signature, read
from workflows.errors import BadDeclaration
from workflows.ports import PortType
from workflows.shape import family

__all__ = ("Input", "Json", "NodeType", "Output", "Registry", "Setting", "node", "registry")

KEPT: Final = "value"
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Output:
    """An output of a node type. One that `streams` sends any number of items in a run, others one.

    What `grows` is one item as well, which is sent when it is whole, and is shown while it comes.
    """

    name: str
    port: PortType
    streams: bool = False
    grows: bool = False

    def as_dict(self) -> dict[str, object]:
        """As `GET /node-types` gives it: what can be followed while the node works is said to stream."""
        return {"name": self.name, "type": str(self.port), "streams": self.streams or self.grows}


@dataclass(frozen=True, kw_only=True)
class NodeType:
    """A declared function and all that the graph, the engine and the pages need to know of it.

    `pure`: the same inputs always give the same outputs. `safe`: a lost worker's run may repeat it. `inline`: so quick
    that the engine calls it without a thread. `packed`: it gives dicts of its outputs by name. `keeps`: what a node
    without outputs returns is kept as this product.
    """

    type: str
    title: str
    description: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    function: Callable[..., object]
    call: Call
    pure: bool = True
    safe: bool = True
    inline: bool = False
    packed: bool = False
    keeps: Output | None = None
    dynamic: bool = False
    context: str | None = None
    by_name: Mapping[str, Input] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {port.name: port for port in self.inputs})

    @property
    def family(self) -> str:
        """What stands before the first dot of its name."""
        return family(self.type)

    def output(self, name: str) -> Output | None:
        """The output of this name, if it has one."""
        return next((output for output in self.outputs if output.name == name), None)

    def as_dict(self) -> dict[str, object]:
        """As `GET /node-types` gives it."""
        return {
            "type": self.type,
            "title": self.title,
            "description": self.description,
            "family": self.family,
            "inputs": [port.as_dict() for port in self.inputs],
            "outputs": [output.as_dict() for output in self.outputs],
            "dynamic_inputs": self.dynamic,
            "pure": self.pure,
        }


class Registry:
    """Node types by name."""

    def __init__(self) -> None:
        self._types: dict[str, NodeType] = {}

    def add(self, declared: NodeType) -> None:
        """Make a node type known; BadDeclaration when its name is taken."""
        if declared.type in self._types:
            taken = _place(self._types[declared.type].function)
            message = (
                f"{_place(declared.function)}: “{declared.type}” is declared by {taken} already; rename one of them"
            )
            raise BadDeclaration(message)
        self._types[declared.type] = declared

    def get(self, name: str) -> NodeType | None:
        """The node type of this name, if there is one."""
        return self._types.get(name)

    def all(self) -> list[NodeType]:
        """Every node type, by name."""
        return [self._types[name] for name in sorted(self._types)]

    def node(  # noqa: PLR0913 (a declaration says in one place all there is to say)
        self,
        name: str,
        *,
        title: str,
        description: str,
        output: str | None = None,
        outputs: Mapping[str, str] | None = None,
        streams: Collection[str] = (),
        grows: bool = False,
        pure: bool = True,
        safe: bool = True,
        inline: bool = False,
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Declare the decorated function as the node type `name`; the function itself stays as it is.

        `output` names the one thing that it returns (or yields: the output then streams), of its return annotation's
        type. `outputs` gives several as {name: port type}; the function then returns or yields dicts, and what a dict
        leaves out is not sent. `streams` names those of `outputs` that send many. `grows`: `output` is
        shown as it comes.
        """

        def declare(function: Callable[P, R]) -> Callable[P, R]:
            signature = read(function)
            sent = _outputs(function, signature, output, outputs, streams, grows=grows)
            self.add(
                NodeType(
                    type=name,
                    title=title,
                    description=description,
                    inputs=signature.inputs,
                    outputs=sent,
                    function=function,
                    call=signature.call,
                    pure=pure,
                    safe=safe,
                    inline=inline,
                    packed=outputs is not None,
                    keeps=None if sent or signature.returns is None else Output(KEPT, signature.returns),
                    dynamic=signature.dynamic,
                    context=signature.context,
                )
            )
            return function

        return declare


registry: Final = Registry()
"""The one that the product uses."""

node: Final = registry.node


def _outputs(
    function: Callable[..., object],
    signature: Signature,
    output: str | None,
    outputs: Mapping[str, str] | None,
    streams: Collection[str],
    *,
    grows: bool,
) -> tuple[Output, ...]:
    if output is not None and signature.returns is None:
        message = f"{_place(function)}: annotate the type of what “{output}” sends"
        raise BadDeclaration(message)
    if output is not None and signature.returns is not None:
        return (Output(output, signature.returns, streams=signature.call.endswith("items"), grows=grows),)
    return tuple(Output(name, ports.parse(port), streams=name in streams) for name, port in (outputs or {}).items())


def _place(function: Callable[..., object]) -> str:
    return f"{function.__module__}.{function.__qualname__}"
