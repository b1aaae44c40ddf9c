"""A sandbox for text templates that may come from anyone: Jinja2's, with its output, memory and time bounded.

Jinja2's own sandbox keeps a template from Python's insides, but not from `{{ "a" * 10**9 }}` or from loops in loops. So
every loop, call, operator, filter and test is charged to a meter, also for each item that a filter takes; what makes
much out of little is weighed before it is made; and what cannot be weighed, is random, or writes HTML is left out.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MethodType
from typing import Any, Final

from jinja2 import StrictUndefined, nodes, pass_context
from jinja2.filters import FILTERS
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS
from jinja2.utils import Namespace, missing
from jinja2.visitor import NodeTransformer

from workflows.meter import Meter, check_finite, weigh_beforehand

_FILTERS: Final = (
    "abs batch capitalize center count d default dictsort filesizeformat first float groupby indent int items"
    " last length list lower map max min reject rejectattr replace reverse round select selectattr slice sort"
    " sum title trim truncate unique upper urlencode wordcount"
).split()
_OF_TEXT: Final = frozenset("capitalize center indent lower replace title trim truncate upper wordcount".split())
_OF_ITEMS: Final = frozenset(
    "batch first groupby list map max min reject rejectattr select selectattr slice sort sum unique".split()
)
_IN_GROUPS: Final = frozenset("batch dictsort groupby items slice".split())  # each item is a list of its own
_GROUP: Final = 80
_ARGUMENT: Final = 16
_OF_JINJA: Final = frozenset({"_loop_vars", "_block_vars"})  # with which it calls in loops and blocks
_METHODS: Final[Mapping[type, frozenset[str]]] = {
    str: frozenset(
        "capitalize casefold count endswith find index isalnum isalpha isdigit islower isspace isupper join lower"
        " lstrip partition removeprefix removesuffix replace rfind rpartition rsplit rstrip split splitlines startswith"
        " strip swapcase title upper".split()
    ),
    dict: frozenset({"get", "items", "keys", "values"}),
    list: frozenset({"count", "index"}),
    tuple: frozenset({"count", "index", "grouper", "list"}),  # the last two: of the groups that `groupby` makes
    int: frozenset(),
    float: frozenset(),
    type: frozenset(),
}


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
        self.filters, self.tests = dict(_METERED), dict(_METERED_TESTS)
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

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Charge for looking something up, which filters do for each item and each part of an attribute's path."""
        self.meter.tick()
        return super().getitem(obj, argument)

    def call(self, context: Context, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Weigh and charge what a text's method, a macro or a function makes."""
        if isinstance(function, MethodType) and function.__self__ is self.meter:
            return function(*args)  # as `Metering` put it there
        self.meter.step(_ARGUMENT * (len(args) + len(kwargs)))
        self.meter.afford(*args, *(value for name, value in kwargs.items() if name not in _OF_JINJA))
        owner = getattr(function, "__self__", None)
        if isinstance(owner, str):
            return self._call_of_text(owner, function, *args, **_without(_OF_JINJA, kwargs))
        if function is dict or function is Namespace:
            args = tuple(map(self.meter.pairs, args))
        return self.meter.charge(super().call(context, function, *args, **kwargs))

    def _call_of_text(self, owner: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        name = method.__name__
        if name == "join":
            return self.meter.joined(self.meter.each(args[0]), owner)
        weigh_beforehand(name, owner, *args, **kwargs)
        made = method(*args, **kwargs)
        if isinstance(made, list | tuple):
            self.meter.step(sum(map(len, made)))
        return self.meter.charge(made)


class Metering(NodeTransformer):
    """Puts the meter where Jinja2 has no hook: into bodies that may run often, `~`, `in`, slices, lists written out.

    It is called as an attribute of the environment, for which templates have no words.
    """

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 (the visitor's name)
        """A loop's rounds, also those that its condition leaves out."""
        self.generic_visit(node)
        if node.test is not None:
            node.test = nodes.And(_metered_by("step", nodes.Const(0)), node.test)
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
        return _metered_by("joined", nodes.List(node.nodes))

    def visit_Const(self, node: nodes.Const) -> nodes.Node:  # noqa: N802 (the visitor's name)
        """`1e999`, which is infinite."""
        if isinstance(node.value, float):
            check_finite(node.value)
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802 (the visitor's name)
        """`a in b`, by what there is to look through."""
        self.generic_visit(node)
        for operand in node.ops:
            if operand.op in {"in", "notin"}:
                operand.expr = _metered_by("searched", operand.expr)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802 (the visitor's name)
        """`a[1:]`, which is a copy."""
        self.generic_visit(node)
        return _metered_by("charge", node) if isinstance(node.arg, nodes.Slice) else node

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802 (the visitor's name)
        """`[a, a]`, by which a few loops would make what no memory holds."""
        self.generic_visit(node)
        return _metered_by("charge", node)

    visit_Dict = visit_List  # noqa: N815 (the visitor's name)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802 (the visitor's name)
        """`(a, a)`, but not the `a, b` of a loop."""
        return self.visit_List(node) if node.ctx == "load" else node  # type: ignore[arg-type]


def _charge_for(body: list[nodes.Node]) -> nodes.ExprStmt:
    written = (part for output in body for part in output.find_all(nodes.TemplateData))
    return nodes.ExprStmt(_metered_by("step", nodes.Const(sum(len(part.data) for part in written))))


def _metered_by(method: str, node: nodes.Expr) -> nodes.Call:
    return nodes.Call(nodes.EnvironmentAttribute(f"meter.{method}"), [node], [], None, None)


def _without(names: frozenset[str], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in kwargs.items() if name not in names}


def _metered(name: str) -> Callable[..., Any]:
    """Jinja2's filter of this name, weighed, charged, and given texts to work on as templates print them."""
    plain: Callable[..., Any] = FILTERS[name]

    @pass_context
    def metered(context: Context, value: Any = None, *args: Any, **kwargs: Any) -> Any:
        meter, subject = _meter(context), value
        if name in _OF_TEXT and not isinstance(value, Undefined):
            subject = meter.text(value)
        elif name in _OF_ITEMS and isinstance(value, Iterable):
            subject = meter.each(value)
        weigh_beforehand(name, subject, *args, **kwargs)
        made = plain(*_wanted(plain, context), subject, *args, **kwargs)
        made = meter.listed(made) if isinstance(made, Iterator) else made
        return meter.charge(made, _GROUP) if name in _IN_GROUPS else meter.charge(made)

    return metered


def _metered_test(name: str) -> Callable[..., Any]:
    """Jinja2's test of this name, charged."""
    plain: Any = TESTS[name]

    @pass_context
    def metered(context: Context, value: Any = None, *args: Any, **kwargs: Any) -> Any:
        meter = _meter(context)
        meter.tick()
        if name == "in" and args:
            meter.searched(args[0])
        return plain(*_wanted(plain, context), value, *args, **kwargs)

    return metered


def _wanted(plain: Callable[..., Any], context: Context) -> tuple[Any, ...]:
    """What a filter or test wants to be given first."""
    wanted = getattr(plain, "jinja_pass_arg", None)
    given = {"context": context, "eval_context": context.eval_ctx, "environment": context.environment}
    return (given[wanted.name],) if wanted else ()


@pass_context
def _printed(context: Context, value: Any) -> Any:
    """What `{{ … }}` puts out; an undefined value fails by itself when it is written."""
    return value if isinstance(value, Undefined) else _as_text(context, value)


@pass_context
def _joined(context: Context, values: Iterable[Any], d: str = "", attribute: str | int | None = None) -> Any:
    if attribute is not None:
        values = context.environment.call_filter("map", values, [], {"attribute": attribute}, context=context)
    meter = _meter(context)
    return meter.joined(meter.each(values), meter.text(d))


@pass_context
def _formatted(context: Context, value: str, *args: Any, **kwargs: Any) -> Any:
    """`"%.2f" | format(x)`, with booleans, lists and the like as templates print them."""
    meter = _meter(context)
    plain = tuple(_number_or_text(meter, arg) for arg in args)
    named = {name: _number_or_text(meter, arg) for name, arg in kwargs.items()}
    weigh_beforehand("format", value, *plain, **named)
    return meter.charge(value % (named or plain))


@pass_context
def _as_text(context: Context, value: Any) -> Any:
    meter = _meter(context)
    return meter.charge(meter.text(value))


def _meter(context: Context) -> Meter:
    meter: Meter = context.environment.meter  # type: ignore[attr-defined]
    return meter


def _number_or_text(meter: Meter, value: Any) -> float | str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        meter.afford(value)
        return value
    return meter.text(value)


_METERED: Final[dict[str, Callable[..., Any]]] = {
    **{name: _metered(name) for name in _FILTERS},
    "format": _formatted,
    "join": _joined,
    "string": _as_text,
    "tojson": _as_text,
}
_METERED_TESTS: Final = {name: _metered_test(name) for name in TESTS}
