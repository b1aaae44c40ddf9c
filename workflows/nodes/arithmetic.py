"""Works out arithmetic that may come from anyone: a tree of what is allowed is walked, and nothing is run as code."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Final, NoReturn, TypeAlias

from workflows import ports
from workflows.errors import NodeFailed

Number: TypeAlias = int | float
MAX_LENGTH: Final = 1_000
MAX_DEPTH: Final = 50
MAX_BITS: Final = 1024  # of a whole number: it has as many digits as the largest float, and as a graph keeps
_MAX_DECIMALS: Final = 300
_CONSTANTS: Final = {"pi": math.pi, "tau": math.tau}


def calculate(expression: str, values: Mapping[str, object]) -> Number:
    """What an expression of numbers and of `values` by name comes to.

    It knows + - * / // % **, `a if b else c` with comparisons, and, or, not, and a few functions. Raises NodeFailed:
    `bad_expression` for what is none, `missing_input` for a name that `values` lacks, `type_mismatch` for one that is
    no number, `division_by_zero`, `too_large` beyond the bounds, `bad_value` for what has no value, as the root of -1.
    """
    source = " ".join(expression.split())
    value = _Walk(source, values).value(_parsed(source), MAX_DEPTH)
    if isinstance(value, bool):
        _refuse("it comes to true or false, not to a number. Write 1 if … else 0")
    return value


def _parsed(source: str) -> ast.expr:
    if len(source) > MAX_LENGTH:
        message = f"The expression has {len(source):,} characters; {MAX_LENGTH:,} at most are allowed."
        raise NodeFailed("too_large", f"{message} Split it over several nodes.")
    try:
        return ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError):
        _refuse("it cannot be read. Write it like (a + b) / 2")
    except (RecursionError, MemoryError):
        raise _too_deep() from None


class _Walk:
    """Goes through one expression, from the leaves up; every number on the way is bounded."""

    def __init__(self, source: str, values: Mapping[str, object]) -> None:
        self._source = source
        self._values = values

    def value(self, node: ast.expr, depth: int) -> Number:
        """What this part of the expression comes to; in it, at most `depth` others may lie within each other."""
        if depth == 0:
            raise _too_deep()
        match node:
            case ast.Constant(value=int() | float() as number):
                made = self._made(node, operator.pos, number)
            case ast.Name(id=name):
                made = self._made(node, self._named, name)
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _SIGNS:
                made = self._made(node, _SIGNS[type(op)], self.value(operand, depth - 1))
            case ast.BinOp():
                made = self._chain(node, depth - 1)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                made = self._made(node, _function(name, len(args)), *(self.value(arg, depth - 1) for arg in args))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                made = self.value(body if self.value(test, depth - 1) else orelse, depth - 1)
            case ast.BoolOp(op=op, values=parts):
                made = (all if isinstance(op, ast.And) else any)(self.value(part, depth - 1) for part in parts)
            case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in _COMPARISONS for op in ops):
                numbers = [self.value(part, depth - 1) for part in (left, *others)]
                made = all(_COMPARISONS[type(op)](*numbers[at : at + 2]) for at, op in enumerate(ops))
            case _:
                self._refuse(node)
        return made

    def _chain(self, node: ast.expr, depth: int) -> Number:
        """Of a + b + c, the tree has (a + b) + c: a long sum is not deep."""
        steps: list[ast.BinOp] = []
        while isinstance(node, ast.BinOp):
            steps.append(node)
            node = node.left
        number = self.value(node, depth)
        for step in reversed(steps):
            if type(step.op) not in _OPERATORS:
                self._refuse(step)
            number = self._made(step, _OPERATORS[type(step.op)], number, self.value(step.right, depth))
        return number

    def _made(self, node: ast.expr, function: Callable[..., Number], *arguments: object) -> Number:
        try:
            return _bounded(function(*arguments))
        except ZeroDivisionError:
            message = f"“{self._written(node)}” divides by zero. Give it another number, or write … if … else …"
            raise NodeFailed("division_by_zero", message) from None
        except OverflowError:
            message = f"“{self._written(node)}” comes to a number with more than 300 digits. Use smaller ones."
            raise NodeFailed("too_large", message) from None
        except ValueError:
            raise NodeFailed("bad_value", f"“{self._written(node)}” has no value for these numbers.") from None

    def _named(self, name: str) -> Number:
        if name not in self._values:
            if name in _CONSTANTS:
                return _CONSTANTS[name]
            message = f"The expression uses “{name}”, but no input of that name has a value."
            raise NodeFailed("missing_input", f"{message} Add the input and connect it.")
        value = self._values[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise NodeFailed("type_mismatch", f"{ports.describe(value)} came to “{name}”, where a number is needed.")
        return value

    def _refuse(self, node: ast.expr) -> NoReturn:
        known = "Use numbers, names, + - * / // % ** and functions like min(a, b)"
        _refuse(f"“{self._written(node)}” is no arithmetic. {known}")

    def _written(self, node: ast.expr) -> str:
        text = ast.get_source_segment(self._source, node) or ""
        return text if len(text) <= 80 else f"{text[:79]}…"


def _function(name: str, arguments: int) -> Callable[..., Number]:
    if name not in _FUNCTIONS:
        _refuse(f"there is no function “{name}”. There are {', '.join(_FUNCTIONS)}")
    function, fewest, most = _FUNCTIONS[name]
    if not fewest <= arguments <= most:
        takes = f"{fewest} or more" if most == MAX_LENGTH else " or ".join(map(str, sorted({fewest, most})))
        _refuse(f"“{name}” takes {takes} numbers, not {arguments}")
    return function


def _bounded(number: Number) -> Number:
    if (isinstance(number, int) and number.bit_length() > MAX_BITS) or not math.isfinite(number):
        raise OverflowError
    return number


def _power(base: Number, exponent: Number) -> Number:
    """Weighed before it is made: 9 ** 9 ** 9 has more digits than there is room for."""
    whole = isinstance(base, int) and isinstance(exponent, int)
    if whole and exponent > 0 and abs(base) > 1 and math.log2(abs(base)) * exponent > MAX_BITS:
        raise OverflowError
    made: Number | complex = base**exponent
    if isinstance(made, complex):  # ValueError is what the functions of `math` raise for the same
        raise ValueError  # noqa: TRY004
    return made


def _rounded(number: Number, decimals: Number | None = None) -> Number:
    if decimals is None:
        return round(number)
    if not isinstance(decimals, int) or abs(decimals) > _MAX_DECIMALS:
        raise ValueError
    return round(number, decimals)


def _refuse(why: str) -> NoReturn:
    raise NodeFailed("bad_expression", f"The expression cannot be worked out: {why}.")


def _too_deep() -> NodeFailed:
    message = f"The expression is nested more than {MAX_DEPTH} deep. Split it over several nodes."
    return NodeFailed("too_large", message)


_SIGNS: Final[dict[type[ast.unaryop], Callable[[Number], Number]]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
}
_OPERATORS: Final[dict[type[ast.operator], Callable[[Number, Number], Number]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
_COMPARISONS: Final[dict[type[ast.cmpop], Callable[[Number, Number], bool]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: Final[dict[str, tuple[Callable[..., Number], int, int]]] = {  # each with its fewest and most arguments
    "abs": (abs, 1, 1),
    "min": (min, 2, MAX_LENGTH),
    "max": (max, 2, MAX_LENGTH),
    "round": (_rounded, 1, 2),
    "floor": (math.floor, 1, 1),
    "ceil": (math.ceil, 1, 1),
    "sqrt": (math.sqrt, 1, 1),
    "exp": (math.exp, 1, 1),
    "log": (math.log, 1, 2),
    "sin": (math.sin, 1, 1),
    "cos": (math.cos, 1, 1),
    "tan": (math.tan, 1, 1),
}
