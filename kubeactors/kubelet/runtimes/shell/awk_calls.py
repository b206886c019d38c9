"""The code of calls of functions in awk, and of `getline`.

Source: POSIX.1-2024, Utilities, awk, Functions and Input/Output Functions.
"""

from collections.abc import Generator

from kubeactors.kubelet.runtimes.shell.awk_code import (
    RECORD,
    Evaluation,
    Expression,
    Function,
    Name,
    Place,
    Return,
    array_of,
    calls,
)
from kubeactors.kubelet.runtimes.shell.awk_state import MAX_TEXT, AwkState, Cell
from kubeactors.kubelet.runtimes.shell.awk_values import (
    UNSET,
    AwkFailure,
    Read,
    Value,
    as_integer,
    as_number,
    as_text,
    expression_of,
    split,
)
from kubeactors.kubelet.runtimes.shell.files import FileError
from kubeactors.kubelet.runtimes.shell.processes import Step

SPLIT = 100
"""What `split` costs for a character."""


def invokes(function: Function, arguments: tuple[tuple[Name | None, Expression], ...]) -> Expression:
    """A call of a function of the program. An argument that is a bare name may be an array."""

    def run(state: AwkState) -> Evaluation:
        frame: list[Cell] = []
        for name, expression in arguments:
            frame.append((yield from expression(state)) if name is None else state.cell(name))
        frame += [None] * (function.count - len(frame))
        unset = [
            (place, name) for place, (name, _) in enumerate(arguments) if name is not None and frame[place] is None
        ]
        state.frames.append(frame)
        value: Value = UNSET
        try:
            state.step()
            assert function.body is not None  # checked when the program is parsed
            yield from function.body(state)
        except Return as left:
            value = left.value
        finally:
            state.frames.pop()
        for place, name in unset:
            if isinstance(frame[place], dict):
                state.put(name, frame[place])
        return value

    return run


def length_of(name: Name, otherwise: Expression) -> Expression:
    """`length` of a name: of an array the number of its elements."""

    def run(state: AwkState) -> Evaluation:
        cell = state.cell(name)
        if isinstance(cell, dict):
            return float(len(cell))
        return float(len(as_text((yield from otherwise(state)))))

    return run


def reads(kind: str, source: Expression | None, place: Place | None) -> Expression:
    """`getline`: 1 for a record, 0 at the end, -1 for an error."""

    def run(state: AwkState) -> Evaluation:
        try:
            record = yield from _record(state, kind, source)
        except FileError:
            return -1.0
        if record is None:
            return 0.0
        slot = yield from (place or RECORD)(state)
        slot.put(Read(record))
        return 1.0

    return run


def _record(state: AwkState, kind: str, source: Expression | None) -> Generator[Step, None, str | None]:
    if source is None:
        return (yield from state.next_record())
    name = as_text((yield from source(state)))
    record = yield from state.streams.read(kind, name, state.text("RS"))
    if record is not None and kind == "|":
        state.assign("NR", as_number(state.variable("NR")) + 1)
    return record


def substitutes(pattern: Expression, replacement: Expression, place: Place, *, every: bool) -> Expression:
    """`sub` and `gsub`, whose value is the number of replacements."""

    def run(state: AwkState) -> Evaluation:
        expression = expression_of(as_text((yield from pattern(state))))
        parts = _parts(as_text((yield from replacement(state))))
        slot = yield from place(state)
        text, done, count, pieces, size = as_text(slot.get()), 0, 0, list[str](), 0
        for found in expression.matches(text, state.charge):
            count += 1
            pieces += [text[done : found.start()], "".join(found[0] if one is None else one for one in parts)]
            done, size = found.end(), size + len(pieces[-1])
            if size > MAX_TEXT:
                raise AwkFailure("out of memory")
            if not every:
                break
        if count:
            slot.put("".join(pieces) + text[done:])
        return float(count)

    return run


def _parts(text: str) -> list[str | None]:
    r"""The parts of a replacement; None is the match.

    >>> _parts("<&>"), _parts(r"\&\\&")
    (['<', None, '>'], ['&', '\\', None])
    """
    parts, at = list[str | None](), 0
    while at < len(text):
        escapes = text[at] == "\\" and text[at + 1 : at + 2] in {"&", "\\"}
        parts.append(text[at + 1] if escapes else None if text[at] == "&" else text[at])
        at += 1 + escapes
    return parts


def splits(text: Expression, name: Name, separator: Expression) -> Expression:
    """`split`, whose value is the number of parts."""

    def parted(state: AwkState, values: list[Value]) -> Value:
        state.charge(SPLIT * len(as_text(values[0])))
        parts = split(as_text(values[0]), as_text(values[1]))
        array = array_of(name, state)
        array.clear()
        array.update({str(number): Read(one) for number, one in enumerate(parts, 1)})
        return float(len(parts))

    return calls(parted, (text, separator))


def found_at(state: AwkState, values: list[Value]) -> Value:
    """`match`, which sets RSTART and RLENGTH."""
    found = expression_of(as_text(values[1])).search(as_text(values[0]), state.charge)
    begin, end = found.span() if found is not None else (-1, -2)
    state.assign("RSTART", float(begin + 1))
    state.assign("RLENGTH", float(end - begin))
    return float(begin + 1)


def rand(state: AwkState, _: list[Value]) -> Value:
    """`rand`: the same numbers in each run, until `srand` sets a seed."""
    state.random = (state.random * 6364136223846793005 + 1442695040888963407) % (1 << 64)
    return (state.random >> 11) / (1 << 53)


def srand(state: AwkState, values: list[Value]) -> Value:
    """`srand`: sets the seed, or the time. Returns the former one."""
    before = state.seed
    state.seed = as_integer(values[0]) if values else state.call.now // 1_000_000_000
    state.random = (state.seed ^ 0x5DEECE66D) * 0x9E3779B97F4A7C15 % (1 << 64)
    return float(before)


def waits(what: str, argument: Expression) -> Expression:
    """`system` and `close`."""

    def run(state: AwkState) -> Evaluation:
        text = as_text((yield from argument(state)))
        run = state.streams.system(text) if what == "system" else state.streams.close(text)
        return float((yield from run))

    return run
