"""The code of compiled awk programs: functions of the program's state. Pure apart from that.

Source: POSIX.1-2024, Utilities, awk.
"""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from kubeactors.kubelet.runtimes.shell.awk_state import (
    AwkState,
    Break,
    Continue,
    Read,
    Value,
    as_number,
    as_text,
    compare,
    holds,
    split,
)
from kubeactors.kubelet.runtimes.shell.printing import formatted
from kubeactors.kubelet.runtimes.shell.regular_expressions import compiled

Expression: TypeAlias = Callable[[AwkState], Value]
Statement: TypeAlias = Callable[[AwkState], None]
SEPARATOR = "\x1c"
"""The separator between the parts of an array key (SUBSEP)."""


class Place(msgspec.Struct, frozen=True):
    """An lvalue."""

    get: Expression
    put: Callable[[AwkState, Value], None]


# Statements.


def sequence(statements: tuple[Statement, ...]) -> Statement:
    """A sequence of statements."""

    def run(state: AwkState) -> None:
        for one in statements:
            one(state)

    return run


def evaluates(expression: Expression) -> Statement:
    """An expression statement."""

    def run(state: AwkState) -> None:
        expression(state)

    return run


def prints(arguments: tuple[Expression, ...]) -> Statement:
    """`print`; without arguments it prints the line."""

    def run(state: AwkState) -> None:
        texts = [as_text(one(state)) for one in arguments] or [as_text(state.field(0))]
        state.write(as_text(state.variable("OFS")).join(texts) + as_text(state.variable("ORS")))

    return run


def prints_formatted(arguments: tuple[Expression, ...]) -> Statement:
    """`printf`."""

    def run(state: AwkState) -> None:
        layout, *rest = [as_text(one(state)) for one in arguments]
        state.write(formatted(layout, rest))

    return run


def chooses(condition: Expression, one: Statement, other: Statement) -> Statement:
    """`if`."""
    return lambda state: one(state) if holds(condition(state)) else other(state)


def loops(condition: Expression, body: Statement, step: Statement) -> Statement:
    """`while` and `for`."""

    def run(state: AwkState) -> None:
        while holds(condition(state)):
            state.step()
            try:
                body(state)
            except Continue:
                pass
            except Break:
                return
            step(state)

    return run


def loops_over(name: str, array: str, body: Statement) -> Statement:
    """`for (NAME in ARRAY)`, in insertion order."""

    def run(state: AwkState) -> None:
        for one in list(state.array(array)):
            state.step()
            state.assign(name, Read(one))
            try:
                body(state)
            except Continue:
                continue
            except Break:
                return

    return run


def deletes(array: str, one: Expression | None) -> Statement:
    """`delete` of an element, or of all."""

    def run(state: AwkState) -> None:
        if one is None:
            state.array(array).clear()
        else:
            state.array(array).pop(as_text(one(state)), None)

    return run


def raises(what: type[Exception]) -> Statement:
    """`next`, `break` or `continue`."""

    def run(_: AwkState) -> None:
        raise what

    return run


# Lvalues.


def variable(name: str) -> Place:
    """A variable."""
    return Place(lambda state: state.variable(name), lambda state, value: state.assign(name, value))


def element(array: str, at: Expression) -> Place:
    """An element of an array; reading it creates it."""
    return Place(
        lambda state: state.array(array).setdefault(as_text(at(state)), Read("")),
        lambda state, value: state.array(array).update({as_text(at(state)): value}),
    )


def field(number: Expression) -> Place:
    """A field of the line."""
    return Place(
        lambda state: state.field(int(as_number(number(state)))),
        lambda state, value: state.set_field(int(as_number(number(state))), as_text(value)),
    )


# Expressions.


def constant(value: Value) -> Expression:
    """A constant."""
    return lambda _: value


def key(parts: tuple[Expression, ...]) -> Expression:
    """The key of an array element."""
    return lambda state: SEPARATOR.join(as_text(one(state)) for one in parts)


def assigns(place: Place, value: Expression) -> Expression:
    """`=`."""

    def run(state: AwkState) -> Value:
        found = value(state)
        place.put(state, found)
        return found

    return run


def counts(place: Place, mark: str, *, after: bool) -> Expression:
    """`++` and `--`, whose value is the new one, or the old one with `after`."""

    def run(state: AwkState) -> Value:
        before = as_number(place.get(state))
        now = before + (1.0 if mark == "++" else -1.0)
        place.put(state, now)
        return before if after else now

    return run


def selects(condition: Expression, one: Expression, other: Expression) -> Expression:
    """`?:`."""
    return lambda state: one(state) if holds(condition(state)) else other(state)


def either(one: Expression, other: Expression) -> Expression:
    """`||`."""
    return lambda state: float(holds(one(state)) or holds(other(state)))


def both(one: Expression, other: Expression) -> Expression:
    """`&&`."""
    return lambda state: float(holds(one(state)) and holds(other(state)))


def denies(one: Expression) -> Expression:
    """`!`."""
    return lambda state: float(not holds(one(state)))


def is_in(one: Expression, array: str) -> Expression:
    """`KEY in ARRAY`."""
    return lambda state: float(as_text(one(state)) in state.array(array))


def compares(mark: str, one: Expression, other: Expression) -> Expression:
    """A comparison."""
    return lambda state: float(compare(mark, one(state), other(state)))


def matches(one: Expression, pattern: Expression, *, wanted: bool) -> Expression:
    """`~` and `!~`."""
    return lambda state: float(
        (compiled(as_text(pattern(state)), extended=True).search(as_text(one(state))) is not None) == wanted
    )


def joins(one: Expression, other: Expression) -> Expression:
    """Concatenation."""
    return lambda state: as_text(one(state)) + as_text(other(state))


def computes(mark: str, one: Expression, other: Expression) -> Expression:
    """An arithmetic operation."""

    def run(state: AwkState) -> Value:
        left, right = as_number(one(state)), as_number(other(state))
        match mark:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "/":
                return left / right
            case "%":
                return left % right
            case _:
                return float(left**right)

    return run


def calls(function: Callable[[list[Value]], Value], arguments: tuple[Expression, ...]) -> Expression:
    """A function call."""
    return lambda state: function([one(state) for one in arguments])


def substitutes(pattern: Expression, replacement: Expression, place: Place, *, every: bool) -> Expression:
    """`sub` and `gsub`, whose value is the number of replacements."""

    def run(state: AwkState) -> Value:
        text = as_text(replacement(state)).replace("\\&", "\0")
        made, count = compiled(as_text(pattern(state)), extended=True).subn(
            lambda found: text.replace("&", found[0]).replace("\0", "&"),
            as_text(place.get(state)),
            count=0 if every else 1,
        )
        if count:
            place.put(state, made)
        return float(count)

    return run


def splits(text: Expression, array: str, separator: Expression) -> Expression:
    """`split`, whose value is the number of parts."""

    def run(state: AwkState) -> Value:
        parts = split(as_text(text(state)), as_text(separator(state)))
        state.array(array).clear()
        state.array(array).update({str(number): Read(one) for number, one in enumerate(parts, 1)})
        return float(len(parts))

    return run
