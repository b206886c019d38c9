"""The code of awk statements.

Source: POSIX.1-2024, Utilities, awk, Actions.
"""

from collections.abc import Callable, Generator
from typing import TypeAlias

from kubeactors.kubelet.runtimes.shell.awk_code import (
    Expression,
    Jump,
    Name,
    Return,
    Statement,
    array_of,
    evaluated,
    variable,
)
from kubeactors.kubelet.runtimes.shell.awk_functions import formatted
from kubeactors.kubelet.runtimes.shell.awk_state import AwkState
from kubeactors.kubelet.runtimes.shell.awk_values import Read, Value, as_integer, as_text, holds
from kubeactors.kubelet.runtimes.shell.processes import Step

Steps: TypeAlias = Generator[Step, None, None]
Target: TypeAlias = tuple[str, Expression] | None
"""A redirection of output: `>`, `>>` or `|`, and the name."""


class Next(Jump):
    """`next`."""


class NextFile(Next):
    """`nextfile`."""


class Break(Jump):
    """`break`."""


class Continue(Jump):
    """`continue`."""


class Exit(Exception):
    """`exit`; None keeps the exit code."""

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code: int | None = code


def sequence(statements: tuple[Statement, ...]) -> Statement:
    """A sequence of statements."""

    def run(state: AwkState) -> Steps:
        for one in statements:
            yield from one(state)

    return run


def evaluates(expression: Expression) -> Statement:
    """An expression statement."""

    def run(state: AwkState) -> Steps:
        yield from expression(state)

    return run


def prints(arguments: tuple[Expression, ...], target: Target = None) -> Statement:
    """`print`; without arguments it prints the record."""

    def text(state: AwkState, values: list[Value]) -> str:
        texts = [as_text(one, state.text("OFMT")) for one in values or [state.field(0)]]
        return state.text("OFS").join(texts) + state.text("ORS")

    return _writes(arguments, target, text)


def prints_formatted(arguments: tuple[Expression, ...], target: Target = None) -> Statement:
    """`printf`."""
    return _writes(arguments, target, lambda _, values: formatted(as_text(values[0]), values[1:]))


def _writes(
    arguments: tuple[Expression, ...], target: Target, text: Callable[[AwkState, list[Value]], str]
) -> Statement:
    def run(state: AwkState) -> Steps:
        values = yield from evaluated(arguments, state)
        made = text(state, values)
        if target is None:
            state.streams.say(made)
        else:
            kind, name = target
            state.streams.write(kind, as_text((yield from name(state))), made)

    return run


def chooses(condition: Expression, one: Statement, other: Statement) -> Statement:
    """`if`."""

    def run(state: AwkState) -> Steps:
        chosen = one if holds((yield from condition(state))) else other
        yield from chosen(state)

    return run


def loops(condition: Expression, body: Statement, step: Statement, *, at_least_once: bool = False) -> Statement:
    """`while`, `for` and `do`."""

    def run(state: AwkState) -> Steps:
        is_first = at_least_once
        while is_first or holds((yield from condition(state))):
            is_first = False
            state.step()
            yield from state.pause()
            try:
                yield from body(state)
            except Continue:
                pass
            except Break:
                return
            yield from step(state)

    return run


def loops_over(name: Name, array: Name, body: Statement) -> Statement:
    """`for (NAME in ARRAY)`, in insertion order."""

    def run(state: AwkState) -> Steps:
        for one in list(array_of(array, state)):
            state.step()
            yield from state.pause()
            slot = yield from variable(name)(state)
            slot.put(Read(one))
            try:
                yield from body(state)
            except Continue:
                continue
            except Break:
                return

    return run


def deletes(array: Name, one: Expression | None) -> Statement:
    """`delete` of an element, or of all."""

    def run(state: AwkState) -> Steps:
        if one is None:
            array_of(array, state).clear()
        else:
            array_of(array, state).pop(as_text((yield from one(state))), None)

    return run


def raises(what: type[Exception]) -> Statement:
    """`next`, `nextfile`, `break` or `continue`."""

    def run(_: AwkState) -> Steps:
        yield from ()
        raise what

    return run


def exits(value: Expression | None) -> Statement:
    """`exit`."""

    def run(state: AwkState) -> Steps:
        raise Exit(None if value is None else as_integer((yield from value(state))) & 0xFF)

    return run


def returns(value: Expression) -> Statement:
    """`return`."""

    def run(state: AwkState) -> Steps:
        raise Return((yield from value(state)))

    return run
