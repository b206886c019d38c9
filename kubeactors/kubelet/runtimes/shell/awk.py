"""The command `awk`.

Source: POSIX.1-2024, Utilities, awk; busybox 1.37 for `-e`.
"""

from kubeactors.kubelet.runtimes.shell.awk_code import Jump
from kubeactors.kubelet.runtimes.shell.awk_program import Program, Rule, read_program
from kubeactors.kubelet.runtimes.shell.awk_state import ASSIGNMENT, AwkState
from kubeactors.kubelet.runtimes.shell.awk_statements import Exit, Next, NextFile, Steps
from kubeactors.kubelet.runtimes.shell.awk_tokens import AwkSyntaxError
from kubeactors.kubelet.runtimes.shell.awk_values import AwkFailure, Read, holds
from kubeactors.kubelet.runtimes.shell.files import FileError
from kubeactors.kubelet.runtimes.shell.machine import Call, UsageError
from kubeactors.kubelet.runtimes.shell.options import Options
from kubeactors.kubelet.runtimes.shell.printing import escaped
from kubeactors.kubelet.runtimes.shell.processes import Run


def awk(call: Call) -> Run:
    """`awk [-F SEPARATOR] [-v NAME=VALUE] PROGRAM [FILE]...`, or with the program in a file (`-f`)."""
    options = Options(call.arguments, "F:v:f:e:", mixed=False)
    texts = [_text(call, letter, value) for letter, value in options.given if letter in {"e", "f"}]
    paths = options.operands
    if not texts:
        if not paths:
            return call.complain("missing operand")
        texts = [paths.pop(0)]
    source = options.value("f", "cmd. line")
    state = AwkState(call, paths)
    try:
        program = read_program("\n".join(texts))
        _assign(state, options)
        return (yield from _run(program, state))
    except AwkSyntaxError as error:
        return call.complain(f"{source}:{error.line}: {error}")
    except Jump:
        return call.complain(f"{source}: next, break, continue or return outside of a rule, a loop or a function")
    except AwkFailure as error:
        return call.complain(str(error))
    finally:
        state.streams.kill()


def _text(call: Call, letter: str, value: str) -> str:
    if letter == "e":
        return value
    try:
        return call.files.read(call.path(value)).decode(errors="surrogateescape")
    except FileError as error:
        raise UsageError(f"can't open '{value}': {error}") from None


def _assign(state: AwkState, options: Options) -> None:
    if "F" in options:
        value = options.value("F")
        state.assign("FS", "\t" if value == "t" else escaped(value))
    for value in options.values("v"):
        assigned = ASSIGNMENT.fullmatch(value)
        if assigned is None:
            raise UsageError(f"invalid variable name '{value}'")
        state.assign(assigned[1], Read(escaped(assigned[2])))


def _run(program: Program, state: AwkState) -> Run:
    try:
        for one in program.begin:
            yield from one(state)
        if program.rules or program.end:
            yield from _each_record(program.rules, state)
    except Exit as left:
        state.code = state.code if left.code is None else left.code
    try:
        for one in program.end:
            yield from one(state)
    except Exit as left:
        state.code = state.code if left.code is None else left.code
    yield from state.streams.close_all()
    return state.code


def _each_record(rules: tuple[Rule, ...], state: AwkState) -> Steps:
    open_ranges: dict[int, bool] = {}
    while (record := (yield from state.next_record())) is not None:
        state.set_field(0, record)
        try:
            for number, rule in enumerate(rules):
                applies = True
                if rule.pattern is not None:
                    applies = open_ranges.get(number, False) or holds((yield from rule.pattern(state)))
                if rule.until is not None:
                    open_ranges[number] = applies and not holds((yield from rule.until(state)))
                if applies:
                    yield from rule.body(state)
        except NextFile:
            state.skip_file()
        except Next:
            continue
