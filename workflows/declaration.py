"""Reads a node's inputs and what it returns from the annotations of its function."""

import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, Final, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from PIL import Image

from workflows import ports
from workflows.context import NodeContext
from workflows.errors import BadDeclaration
from workflows.ports import PortType
from workflows.recordings import Audio, File, Video

Call: TypeAlias = Literal["value", "items", "async value", "async items"]
_WIDGETS: Final = {"text": "text", "integer": "number", "number": "number", "boolean": "checkbox"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What an annotation says of an input beyond its type: `Annotated[float, Setting(minimum=0, unit="px")]`.

    `type` is a port type that Python's own types cannot say. `collects`: the input, whatever its type, is given the
    list of all items that reach it rather than each in turn.
    """

    title: str = ""
    description: str = ""
    minimum: float | None = None
    maximum: float | None = None
    unit: str | None = None
    choices: tuple[str | int | float, ...] | None = None
    widget: str | None = None
    multiline: bool = False
    type: str | None = None
    collects: bool = False

    def objection(self, value: object) -> str | None:
        """Why a value of the right type is out of bounds or not among the choices; None when it is neither."""
        if self.choices is not None and value not in self.choices:
            return f"must be one of {', '.join(map(str, self.choices))}"
        if not isinstance(value, int | float) or isinstance(value, bool):
            return None
        if self.minimum is not None and not value >= self.minimum:  # NaN is no more than anything
            return f"must be at least {self.minimum}"
        if self.maximum is not None and not value <= self.maximum:
            return f"must be at most {self.maximum}"
        return None


Json: TypeAlias = Annotated[Any, Setting(type="json")]
"""Annotates an input or a returned value that is any JSON value."""


@dataclass(frozen=True, slots=True)
class Input:
    """An input of a node type: a port that an edge feeds, or a property of the same name."""

    name: str
    port: PortType
    setting: Setting
    required: bool
    default: object = None
    nullable: bool = False

    @property
    def collects(self) -> bool:
        """Whether it is given the list of all that reach it."""
        return self.setting.collects or self.port.items is not None

    def as_dict(self) -> dict[str, object]:
        """As `GET /node-types` gives it."""
        setting = self.setting
        return {
            "name": self.name,
            "title": setting.title or self.name.replace("_", " ").capitalize(),
            "description": setting.description,
            "type": str(self.port),
            "required": self.required,
            "default": self.default,
            "minimum": setting.minimum,
            "maximum": setting.maximum,
            "unit": setting.unit,
            "choices": list(setting.choices) if setting.choices else None,
            "widget": self._widget(),
            "list": self.port.items is not None,
        }

    def _widget(self) -> str | None:
        if self.setting.widget:
            return self.setting.widget
        if self.setting.choices:
            return "select"
        if self.setting.multiline:
            return "textarea"
        return "asset" if self.port.kind in ports.MEDIA else _WIDGETS.get(self.port.kind)


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function's annotations say. `returns` is the type of what it returns, or of each item that it yields."""

    inputs: tuple[Input, ...]
    returns: PortType | None
    call: Call
    dynamic: bool
    context: str | None


def read(function: Callable[..., object]) -> Signature:
    """The function's signature as a node; BadDeclaration when an annotation is missing or is no port type."""
    hints = get_type_hints(function, include_extras=True)
    parameters = inspect.signature(function).parameters.values()
    missing = [parameter.name for parameter in parameters if parameter.name not in hints]
    if missing or "return" not in hints:
        raise _bad(function, f"annotate {', '.join(missing) or 'what it returns'}")
    named = [parameter for parameter in parameters if parameter.kind is not parameter.VAR_KEYWORD]
    contexts = [parameter.name for parameter in named if hints[parameter.name] is NodeContext]
    call = _call(function)
    return Signature(
        inputs=tuple(_input(function, each, hints[each.name]) for each in named if each.name not in contexts),
        returns=_returned(function, hints["return"], call),
        call=call,
        dynamic=len(named) < len(parameters),
        context=contexts[0] if contexts else None,
    )


def _call(function: Callable[..., object]) -> Call:
    if inspect.isasyncgenfunction(function):
        return "async items"
    if inspect.iscoroutinefunction(function):
        return "async value"
    return "items" if inspect.isgeneratorfunction(function) else "value"


def _input(function: Callable[..., object], parameter: inspect.Parameter, annotation: Any) -> Input:
    if parameter.kind in {parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL}:
        raise _bad(function, f"make {parameter.name} a parameter that can be given by name")
    port, setting, nullable = _resolve(function, parameter.name, annotation)
    given = parameter.default is not parameter.empty
    return Input(
        name=parameter.name,
        port=port,
        setting=setting,
        required=not given and port != ports.ANY,
        default=parameter.default if given else None,
        nullable=nullable or port.kind in {"any", "json"},
    )


def _returned(function: Callable[..., object], annotation: Any, call: Call) -> PortType | None:
    """None for a function that returns nothing, and for dicts, whose types `outputs` declares."""
    if call in {"items", "async items"}:
        annotation = (get_args(annotation) or (None,))[0]
    if annotation is None or annotation is types.NoneType or get_origin(annotation) is dict:
        return None
    return _resolve(function, "what it returns", annotation)[0]


def _resolve(function: Callable[..., object], name: str, annotation: Any) -> tuple[PortType, Setting, bool]:
    """The port type, the settings, and whether null may be given."""
    plain, setting = _settings(annotation)
    plain, nullable = _without_none(plain)
    plain, inner = _settings(plain)
    setting = _merged(inner, setting)
    if get_origin(plain) is Literal:
        return ports.TEXT, replace(setting, choices=get_args(plain)), nullable
    try:
        return ports.parse(setting.type) if setting.type else _port(plain), setting, nullable
    except ValueError as error:
        raise _bad(function, f"{name}: {error}") from error


def _settings(annotation: Any) -> tuple[Any, Setting]:
    """An annotation without its `Annotated`, and the settings in it; the last of several says what wins."""
    if get_origin(annotation) is not Annotated:
        return annotation, Setting()
    plain, *metadata = get_args(annotation)
    setting = Setting()
    for each in metadata:
        setting = _merged(setting, each) if isinstance(each, Setting) else setting
    return plain, setting


def _merged(first: Setting, second: Setting) -> Setting:
    default = Setting()
    said = {each.name: getattr(second, each.name) for each in fields(Setting)}
    return replace(first, **{name: value for name, value in said.items() if value != getattr(default, name)})


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) not in {Union, types.UnionType}:
        return annotation, False
    kept = [each for each in get_args(annotation) if each is not types.NoneType]
    if len(kept) == 1:
        return kept[0], True
    return (float if set(kept) == {int, float} else annotation), len(kept) < len(get_args(annotation))


def _port(annotation: Any) -> PortType:
    if get_origin(annotation) is list:
        item, setting = _settings(get_args(annotation)[0])
        return PortType("list", ports.parse(setting.type) if setting.type else _port(item))
    known: dict[Any, str] = {
        str: "text",
        int: "integer",
        float: "number",
        bool: "boolean",
        object: "any",
        Any: "any",
        Image.Image: "image",
        Audio: "audio",
        Video: "video",
        File: "file",
    }
    if annotation not in known:
        message = (
            f"{annotation} is no port type. Say Setting(type=…), or use str, int, float, bool, list, Any, or a medium: "
            "Image, Audio, Video, File."
        )
        raise ValueError(message)
    return ports.parse(known[annotation])


def _bad(function: Callable[..., object], advice: str) -> BadDeclaration:
    return BadDeclaration(f"{function.__module__}.{function.__qualname__}: {advice}")
