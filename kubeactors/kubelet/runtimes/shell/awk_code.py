"""The code of awk expressions: generators over the program's state, since `getline` and `system` may wait.

Source: POSIX.1-2024, Utilities, awk.
"""

from collections.abc import Callable, Generator
from typing import TypeAlias

from kubeactors.kubelet.runtimes.shell.awk_state import AwkState, checked
from kubeactors.kubelet.runtimes.shell.awk_values import (
    UNSET,
    Array,
    AwkFailure,
    Value,
    as_integer,
    as_number,
    as_text,
    compare,
    computed,
    expression_of,
    holds,
)
from kubeactors.kubelet.runtimes.shell.processes import Step

Evaluation: TypeAlias = Generator[Step, None, Value]
Expression: TypeAlias = Callable[[AwkState], Evaluation]
Statement: TypeAlias = Callable[[AwkState], Generator[Step, None, None]]
Name: TypeAlias = str | int
"""A global variable, or the number of a local one."""


class Slot:
    """An lvalue whose subscripts are evaluated."""

    __slots__ = ("get", "put")

    def __init__(self, get: Callable[[], Value], put: Callable[[Value], None]) -> None:
        self.get: Callable[[], Value] = get
        self.put: Callable[[Value], None] = put


Place: TypeAlias = Callable[[AwkState], Generator[Step, None, Slot]]


class Jump(Exception):
    """Leaves a rule, a loop or a function."""


class Return(Jump):
    """`return`."""

    def __init__(self, value: Value) -> None:
        super().__init__()
        self.value: Value = value


class Function:
    """A function of the program; its body is set when it is parsed."""

    def __init__(self) -> None:
        self.count: int = 0
        """The number of its parameters."""
        self.body: Statement | None = None


# Lvalues.


def array_of(name: Name, state: AwkState) -> Array:
    """The array of a name.

    Raises:
        AwkFailure: it is not an array.
    """
    if isinstance(name, str):
        return state.array(name)
    cell = state.frames[-1][name]
    if cell is None:
        cell = state.frames[-1][name] = {}
    if not isinstance(cell, dict):
        raise AwkFailure("Not an array")
    return cell


def variable(name: Name) -> Place:
    """A variable."""
    return _local(name) if isinstance(name, int) else _global(name)


def _global(name: str) -> Place:
    def locate(state: AwkState) -> Generator[Step, None, Slot]:
        yield from ()
        return Slot(lambda: state.variable(name), lambda value: state.assign(name, value))

    return locate


def _local(number: int) -> Place:
    def value_of(state: AwkState) -> Value:
        cell = state.frames[-1][number]
        if isinstance(cell, dict):
            raise AwkFailure("Not a scalar")
        return UNSET if cell is None else cell

    def locate(state: AwkState) -> Generator[Step, None, Slot]:
        yield from ()
        return Slot(lambda: value_of(state), lambda value: state.put(number, checked(value)))

    return locate


def element(name: Name, at: Expression) -> Place:
    """An element of an array; reading it creates it."""

    def locate(state: AwkState) -> Generator[Step, None, Slot]:
        key = as_text((yield from at(state)))
        array = array_of(name, state)
        return Slot(lambda: array.setdefault(key, UNSET), lambda value: array.update({key: checked(value)}))

    return locate


def field(number: Expression) -> Place:
    """A field of the record."""

    def locate(state: AwkState) -> Generator[Step, None, Slot]:
        at = as_integer((yield from number(state)))
        return Slot(lambda: state.field(at), lambda value: state.set_field(at, as_text(value)))

    return locate


def content(place: Place) -> Expression:
    """The value of an lvalue."""

    def run(state: AwkState) -> Evaluation:
        slot = yield from place(state)
        return slot.get()

    return run


# Operators.


def constant(value: Value) -> Expression:
    """A constant."""

    def run(_: AwkState) -> Evaluation:
        yield from ()
        return value

    return run


CALLED = 1
"""What a function is charged for a character of its arguments."""
RECORD = field(constant(0.0))
"""`$0`."""


def evaluated(arguments: tuple[Expression, ...], state: AwkState) -> Generator[Step, None, list[Value]]:
    """The values of expressions, from left to right."""
    values: list[Value] = [UNSET] * len(arguments)
    for place, one in enumerate(arguments):
        values[place] = yield from one(state)
    return values


def calls(function: Callable[[AwkState, list[Value]], Value], arguments: tuple[Expression, ...]) -> Expression:
    """A function of the state and of values."""

    def run(state: AwkState) -> Evaluation:
        values = yield from evaluated(arguments, state)
        state.charge(CALLED * sum(len(one) for one in values if isinstance(one, str)))
        return function(state, values)

    return run


def key(parts: tuple[Expression, ...]) -> Expression:
    """The key of an array element."""

    def joined(state: AwkState, values: list[Value]) -> Value:
        return state.text("SUBSEP").join(as_text(one, state.text("CONVFMT")) for one in values)

    return calls(joined, parts)


def joins(one: Expression, other: Expression) -> Expression:
    """Concatenation."""

    def joined(state: AwkState, values: list[Value]) -> Value:
        return state.made("".join(as_text(part, state.text("CONVFMT")) for part in values))

    return calls(joined, (one, other))


def computes(mark: str, one: Expression, other: Expression) -> Expression:
    """An arithmetic operation."""
    return calls(lambda _, values: computed(mark, as_number(values[0]), as_number(values[1])), (one, other))


def compares(mark: str, one: Expression, other: Expression) -> Expression:
    """A comparison."""
    return calls(lambda _, values: float(compare(mark, values[0], values[1])), (one, other))


def denies(one: Expression) -> Expression:
    """`!`."""
    return calls(lambda _, values: float(not holds(values[0])), (one,))


def is_in(one: Expression, name: Name) -> Expression:
    """`KEY in ARRAY`."""
    return calls(lambda state, values: float(as_text(values[0]) in array_of(name, state)), (one,))


def matches(one: Expression, pattern: Expression, *, wanted: bool) -> Expression:
    """`~` and `!~`."""
    return calls(
        lambda state, values: float(
            (expression_of(as_text(values[1])).search(as_text(values[0]), state.charge) is not None) == wanted
        ),
        (one, pattern),
    )


def selects(condition: Expression, one: Expression, other: Expression) -> Expression:
    """`?:`; also `&&` and `||`, with constants."""

    def run(state: AwkState) -> Evaluation:
        chosen = one if holds((yield from condition(state))) else other
        return (yield from chosen(state))

    return run


def assigns(place: Place, mark: str, value: Expression) -> Expression:
    """`=`, `+=` and the like."""

    def run(state: AwkState) -> Evaluation:
        if mark == "=":
            found = yield from value(state)
            slot = yield from place(state)
        else:
            slot = yield from place(state)
            number = as_number((yield from value(state)))
            found = computed(mark[0] if mark != "**=" else "^", as_number(slot.get()), number)
        slot.put(found)
        return found

    return run


def counts(place: Place, mark: str, *, after: bool) -> Expression:
    """`++` and `--`, whose value is the new one, or the old one with `after`."""

    def run(state: AwkState) -> Evaluation:
        slot = yield from place(state)
        before = as_number(slot.get())
        now = before + (1.0 if mark == "++" else -1.0)
        slot.put(now)
        return before if after else now

    return run
