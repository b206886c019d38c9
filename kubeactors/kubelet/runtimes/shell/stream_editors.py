"""The commands `awk` and `sed`.

Source: POSIX.1-2024, Utilities, awk and sed.
"""

import re

from kubeactors.kubelet.runtimes.shell.awk_parser import AwkSyntaxError, Program, Rule, read_program
from kubeactors.kubelet.runtimes.shell.awk_state import AwkState, Exit, Next, Read, holds
from kubeactors.kubelet.runtimes.shell.machine import Call
from kubeactors.kubelet.runtimes.shell.printing import escaped
from kubeactors.kubelet.runtimes.shell.processes import Run, Until
from kubeactors.kubelet.runtimes.shell.sed import sed
from kubeactors.kubelet.runtimes.shell.system_commands import Command
from kubeactors.kubelet.runtimes.shell.text_commands import sources_of

_assignment = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)


def _awk(call: Call) -> Run:
    """`awk [-F SEPARATOR] [-v NAME=VALUE] PROGRAM [FILE]...`, or with the program in a file (`-f`)."""
    words, text = list(call.arguments), ""
    state = AwkState(call.say)
    while words and words[0].startswith("-") and len(words[0]) > 1:
        letter, rest = words[0][1], words.pop(0)[2:]
        value = rest or (words.pop(0) if words else "")
        assigned = _assignment.fullmatch(value)
        if letter == "F":
            state.assign("FS", "\t" if value == "t" else escaped(value))
        elif letter == "v" and assigned is not None:
            state.assign(assigned[1], Read(escaped(assigned[2])))
        elif letter == "f":
            text += call.files.read(call.path(value)).decode(errors="surrogateescape")
    if not text:
        if not words:
            return call.complain("missing operand")
        text = words.pop(0)
    try:
        program = read_program(text)
    except (AwkSyntaxError, KeyError) as error:
        call.complain(f"cmd. line:1: {error}")
        return 2
    return (yield from _run(call, program, state, words))


def _run(call: Call, program: Program, state: AwkState, paths: list[str]) -> Run:
    code = 0
    try:
        for one in program.begin:
            one(state)
        if program.rules or program.end:
            code = yield from _each_line(call, program, state, paths)
    except Exit as left:
        code = left.code
        if not program.end:
            return code
    try:
        for one in program.end:
            one(state)
    except Exit as left:
        code = left.code
    return code


def _each_line(call: Call, program: Program, state: AwkState, paths: list[str]) -> Run:
    found, code = sources_of(call, paths)
    open_ranges: dict[int, bool] = {}
    for _, source in found:
        while True:
            yield Until(lambda source=source: source.has_line)  # type: ignore[misc]
            line = source.take_line()
            if not line:
                break
            state.read(line.decode(errors="surrogateescape").rstrip("\n"))
            try:
                for number, rule in enumerate(program.rules):
                    if _applies(rule, state, open_ranges, number):
                        rule.body(state)
            except Next:
                continue
    return code


def _applies(rule: Rule, state: AwkState, open_ranges: dict[int, bool], number: int) -> bool:
    if rule.pattern is None:
        return True
    applies = open_ranges.get(number, False) or holds(rule.pattern(state))
    if rule.until is not None:
        open_ranges[number] = applies and not holds(rule.until(state))
    return applies


STREAM_EDITORS: dict[str, Command] = {"awk": _awk, "gawk": _awk, "sed": sed}
