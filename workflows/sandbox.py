"""A sandbox for text templates that may come from anyone: Jinja2's, with its output, memory and time bounded.

Jinja2's own sandbox keeps a template from Python's insides, but not from `{{ "a" * 10**9 }}` or from loops in loops. So
every loop, call, operator and filter is charged to a meter; what makes much out of little is weighed before it is made;
and what cannot be weighed, is random, or writes HTML is left out.
"""

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from jinja2 import StrictUndefined, nodes, pass_context
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing
from jinja2.visitor import NodeTransformer

from workflows.errors import NodeFailed

MAX_SECONDS: Final = 5.0
MAX_MADE: Final = 32 * 1024 * 1024
MAX_ITEM: Final = 1024 * 1024
_MAX_BITS: Final = 10_000
_ITEM: Final = 16  # what a step, or an item of a list, costs beside its content

_PLAIN: Final = ImmutableSandboxedEnvironment()
_FILTERS: Final = (
    "abs batch capitalize center count d default dictsort filesizeformat first float groupby indent int items"
    " last length list lower map max min reject rejectattr replace reverse round select selectattr slice sort"
    " sum title trim truncate unique upper urlencode wordcount"
).split()
_OF_TEXT: Final = frozenset("capitalize center indent lower replace title trim truncate upper wordcount".split())
_METHODS: Final[Mapping[type, frozenset[str]]] = {
    str: frozenset(
        "capitalize casefold count endswith find index isalnum isalpha isdigit islower isspace isupper join lower"
        " lstrip partition removeprefix removesuffix replace rfind rpartition rsplit rstrip split splitlines startswith"
        " strip swapcase title upper".split()
    ),
    dict: frozenset({"get", "items", "keys", "values"}),
    list: frozenset({"count", "index"}),
    tuple: frozenset({"count", "index"}),
    int: frozenset(),
    float: frozenset(),
    type: frozenset(),
}


def as_json(value: Any) -> str:
    """A value as a template prints it: text as it is, all else as JSON writes it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_listed)


class Meter:
    """What one rendering has used: characters and items made, and time. Raises NodeFailed beyond the bounds."""

    def __init__(self) -> None:
        self._left = MAX_MADE
        self._deadline = time.monotonic() + MAX_SECONDS
        self._weights: dict[int, tuple[object, int]] = {}  # holds the objects, so that no id is used twice

    def step(self, cost: int = 0) -> None:
        """Charge for something done, `cost` in characters made."""
        self._left -= _ITEM + cost
        if self._left < 0:
            raise too_much("does too much")
        if time.monotonic() > self._deadline:
            raise too_much(f"takes longer than {MAX_SECONDS:g} s")

    def charge(self, value: Any) -> Any:
        """Charge for a value just made, and give it back."""
        self.step(self._weigh(value))
        return value

    def _weigh(self, value: object) -> int:
        """Characters and items in a value; one that stands in two places is counted twice, as it would be written."""
        match value:
            case str():
                return len(value)
            case int() if value.bit_length() > _MAX_BITS:
                raise too_much("makes too large a number")
            case list() | tuple() | dict():
                return self._weigh_items(value)
            case _:
                return 1

    def _weigh_items(self, value: list[Any] | tuple[Any, ...] | dict[Any, Any]) -> int:
        known = self._weights.get(id(value))
        if known is None:
            items = [*value, *value.values()] if isinstance(value, dict) else value
            known = self._weights[id(value)] = (value, sum(_ITEM + self._weigh(item) for item in items))
        return known[1]


class NamesWhatIsMissing(StrictUndefined):
    """Fails as soon as it is used, and says which input is missing."""

    def __init__(self, hint: str | None = None, obj: Any = missing, name: str | None = None, **more: Any) -> None:
        if hint is None and obj is missing:
            hint = (
                f"The template uses “{name}”, but no input of that name has a value. Connect one,"
                f' or write {{{{ {name} | default("…") }}}}.'
            )
        super().__init__(hint, obj, name, **more)


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of one rendering."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})

    def __init__(self) -> None:
        super().__init__(undefined=NamesWhatIsMissing, finalize=_printed, keep_trailing_newline=True)
        self.meter = Meter()
        self.filters = _METERED
        del self.globals["lipsum"]  # It is random.

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Let through what can neither change nor multiply what it is called on."""
        allowed = next((names for kind, names in _METHODS.items() if isinstance(obj, kind)), None)
        return super().is_safe_attribute(obj, attr, value) and (allowed is None or attr in allowed)

    def wrap_str_format(self, value: Any) -> None:
        """`str.format` is left out, since it cannot be weighed; the filter `format` can."""

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Weigh and charge what an operator makes."""
        if operator == "%" and isinstance(left, str):
            return _formatted(context, left, *(right if isinstance(right, tuple) else (right,)))
        weigh_beforehand(operator, left, right)
        return self.meter.charge(super().call_binop(context, operator, left, right))

    def call(self, context: Context, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Weigh and charge what a text's method, a macro or a function makes."""
        self.meter.step()
        owner = getattr(function, "__self__", None)
        if isinstance(owner, str) and function.__name__ == "join":
            return _joined(context, args[0], owner)
        if isinstance(owner, str):
            weigh_beforehand(function.__name__, owner, *args)
        return self.meter.charge(super().call(context, function, *args, **kwargs))


class Metering(NodeTransformer):
    """Puts the meter where Jinja2 has no hook: into bodies that may run often, `~`, and lists written out."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 (the visitor's name)
        """A loop's rounds, also those that its condition leaves out."""
        self.generic_visit(node)
        if node.test is not None:
            node.test = nodes.And(_filter("_step", nodes.Const(0)), node.test)
        node.body.insert(0, _charge_for(node.body))
        return node

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:  # noqa: N802 (the visitor's name)
        """A macro's calls, with the text that each puts out."""
        self.generic_visit(node)
        node.body.insert(0, _charge_for(node.body))
        return node

    visit_CallBlock = visit_Block = visit_Macro  # noqa: N815 (the visitor's names)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 (the visitor's name)
        """`a ~ b`."""
        self.generic_visit(node)
        return _filter("_concat", nodes.List(node.nodes))

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802 (the visitor's name)
        """`[a, a]`, by which a few loops would make what no memory holds."""
        self.generic_visit(node)
        return _filter("_charge", node)

    visit_Dict = visit_List  # noqa: N815 (the visitor's name)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802 (the visitor's name)
        """`(a, a)`, but not the `a, b` of a loop."""
        return self.visit_List(node) if node.ctx == "load" else node  # type: ignore[arg-type]


def too_much(what: str) -> NodeFailed:
    """The error of a template beyond its bounds."""
    return NodeFailed("too_large", f"The template {what}. Use smaller numbers, fewer rounds or shorter inputs.")


def weigh_beforehand(name: str, *args: Any) -> None:
    """Refuse an operator, filter or method before it makes more than MAX_ITEM characters or items."""
    weigh = _WEIGHED.get(name)
    if weigh and weigh(*args) > MAX_ITEM:
        raise too_much("makes too much at once")


def _charge_for(body: list[nodes.Node]) -> nodes.ExprStmt:
    written = (part for output in body for part in output.find_all(nodes.TemplateData))
    return nodes.ExprStmt(_filter("_step", nodes.Const(sum(len(part.data) for part in written))))


def _filter(name: str, node: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None)


def _metered(name: str) -> Callable[..., Any]:
    """Jinja2's filter of this name, weighed, charged, and given texts to work on as templates print them."""

    @pass_context
    def metered(context: Context, value: Any = None, *args: Any, **kwargs: Any) -> Any:
        subject = as_json(value) if name in _OF_TEXT and not isinstance(value, Undefined) else value
        weigh_beforehand(name, subject, *args, *kwargs.values())
        made = _PLAIN.call_filter(name, subject, list(args), kwargs, context=context)
        return _meter(context).charge(made)

    return metered


@pass_context
def _printed(context: Context, value: Any) -> Any:
    """What `{{ … }}` puts out; an undefined value fails by itself when it is written."""
    return value if isinstance(value, Undefined) else _meter(context).charge(as_json(value))


@pass_context
def _stepped(context: Context, cost: int) -> bool:
    _meter(context).step(cost)
    return True


@pass_context
def _charged(context: Context, value: Any) -> Any:
    return _meter(context).charge(value)


@pass_context
def _concatenated(context: Context, parts: Iterable[Any]) -> Any:
    return _joined(context, parts, "")


@pass_context
def _joined(context: Context, values: Iterable[Any], d: str = "", attribute: str | int | None = None) -> Any:
    if attribute is not None:
        values = _PLAIN.call_filter("map", values, [], {"attribute": attribute}, context=context)
    texts = [as_json(value) for value in values]
    _meter(context).step(sum(map(len, texts)) + len(d) * len(texts))
    return d.join(texts)


@pass_context
def _formatted(context: Context, value: str, *args: Any, **kwargs: Any) -> Any:
    """`"%.2f" | format(x)`, with booleans, lists and the like as templates print them."""
    plain = tuple(_number_or_text(arg) for arg in args)
    named = {name: _number_or_text(arg) for name, arg in kwargs.items()}
    weigh_beforehand("format", value, *plain, *named.values())
    return _meter(context).charge(value % (named or plain))


@pass_context
def _as_text(context: Context, value: Any) -> Any:
    return _meter(context).charge(as_json(value))


def _meter(context: Context) -> Meter:
    meter: Meter = context.environment.meter  # type: ignore[attr-defined]
    return meter


def _number_or_text(value: Any) -> float | str:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else as_json(value)


def _listed(value: Any) -> Any:
    """What JSON does not know but a template may hold: the lazy results of `map`, a dict's items, a range."""
    if isinstance(value, Undefined):
        return str(value)  # raises, and says what is missing
    if isinstance(value, Iterable):
        return list(value)
    message = f"A {type(value).__name__} cannot be printed"
    raise TypeError(message)


def _size_of_product(left: Any, right: Any) -> float:
    if isinstance(left, int) and isinstance(right, int):
        return (left.bit_length() + right.bit_length()) * (MAX_ITEM / _MAX_BITS)
    sized, times = (left, right) if hasattr(left, "__len__") else (right, left)
    return float(len(sized) * times) if hasattr(sized, "__len__") and isinstance(times, int) else 0


def _size_of_power(base: Any, exponent: Any) -> float:
    if not isinstance(base, int) or not isinstance(exponent, int):
        return 0
    return base.bit_length() * abs(exponent) * (MAX_ITEM / _MAX_BITS)


def _size_of_format(value: str, *args: Any) -> float:
    """By the widths in it; one that is taken from the arguments (`%*d`) is too much by itself."""
    widths = sum(int(digits[:9]) for digits in re.findall(r"\d+", value))
    return MAX_ITEM + 1 if "*" in value else widths + len(value) + sum(len(str(arg)) for arg in args)


def _size_of_indented(value: str, width: int | str = 4, *_: Any) -> float:
    return len(value) + (value.count("\n") + 1) * (width if isinstance(width, int) else len(width))


def _size_of_replaced(value: str, old: Any, new: Any, *_: Any) -> float:
    return len(value) + (value.count(str(old)) + 1) * len(str(new))


_WEIGHED: Final[Mapping[str, Callable[..., float]]] = {
    "*": _size_of_product,
    "**": _size_of_power,
    "format": _size_of_format,
    "center": lambda _, width=80: width,
    "indent": _size_of_indented,
    "replace": _size_of_replaced,
    "batch": lambda _, count, *__: count,
    "slice": lambda _, count, *__: count,
    "round": lambda _, precision=0, *__: abs(precision) * (MAX_ITEM / _MAX_BITS),
    "sum": lambda *args: MAX_ITEM + 1 if any(isinstance(arg, list | tuple) for arg in args[1:]) else 0,
}
_METERED: Final[dict[str, Callable[..., Any]]] = {
    **{name: _metered(name) for name in _FILTERS},
    "format": _formatted,
    "join": _joined,
    "string": _as_text,
    "tojson": _as_text,
    "_charge": _charged,
    "_concat": _concatenated,
    "_step": _stepped,
}
